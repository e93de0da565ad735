import type { Clock, RouteRecord } from '../ports.js';
import { Pool } from './pool.js';

/** What one router knows of the routes. */
export interface Table {
  /** Takes a record over; one without endpoints takes the route off, as the last unregistration does (platform facts A10.12). */
  apply(record: RouteRecord): void;
  /** The route for a request: the exact host, else a wildcard, nearest first; in each the longest path. */
  find(host: string, path: string): Pool | undefined;
}

export function createTable(clock: Clock): Table {
  /** Host -> path -> pool. */
  const hosts = new Map<string, Map<string, Pool>>();

  function remove({ host, routeGuid, ...record }: RouteRecord): void {
    const paths = hosts.get(host);
    const path = record.path.toLowerCase();
    // The same host and path may by now be another route: deleted and made anew.
    if (paths?.get(path)?.record.routeGuid !== routeGuid) return;
    paths.delete(path);
    if (paths.size === 0) hosts.delete(host);
  }

  return {
    apply(record) {
      if (record.endpoints.length === 0) return remove(record);
      const paths = hosts.get(record.host) ?? new Map<string, Pool>();
      const path = record.path.toLowerCase();
      hosts.set(record.host, paths);
      paths.set(path, new Pool(record, clock, paths.get(path)));
    },
    find(host, path) {
      for (const name of hostsToTry(host)) {
        const paths = hosts.get(name);
        const pool = paths && longestPath(paths, path.toLowerCase());
        if (pool) return pool;
      }
      return undefined;
    },
  };
}

/** `a.b.c` -> `a.b.c`, `*.b.c`, `*.c`. */
function* hostsToTry(host: string): Generator<string> {
  yield host;
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`;
}

/** Host and path are matched without regard to case, the path by segment: `/api` holds `/api` and `/api/x`, not `/apix`. */
function longestPath(paths: ReadonlyMap<string, Pool>, path: string): Pool | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const pool = paths.get(path.slice(0, end));
    if (pool) return pool;
  }
  return paths.get('');
}
