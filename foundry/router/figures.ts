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
