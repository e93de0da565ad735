/** A space in memory that answers as `Platform`. */
import type { App, Deployment, Destination, Package, Process, Route, Target } from '../../src/model/cloud.js';
import { PlatformRefusal } from '../../src/model/errors.js';
import type { Clock } from '../../src/model/ports.js';
import type { Platform } from '../../src/platform/calls.js';

export const TARGET: Target = { orgGuid: 'org', org: 'shop', spaceGuid: 'space', space: 'production' };
export const DOMAIN = {
  guid: 'domain',
  name: 'example.com',
  internal: false,
  protocols: ['http'],
  shared: true,
};

interface SpaceApp extends Omit<App, 'name' | 'state' | 'labels' | 'annotations'> {
  name: string;
  state: App['state'];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  process: Process;
  packages: Package[];
  droplet?: string;
  env: Record<string, string>;
}

interface SpaceRoute extends Omit<Route, 'destinations'> {
  destinations: Destination[];
}

/** Heard before each call; what it throws is thrown by the call. `writes` counts all but heartbeats. */
export type Hook = (call: keyof Platform, args: readonly unknown[]) => void;

const READS =
  /^(isOn|platformNowMs|apiVersion|answers|hasWritten|allowance|target|quotas|domains|apps|processes|instances|command|environment|features|bindings|serviceBindings|bindingParameters|offerings|userSidecars|policies|sidecars|packages|builds?$|deployments|currentDroplet|droplets|revisions|routes|findRoute|isReserved|spacesSharing|behindService|crashes|recentLogs)/;

export class Space {
  readonly apps: SpaceApp[] = [];
  readonly routes: SpaceRoute[] = [];
  readonly writes: string[] = [];
  /** Hosts that a space has which is not seen. */
  readonly reserved = new Set<string>();
  /** Spaces that every route of another space is shared with. */
  sharing: readonly string[] = [];
  /** Of whichever app is asked for. */
  deployments: readonly Deployment[] = [];
  /** Calls so far. */
  asked = 0;
  hook: Hook = () => undefined;
  private made = 0;

  constructor(private readonly clock: Clock) {}

  addApp(name: string, more: Partial<SpaceApp> = {}): SpaceApp {
    const guid = `guid-${++this.made}`;
    const app: SpaceApp = {
      guid,
      name,
      state: 'STOPPED',
      createdAtMs: this.clock.now(),
      lifecycle: { type: 'buildpack', buildpacks: [] },
      labels: {},
      annotations: {},
      process: {
        guid: `process-of-${guid}`,
        type: 'web',
        instances: 1,
        memoryMb: 64,
        diskMb: 64,
        logRateBps: -1,
        healthCheck: { type: 'port' },
      },
      packages: [],
      env: {},
      ...more,
    };
    this.apps.push(app);
    return app;
  }

  addRoute(host: string, apps: readonly { guid: string }[], more: Partial<SpaceRoute> = {}): SpaceRoute {
    const guid = `route-${++this.made}`;
    const route: SpaceRoute = {
      guid,
      url: `${host}.${DOMAIN.name}`,
      host,
      path: '',
      port: null,
      protocol: 'http',
      domainGuid: DOMAIN.guid,
      spaceGuid: TARGET.spaceGuid,
      destinations: [],
      labels: {},
      annotations: {},
      ...more,
    };
    for (const app of apps) this.map(route, app.guid);
    this.routes.push(route);
    return route;
  }

  map(route: SpaceRoute, appGuid: string): void {
    route.destinations.push({
      guid: `destination-${++this.made}`,
      appGuid,
      processType: 'web',
      port: null,
      protocol: null,
    });
  }

  app(guidOrName: string): SpaceApp {
    const app = this.apps.find(({ guid, name }) => guid === guidOrName || name === guidOrName);
    if (!app) throw new PlatformRefusal(`no app ${guidOrName}`, 404, 10010, 'CF-ResourceNotFound');
    return app;
  }

  /** Names of the apps on a route. */
  servers(host: string): string[] {
    const route = this.routes.find((one) => one.host === host);
    return (route?.destinations ?? []).map(({ appGuid }) => this.app(appGuid).name);
  }

  platform(): Platform {
    const calls = this.calls();
    return new Proxy(calls, {
      get: (_, name: keyof Platform) =>
        name === 'platformNowMs' || name === 'hasWritten' || name === 'allowance'
          ? calls[name]
          : async (...args: unknown[]) => {
              this.asked += 1;
              const beats =
                name === 'updateApp' &&
                JSON.stringify(args[1]).startsWith('{"annotations":{"cf-zero-downtime.github.io/heartbeat"');
              if (!READS.test(name) && !beats) this.writes.push(name);
              if (!beats) this.hook(name, args);
              return await (calls[name] as (...args: unknown[]) => unknown)(...args);
            },
    });
  }

