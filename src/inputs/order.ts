/** The input `order`: which apps of a deploy switch before which others. */
import type { Order } from '../model/asked.js';
import { list, type Parse, Wrong } from './values.js';

const HOW = 'a line is written "api before web"';

/** Lines like `api before web`, also `db before api before web`. Whether an app could be the first is asked with `circleIn`. */
export const order: Parse<Order> = (given) => list(given).flatMap(pairsOf);

function pairsOf(line: string): Order {
  const names = line.split(/\s+before\s+/).map((name) => name.trim());
  const isWhole = names.length > 1 && names.every((name) => name !== '' && !/^before\s|\sbefore$/.test(name));
  if (!isWhole) throw new Wrong(`has "${line}"; ${HOW}`);
  return names.slice(1).map((after, at) => ({ before: names[at] ?? '', after }));
}
