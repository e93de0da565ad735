/**
 * What the foundry's rooms ask of each other. `state/` and `api/` know nothing of processes and sockets; `instances/` and
 * `router/` know nothing of the API. Clock and cells are ports, so that the same foundry also runs on a virtual clock with
 * scripted instances.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  after(ms: number, run: () => void): Timer;
}

export interface HealthCheckSpec {
  type: 'process' | 'port' | 'http';
  endpoint?: string;
  /** Seconds until the first success at the latest. */
  timeoutS: number;
  invocationTimeoutS: number;
  intervalS: number;
}

/** A STARTED process as the API wants it to run. */
export interface DesiredProcess {
  processGuid: string;
  appGuid: string;
  type: string;
  instances: number;
  memoryMb: number;
  command: string;
  /** Complete environment but for what is per instance (PORT, CF_INSTANCE_*, VCAP_APPLICATION's instance fields). */
  env: Readonly<Record<string, string>>;
  /** Object that becomes VCAP_APPLICATION: made at the start, survives rename and route changes. */
  vcapApplication: Readonly<Record<string, unknown>>;
  healthCheck: HealthCheckSpec;
  readiness: HealthCheckSpec;
  /** App ports; the first one is PORT. Empty: no port (workers). */
  ports: readonly number[];
  /** Unpacked droplet; each instance gets a copy or a link of it as its working directory. */
  dropletDir: string;
}

export interface InstanceStatus {
  index: number;
  instanceGuid: string;
  state: 'STARTING' | 'RUNNING' | 'CRASHED' | 'DOWN' | 'STOPPING';
  routable: boolean;
  /** Since the state changed, milliseconds since the epoch. */
  sinceMs: number;
  pid?: number;
  /** App port -> loopback port on which the instance really listens. */
  ports: Readonly<Record<number, number>>;
  details?: string;
}

export interface CellEvents {
  /** Any change of any instance of the process. */
  changed(processGuid: string): void;
  crashed(crash: {
    processGuid: string;
    appGuid: string;
    index: number;
    instanceGuid: string;
    reason: string;
    exitStatus: number;
    exitDescription: string;
    crashCount: number;
  }): void;
  /** One line of an app: `APP/PROC/WEB`, the cell's own `CELL` lines, or a router's `RTR`. */
  log(line: { appGuid: string; source: string; instance: string; stream: 'OUT' | 'ERR'; text: string }): void;
}

/** A command that runs once on an app's droplet. */
export interface DesiredTask {
  guid: string;
  appGuid: string;
  name: string;
  command: string;
  memoryMb: number;
  /** As a process's, complete but for what is per instance. */
  env: Readonly<Record<string, string>>;
  vcapApplication: Readonly<Record<string, unknown>>;
  dropletDir: string;
}

/**
 * Where a connection of an app's container to a name and a port comes out: a loopback port, or why it comes out nowhere; undefined:
 * the name is none of an internal domain.
 */
export type Inside = (appGuid: string, name: string, port: number) => number | string | undefined;

/** `failure`: why it did not succeed. */
export interface TaskEnd {
  failure?: string;
}

export interface RunningTask {
  /** SIGTERM, 10 seconds, SIGKILL. */
  cancel(): void;
  /** Never rejects. */
  readonly ended: Promise<TaskEnd>;
}

export interface Cells {
  /** Starts, or follows a new `instances` count of a process that is known; other changes wait for the next start. */
  desire(process: DesiredProcess): void;
  /** SIGTERM to all instances, 10 seconds, SIGKILL. Resolves when all are gone. */
  retire(processGuid: string): Promise<void>;
  /** Ends one instance as a crash does, and starts it again (DELETE of a process instance). */
  restartInstance(processGuid: string, index: number): void;
  instances(processGuid: string): readonly InstanceStatus[];
  /** Runs a task once, whether or not its app is started. */
  runTask(task: DesiredTask): RunningTask;
  /** Test control. */
  disturb(processGuid: string, index: number, how: 'crash' | 'unready' | 'hang'): void;
  /** Ends every process that was started; by id. */
  close(): Promise<void>;
}

export interface Stager {
  /** Turns uploaded bits into a droplet directory. Rejects with the text that a failed build shows. */
  stage(request: {
    appGuid: string;
    packageDir: string;
    dropletDir: string;
    buildpacks: readonly string[];
    env: Readonly<Record<string, string>>;
    log: (text: string) => void;
  }): Promise<{
    /** By process type: from a Procfile, or `web` from package.json's start script. */
    processTypes: Readonly<Record<string, string>>;
    buildpack: { name: string; detectOutput: string };
    /** What a buildpack's launch.yml adds beside the processes. */
    sidecars?: { name: string; command: string; memoryMb: number | null; processTypes: string[] }[];
  }>;
}

/** One backend of a route. */
export interface Endpoint {
  appGuid: string;
  processGuid: string;
  processType: string;
  index: number;
  instanceGuid: string;
  /** Loopback port. */
  port: number;
  appName: string;
}

export interface RouteRecord {
  routeGuid: string;
  /** Lower case; a wildcard route is `*.example.com`. */
  host: string;
  /** '' or `/api`. */
  path: string;
  /** Of a TCP route. */
  port?: number;
  /** How requests are spread; round-robin unless said. */
  loadBalancing?: string;
  /** Where each request goes first. */
  routeServiceUrl?: string;
  /** Empty is legal: the router then answers 404 unknown_route. */
  endpoints: readonly Endpoint[];
}

export interface RouteTable {
  /** Each router learns it after a random time of its own, at most `--propagation`. A later record overtakes an earlier one. */
  publish(record: RouteRecord): void;
  withdraw(routeGuid: string): void;
}

export interface RouterEvents {
  /** A router took a record over. */
  applied(router: number, record: RouteRecord, atMs: number): void;
  /** A router's line of the access log of an app. */
  log: CellEvents['log'];
}
