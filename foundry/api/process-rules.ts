import { isDeploying } from '../state/deployments.js';
import type * as r from '../state/records.js';
import { audit, type Core } from './core.js';
import { ApiErrors, unprocessable } from './errors.js';
import { additions, checkQuota } from './quota-rules.js';
import type { Caller } from './table.js';

const DEFAULT_MEMORY_MB = 1024;
const DEFAULT_DISK_MB = 1024;
/** maximum_health_check_timeout. */
const MOST_TIMEOUT_S = 180;

/** A new process: the web process has the app's GUID and one instance, others have none. */
export function createProcess(core: Core, app: r.App, type: string): r.Process {
  const web = type === 'web';
  const check = (kind: r.Check['type']): r.Check => ({
    type: kind,
    timeout: null,
    invocationTimeout: null,
    interval: null,
    endpoint: null,
  });
  const made: r.Process = {
    ...core.store.base(web ? app.guid : core.store.guid()),
    appGuid: app.guid,
    type,
    instances: web ? 1 : 0,
    memoryMb: DEFAULT_MEMORY_MB,
    diskMb: DEFAULT_DISK_MB,
    logRateBps: -1,
    healthCheck: check(web ? 'port' : 'process'),
    readiness: check('process'),
    ports: [],
    version: core.store.guid(),
  };
  core.store.processes.add(made);
  // A destination may have named the type before it existed.
  for (const route of core.store.routesOfApp(app.guid)) {
    for (const d of route.destinations) {
      if (
        d.appGuid === app.guid &&
        d.processType === type &&
        d.port !== null &&
        !made.ports.includes(d.port)
      ) {
        made.ports.push(d.port);
      }
    }
  }
  return made;
}

/** What a deployment starts: a process of its own GUID with all that was set on `of`; not yet among the app's. */
export function clonedProcess(core: Core, of: r.Process, instances: number): r.Process {
  const base = core.store.base();
  const { labels, annotations } = of.metadata;
  const { revisionGuid: _own, ...kept } = of;
  return {
    ...kept,
    ...base,
    metadata: { labels: { ...labels }, annotations: { ...annotations } },
    instances,
    healthCheck: { ...of.healthCheck },
    readiness: { ...of.readiness },
    ports: [...of.ports],
  };
}

/** Values that are left out stay. Sizes in MiB, log rate in bytes per second, -1 for unlimited. */
export interface Scale {
  instances?: number;
  memoryMb?: number;
  diskMb?: number;
  logRateBps?: number;
}

/** Checks the quota and scales: instances at once, the rest at the next start. */
export function scaleProcess(core: Core, process: r.Process, to: Scale, caller: Caller): void {
  refuseInFlight(core, process, 'scale');
  const problems: string[] = [];
  const whole = (value: number | undefined, least: number) =>
    value === undefined || (Number.isInteger(value) && value >= least && value < 2 ** 31);
  if (!whole(to.instances, 0)) problems.push('Instances must be greater than or equal to 0');
  if (!whole(to.memoryMb, 1)) problems.push('Memory in mb must be greater than 0');
  if (!whole(to.diskMb, 1)) problems.push('Disk in mb must be greater than 0');
  if (!whole(to.logRateBps, -1)) {
    problems.push('Log rate limit in bytes per second must be greater than or equal to -1');
  }
  const [first, ...rest] = problems.map(unprocessable);
  if (first) throw new ApiErrors([first, ...rest]);
  const app = core.store.apps.get(process.appGuid);
  if (!app) throw unprocessable('App not found');
  const after = { ...process, ...to };
  if (app.state === 'STARTED') {
    checkQuota(core, app, additions({ before: process, after }));
  }
  Object.assign(process, to);
  core.store.touch(process);
  core.running.scale(process);
  audit(core, 'audit.app.process.scale', caller, app, {
    process_guid: process.guid,
    process_type: process.type,
  });
}

/** Other processes than the web process can be changed at any time. */
function refuseInFlight(core: Core, process: r.Process, what: 'scale' | 'update'): void {
  if (process.type === 'web' && isDeploying(core.store, process.appGuid)) {
    throw unprocessable(`Cannot ${what} this process while a deployment is in flight.`);
  }
}

/** Values that are left out stay; a null command means the droplet's own. */
export interface ProcessChange {
  command?: string | null;
  healthCheck?: Partial<r.Check>;
  readiness?: Partial<r.Check>;
}

/** Takes effect at the next start. */
export function updateProcess(core: Core, process: r.Process, change: ProcessChange, caller: Caller): void {
  refuseInFlight(core, process, 'update');
  if (change.command === null) delete process.command;
  else if (change.command !== undefined) process.command = change.command;
  mergeCheck(process.healthCheck, change.healthCheck, 'Health check');
  mergeCheck(process.readiness, change.readiness, 'Readiness health check');
  core.store.touch(process);
  const app = core.store.apps.get(process.appGuid);
  if (app) {
    const data = { process_guid: process.guid, process_type: process.type };
    audit(core, 'audit.app.process.update', caller, app, data);
  }
}

function mergeCheck(check: r.Check, change: Partial<r.Check> | undefined, what: string): void {
  if (!change) return;
  if (change.type !== undefined && !['process', 'port', 'http'].includes(change.type)) {
    throw unprocessable(`${what} type must be "port", "process", or "http"`);
  }
  if (change.timeout != null && change.timeout < 1) {
    throw unprocessable(`${what} data Timeout must be greater than or equal to 1`);
  }
  if (change.timeout != null && change.timeout > MOST_TIMEOUT_S) {
    throw unprocessable(`health_check_timeout Maximum exceeded: max ${MOST_TIMEOUT_S}s`);
  }
  Object.assign(check, change);
  if (check.type !== 'http') check.endpoint = null;
  else check.endpoint ??= '/';
}
