/** What a deploy in place may change of live, as it was before, and what of it differs later. Pure. */
import type { App, AppState, Binding, HealthCheck, Process, Sidecar } from '../model/cloud.js';
import type { Named, WantedScale } from '../model/intent.js';
import type { CheckChange } from '../platform/calls.js';
import { PREFIX } from '../platform/names.js';

/**
 * Variable of the candidate that holds the record as JSON. It has values of live's variables: an app's own variables are read
 * only by those who may, which its annotations are not.
 */
export const LIVE_BEFORE = 'CF_ZERO_DOWNTIME_LIVE_BEFORE';

export interface ProcessRecord extends Required<WantedScale> {
  /** null: as the droplet starts it. */
  command: string | null;
  healthCheck: HealthCheck;
  readiness?: HealthCheck;
}

/** Names of what this deploy may change of live. Sizes are by the names that the platform has for them here. */
export interface Touched extends Omit<Named, 'bindings'> {
  env: readonly string[];
}

export interface LiveRecord {
  /** Whatever else differs later, another hand has changed: it stays. Absent: a record of an earlier release, by which all goes back. */
  touched?: Touched;
  env: Readonly<Record<string, string>>;
  lifecycle: App['lifecycle'];
  /** By process type. */
  processes: Readonly<Record<string, ProcessRecord>>;
  bindings: readonly Binding[];
  sidecars: readonly Sidecar[];
  /** Absent: as `touched`. */
  features?: Readonly<Record<string, boolean>>;
  /** Those that are not ours. */
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

/** All that is read of live for its record. */
export interface LiveRead {
  app: Pick<AppState, 'lifecycle' | 'labels' | 'annotations'>;
  env: Readonly<Record<string, string>>;
  processes: readonly Process[];
  /** By process type, as one process tells it: where it has none of its own, the one of its droplet. */
  commands: Readonly<Record<string, string>>;
  /** By process type. */
  dropletCommands: Readonly<Record<string, string>>;
  bindings: readonly Binding[];
  sidecars: readonly Sidecar[];
  features: Readonly<Record<string, boolean>>;
}

export function recordOf(read: LiveRead, touched?: Touched): LiveRecord {
  const { env, processes, commands, dropletCommands, bindings, sidecars } = read;
  return {
    ...(touched ? { touched } : {}),
    env,
    lifecycle: read.app.lifecycle,
    processes: Object.fromEntries(
      processes.map(({ type, instances, memoryMb, diskMb, logRateBps, healthCheck, readiness }) => {
        const command = commands[type] ?? '';
        const own = command !== '' && command !== dropletCommands[type] ? command : null;
        const scale = { instances, memoryMb, diskMb, logRateBps };
        return [type, { command: own, ...scale, healthCheck, ...(readiness ? { readiness } : {}) }];
      }),
    ),
    bindings,
    sidecars,
    features: read.features,
    labels: others(read.app.labels),
    annotations: others(read.app.annotations),
  };
}

/** What has to be asked of the platform so that live is again as it was. Nothing is there that needs nothing. */
export interface Differences {
  /** null: it was not there. */
  env: Readonly<Record<string, string | null>>;
  lifecycle?: App['lifecycle'];
  /** By process type. */
  processes: Readonly<Record<string, ProcessDifference>>;
  /** Guids of those that were added. */
  addedBindings: readonly string[];
  addedSidecars: readonly string[];
  changedSidecars: readonly Sidecar[];
  goneSidecars: readonly Omit<Sidecar, 'guid'>[];
  features: Readonly<Record<string, boolean>>;
  labels: Readonly<Record<string, string | null>>;
  annotations: Readonly<Record<string, string | null>>;
}

export interface ProcessDifference {
  command?: string | null;
  healthCheck?: CheckChange;
  readiness?: CheckChange;
  scale?: WantedScale;
}

/** What another hand has changed meanwhile is none of them, as far as this deploy did not touch it, too. */
export function differences(before: LiveRecord, now: LiveRecord): Differences {
  const { touched } = before;
  const isOurs = (kind: Exclude<keyof Touched, 'processes'>, name: string) =>
    touched === undefined || touched[kind].includes(name);
  const ours = <T>(kind: 'env' | 'labels' | 'annotations' | 'features', all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => isOurs(kind, name)));
  const lifecycle = same(before.lifecycle, now.lifecycle) ? {} : { lifecycle: before.lifecycle };
  const processes = Object.entries(now.processes).flatMap(([type, one]) => {
    const difference = ofProcess(before.processes[type], one, touched && (touched.processes[type] ?? []));
    return Object.keys(difference).length > 0 ? [[type, difference] as const] : [];
  });
  const sidecars = now.sidecars.filter(({ name }) => isOurs('sidecars', name));
  const sidecarNamed = (name: string) => before.sidecars.find((one) => one.name === name);
  const goneSidecars = before.sidecars.filter(
    ({ name }) => isOurs('sidecars', name) && !now.sidecars.some((one) => one.name === name),
  );
  const features = Object.entries(before.features ?? {}).filter(([name, on]) => now.features?.[name] !== on);
  return {
    env: ours('env', changed(before.env, now.env)),
    ...lifecycle,
    processes: Object.fromEntries(processes),
    addedBindings: now.bindings
      .filter(({ instance }) => isOurs('services', instance))
      .map(({ guid }) => guid)
      .filter((guid) => !before.bindings.some((one) => one.guid === guid)),
    addedSidecars: sidecars.filter(({ name }) => !sidecarNamed(name)).map(({ guid }) => guid),
    changedSidecars: sidecars.flatMap((one) => {
      const was = sidecarNamed(one.name);
      return was && !same({ ...was, guid: one.guid }, one) ? [{ ...was, guid: one.guid }] : [];
    }),
    goneSidecars: goneSidecars.map(({ guid: _, ...sidecar }) => sidecar),
    features: ours('features', Object.fromEntries(features)),
    labels: ours('labels', changed(before.labels, now.labels)),
    annotations: ours('annotations', changed(before.annotations, now.annotations)),
  };
}

