/** What is under way and may be needed: until somebody waits for it, its error is nobody's. @returns the same promise */
export function begun<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}
