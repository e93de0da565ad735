/** Who serves which route, in as few words as the case allows: what is not as it should be comes first. Pure. */
import type { AppOutcome, RouteServed } from '../commands/outcome.js';

export interface Serving {
  /** The routes that are shown one by one. */
  shown: readonly { url: string; by: string }[];
  /** What is said of the others, '' when there are none. */
  others: string;
}

/** @param most routes that are shown one by one; only routes that are served as they should be are left to `others` before any else */
export function servingOf({ live }: Pick<AppOutcome, 'live'>, most: number): Serving {
  const usual = (route: RouteServed) => route.by.length === 1 && route.by[0] === live.app;
  const odd = live.routes.filter((route) => !usual(route));
  const ordered = [...odd, ...live.routes.filter(usual)];
  const left = ordered.length - most;
  return {
    shown: ordered.slice(0, most).map(({ url, by }) => ({ url, by: byText(by) })),
    others: left <= 0 ? '' : `and ${left} more${odd.length <= most ? `, each served by ${live.app}` : ''}`,
  };
}

/** Lines for the log and for annotations. */
export function whoServes(apps: readonly AppOutcome[], most: number): string[] {
  return apps.flatMap((one) => {
    if (one.live.routes.length === 0) return [noRoutes(one)];
    const { shown, others } = servingOf(one, most);
    return [...shown.map(({ url, by }) => `${url}: ${by}`), ...(others ? [others] : [])];
  });
}

/** `10:02:03 UTC`, or undefined when it was never looked. */
export function seenAt({ seenAtMs }: Pick<AppOutcome, 'seenAtMs'>): string | undefined {
  return seenAtMs === undefined ? undefined : `${new Date(seenAtMs).toISOString().slice(11, 19)} UTC`;
}

function noRoutes({ app, live }: AppOutcome): string {
  return live.app ? `${app}: live is ${live.app}, without a route` : `${app}: nothing is live`;
}

function byText(by: readonly string[]): string {
  if (by.length === 0) return 'nobody';
  return by.length > 1 ? `${by.join(' and ')}, together` : String(by[0]);
}
