import { load } from 'js-yaml';
import type * as r from '../state/records.js';
import { type ApiError, ApiErrors, badRequest, parseError, unprocessable } from './errors.js';
import { isObject } from './metadata.js';
import type { ProcessChange, Scale } from './process-rules.js';
import type { Call } from './table.js';

/** One application of a manifest, read and checked. */
export interface AppManifest {
  name: string;
  /** As it was sent. */
  source: Record<string, unknown>;
  processes: { type: string; change: ProcessChange; scale: Scale }[];
  /** An image instead of bits; which one is not the platform's to read here. */
  docker: boolean;
  lifecycle?: { buildpacks?: string[]; stack?: string };
  metadata?: unknown;
  env?: Record<string, unknown>;
  routes: { noRoute: boolean; randomRoute: boolean; defaultRoute: boolean; routes?: ManifestRoute[] };
  features?: Record<string, unknown>;
  /** As `POST /v3/apps/:guid/sidecars` takes them. */
  sidecars: Record<string, unknown>[];
  services: ManifestService[];
}

export interface ManifestService {
  name: string;
  bindingName: string | null;
  parameters: Record<string, unknown>;
}

export interface ManifestRoute {
  route: string;
  protocol?: string;
  options?: Record<string, unknown>;
}

const PROCESS_KEYS = [
  'instances',
  'memory',
  'disk_quota',
  'disk-quota',
  'log-rate-limit-per-second',
  'command',
  'timeout',
  'health-check-type',
  'health-check-http-endpoint',
  'health-check-invocation-timeout',
  'health-check-interval',
  'readiness-health-check-type',
  'readiness-health-check-http-endpoint',
  'readiness-health-check-invocation-timeout',
  'readiness-health-check-interval',
];

/** Body of apply and diff. Throws what the platform answers for a body that is no manifest. */
export async function readManifest(call: Call): Promise<AppManifest[]> {
  if (!/yaml/.test(call.raw.headers['content-type'] ?? '')) throw badRequest('Content-Type must be yaml');
  let parsed: unknown;
  try {
    parsed = load(await call.text());
  } catch {
    throw parseError();
  }
  const version = isObject(parsed) ? parsed.version : undefined;
  if (version !== undefined && version !== 1) {
    throw unprocessable('Unsupported manifest schema version. Currently supported versions: [1].');
  }
  const applications = isObject(parsed) ? parsed.applications : undefined;
  if (!Array.isArray(applications) || applications.length === 0) {
    throw unprocessable("Cannot parse manifest with no 'applications' field.");
  }
  const errors: ApiError[] = [];
  const read = applications.map((source: unknown, index) => {
    const name = isObject(source) && typeof source.name === 'string' ? source.name : '';
    const whose = name === '' ? `For application at index ${index}` : `For application '${name}'`;
    const problems: string[] = [];
    const app = readApp(isObject(source) ? source : {}, name, problems);
    errors.push(...problems.map((text) => unprocessable(`${whose}: ${text}`)));
    return app;
  });
  const [first, ...rest] = errors;
  if (first) throw new ApiErrors([first, ...rest]);
  return read;
}

function readApp(source: Record<string, unknown>, name: string, problems: string[]): AppManifest {
  if (name === '') problems.push('Name must not be empty');
  if (source.docker !== undefined && (source.buildpack !== undefined || source.buildpacks !== undefined)) {
    problems.push('Cannot specify both buildpack(s) and docker keys');
  }
  if (source.buildpack !== undefined && source.buildpacks !== undefined) {
    problems.push('Buildpack and Buildpacks fields cannot be used together.');
  }
  const buildpacks = Array.isArray(source.buildpacks)
    ? source.buildpacks.map(String)
    : source.buildpack === undefined
      ? undefined
      : source.buildpack === null || source.buildpack === 'default' || source.buildpack === 'null'
        ? []
        : [String(source.buildpack)];
  const stack = typeof source.stack === 'string' ? source.stack : undefined;
  const lifecycle = {
    ...(buildpacks === undefined ? {} : { buildpacks }),
    ...(stack === undefined ? {} : { stack }),
  };
  return {
    name,
    source,
    processes: readProcesses(source, problems),
    docker: source.docker !== undefined,
    ...(Object.keys(lifecycle).length === 0 ? {} : { lifecycle }),
    ...(source.metadata === undefined ? {} : { metadata: source.metadata }),
    ...(isObject(source.env) ? { env: source.env } : {}),
    routes: readRoutes(source, problems),
    ...(isObject(source.features) ? { features: source.features } : {}),
    sidecars: readSidecars(source),
    services: readServices(source, problems),
  };
}

