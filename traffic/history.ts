/**
 * What the platform itself recorded, as the foundry tells it (`GET /__foundry/history`, `GET /__foundry/state`): the parts that
 * the invariant is judged by. Times are milliseconds since the epoch; entries stand in the order in which they happened.
 */

/** `url` is `host.domain/path`. */
export type HistoryEntry = { atMs: number } & (
  | { type: 'app'; change: 'created' | 'started' | 'stopped' | 'deleted'; appGuid: string; name: string }
  | { type: 'name'; appGuid: string; from: string; to: string }
  | { type: 'route'; change: 'created' | 'deleted'; routeGuid: string; url: string }
  | {
      type: 'destination';
      change: 'added' | 'removed';
      routeGuid: string;
      destinationGuid: string;
      appGuid: string;
      processType: string;
    }
  /** Any change of an instance; `GONE`: its process has ended for good. */
  | {
      type: 'instance';
      appGuid: string;
      processType: string;
      index: number;
      instanceGuid: string;
      state: 'STARTING' | 'RUNNING' | 'CRASHED' | 'DOWN' | 'STOPPING' | 'GONE';
      routable: boolean;
    }
  /** A router (counted from 0) took over which instances stand behind a route; no instances: it answers 404 from now on. */
  | { type: 'router'; router: number; routeGuid: string; instances: readonly string[] }
);

export interface PlatformState {
  /** How many routers there are. */
  routers: number;
  apps: readonly { guid: string; name: string; state: 'STARTED' | 'STOPPED' }[];
  routes: readonly {
    guid: string;
    url: string;
    destinations: readonly { guid: string; appGuid: string; processType: string }[];
  }[];
}

export interface AppNow {
  guid: string;
  name: string;
  state: 'STARTED' | 'STOPPED';
}

export interface RouteNow {
  guid: string;
  url: string;
  destinations: Map<string, { appGuid: string; processType: string }>;
}

/** The platform at one moment, brought forward entry by entry. Pure but for its own fields. */
export class Replay {
  readonly apps = new Map<string, AppNow>();
  readonly routes = new Map<string, RouteNow>();
  /** By instance GUID; those that are gone are not in here. */
  readonly instances = new Map<string, { appGuid: string; processType: string; healthy: boolean }>();
  private readonly routers = new Map<string, readonly string[]>();

  apply(entry: HistoryEntry): void {
    switch (entry.type) {
      case 'app':
        this.applyApp(entry);
        return;
      case 'name': {
        const app = this.apps.get(entry.appGuid);
        if (app) app.name = entry.to;
        return;
      }
      case 'route':
        if (entry.change === 'deleted') this.routes.delete(entry.routeGuid);
        else
          this.routes.set(entry.routeGuid, {
            guid: entry.routeGuid,
            url: entry.url,
            destinations: new Map(),
          });
        return;
      case 'destination': {
        const destinations = this.routes.get(entry.routeGuid)?.destinations;
        const { appGuid, processType } = entry;
        if (entry.change === 'removed') destinations?.delete(entry.destinationGuid);
        else destinations?.set(entry.destinationGuid, { appGuid, processType });
        return;
      }
      case 'instance': {
        const { appGuid, processType } = entry;
        const healthy = entry.state === 'RUNNING' && entry.routable;
        if (entry.state === 'GONE') this.instances.delete(entry.instanceGuid);
        else this.instances.set(entry.instanceGuid, { appGuid, processType, healthy });
        return;
      }
      case 'router':
        this.routers.set(`${entry.router} ${entry.routeGuid}`, entry.instances);
    }
  }

  private applyApp(entry: HistoryEntry & { type: 'app' }): void {
    const { appGuid: guid, name } = entry;
    if (entry.change === 'deleted') this.apps.delete(guid);
    else this.apps.set(guid, { guid, name, state: entry.change === 'started' ? 'STARTED' : 'STOPPED' });
  }

  /** GUIDs of the instances to which a router sends requests of a route. */
  behind(router: number, routeGuid: string): readonly string[] {
    return this.routers.get(`${router} ${routeGuid}`) ?? [];
  }

  /** Routes of that url; more than one only in a history that cannot be. */
  routesOf(url: string): readonly RouteNow[] {
    return [...this.routes.values()].filter((route) => route.url === url);
  }
}
