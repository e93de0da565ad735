/** Snapshots, intents and inputs that are complete, so that a test names only what it is about. */
import type { Inputs, ManifestApp } from '../../src/model/asked.js';
import type { App, AppState, Destination, Instance, Route, Snapshot } from '../../src/model/cloud.js';
import type { Intent, WantedRoute } from '../../src/model/intent.js';
import type { Phase, Role } from '../../src/model/words.js';
import { LABEL } from '../../src/platform/names.js';

export const DOMAIN = 'domain-1';

type ProcessState = AppState['processes'][number];

export function process(type: string, instances: number, over: Partial<ProcessState> = {}): ProcessState {
  return {
    guid: `${type}-process`,
    type,
    instances,
    memoryMb: 256,
    diskMb: 1_024,
    logRateBps: -1,
    healthCheck: { type: 'port' },
    instancesSeen: runningInstances(instances),
    ...over,
  };
}

export function runningInstances(count: number): Instance[] {
  return Array.from({ length: count }, (_, index) => instance(index, 'RUNNING'));
}

export function instance(index: number, state: Instance['state'], over: Partial<Instance> = {}): Instance {
  return { index, state, routable: state === 'RUNNING', uptimeS: 10, ...over };
}

/** The web process of an app that never had a deployment has its app's GUID. */
export function app(guid: string, over: Partial<AppState> = {}): AppState {
  const made = appOf(guid, over);
  const processes = made.processes.map((one) => (one.guid === 'web-process' ? { ...one, guid } : one));
  return { ...made, processes };
}

function appOf(guid: string, over: Partial<AppState>): AppState {
  return {
    guid,
    name: guid,
    state: 'STARTED',
    createdAtMs: 0,
    lifecycle: { type: 'buildpack', buildpacks: [] },
    labels: {},
    annotations: {},
    processes: [process('web', 1)],
    env: {},
    ...over,
  };
}

/** One of ours: labels and marks say the same. */
export function ours(guid: string, role: Role, version: string, over: Partial<AppState> = {}): AppState {
  const labels = { [LABEL.role]: role, [LABEL.version]: version, [LABEL.app]: 'shop' };
  return app(guid, { role, version, labels, ...over });
}

export function candidateAt(phase: Phase, over: Partial<AppState> = {}): AppState {
  const made = ours('new', 'candidate', 'v2', { name: 'shop-candidate', currentDropletGuid: 'd', ...over });
  const labels = { ...made.labels, [LABEL.phase]: phase, [LABEL.owner]: 'me' };
  return { ...made, phase, labels };
}

export function to(appGuid: string, over: Partial<Destination> = {}): Destination {
  return {
    guid: `${appGuid}-${over.processType ?? 'web'}-${over.port ?? 'default'}`,
    appGuid,
    processType: 'web',
    port: 8080,
    protocol: 'http1',
    ...over,
  };
}

export function route(url: string, destinations: readonly Destination[] = [], over: Partial<Route> = {}) {
  const made: Route = {
    guid: `route ${url}`,
    ...wanted(url),
    protocol: 'http',
    spaceGuid: 'space-1',
    destinations,
    labels: {},
    annotations: {},
    ...over,
  };
  return made;
}

export function trialRoute(url: string, destinations: readonly Destination[] = []): Route {
  return route(url, destinations, { labels: { [LABEL.role]: 'candidate', [LABEL.app]: 'shop' } });
}

export function wanted(url: string, over: Partial<WantedRoute> = {}): WantedRoute {
  const [name = '', path] = url.split(/(?=\/)/, 2);
  const host = name.replace(/\.?apps\.example$/, '');
  return { url, host, domainGuid: DOMAIN, path: path ?? '', port: null, internal: false, ...over };
}

export function snapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    takenAtMs: 0,
    apiVersion: '3.200.0',
    target: { orgGuid: 'org-1', org: 'org', spaceGuid: 'space-1', space: 'space' },
    domains: [
      { guid: DOMAIN, name: 'apps.example', internal: false, protocols: ['http'], shared: true },
      { guid: 'inside', name: 'apps.internal', internal: true, protocols: ['http'], shared: true },
    ],
    name: 'shop',
    takers: [],
    deployments: [],
    previous: [],
    failed: [],
    inTheWay: [] as App[],
    routes: [],
    others: {},
    ...over,
  };
}

export function intent(over: Partial<Intent> = {}): Intent {
  return {
    app: 'shop',
    set: ['shop'],
    version: 'v2',
    owner: 'me',
    production: [wanted('shop.apps.example')],
    dropped: [],
    trials: [{ route: wanted('trial.apps.example'), to: { processType: 'web', port: null, protocol: null } }],
    scale: {},
    keepInstancesOf: [],
    probePath: '/',
    hold: false,
    again: [],
    failureLimit: 2,
    until: 'live',
    drainMs: 30_000,
    bakeMs: 0,
    keepPrevious: 1,
    keepFailed: true,
    env: {},
    carriedEnv: [],
    checks: [],
    facts: {},
    ...over,
  };
}

export function inputs(over: Partial<Inputs> = {}): Inputs {
  return {
    command: 'deploy',
    plan: false,
    api: 'https://api.example',
    org: 'org',
    space: 'space',
    skipSslValidation: false,
    credentials: { kind: 'user', username: 'u', password: 'p' },
    cfVersion: '8',
    manifest: 'manifest.yml',
    vars: {},
    varsFiles: [],
    env: {},
    docker: {},
    strategy: 'blue-green',
    maxInFlight: 1,
    workers: 'overlap',
    carry: 'all',
    scale: 'keep',
    smokeTest: [],
    hold: false,
    bakeMs: 0,
    drainMs: 30_000,
    watch: true,
    failureLimit: 2,
    keepPrevious: 1,
    keepFailed: true,
    force: false,
    stagingTimeoutMs: 900_000,
    preview: {
      ttlMs: 14 * 86_400_000,
      max: 20,
      services: { bind: 'manifest', shared: [], make: [] },
      allowFork: false,
    },
    comment: true,
    deployment: true,
    summary: true,
    given: [],
    secrets: [],
    warnings: [],
    ...over,
  };
}

export function manifestApp(over: Partial<ManifestApp> = {}): ManifestApp {
  return {
    name: 'shop',
    noRoute: false,
    randomRoute: false,
    defaultRoute: false,
    path: '/bits',
    processes: {},
    envNames: [],
    services: [],
    sidecars: [],
    features: [],
    labels: [],
    annotations: [],
    ...over,
  };
}
