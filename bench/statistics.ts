/** What is said of repeated measurements. Pure. */

export interface Spread {
  median: number;
  /** Half of the distance between the lowest and the highest. */
  spread: number;
}

/** @throws Error when there is nothing to tell of */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  if (upper === undefined || lower === undefined) throw new Error('no median of nothing');
  return (lower + upper) / 2;
}

/** @throws Error when there is nothing to tell of */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), spread: (Math.max(...values) - Math.min(...values)) / 2 };
}

/** How many times the other one; undefined where the other one is nothing. */
export function ratio(ours: number, instead: number): number | undefined {
  return instead === 0 ? undefined : ours / instead;
}

/** Value by value: the first of the one by the first of the other. What the longer one has more is left out. */
export function quotients(above: readonly number[], below: readonly number[]): number[] {
  return above.slice(0, below.length).flatMap((value, at) => ratio(value, below[at] ?? 0) ?? []);
}
