/** `results.json`: what was measured last, row by row. Pure. */
import type { Row } from './figure.js';

export interface Results {
  /** Where it was measured: what numbers of another machine cannot be compared with. */
  machine: { platform: string; cpus: number; node: string };
  rows: Row[];
}

/**
 * A run of some figures keeps the others as they were; a whole one leaves none of them.
 * @param order names of all figures, as the table has them
 */
export function merged(before: readonly Row[], fresh: readonly Row[], order: readonly string[]): Row[] {
  const key = ({ figure, latencyMs }: Row): string => `${figure} ${latencyMs}`;
  const measured = new Set(fresh.map(key));
  const place = (row: Row): number => order.indexOf(row.figure);
  return [...before.filter((row) => !measured.has(key(row)) && place(row) >= 0), ...fresh].sort(
    (a, b) => place(a) - place(b) || a.latencyMs - b.latencyMs,
  );
}
