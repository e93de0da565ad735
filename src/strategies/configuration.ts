/** What the manifest says of an app and what live has, each as a flat list of settings that can be compared. Pure. */
import { isMap, type Said } from '../manifest/said.js';
import { logRateBps, megabytes } from '../manifest/sizes.js';
import type { AppState, HealthCheck, Process, Snapshot } from '../model/cloud.js';
import type { Intent, WantedScale } from '../model/intent.js';
import { ANNOTATION, PREFIX } from '../platform/names.js';
import { keptCheck, NEW_APP_HAS, ofOthers } from '../steps/carried.js';
import { destinationsOf, servedBy } from './view.js';

/** What was read of live beside the snapshot. */
export interface LiveConfiguration {
  bindings: readonly string[];
  features: Readonly<Record<string, boolean>>;
  sidecars: readonly string[];
  /** By process type, what it is started with; undefined: it may not be read with this sign-in. */
  commands?: Readonly<Record<string, string>>;
  /** By process type, what the droplet itself starts. */
  dropletCommands: Readonly<Record<string, string>>;
  /** Of the current droplet. */
  packageGuid?: string;
  /** The variables may not be read with this sign-in: those of the snapshot are none. */
  hidesVariables: boolean;
}

/** By what a reader calls it: `variable A`, `web memory`. */
export type Settings = ReadonlyMap<string, string>;

export interface Sides {
  said: Said;
  snapshot: Snapshot;
  live: AppState;
  read: LiveConfiguration;
  intent: Intent;
}

type Data = Readonly<Record<string, unknown>>;
type Setting = readonly [string, string];

/** Keys of a process in the manifest, and of an app where they mean `web`; what is not here is not compared. */
const PROCESS_KEYS = [
  'type',
  'instances',
  'memory',
  'disk_quota',
  'disk-quota',
  'log-rate-limit-per-second',
  'command',
  'timeout',
  ...['health-check', 'readiness-health-check'].flatMap((check) =>
    ['type', 'http-endpoint', 'invocation-timeout', 'interval'].map((key) => `${check}-${key}`),
  ),
];
const APP_KEYS = [
  ...[
    'name',
    'path',
    'docker',
    'env',
    'services',
    'features',
    'metadata',
    'processes',
    'buildpack',
    'buildpacks',
  ],
  ...['stack', 'routes', 'no-route', 'random-route', 'default-route'],
  ...PROCESS_KEYS,
];

/**
 * What the new version would have.
 * @param kept with what is carried over from live; without it, what the manifest alone says
 */
export function wantedSettings(sides: Sides, kept: boolean): Settings {
  const { said, live, intent, read } = sides;
  const { data } = said;
  const types = new Set(['web', ...processesOf(data).keys(), ...live.processes.map(({ type }) => type)]);
  const routes = kept ? intent.production.map(({ url }) => url) : namedUrls(intent);
  return new Map<string, string>([
    ...(read.hidesVariables ? [] : variables(envOf(data, kept ? intent.env : {}))),
    ...routes.map((url): Setting => [`route ${url}`, 'mapped']),
    ...intent.production.flatMap(({ url, protocol }): Setting[] =>
      protocol ? [[`protocol of route ${url}`, protocol]] : [],
    ),
    ...(kept ? carriedSettings(sides) : []),
    ...servicesOf(data).map((name): Setting => [`binding to service instance ${name}`, 'bound']),
    ...featuresAs({ ...NEW_APP_HAS, ...(kept ? carriedFeatures(sides) : {}), ...flags(data.features) }),
    ...sidecarsOf(data).map((name): Setting => [`sidecar ${name}`, 'there']),
    ...metadataAs('label', isMap(data.metadata) ? data.metadata.labels : {}),
    ...metadataAs('annotation', isMap(data.metadata) ? data.metadata.annotations : {}),
    ['buildpacks', JSON.stringify(buildpacksOf(data))],
    ...(typeof data.stack === 'string' ? [['stack', data.stack] as const] : []),
    ...[...types].flatMap((type) => wantedProcess(type, sides, kept)),
  ]);
}

/** What only live has, and what comes over from there. */
function carriedSettings({ intent, live, read }: Sides): Setting[] {
  const named = intent.carry?.named;
  if (!named) return [];
  const unnamed = (all: Readonly<Record<string, string>>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(ofOthers(all)).filter(([key]) => !names.includes(key)));
  return [
    ...read.bindings
      .filter((name) => !named.services.includes(name))
      .map((name): Setting => [`binding to service instance ${name}`, 'bound']),
    ...read.sidecars
      .filter((name) => !named.sidecars.includes(name))
      .map((name): Setting => [`sidecar ${name}`, 'there']),
    ...metadataAs('label', unnamed(live.labels, named.labels)),
    ...metadataAs('annotation', unnamed(live.annotations, named.annotations)),
  ];
}

