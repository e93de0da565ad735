import type { HistoryEntry } from '../traffic/history.js';

/**
 * Milliseconds from the first destination that the routes gained to the last one that they lost, after `fromMs`. undefined: no
 * route gained one, or none lost one after that.
 * @param routes as the platform has their url
 */
export function switchOf(
  history: readonly HistoryEntry[],
  routes: readonly string[],
  fromMs: number,
): number | undefined {
  const known = new Set(routes);
  const moves = history.flatMap((entry) =>
    entry.kind === 'destination' && entry.atMs >= fromMs && known.has(entry.url) ? [entry] : [],
  );
  const first = moves.find(({ change }) => change === 'added');
  const last = moves.findLast(({ change }) => change === 'removed');
  return first && last && last.atMs >= first.atMs ? last.atMs - first.atMs : undefined;
}
