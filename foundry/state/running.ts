import type {
  CellEvents,
  Cells,
  Clock,
  DesiredProcess,
  DesiredTask,
  Endpoint,
  HealthCheckSpec,
  InstanceStatus,
  RouteRecord,
  RouteTable,
  RunningTask,
} from '../ports.js';
import { runningEnvironment, vcapApplication } from './environment.js';
import type { History } from './history.js';
import type * as r from './records.js';
import type { Store } from './store.js';
import { servicesEnvironment } from './vcap-services.js';

const DEFAULT_PORT = 8080;

export interface RunningOptions {
  store: Store;
  history: History;
  clock: Clock;
  cells: Cells;
  routes: RouteTable;
  /** Address of the API, for VCAP_APPLICATION. */
  api: () => string;
  /** On scale-down the routers stop sending to an instance before it is ended. */
  routeIntegrity: boolean;
  /** The time that route integrity gives the routers, milliseconds. */
  propagationMs: number;
}

/** A started process. The cells know it under its GUID and version, so that a restart need not wait for the old instances. */
interface Started {
  key: string;
  process: r.Process;
  appName: string;
  desired: DesiredProcess;
}

/**
 * Joins what is wanted (the store) with what runs (the cells) and what is reachable (the routers): starts and stops
 * processes, and publishes every route whose endpoints changed.
 */
export class Running {
  readonly #o: RunningOptions;
  /** By process GUID: what is started now. */
  readonly #started = new Map<string, Started>();
  /** By key: also what is still stopping. */
  readonly #known = new Map<string, { process: r.Process; seen: Map<string, InstanceStatus> }>();
  /** By GUID. */
  readonly #tasks = new Map<string, RunningTask>();
  /** Last record of each route, as text. */
  readonly #published = new Map<string, string>();

  /** Routers reach instances by TLS, and see from its certificate when one ends. */
  get routeIntegrity(): boolean {
    return this.#o.routeIntegrity;
  }

  constructor(options: RunningOptions) {
    this.#o = options;
  }

