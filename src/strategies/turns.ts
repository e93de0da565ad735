/** When the turn of each app to switch comes, by the input `order`. Pure. */
import type { Order } from '../model/asked.js';
import type { Turn } from '../model/intent.js';

/**
 * As early as the order allows: an app that no line names, or that waits for nobody, switches first. Of apps that are not among
 * `names` nothing is waited for, but for what they wait for themselves.
 * @param order without circles
 * @param reversed the other way round: a rollback takes back first what came last
 * @returns by name; undefined: all of them switch side by side
 */
export function turnsOf(
  names: readonly string[],
  order: Order,
  reversed = false,
): ReadonlyMap<string, Turn> | undefined {
  const pairs = reversed ? order.map(({ before, after }) => ({ before: after, after: before })) : order;
  const depthOf = (name: string): number =>
    Math.max(0, ...pairs.filter(({ after }) => after === name).map(({ before }) => depthOf(before) + 1));
  const depths = new Map(names.map((name) => [name, depthOf(name)]));
  const used = [...new Set(depths.values())].sort((one, other) => one - other);
  if (used.length < 2) return undefined;
  return new Map(
    [...depths].map(([name, depth]) => [name, { number: used.indexOf(depth) + 1, of: used.length }]),
  );
}

/** Names by turn, for people: `db, api, then web`. */
export function turnsText(turns: ReadonlyMap<string, Turn>): string {
  const of = Math.max(...[...turns.values()].map((turn) => turn.of));
  return Array.from({ length: of }, (_, at) =>
    [...turns].flatMap(([name, { number }]) => (number === at + 1 ? [name] : [])).join(', '),
  ).join('; then ');
}
