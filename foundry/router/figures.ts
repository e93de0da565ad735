import type { Clock, RouteRecord } from '../ports.js';

/** What the routers counted for one route. Requests that met no route stand under an empty `routeGuid`. */
export interface RouteFigures {
  routeGuid: string;
  host: string;
  path: string;
  requests: number;
  /** By status code; `cut` counts answers that broke off after their headers. */
  byStatus: Readonly<Record<string, number>>;
  /** By GUID of the app that answered (its version). */
  byApp: Readonly<Record<string, number>>;
  /** Longest time between two successful answers (status below 500, not cut), milliseconds. */
  longestGapMs: number;
}

/** The end of one request. */
export interface Outcome {
  route: RouteRecord | undefined;
  status: number | 'cut';
  /** GUID of the app that answered; undefined: the router did. */
  app?: string | undefined;
}

export interface Counter {
  count(outcome: Outcome): void;
  figures(): readonly RouteFigures[];
  reset(): void;
}

interface Counts extends RouteFigures {
  byStatus: Record<string, number>;
  byApp: Record<string, number>;
  lastSuccessMs?: number;
}

export function createCounter(clock: Clock): Counter {
  const counts = new Map<string, Counts>();
  const fresh = (route: RouteRecord | undefined): Counts => ({
    routeGuid: route?.routeGuid ?? '',
    host: route?.host ?? '',
    path: route?.path ?? '',
    requests: 0,
    byStatus: {},
    byApp: {},
    longestGapMs: 0,
  });
  return {
    count({ route, status, app }) {
      const key = route?.routeGuid ?? '';
      const of = counts.get(key) ?? fresh(route);
      counts.set(key, of);
      of.requests += 1;
      of.byStatus[status] = (of.byStatus[status] ?? 0) + 1;
      if (app !== undefined) of.byApp[app] = (of.byApp[app] ?? 0) + 1;
      if (status === 'cut' || status >= 500) return;
      const now = clock.now();
      if (of.lastSuccessMs !== undefined) of.longestGapMs = Math.max(of.longestGapMs, now - of.lastSuccessMs);
      of.lastSuccessMs = now;
    },
    figures: () =>
      [...counts.values()].map(({ lastSuccessMs: _, byStatus, byApp, ...rest }) => ({
        ...rest,
        byStatus: { ...byStatus },
        byApp: { ...byApp },
      })),
    reset: () => counts.clear(),
  };
}
