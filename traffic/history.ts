import type { Change } from '../foundry/state/history.js';

/** One change that the platform recorded of itself (`GET /__foundry/history`), in the order in which they happened. */
export type HistoryEntry = Change;

/** The parts of `GET /__foundry/state` that the history must lead to. `url` is `host.domain/path`. */
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

  /** As it was at that moment. */
  static until(history: readonly HistoryEntry[], atMs: number): Replay {
    const replay = new Replay();
    for (const entry of history) if (entry.atMs <= atMs) replay.apply(entry);
    return replay;
  }

  apply(entry: HistoryEntry): void {
    switch (entry.kind) {
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
      case 'applied':
        this.routers.set(
          `${entry.router} ${entry.routeGuid}`,
          entry.endpoints.map((endpoint) => endpoint.instanceGuid),
        );
    }
  }

  private applyApp(entry: HistoryEntry & { kind: 'app' }): void {
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
