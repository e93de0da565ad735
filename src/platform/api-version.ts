/** Whether a version of the API, such as `3.173.0`, is below the one that is needed. Pure. */
export function isOlderThan(version: string, needed: string): boolean {
  const [have, want] = [version, needed].map((text) => text.split('.').map(Number));
  for (const [at, part] of (want ?? []).entries()) {
    const here = have?.[at] ?? 0;
    if (here !== part) return here < part;
  }
  return false;
}