  start(app: r.App): void {
    for (const process of this.#o.store.processes.of(app.guid)) this.startProcess(app, process);
  }

  startProcess(app: r.App, process: r.Process): void {
    const { store, cells } = this.#o;
    // What the process was started with is its revision's, whatever became of the app since (CC process_model.rb).
    const revision = app.features.revisions ? store.revisions.get(process.revisionGuid ?? '') : undefined;
    const droplet = store.droplets.get(revision?.dropletGuid ?? app.dropletGuid ?? '');
    if (!droplet || this.#started.has(process.guid)) return;
    process.version = this.#o.store.guid();
    const key = `${process.guid}-${process.version}`;
    const desired: DesiredProcess = {
      processGuid: key,
      appGuid: app.guid,
      type: process.type,
      instances: process.instances,
      memoryMb: process.memoryMb,
      command:
        (revision ? revision.commands[process.type] : process.command) ??
        droplet.processTypes[process.type] ??
        '',
      env: runningEnvironment(revision?.env ?? app.env, process, servicesEnvironment(store, app)),
      vcapApplication: vcapApplication(store, app, process, this.#o.api()),
      healthCheck: liveness(process.healthCheck),
      readiness: liveness(process.readiness),
      ports: portsOf(process, droplet),
      // An image is fetched at each start by what it is called.
      dropletDir: (droplet.image && store.images.dirOf(droplet.image.reference)) ?? droplet.dir,
    };
    this.#started.set(process.guid, { key, process, appName: app.name, desired });
    this.#known.set(key, { process, seen: new Map() });
    cells.desire(desired);
    this.changed(key);
  }

  /** The routes go first, then the instances get SIGTERM. */
  stop(app: r.App): void {
    for (const process of this.#o.store.processes.of(app.guid)) this.stopProcess(process);
  }

  stopProcess(process: r.Process): void {
    this.#end(process, (retire) => retire());
  }

  /** For good. As at a scale-down, route integrity gives the routers time to hear of it. */
  destroyProcess(process: r.Process): void {
    const { clock, routeIntegrity, propagationMs } = this.#o;
    this.#end(process, (retire) => (routeIntegrity ? clock.after(propagationMs, retire) : retire()));
  }

  #end(process: r.Process, when: (retire: () => void) => void): void {
    const started = this.#started.get(process.guid);
    if (!started) return;
    this.#started.delete(process.guid);
    this.publishApp(process.appGuid);
    const forget = () => {
      this.changed(started.key);
      this.#known.delete(started.key);
    };
    when(() => {
      this.#o.cells.retire(started.key).then(forget, forget);
      this.changed(started.key);
    });
  }

  /** Follows the process's `instances`. */
  scale(process: r.Process): void {
    const started = this.#started.get(process.guid);
    if (!started || started.desired.instances === process.instances) return;
    const shrinks = process.instances < started.desired.instances;
    started.desired = { ...started.desired, instances: process.instances };
    this.publishApp(process.appGuid);
    const apply = () => {
      if (this.#started.get(process.guid) !== started) return;
      this.#o.cells.desire(started.desired);
      this.changed(started.key);
    };
    if (shrinks && this.#o.routeIntegrity) this.#o.clock.after(this.#o.propagationMs, apply);
    else apply();
  }

  restartInstance(process: r.Process, index: number): void {
    const started = this.#started.get(process.guid);
    if (started) this.#o.cells.restartInstance(started.key, index);
  }

  runTask(task: DesiredTask): RunningTask {
    const running = this.#o.cells.runTask(task);
    this.#tasks.set(task.guid, running);
    void running.ended.then(() => this.#tasks.delete(task.guid));
    return running;
  }

  cancelTask(guid: string): void {
    this.#tasks.get(guid)?.cancel();
  }

  disturb(process: r.Process, index: number, how: 'crash' | 'unready' | 'hang'): void {
    const started = this.#started.get(process.guid);
    if (started) this.#o.cells.disturb(started.key, index, how);
  }

  /** Instances of a process below its wanted count; none of a stopped one. */
  instances(process: r.Process): readonly InstanceStatus[] {
    const started = this.#started.get(process.guid);
    if (!started) return [];
    return this.#o.cells.instances(started.key).filter((i) => i.index < started.desired.instances);
  }

  /** Every instance that has a process of the machine, also those that are stopping. */
  everyInstance(appGuid: string): { process: r.Process; status: InstanceStatus }[] {
    const found: { process: r.Process; status: InstanceStatus }[] = [];
    for (const [key, { process }] of this.#known) {
      if (process.appGuid !== appGuid) continue;
      for (const status of this.#o.cells.instances(key)) found.push({ process, status });
    }
    return found;
  }

  processOf(key: string): r.Process | undefined {
    return this.#known.get(key)?.process;
  }

  /** The cells' word that something changed: it goes into the history and to the routers. */
  readonly changed: CellEvents['changed'] = (key) => {
    const known = this.#known.get(key);
    if (!known) return;
    const { process, seen } = known;
    const now = new Map(this.#o.cells.instances(key).map((i) => [i.instanceGuid, i]));
    let different = false;
    const record = (i: InstanceStatus, state: InstanceStatus['state'] | 'GONE', routable: boolean) => {
      different = true;
      this.#o.history.record({
        kind: 'instance',
        appGuid: process.appGuid,
        processGuid: process.guid,
        processType: process.type,
        index: i.index,
        instanceGuid: i.instanceGuid,
        state,
        routable,
      });
    };
    for (const [guid, i] of seen) if (!now.has(guid)) record(i, 'GONE', false);
    for (const [guid, i] of now) {
      const before = seen.get(guid);
      if (before?.state !== i.state || before.routable !== i.routable) record(i, i.state, i.routable);
    }
    known.seen = now;
    if (different) this.publishApp(process.appGuid);
  };

  publishApp(appGuid: string): void {
    for (const route of this.#o.store.routesOfApp(appGuid)) this.publish(route);
  }

  /** Tells the routers, if it is news. Internal routes never reach them. */
  publish(route: r.Route): void {
    const domain = this.#o.store.domains.get(route.domainGuid);
    if (!domain || domain.internal) return;
    const loadBalancing = route.options.loadbalancing;
    const service = this.#o.store.routeBindings.find(
      (b) => b.routeGuid === route.guid && b.routeServiceUrl !== null,
    );
    const record: RouteRecord = {
      routeGuid: route.guid,
      host: `${route.host === '' ? '' : `${route.host}.`}${domain.name}`.toLowerCase(),
      path: route.path,
      ...(route.port === undefined ? {} : { port: route.port }),
      ...(typeof loadBalancing === 'string' ? { loadBalancing } : {}),
      ...(service?.routeServiceUrl ? { routeServiceUrl: service.routeServiceUrl } : {}),
      endpoints: this.#endpoints(route),
    };
    const text = JSON.stringify([record.endpoints, loadBalancing, record.routeServiceUrl]);
    if (this.#published.get(route.guid) === text) return;
    this.#published.set(route.guid, text);
    this.#o.routes.publish(record);
  }

  withdraw(route: r.Route): void {
    this.#published.delete(route.guid);
    this.#o.routes.withdraw(route.guid);
  }

  #endpoints(route: r.Route): Endpoint[] {
    const endpoints: Endpoint[] = [];
    for (const destination of route.destinations) {
      for (const process of this.#o.store.processes.of(destination.appGuid)) {
        if (process.type !== destination.processType) continue;
        const started = this.#started.get(process.guid);
        if (!started) continue;
        for (const i of this.#o.cells.instances(started.key)) {
          const port = i.ports[destination.port ?? started.desired.ports[0] ?? DEFAULT_PORT];
          if (port === undefined || !this.#reachable(i, started)) continue;
          endpoints.push({
            appGuid: process.appGuid,
            processGuid: process.guid,
            processType: process.type,
            index: i.index,
            instanceGuid: i.instanceGuid,
            port,
            appName: started.appName,
          });
        }
      }
    }
    return endpoints;
  }

  #reachable(i: InstanceStatus, started: Started): boolean {
    const surplus = i.index >= started.desired.instances;
    if (surplus && this.#o.routeIntegrity) return false;
    // Without route integrity the route outlives the order to stop, until the container is gone.
    if (surplus && i.state === 'STOPPING') return true;
    return i.state === 'RUNNING' && i.routable;
  }
}

/** Platform defaults: a minute to become healthy, one second per check, a check every 30 seconds. */
function liveness(check: r.Check): HealthCheckSpec {
  return {
    type: check.type,
    timeoutS: check.timeout ?? 60,
    invocationTimeoutS: check.invocationTimeout ?? 1,
    intervalS: check.interval ?? 30,
    ...(check.endpoint === null ? {} : { endpoint: check.endpoint }),
  };
}

/** The first one is where the process is told to listen: an image says it itself. */
function portsOf(process: r.Process, droplet: r.Droplet): number[] {
  const exposed = droplet.image && process.type === 'web' ? [...(droplet.ports ?? [])] : [];
  const ports = [...new Set([...exposed, ...process.ports])];
  return ports.length > 0 || process.type !== 'web' ? ports : [DEFAULT_PORT];
}