/** A process entry of type web replaces what stands at the application's level. */
function readProcesses(source: Record<string, unknown>, problems: string[]): AppManifest['processes'] {
  const entries: Record<string, unknown>[] = [];
  const top = Object.fromEntries(Object.entries(source).filter(([key]) => PROCESS_KEYS.includes(key)));
  const listed = Array.isArray(source.processes) ? source.processes.filter(isObject) : [];
  if (source.processes !== undefined && !Array.isArray(source.processes))
    problems.push('Processes must be an array');
  if (Object.keys(top).length > 0 && !listed.some((p) => p.type === 'web'))
    entries.push({ ...top, type: 'web' });
  entries.push(...listed);
  return entries.map((entry) => {
    if (typeof entry.type !== 'string' || entry.type === '')
      problems.push('All Processes must specify a type');
    const label = `Process "${String(entry.type)}"`;
    return {
      type: String(entry.type),
      change: readChange(entry, label, problems),
      scale: readScale(entry, label, problems),
    };
  });
}

function readScale(entry: Record<string, unknown>, label: string, problems: string[]): Scale {
  const scale: Scale = {};
  if (entry.instances !== undefined) {
    const instances = Number(entry.instances);
    if (Number.isInteger(instances) && instances >= 0) scale.instances = instances;
    else problems.push(`${label}: Instances must be greater than or equal to 0`);
  }
  const size = (value: unknown, what: string): number | undefined => {
    if (value === undefined) return undefined;
    const megabytes = sizeMb(value);
    if (megabytes === undefined) {
      problems.push(`${label}: ${what} must use a supported unit: B, K, KB, M, MB, G, GB, T, or TB`);
    }
    return megabytes;
  };
  const memory = size(entry.memory, 'Memory');
  const disk = size(entry.disk_quota ?? entry['disk-quota'], 'Disk quota');
  if (memory !== undefined) scale.memoryMb = memory;
  if (disk !== undefined) scale.diskMb = disk;
  const rate = entry['log-rate-limit-per-second'];
  if (rate !== undefined) {
    const bytes = rate === -1 || rate === '-1' ? -1 : sizeBytes(rate);
    if (bytes === undefined) problems.push(`${label}: Log rate limit per second must use a supported unit`);
    else scale.logRateBps = bytes;
  }
  return scale;
}

function readChange(entry: Record<string, unknown>, label: string, problems: string[]): ProcessChange {
  const change: ProcessChange = {};
  if (entry.command !== undefined) {
    const none = entry.command === null || entry.command === 'null' || entry.command === 'default';
    change.command = none ? null : String(entry.command);
  }
  const healthCheck: Partial<r.Check> = {};
  const readiness: Partial<r.Check> = {};
  const number = (
    target: Partial<r.Check>,
    key: 'timeout' | 'invocationTimeout' | 'interval',
    from: string,
  ) => {
    const value = entry[from];
    if (value === undefined) return;
    if (value === null) target[key] = null;
    else if (Number.isInteger(Number(value)) && Number(value) >= 1) target[key] = Number(value);
    else problems.push(`${label}: ${from} must be greater than or equal to 1`);
  };
  number(healthCheck, 'timeout', 'timeout');
  for (const [target, prefix] of [
    [healthCheck, 'health-check'],
    [readiness, 'readiness-health-check'],
  ] as const) {
    number(target, 'invocationTimeout', `${prefix}-invocation-timeout`);
    number(target, 'interval', `${prefix}-interval`);
    const type = entry[`${prefix}-type`];
    if (type !== undefined) target.type = (type === 'none' ? 'process' : String(type)) as r.Check['type'];
    const endpoint = entry[`${prefix}-http-endpoint`];
    if (endpoint !== undefined) target.endpoint = endpoint === null ? null : String(endpoint);
    if (target.type !== undefined && !['process', 'port', 'http'].includes(target.type)) {
      problems.push(`${label}: ${prefix} type must be "port", "process", or "http"`);
    }
  }
  if (Object.keys(healthCheck).length > 0) change.healthCheck = healthCheck;
  if (Object.keys(readiness).length > 0) change.readiness = readiness;
  return change;
}

