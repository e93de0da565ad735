/** Whether apps can switch in the order of the input `order`. Pure. */
import type { Order } from '../model/asked.js';
import type { Problem } from '../model/errors.js';
import type { SourcePosition } from '../model/ports.js';

/**
 * What is wrong with the order, each with its place in the manifest: apps that it does not have, or else a circle.
 * @param apps where the manifest names each of its apps
 * @param list where its list of apps begins
 */
export function orderProblems(
  order: Order,
  apps: ReadonlyMap<string, SourcePosition>,
  list: SourcePosition,
): readonly Problem[] {
  const has = [...apps.keys()].map((name) => `"${name}"`).join(', ');
  const named = new Set(order.flatMap(({ before, after }) => [before, after]));
  const unknown = [...named].filter((name) => !apps.has(name));
  if (unknown.length > 0) {
    return unknown.map((name) => ({
      text: `The manifest has no app "${name}" (the input "order"); it has ${has}.`,
      at: list,
    }));
  }
  const circle = circleIn(order);
  if (!circle) return [];
  return [{ text: circleText(circle), at: apps.get(circle[0] ?? '') ?? list }];
}

/** @param circle names, as `circleIn` gives them */
export function circleText(circle: readonly string[]): string {
  return `The input "order" goes round in a circle: ${circle.join(' before ')}.`;
}

/** @returns the names of one circle, the first one again at its end; undefined when there is none */
export function circleIn(pairs: Order): readonly string[] | undefined {
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