function carriedFeatures({ intent, read }: Sides): Record<string, boolean> {
  const named = intent.carry?.named;
  if (!named) return {};
  return Object.fromEntries(Object.entries(read.features).filter(([name]) => !named.features.includes(name)));
}

/** What live has. A setting that neither the manifest names nor a new app has by itself is there too. */
export function liveSettings({ said, live, read, snapshot, intent }: Sides): Settings {
  const protocols = intent.production.flatMap(({ url, protocol }): Setting[] => {
    const route = snapshot.routes.find((one) => one.url === url);
    const [to] = destinationsOf(route, live);
    return protocol && to ? [[`protocol of route ${url}`, to.protocol ?? 'http1']] : [];
  });
  return new Map<string, string>([
    ...(read.hidesVariables ? [] : variables(live.env)),
    ...servedBy(snapshot, live).map(({ url }): Setting => [`route ${url}`, 'mapped']),
    ...protocols,
    ...read.bindings.map((name): Setting => [`binding to service instance ${name}`, 'bound']),
    ...featuresAs({ ...NEW_APP_HAS, ...read.features }),
    ...read.sidecars.map((name): Setting => [`sidecar ${name}`, 'there']),
    ...metadataAs('label', live.labels),
    ...metadataAs('annotation', live.annotations),
    ['buildpacks', JSON.stringify(live.lifecycle.buildpacks)],
    ...(typeof said.data.stack === 'string' ? [['stack', live.lifecycle.stack ?? ''] as const] : []),
    ...live.processes.flatMap((process) => [
      ...sizes(process.type, process),
      ...checks(process.type, process.healthCheck, process.readiness),
      ...(read.commands ? [[`${process.type} command`, read.commands[process.type] ?? ''] as const] : []),
    ]),
  ]);
}

/** What the manifest names that cannot be compared with anything: it may have changed. */
export function doubtsOf({ data, varying }: Said): readonly string[] {
  const services = Array.isArray(data.services) ? data.services.filter(isMap) : [];
  const own = processList(data).flatMap((process) => Object.keys(process));
  return [
    ...varying.filter((key) => !APP_KEYS.includes(key)),
    ...(varying.includes('processes') ? own.filter((key) => !PROCESS_KEYS.includes(key)) : []),
    ...services
      .filter((service) => Object.keys(service).some((key) => key !== 'name'))
      .map(({ name }) => `parameters of service instance ${String(name)}`),
  ];
}

function variables(env: Readonly<Record<string, string>>): Setting[] {
  return Object.entries(env).map(([name, value]) => [`variable ${name}`, value]);
}

function envOf(data: Data, beside: Intent['env']): Record<string, string> {
  const all = { ...(isMap(data.env) ? data.env : {}), ...beside };
  const set = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, plain(value)]));
}

/** As the platform keeps what is no text (cloud_controller_ng app/messages/app_manifest_message.rb). */
function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function namedUrls({ facts, production }: Intent): readonly string[] {
  const named = JSON.parse(facts[ANNOTATION.manifestRoutes] ?? '[]') as string[];
  return named.length > 0 ? named : production.map(({ url }) => url);
}

function servicesOf(data: Data): string[] {
  if (!Array.isArray(data.services)) return [];
  return data.services.map((one) => String(isMap(one) ? one.name : one));
}

function sidecarsOf(data: Data): string[] {
  if (!Array.isArray(data.sidecars)) return [];
  return data.sidecars.filter(isMap).map(({ name }) => String(name));
}

function flags(features: unknown): Record<string, boolean> {
  if (!isMap(features)) return {};
  return Object.fromEntries(Object.entries(features).map(([name, on]) => [name, on === true]));
}

/** One that is off is as good as none. */
function featuresAs(features: Readonly<Record<string, boolean>>): Setting[] {
  return Object.entries(features)
    .filter(([, on]) => on)
    .map(([name]) => [`app feature ${name}`, 'on']);
}

/** Labels and annotations of users, not ours. */
function metadataAs(kind: string, map: unknown): Setting[] {
  if (!isMap(map)) return [];
  return Object.entries(map)
    .filter(([key, value]) => value !== null && !key.startsWith(`${PREFIX}/`))
    .map(([key, value]) => [`${kind} ${key}`, String(value)]);
}

function buildpacksOf({ buildpacks, buildpack }: Data): string[] {
  if (Array.isArray(buildpacks)) return buildpacks.map(String);
  const none = [undefined, null, 'null', 'default'];
  return none.includes(buildpack as string) ? [] : [String(buildpack)];
}