function readRoutes(source: Record<string, unknown>, problems: string[]): AppManifest['routes'] {
  const flag = (key: string): boolean => {
    const value = source[key];
    if (value !== undefined && typeof value !== 'boolean') problems.push(`${key} must be a boolean`);
    return value === true;
  };
  const made: AppManifest['routes'] = {
    noRoute: flag('no-route'),
    randomRoute: flag('random-route'),
    defaultRoute: flag('default-route'),
  };
  if (source.routes === undefined) return made;
  if (
    !Array.isArray(source.routes) ||
    source.routes.some((x) => !isObject(x) || typeof x.route !== 'string')
  ) {
    problems.push('Routes must be a list of route objects');
    return made;
  }
  if (made.noRoute) problems.push('Cannot use the combination of properties: no-route: true with routes');
  made.routes = source.routes.map((x: Record<string, unknown>) => ({
    route: String(x.route),
    ...(x.protocol === undefined ? {} : { protocol: String(x.protocol) }),
    ...(isObject(x.options) ? { options: x.options } : {}),
  }));
  for (const { route } of made.routes) {
    if (!/^(\*\.)?[\w.-]+\.[\w.-]+(:\d+)?(\/.*)?$/.test(route))
      problems.push(`The route '${route}' is not a properly formed URL`);
  }
  return made;
}

function readSidecars(source: Record<string, unknown>): Record<string, unknown>[] {
  if (!Array.isArray(source.sidecars)) return [];
  return source.sidecars.filter(isObject).map(({ memory, ...given }) => ({
    ...given,
    ...(memory === undefined ? {} : { memory_in_mb: sizeMb(memory) }),
  }));
}

function readServices(source: Record<string, unknown>, problems: string[]): ManifestService[] {
  if (source.services === undefined) return [];
  if (!Array.isArray(source.services)) {
    problems.push('Services error: must be a list');
    return [];
  }
  return source.services.map((given: unknown) => {
    if (!isObject(given)) return { name: String(given), bindingName: null, parameters: {} };
    const { name, binding_name: bindingName, parameters } = given;
    if (parameters != null && !isObject(parameters)) {
      problems.push(`Service binding error: Parameters must be a hash of key/value pairs`);
    }
    return {
      name: String(name),
      bindingName: typeof bindingName === 'string' ? bindingName : null,
      parameters: isObject(parameters) ? parameters : {},
    };
  });
}

/** `512M`, `1G`, `1.5GB` -> bytes; undefined when it is none. */
export function sizeBytes(value: unknown): number | undefined {
  if (value === 0 || value === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)\s*(B|[KMGT]B?)$/i.exec(String(value).trim());
  if (!match) return undefined;
  const power = ['B', 'K', 'M', 'G', 'T'].indexOf((match[2] ?? 'B').charAt(0).toUpperCase());
  return Math.floor(Number(match[1]) * 1024 ** power);
}

function sizeMb(value: unknown): number | undefined {
  const bytes = sizeBytes(value);
  return bytes === undefined ? undefined : Math.floor(bytes / 1024 / 1024);
}