  private calls(): Platform {
    const route = (guid: string) => {
      const found = this.routes.find((one) => one.guid === guid);
      if (!found) throw new Error(`no route ${guid}`);
      return found;
    };
    const labelled = <T extends { labels: Readonly<Record<string, string>> }>(
      items: T[],
      selector: string,
    ) => {
      const [key = '', value] = selector.split('=');
      return items.filter(({ labels }) => labels[key] === value);
    };
    const change = (to: Record<string, string>, by: Readonly<Record<string, string | null>> = {}) => {
      for (const [key, value] of Object.entries(by)) {
        if (value === null) delete to[key];
        else to[key] = value;
      }
    };
    const remove = <T>(list: T[], gone: (one: T) => boolean) => {
      for (let at = list.length - 1; at >= 0; at--) if (gone(list[at] as T)) list.splice(at, 1);
    };
    const shown = ({ process: _, packages: __, droplet: ___, env: ____, ...app }: SpaceApp): App =>
      structuredClone(app);
    const calls: Partial<Platform> = {
      platformNowMs: () => this.clock.now(),
      apiVersion: async () => '3.200.0',
      isOn: async () => false,
      answers: async () => true,
      hasWritten: () => this.writes.length > 0,
      allowance: () => ({ sent: this.asked }),
      target: async () => TARGET,
      quotas: async () => ({ quotas: [], unknown: false }),
      domains: async () => [DOMAIN],
      appsByName: async (_, names) => this.apps.filter(({ name }) => names.includes(name)).map(shown),
      appsByLabel: async (_, selector) => labelled(this.apps, selector).map(shown),
      appsByGuid: async (guids) => this.apps.filter(({ guid }) => guids.includes(guid)).map(shown),
      createApp: async (_, { name, labels, annotations }) => {
        if (this.apps.some((one) => one.name === name)) return undefined;
        const app = this.addApp(name);
        change(app.labels, labels);
        change(app.annotations, annotations);
        return shown(app);
      },
      updateApp: async (guid, { name, labels, annotations }) => {
        const app = this.app(guid);
        if (name !== undefined) app.name = name;
        change(app.labels, labels);
        change(app.annotations, annotations);
        return shown(app);
      },
      deleteApp: async (guid) => {
        remove(this.apps, (one) => one.guid === guid);
        for (const one of this.routes) remove(one.destinations, ({ appGuid }) => appGuid === guid);
      },
      startApp: async (guid) => {
        this.app(guid).state = 'STARTED';
      },
      stopApp: async (guid) => {
        this.app(guid).state = 'STOPPED';
      },
      processes: async (guid) => [structuredClone(this.app(guid).process)],
      processesOfApps: async (guids) =>
        this.apps
          .filter(({ guid }) => guids.includes(guid))
          .map(({ guid, process }) => ({ ...structuredClone(process), appGuid: guid })),
      instances: async (guid) => {
        const app = this.apps.find(({ process }) => process.guid === guid);
        return Array.from({ length: app?.process.instances ?? 0 }, (_, index) => ({
          index,
          state: 'RUNNING' as const,
          routable: true,
          uptimeS: 60,
        }));
      },
      command: async () => 'node server.js',
      scale: async (guid, to) => {
        const app = this.apps.find(({ process }) => process.guid === guid);
        if (app) app.process = { ...app.process, ...to };
      },
      environment: async (guid) => ({ ...this.app(guid).env }),
      setEnvironment: async (guid, by) => change(this.app(guid).env, by),
      features: async () => ({ ssh: true, revisions: true }),
      bindings: async () => [],
      serviceBindings: async () => [],
      bindingParameters: async () => undefined,
      offerings: async () => new Map(),
      userSidecars: async () => [],
      addPolicies: async () => undefined,
      removePolicies: async () => undefined,
      policies: async () => [],
      sidecars: async () => [],
      deployments: async () => [...this.deployments],
      packages: async (guid) => [...this.app(guid).packages],
      builds: async () => [],
      createBuild: async (packageGuid) => ({
        guid: `build-of-${packageGuid}`,
        state: 'STAGED',
        packageGuid,
        dropletGuid: `droplet-of-${packageGuid}`,
      }),
      build: async (guid) => {
        const packageGuid = guid.slice('build-of-'.length);
        return { guid, state: 'STAGED', packageGuid, dropletGuid: `droplet-of-${packageGuid}` };
      },
      currentDroplet: async (guid) => {
        const { droplet } = this.app(guid);
        if (droplet === undefined) return undefined;
        const packageGuid = droplet.slice('droplet-of-'.length);
        const commands = { web: 'node server.js' };
        return { guid: droplet, state: 'STAGED', createdAtMs: this.clock.now(), packageGuid, commands };
      },
      droplets: async () => [],
      revisions: async () => [],
      setCurrentDroplet: async (guid, droplet) => {
        this.app(guid).droplet = droplet;
      },
      routesOfApps: async (guids) =>
        structuredClone(
          this.routes.filter((one) => one.destinations.some(({ appGuid }) => guids.includes(appGuid))),
        ),
      routesByGuid: async (guids) => structuredClone(this.routes.filter(({ guid }) => guids.includes(guid))),
      routesByLabel: async (_, selector) => structuredClone(labelled(this.routes, selector)),
      findRoutes: async (_, names) =>
        structuredClone(this.routes.filter((one) => names.some(({ host }) => host === one.host))),
      isReserved: async ({ host }) => this.reserved.has(host),
      spacesSharing: async () => this.sharing,
      behindService: async () => new Set(),
      createRoute: async (_, { host, labels }) =>
        structuredClone(this.addRoute(host, [], { labels: { ...(labels as Record<string, string>) } })),
      deleteRoute: async (guid) => remove(this.routes, (one) => one.guid === guid),
      // Its job is in the queue still when the route is asked for once more.
      askToDeleteRoute: async () => undefined,
      insertDestinations: async (guid, to) => {
        for (const { appGuid } of to) this.map(route(guid), appGuid);
      },
      removeDestination: async (guid, destination) =>
        remove(route(guid).destinations, (one) => one.guid === destination),
      crashes: async () => [],
      recentLogs: async () => [],
    };
    return calls as Platform;
  }
}
