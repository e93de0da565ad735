/**
 * A Cloud Foundry small enough to be searched whole: values only, changed by copying, and the same history always gives the
 * same GUIDs. Beside what a platform has it holds what the checker remembers (`smoked`, `proved`, `undrained`, `served`).
 */
import type { App, AppState, Deployment, Destination, Route, Snapshot } from '../../../src/model/cloud.js';
import type { WantedRoute } from '../../../src/model/intent.js';
import { PHASES, ROLES } from '../../../src/model/words.js';
import { ANNOTATION, appKey, LABEL } from '../../../src/platform/names.js';
import { onItsWay, partsOf } from '../../../src/platform/snapshot.js';
import { instance, process, snapshot } from '../support.js';

export interface ModelProcess {
  type: string;
  instances: number;
  /** Of these, how many answer. */
  running: number;
}

export interface ModelApp extends Pick<App, 'guid' | 'name' | 'state' | 'labels' | 'annotations'> {
  processes: readonly ModelProcess[];
  env: Readonly<Record<string, string>>;
  packages: readonly string[];
  /** The package that the current droplet was built of. */
  droplet?: string;
  /** What manifests and hands have made of it, in a word. */
  settings?: string;
  /** What hands have given it beside its manifest: bindings, network policies. */
  belongings?: readonly string[];
  /** A task that was started on it. */
  task?: 'running' | 'succeeded';
  /** The droplet that its instances run, where deployments are looked at. */
  runs?: string;
  /** What its instances listen on since the last start: the platform takes a new port only then. */
  ports: readonly number[];
}

export interface ModelWorld {
  apps: Readonly<Record<string, ModelApp>>;
  routes: Readonly<Record<string, Route>>;
  /** By app, newest first. */
  deployments: Readonly<Record<string, readonly Deployment[]>>;
  /** By url: how often a route of that name was made. */
  made: Readonly<Record<string, number>>;
  /** GUIDs of apps that passed their checks on the trial route. */
  smoked: readonly string[];
  /** `route app`: the app was seen answering there since it was mapped. */
  proved: readonly string[];
  /** GUIDs of apps that lost a production route and were not drained since. */
  undrained: readonly string[];
  /** GUIDs of production routes that answered when the deploy began, or when they were given to live meanwhile. */
  served: readonly string[];
  /** Of these process types two versions must never run at once. */
  alone?: readonly string[];
  /** Apps of which each may have its new version on a route only while those before it have theirs alone. */
  inTurn?: readonly string[];
  /** The other hand has done what the scenario has for it. */
  meddled: boolean;
}

export function changedApp(world: ModelWorld, guid: string, change: Partial<ModelApp>): ModelWorld {
  const app = world.apps[guid];
  if (!app) throw new Error(`no app ${guid}`);
  return { ...world, apps: { ...world.apps, [guid]: { ...app, ...change } } };
}

export function changedRoute(
  world: ModelWorld,
  guid: string,
  destinations: readonly Destination[],
): ModelWorld {
  const route = world.routes[guid];
  if (!route) throw new Error(`no route ${guid}`);
  return { ...world, routes: { ...world.routes, [guid]: { ...route, destinations } } };
}

export function withoutKey<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([one]) => one !== key));
}

export function isTrial(route: Route): boolean {
  return route.labels[LABEL.role] === 'candidate';
}

export function routesOf(world: ModelWorld, appGuid: string): Route[] {
  return Object.values(world.routes).filter((route) =>
    route.destinations.some((one) => one.appGuid === appGuid),
  );
}

/** Somebody answers at the other end of this destination. */
export function isHealthy(world: ModelWorld, { appGuid, processType, port }: Destination): boolean {
  const app = world.apps[appGuid];
  if (app?.state !== 'STARTED' || !app.ports.includes(port ?? 8080)) return false;
  return app.processes.some(({ type, running }) => type === processType && running > 0);
}

