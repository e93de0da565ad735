/** The input `order`: which apps of a deploy switch before which others. */
import type { Order } from '../model/asked.js';
import { list, type Parse, Wrong } from './values.js';

const HOW = 'a line is written "api before web"';

/** Lines like `api before web`, also `db before api before web`. Refused when no app could be the first. */
export const order: Parse<Order> = (given) => {
  const pairs = list(given).flatMap(pairsOf);
  const circle = circleIn(pairs);
  if (circle) throw new Wrong(`goes round in a circle: ${circle.join(' before ')}`);
  return pairs;
};

function pairsOf(line: string): Order {
  const names = line.split(/\s+before\s+/).map((name) => name.trim());
  const isWhole = names.length > 1 && names.every((name) => name !== '' && !/^before\s|\sbefore$/.test(name));
  if (!isWhole) throw new Wrong(`has "${line}"; ${HOW}`);
  return names.slice(1).map((after, at) => ({ before: names[at] ?? '', after }));
}

/** @returns the names of one circle, the first one again at its end */
function circleIn(pairs: Order): readonly string[] | undefined {
  const through = (path: readonly string[]): readonly string[] | undefined => {
    const last = path.at(-1);
    for (const { after } of pairs.filter(({ before }) => before === last)) {
      const at = path.indexOf(after);
      if (at >= 0) return [...path.slice(at), after];
      const circle = through([...path, after]);
      if (circle) return circle;
    }
    return undefined;
  };
  for (const { before } of pairs) {
    const circle = through([before]);
    if (circle) return circle;
  }
  return undefined;
}
