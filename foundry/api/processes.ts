import type { InstanceStatus } from '../ports.js';
import type * as r from '../state/records.js';
import { isSince, since } from './api-version.js';
import { findApp } from './apps.js';
import { dig, onlyFields } from './body.js';
import type { Core } from './core.js';
import { notFound, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { type Listing, list } from './list.js';
import { checkMetadata, isObject, mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { type ProcessChange, type Scale, scaleProcess, updateProcess } from './process-rules.js';
import { type Call, type Caller, type Row, row } from './table.js';

/** Of the proxy in each container that has one (executor's default). */
const TLS_PROXY_PORT = 61_001;
/** The API version that brought readiness checks. */
const READINESS = '3.144.0';

/** In lists the command is hidden, and from who may only read, as the platform does. */
export function presentProcess(
  core: Core,
  p: r.Process,
  inList = false,
  role?: Caller['role'],
): Record<string, unknown> {
  const self = `/v3/processes/${p.guid}`;
  const app = core.store.apps.get(p.appGuid);
  const droplet = core.store.droplets.get(app?.dropletGuid ?? '');
  const command = role ? '[PRIVATE DATA HIDDEN]' : (p.command ?? droplet?.processTypes[p.type] ?? null);
  return {
    ...head(p),
    version: p.version,
    type: p.type,
    command: inList ? '[PRIVATE DATA HIDDEN IN LISTS]' : command,
    user: 'vcap',
    instances: p.instances,
    memory_in_mb: p.memoryMb,
    disk_in_mb: p.diskMb,
    log_rate_limit_in_bytes_per_second: p.logRateBps,
    health_check: {
      type: p.healthCheck.type,
      data: {
        timeout: p.healthCheck.timeout,
        invocation_timeout: p.healthCheck.invocationTimeout,
        interval: p.healthCheck.interval,
        ...(p.healthCheck.type === 'http' ? { endpoint: p.healthCheck.endpoint } : {}),
      },
    },
    ...(isSince(core, READINESS) ? { readiness_health_check: presentReadiness(p.readiness) } : {}),
    relationships: { app: to(p.appGuid), revision: p.revisionGuid === undefined ? null : to(p.revisionGuid) },
    metadata: metadata(p),
    links: links(core, {
      self,
      scale: [`${self}/actions/scale`, 'POST'],
      app: `/v3/apps/${p.appGuid}`,
      space: `/v3/spaces/${app?.spaceGuid ?? ''}`,
      stats: `${self}/stats`,
      ...(isSince(core, '3.211.0') ? { process_instances: `${self}/process_instances` } : {}),
    }),
  };
}

function presentReadiness({ type, invocationTimeout, interval, endpoint }: r.Check): Record<string, unknown> {
  return {
    type,
    data: { invocation_timeout: invocationTimeout, interval, ...(type === 'http' ? { endpoint } : {}) },
  };
}

function listing(core: Core, rows: Iterable<r.Process>): Listing<r.Process> {
  const app = (p: r.Process) => core.store.apps.get(p.appGuid);
  return {
    rows,
    present: (p) => presentProcess(core, p, true),
    filters: {
      types: (p) => p.type,
      app_guids: (p) => p.appGuid,
      space_guids: (p) => app(p)?.spaceGuid ?? null,
      organization_guids: (p) => core.store.spaces.get(app(p)?.spaceGuid ?? '')?.organizationGuid ?? null,
    },
    ...(isSince(core, '3.211.0') ? { accepts: ['embed'] } : {}),
  };
}

/** `/v3/processes/:guid` or `/v3/apps/:guid/processes/:type`. */
function find(call: Call, core: Core): r.Process {
  const { guid = '', type } = call.params;
  if (type === undefined) {
    const found = core.store.processes.get(guid);
    if (!found) throw notFound('Process');
    return found;
  }
  const found = core.store.process(findApp(call, core).guid, type);
  if (!found) throw notFound('Process');
  return found;
}

/** Every index below the wanted count; what the cells do not report is DOWN. */
function everyIndex(
  core: Core,
  p: r.Process,
): (InstanceStatus | { index: number; state: 'DOWN'; details?: string })[] {
  const byIndex = new Map(core.running.instances(p).map((i) => [i.index, i]));
  return Array.from(
    { length: p.instances },
    (_, index) => byIndex.get(index) ?? { index, state: 'DOWN' as const },
  );
}

/** Name of the isolation segment of the process's space. */
function isolationOf(core: Core, p: r.Process): string | null {
  const space = core.store.spaces.get(core.store.apps.get(p.appGuid)?.spaceGuid ?? '');
  return core.store.isolationSegments.get(space?.isolationSegmentGuid ?? '')?.name ?? null;
}

function stats(core: Core, p: r.Process) {
  const now = core.clock.now();
  const segment = isolationOf(core, p);
  const hasRoutable = isSince(core, '3.151.0');
  const resources = everyIndex(core, p).map((i) => {
    const uptime = 'sinceMs' in i ? Math.max(0, Math.floor((now - i.sinceMs) / 1000)) : 0;
    const details = i.details ?? null;
    if (i.state === 'DOWN' || !('instanceGuid' in i)) {
      return {
        type: p.type,
        index: i.index,
        state: i.state,
        ...(hasRoutable ? { routable: false } : {}),
        uptime,
        isolation_segment: segment,
        details,
      };
    }
    return {
      type: p.type,
      index: i.index,
      instance_guid: i.instanceGuid,
      state: i.state,
      ...(hasRoutable ? { routable: i.routable } : {}),
      host: '127.0.0.1',
      instance_internal_ip: '127.0.0.1',
      uptime,
      mem_quota: p.memoryMb * 1024 * 1024,
      disk_quota: p.diskMb * 1024 * 1024,
      log_rate_limit: p.logRateBps,
      fds_quota: 16384,
      isolation_segment: segment,
      details,
      instance_ports: Object.entries(i.ports).map(([internal, external]) => ({
        external,
        internal: Number(internal),
        external_tls_proxy_port: core.running.routeIntegrity ? external : null,
        internal_tls_proxy_port: core.running.routeIntegrity ? TLS_PROXY_PORT : null,
      })),
      usage:
        i.state === 'RUNNING'
          ? { time: new Date(now).toISOString(), cpu: 0, cpu_entitlement: 0, mem: 0, disk: 0, log_rate: 0 }
          : {},
    };
  });
  return { status: 200, body: { resources } };
}

async function scale(call: Call, core: Core) {
  assertOn(core, 'app_scaling');
  const process = find(call, core);
  const body = await call.json();
  const names = ['instances', 'memory_in_mb', 'disk_in_mb', 'log_rate_limit_in_bytes_per_second'] as const;
  onlyFields(body, names);
  const keys = ['instances', 'memoryMb', 'diskMb', 'logRateBps'] as const;
  const wanted: Scale = {};
  names.forEach((name, i) => {
    const [key, value] = [keys[i], body[name]];
    if (value === undefined || value === null || key === undefined) return;
    if (typeof value !== 'number') throw unprocessable(`${name.replaceAll('_', ' ')} is not a number`);
    wanted[key] = value;
  });
  scaleProcess(core, process, wanted, call.caller);
  return { status: 202, body: presentProcess(core, process) };
}

async function update(call: Call, core: Core) {
  const process = find(call, core);
  const body = await call.json();
  const known = ['command', 'user', 'health_check', 'metadata'];
  onlyFields(body, isSince(core, READINESS) ? [...known, 'readiness_health_check'] : known);
  const change: ProcessChange = {};
  if (body.command !== undefined) change.command = body.command === null ? null : String(body.command);
  const liveness = check(body.health_check);
  const readiness = check(body.readiness_health_check);
  if (liveness) change.healthCheck = liveness;
  if (readiness) change.readiness = readiness;
  checkMetadata(body.metadata);
  updateProcess(core, process, change, call.caller);
  mergeMetadata(process, body.metadata);
  return { status: 200, body: presentProcess(core, process) };
}

function check(given: unknown): Partial<r.Check> | undefined {
  if (!isObject(given)) return undefined;
  const made: Partial<r.Check> = {};
  if (given.type !== undefined) made.type = String(given.type) as r.Check['type'];
  const data = dig(given, 'data');
  if (isObject(data)) {
    if (data.timeout !== undefined) made.timeout = data.timeout as number | null;
    if (data.invocation_timeout !== undefined)
      made.invocationTimeout = data.invocation_timeout as number | null;
    if (data.interval !== undefined) made.interval = data.interval as number | null;
    if (data.endpoint !== undefined) made.endpoint = data.endpoint as string | null;
  }
  return made;
}

function instanceOf(call: Call, core: Core): { process: r.Process; index: number } {
  const process = find(call, core);
  const index = Number(call.params.index);
  if (!Number.isInteger(index) || index < 0 || index >= process.instances) throw notFound('Instance');
  return { process, index };
}

/** The same under both addresses of a process. */
function both(method: Row['method'], tail: string, handler: Row['handler']): Row[] {
  return [
    row(method, `/v3/processes/:guid${tail}`, handler),
    row(method, `/v3/apps/:guid/processes/:type${tail}`, handler),
  ];
}

export const rows: readonly Row[] = [
  row('GET', '/v3/processes', (call, core) =>
    list(call, core.api, listing(core, core.store.processes.all())),
  ),
  row('GET', '/v3/apps/:guid/processes', (call, core) =>
    list(call, core.api, listing(core, core.store.processes.of(findApp(call, core).guid))),
  ),
  ...both('GET', '', (call, core) => ({
    status: 200,
    body: presentProcess(core, find(call, core), false, call.caller.role),
  })),
  ...both('PATCH', '', update),
  ...both('GET', '/stats', (call, core) => stats(core, find(call, core))),
  ...both('POST', '/actions/scale', scale),
  ...both('DELETE', '/instances/:index', (call, core) => {
    const { process, index } = instanceOf(call, core);
    core.running.restartInstance(process, index);
    return { status: 204 };
  }),
  row(
    'GET',
    '/v3/processes/:guid/process_instances',
    since('3.211.0', (call, core) => {
      const process = find(call, core);
      const now = core.clock.now();
      return {
        status: 200,
        body: {
          resources: everyIndex(core, process).map((i) => ({
            index: i.index,
            state: i.state,
            since: 'sinceMs' in i ? Math.floor((now - i.sinceMs) / 1000) : 0,
          })),
          links: links(core, { self: call.path, process: `/v3/processes/${process.guid}` }),
        },
      };
    }),
  ),
];