/** Without what only the run that just ended had to know: ends that differ in nothing else are one. */
export function forgotten(world: ModelWorld): ModelWorld {
  const resting = Object.values(world.apps).map((app): ModelApp => {
    if (app.state === 'STARTED' || app.labels[LABEL.owner]) return app;
    const processes = app.processes.map((one) => ({ ...one, running: 0 }));
    const until = app.annotations[ANNOTATION.liveUntil];
    const annotations = until ? { [ANNOTATION.liveUntil]: until } : {};
    return { ...app, annotations, processes, packages: [], ports: [], env: {}, droplet: 'kept' };
  });
  const alive = (guid: string) => world.apps[guid] !== undefined;
  return {
    ...world,
    apps: Object.fromEntries(resting.map((app) => [app.guid, app])),
    made: {},
    smoked: world.smoked.filter(alive),
    undrained: world.undrained.filter(alive),
  };
}

/** The part that each app of this world plays, by the real rule of who is who. */
export function playersOf(world: ModelWorld, name: string) {
  return partsOf(name, Object.values(world.apps).map(stateOf)) as {
    live?: AppState;
    lock?: AppState;
    candidate?: AppState;
    takers: readonly AppState[];
    previous: readonly AppState[];
    failed: readonly AppState[];
    inTheWay: readonly AppState[];
  };
}

/** What `takeSnapshot` reads of this world. */
export function snapshotOf(world: ModelWorld, name: string, asked: readonly WantedRoute[] = []): Snapshot {
  const { live, lock, candidate, takers, previous, failed, inTheWay } = playersOf(world, name);
  const mine = [live, lock, candidate, ...previous, ...failed].flatMap((app) => (app ? [app.guid] : []));
  const routes = Object.values(world.routes).filter(
    (route) =>
      route.labels[LABEL.app] === appKey(name) ||
      asked.some(({ url }) => url === route.url) ||
      route.destinations.some(({ appGuid }) => mine.includes(appGuid)),
  );
  const strangers = routes.flatMap((route) =>
    route.destinations.map(({ appGuid }) => appGuid).filter((guid) => !mine.includes(guid)),
  );
  return snapshot({
    name,
    ...(live ? { live } : {}),
    ...defined(onItsWay(lock === candidate ? undefined : lock, candidate)),
    takers,
    deployments: live ? (world.deployments[live.guid] ?? []) : [],
    previous,
    failed,
    inTheWay,
    routes,
    others: Object.fromEntries(strangers.map((guid) => [guid, world.apps[guid]?.name ?? guid])),
  });
}

function defined({ lock, candidate }: ReturnType<typeof onItsWay>): Pick<Snapshot, 'lock' | 'candidate'> {
  return { ...(lock ? { lock } : {}), ...(candidate ? { candidate } : {}) };
}

/** An app that did not change is read once: thousands of states share it. */
const STATES = new WeakMap<ModelApp, AppState>();

function stateOf(app: ModelApp): AppState {
  const known = STATES.get(app);
  if (known) return known;
  const { guid, name, state, labels, annotations, processes, env, droplet } = app;
  const phase = PHASES.find((one) => one === labels[LABEL.phase]);
  const role = ROLES.find((one) => one === labels[LABEL.role]);
  const version = labels[LABEL.version];
  const read: AppState = {
    guid,
    name,
    state,
    createdAtMs: 0,
    lifecycle: { type: 'buildpack', buildpacks: [] },
    labels,
    annotations,
    ...(role ? { role } : {}),
    ...(phase ? { phase } : {}),
    ...(version ? { version } : {}),
    ...(droplet ? { currentDropletGuid: `droplet of ${droplet}` } : {}),
    processes: processes.map(({ type, instances, running }) =>
      process(type, instances, {
        guid: `${guid} ${type}`,
        instancesSeen: Array.from({ length: state === 'STARTED' ? instances : 0 }, (_, index) =>
          instance(index, index < running ? 'RUNNING' : 'STARTING'),
        ),
      }),
    ),
    env,
  };
  STATES.set(app, read);
  return read;
}