function processList({ processes }: Data): Data[] {
  return Array.isArray(processes) ? processes.filter(isMap) : [];
}

/** What stands at the process wins over what stands at the app. */
function processesOf(data: Data): Map<string, Data> {
  const top = Object.entries(data).filter(([key]) => PROCESS_KEYS.includes(key) && key !== 'type');
  const found = new Map<string, Data>([['web', Object.fromEntries(top)]]);
  for (const own of processList(data)) {
    const type = String(own.type);
    found.set(type, { ...found.get(type), ...own });
  }
  return found;
}

function wantedProcess(type: string, sides: Sides, kept: boolean): Setting[] {
  const { said, read, live, intent } = sides;
  const process = processesOf(said.data).get(type) ?? {};
  const named = namedSizes(process);
  const scale = kept ? wantedScale(type, named, live.processes, intent) : named;
  const command = process.command;
  const isNamed = ![undefined, null, 'null', 'default'].includes(command as string);
  const health = checkOf(process, 'health-check', type === 'web' ? 'port' : 'process');
  const readiness = checkOf(process, 'readiness-health-check', 'process');
  const lives = kept && intent.carry?.named ? live.processes.find((one) => one.type === type) : undefined;
  const names = intent.carry?.named?.processes[type] ?? [];
  const otherwise = lives && !names.includes('command') ? read.commands?.[type] : read.dropletCommands[type];
  return [
    ...sizes(type, scale),
    ...checks(
      type,
      lives ? keptCheck(lives.healthCheck, health, names, 'health-check') : health,
      lives?.readiness ? keptCheck(lives.readiness, readiness, names, 'readiness-health-check') : readiness,
    ),
    ...(read.commands ? [[`${type} command`, isNamed ? String(command) : (otherwise ?? '')] as const] : []),
  ];
}

function namedSizes(process: Data): WantedScale {
  const text = (key: string) => (process[key] === undefined ? undefined : String(process[key]));
  const size = (key: string) => megabytes(text(key) ?? '');
  const values = {
    instances: process.instances === undefined ? undefined : Number(process.instances),
    memoryMb: size('memory'),
    diskMb: size('disk_quota') ?? size('disk-quota'),
    logRateBps: logRateBps(text('log-rate-limit-per-second') ?? ''),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** A new app has one web instance and none of any other type. */
function wantedScale(
  type: string,
  named: WantedScale,
  processes: readonly Process[],
  { scale, keepInstancesOf }: Intent,
): WantedScale {
  const wanted = { instances: type === 'web' ? 1 : 0, ...named, ...scale[type] };
  const now = processes.find((process) => process.type === type)?.instances ?? 0;
  return keepInstancesOf.includes(type) ? { ...wanted, instances: Math.max(wanted.instances, now) } : wanted;
}

function sizes(type: string, { instances, memoryMb, diskMb, logRateBps: rate }: WantedScale): Setting[] {
  const all = { instances, memory: memoryMb, disk: diskMb, 'log rate': rate };
  return Object.entries(all).flatMap(([what, value]): Setting[] =>
    value === undefined ? [] : [[`${type} ${what}`, String(value)]],
  );
}

function checkOf(process: Data, prefix: string, otherwise: string): HealthCheck {
  const type = String(process[`${prefix}-type`] ?? otherwise);
  const number = (key: string) =>
    process[key] === undefined || process[key] === null ? {} : Number(process[key]);
  const values = {
    timeoutS: prefix === 'health-check' ? number('timeout') : {},
    invocationTimeoutS: number(`${prefix}-invocation-timeout`),
    intervalS: number(`${prefix}-interval`),
  };
  const set = Object.entries(values).filter(([, value]) => typeof value === 'number');
  const endpoint = process[`${prefix}-http-endpoint`];
  return {
    type: type === 'none' ? 'process' : type,
    ...Object.fromEntries(set),
    ...(endpoint === undefined || endpoint === null ? {} : { endpoint: String(endpoint) }),
  };
}

function checks(type: string, health: HealthCheck, readiness: HealthCheck = { type: 'process' }): Setting[] {
  return [
    [`${type} health check`, checkText(health)],
    [`${type} readiness health check`, checkText(readiness)],
  ];
}

function checkText({ type, timeoutS, invocationTimeoutS, intervalS, endpoint }: HealthCheck): string {
  const times = { timeout: timeoutS, 'invocation timeout': invocationTimeoutS, interval: intervalS };
  const set = Object.entries(times).flatMap(([what, value]) =>
    value === undefined ? [] : `${what} ${value}`,
  );
  return [type, ...(type === 'http' ? [endpoint ?? '/'] : []), ...set].join(', ');
}