export function isNone({ lifecycle, ...lists }: Differences): boolean {
  return lifecycle === undefined && Object.values(lists).every((one) => Object.keys(one).length === 0);
}

/**
 * A process type that was not there cannot be taken away: it has no instances.
 * @param keys the manifest's names of what this deploy may have changed; undefined: all
 */
function ofProcess(
  was: ProcessRecord | undefined,
  now: ProcessRecord,
  keys: readonly string[] | undefined,
): ProcessDifference {
  if (!was) return now.instances > 0 ? { scale: { instances: 0 } } : {};
  const isTouched = (prefix: string) => !keys || keys.some((key) => key.startsWith(prefix));
  const scale = Object.fromEntries(
    (['instances', 'memoryMb', 'diskMb', 'logRateBps'] as const)
      .filter((part) => was[part] !== now[part])
      // Counts are for whoever puts them back to judge: the platform changes them, too.
      .filter((part) => part === 'instances' || !keys || keys.includes(part))
      .map((part) => [part, was[part]]),
  );
  return {
    ...(was.command === now.command || !isTouched('command') ? {} : { command: was.command }),
    ...(same(was.healthCheck, now.healthCheck) || !(isTouched('health-check') || isTouched('timeout'))
      ? {}
      : { healthCheck: checkChange(was.healthCheck, now.healthCheck) }),
    ...(was.readiness &&
    now.readiness &&
    isTouched('readiness-health-check') &&
    !same(was.readiness, now.readiness)
      ? { readiness: checkChange(was.readiness, now.readiness) }
      : {}),
    ...(Object.keys(scale).length > 0 ? { scale } : {}),
  };
}

/** What it had, and null for what it had not; an endpoint belongs to a check by HTTP alone. */
function checkChange(was: HealthCheck, now: HealthCheck): CheckChange {
  const gone = Object.keys(now).filter((part) => !(part in was) && part !== 'endpoint');
  return { ...was, ...Object.fromEntries(gone.map((part) => [part, null])) };
}

function changed(was: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>) {
  const back = Object.entries(was).filter(([key, value]) => now[key] !== value);
  const added = Object.keys(now).filter((key) => !(key in was));
  return Object.fromEntries<string | null>([...back, ...added.map((key) => [key, null] as const)]);
}

function others(all: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith(`${PREFIX}/`)));
}

/** As JSON, whatever the order of keys; the order of a list counts. */
function same(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** undefined: there is none, or another hand wrote it. */
export function readRecord(env: Readonly<Record<string, string>>): LiveRecord | undefined {
  try {
    const record = JSON.parse(env[LIVE_BEFORE] ?? 'null') as LiveRecord | null;
    return record && typeof record === 'object' && 'processes' in record ? record : undefined;
  } catch {
    return undefined;
  }
}
