/** What the platform has, as values. Times are milliseconds since the epoch, sizes MiB. */
import type { Phase, Role } from './words.js';

export interface Metadata {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

export interface App extends Metadata {
  guid: string;
  name: string;
  state: 'STARTED' | 'STOPPED';
  createdAtMs: number;
  /** Of the app itself: its start and stop count. */
  updatedAtMs?: number;
  lifecycle: { type: string; buildpacks: readonly string[]; stack?: string };
  /** The current one, null: none. Absent: the platform does not tell it here. */
  holdsDroplet?: string | null;
}

export interface HealthCheck {
  type: string;
  timeoutS?: number;
  invocationTimeoutS?: number;
  intervalS?: number;
  endpoint?: string;
}

export interface Process {
  guid: string;
  type: string;
  instances: number;
  memoryMb: number;
  diskMb: number;
  /** -1: unlimited. */
  logRateBps: number;
  command?: string;
  healthCheck: HealthCheck;
  readiness?: HealthCheck;
}

export interface Instance {
  index: number;
  state: 'STARTING' | 'RUNNING' | 'CRASHED' | 'DOWN' | 'STOPPING' | 'UNKNOWN';
  /** null: the platform cannot tell (older than 3.151). */
  routable: boolean | null;
  uptimeS: number;
  /** Whether routers reach it through a TLS proxy, so that it loses no request when it ends; undefined: it is not shown. */
  hasTlsProxy?: boolean;
  /** Placement error and the like; untrusted. */
  details?: string;
}

export interface Destination {
  guid: string;
  appGuid: string;
  processType: string;
  port: number | null;
  protocol: string | null;
}

export interface Route extends Metadata {
  guid: string;
  /** `host.domain/path`, no scheme. */
  url: string;
  /** '' for an apex route, '*' for a wildcard. */
  host: string;
  path: string;
  port: number | null;
  protocol: string;
  domainGuid: string;
  spaceGuid: string;
  destinations: readonly Destination[];
  /** How routers choose among its destinations; absent: the platform has no such thing (before 3.183). */
  options?: RouteOptions;
}

/** Such as `loadbalancing`. */
export type RouteOptions = Readonly<Record<string, string | number>>;

/** A service instance of the space, or one that is shared with it. */
export interface ServiceInstance extends Metadata {
  guid: string;
  name: string;
  /** What a broker was asked for last; its description is untrusted. */
  operation?: { type: string; state: string; description: string };
}

/** A service instance that is bound to an app. */
export interface Binding {
  guid: string;
  /** Name of the service instance. */
  instance: string;
  instanceGuid?: string;
  /** Of the binding itself, where it has one. */
  name?: string;
  /** What a broker was asked for last; absent: the platform does not tell. */
  operation?: 'create' | 'delete';
  /** Of that. Absent: it is done. */
  state?: 'initial' | 'in progress' | 'succeeded' | 'failed';
  /** Why it failed, in the broker's words; untrusted. */
  description?: string;
}

/** What an app is bound to, as somebody asks for it. */
export interface NewBinding {
  appGuid: string;
  instanceGuid: string;
  name?: string;
  parameters?: Readonly<Record<string, unknown>>;
}

/** One app may reach another one by its internal address. */
export interface NetworkPolicy {
  /** Guids of apps. */
  source: string;
  destination: string;
  protocol: string;
  start: number;
  end: number;
}

export interface Sidecar {
  guid: string;
  name: string;
  command: string;
  processTypes: readonly string[];
  /** null: as much as its process has. */
  memoryMb: number | null;
}

/** Of an organization or a space. What is undefined is not limited. */
export interface Quota {
  of: 'organization' | 'space';
  /** Of the organization or the space. */
  name: string;
  /** `instanceMb`: the most that one instance may have. */
  limits: Partial<QuotaFigures> & { instanceMb?: number };
  used: QuotaFigures;
}

/** `memoryMb` counts what is started and running tasks; `logRateBps` what has a limit of its own; `ports` are those of TCP routes. */
export interface QuotaFigures {
  memoryMb: number;
  instances: number;
  logRateBps: number;
  routes: number;
  ports: number;
  /** Service instances that a broker made. */
  services: number;
  /** That run or wait, of all apps (CC task_model.rb), whatever the quota calls it. */
  tasks: number;
}

export interface Domain {
  guid: string;
  name: string;
  internal: boolean;
  protocols: readonly string[];
  /** Shared with every organization. */
  shared: boolean;
}

export interface Package {
  guid: string;
  type: string;
  state: 'AWAITING_UPLOAD' | 'PROCESSING_UPLOAD' | 'READY' | 'FAILED' | 'COPYING' | 'EXPIRED';
  createdAtMs: number;
}

export interface Build {
  guid: string;
  state: 'STAGING' | 'STAGED' | 'FAILED';
  packageGuid: string;
  dropletGuid?: string;
  error?: string;
}

export interface Droplet {
  guid: string;
  state: string;
  createdAtMs: number;
  packageGuid?: string;
  /** The app that has it. */
  appGuid?: string;
  /** `buildpack`, `docker` or `cnb`. */
  lifecycle?: string;
  /** Of the buildpacks that staged it. */
  stack?: string;
  /** By process type, what it starts; undefined: the platform does not tell. */
  commands?: Readonly<Record<string, string>>;
  /** Of its bits; a copy has the same. undefined: it is not ready. */
  checksum?: string;
  /** Instead of bits: the docker image. */
  image?: string;
  /** That the image exposes first. */
  port?: number;
}

/** A command that runs once on an app's droplet. */
export interface Task {
  guid: string;
  name: string;
  state: 'PENDING' | 'RUNNING' | 'CANCELING' | 'SUCCEEDED' | 'FAILED';
  createdAtMs: number;
  /** In the platform's words; untrusted. */
  failure?: string;
}

/** What the platform recorded of an app at a start: droplet, variables, commands, sidecars. */
export interface Revision {
  guid: string;
  /** 1 to 9,999, then 1 again. */
  version: number;
  dropletGuid: string;
  /** Its droplet is still there. */
  deployable: boolean;
  /** In the platform's words; untrusted. */
  description: string;
  createdAtMs: number;
  /** By process type; null: as the droplet starts it. */
  commands: Readonly<Record<string, string | null>>;
}

export interface Deployment extends Metadata {
  guid: string;
  createdAtMs: number;
  /** There is no failed state: what does not come up stays ACTIVE and DEPLOYING for ever. */
  value: 'ACTIVE' | 'FINALIZED';
  /** DEGENERATE: platforms before 3.153 only. */
  reason: 'DEPLOYING' | 'PAUSED' | 'CANCELING' | 'DEPLOYED' | 'CANCELED' | 'SUPERSEDED' | 'DEGENERATE';
  strategy: string;
  dropletGuid: string;
  /** Absent: the app had none before. */
  previousDropletGuid?: string;
  /** The process that takes the old one's place; its GUID is not the app's. */
  webProcessGuid?: string;
  /** Absent: the app's revisions are switched off. */
  revisionVersion?: number;
  /** Of a canary: the step under way or paused at, from 1, and how many there are. */
  canary?: { step: number; steps: number };
  /** Why the platform's last try to go on failed (since 3.192); untrusted. */
  error?: string;
  /** When new instances were last seen healthy; absent: never. */
  lastHealthyAtMs?: number;
}

export interface CrashEvent {
  atMs: number;
  /** Absent: the platform does not tell. */
  processGuid?: string;
  index: number;
  reason: string;
  exitStatus?: number;
  exitDescription?: string;
}

export interface LogLine {
  atMs: number;
  /** `STG`, `APP/PROC/WEB`, … */
  source: string;
  instance: string;
  text: string;
}

/** Where the commands act. */
export interface Target {
  orgGuid: string;
  org: string;
  spaceGuid: string;
  space: string;
}

/** One app with all that was read of it. */
export interface AppState extends App {
  /** Set when the app carries our labels for this app name. */
  role?: Role;
  phase?: Phase;
  version?: string;
  processes: readonly (Process & { instancesSeen: readonly Instance[] })[];
  currentDropletGuid?: string;
  /** The port that its docker image exposes first. */
  imagePort?: number;
  env: Readonly<Record<string, string>>;
}

/**
 * What was read of the platform for one app name at one time. Complete or not there: an ambiguous read throws.
 */
export interface Snapshot {
  takenAtMs: number;
  apiVersion: string;
  target: Target;
  domains: readonly Domain[];
  /** The user's app name. */
  name: string;
  /** Under the user's name now, ours or about to be adopted. */
  live?: AppState;
  /** Ours, `NAME-candidate`: whoever made it changes the app. Phase, owner and journal are on it. */
  lock?: AppState;
  /** Ours, `NAME-candidate-lock-N`, highest N first: who took a lock from its owner. Empty, never started. */
  takers: readonly App[];
  /** The version on its way, with the lock's phase: the lock itself, or the app that was staged before and that the lock names. */
  candidate?: AppState;
  /** Of live, newest first. */
  deployments: readonly Deployment[];
  /** Ours, the one that was live last first. */
  previous: readonly AppState[];
  failed: readonly AppState[];
  /** Apps that stand on a name that we need, and are not ours. */
  inTheWay: readonly App[];
  /** Every route that names one of the apps above, or that the manifest asks for, or that carries our labels for this app. */
  routes: readonly Route[];
  /** Guids of apps that have a destination on one of `routes` and are none of the above, with their names. */
  others: Readonly<Record<string, string>>;
}
