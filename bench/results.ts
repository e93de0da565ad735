/** `results.json` of a folder: what was measured last, row by row. Pure. */
import type { Row } from './figure.js';

export interface Results {
  rows: Row[];
}

/**
 * What was measured now, and of what was before the rows that it does not replace.
 * @param keeps names of the figures whose rows may stay
 * @param order names of all figures, as the table has them
 */
export function merged(
  before: readonly Row[],
  fresh: readonly Row[],
  keeps: readonly string[],
  order: readonly string[],
): Row[] {
  const key = ({ figure, latencyMs }: Row): string => `${figure} ${latencyMs}`;
  const measured = new Set(fresh.map(key));
  const place = (row: Row): number => order.indexOf(row.figure);
  const kept = before.filter((row) => keeps.includes(row.figure) && !measured.has(key(row)));
  return [...kept, ...fresh].sort((a, b) => place(a) - place(b) || a.latencyMs - b.latencyMs);
}
