/** What live has beside its code, variables and routes, and what of it another app lacks. Pure. */
import type { AppState, Binding, HealthCheck, NetworkPolicy, Sidecar } from '../model/cloud.js';
import type { Named } from '../model/intent.js';
import type { ProcessChange } from '../platform/calls.js';
import { PREFIX } from '../platform/names.js';
import { PAUSED, PAUSES } from './scaling.js';

export interface Belongings {
  guid: string;
  bindings: readonly Binding[];
  /** Those that a manifest or a person made. */
  sidecars: readonly Sidecar[];
  features: Readonly<Record<string, boolean>>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** By type. `command`: its own; null where it has none, or it may not be read. `runs`: what it is started with, as far as that is told. */
  processes: Readonly<
    Record<
      string,
      { command: string | null; runs?: string; healthCheck: HealthCheck; readiness?: HealthCheck }
    >
  >;
  /** undefined: they may not be read. */
  policies: readonly NetworkPolicy[] | undefined;
}

/** What one app has, and another one is to have as well. Nothing is there that needs nothing. */
export interface Carry {
  /** As live has them. */
  bindings: readonly Binding[];
  sidecars: readonly Sidecar[];
  features: Readonly<Record<string, boolean>>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  processes: Readonly<Record<string, ProcessChange>>;
  addedPolicies: readonly NetworkPolicy[];
  removedPolicies: readonly NetworkPolicy[];
}

/** Features of a new app, from the v3 API's documentation of app features; a name that is not here is off. */
export const NEW_APP_HAS: Readonly<Record<string, boolean>> = { ssh: true, revisions: true };

/** A new app before anything is set on it. */
export function newApp(live: Belongings): Belongings {
  const processes = Object.keys(live.processes).map((type) => {
    const healthCheck = { type: type === 'web' ? 'port' : 'process' };
    return [type, { command: null, healthCheck, readiness: { type: 'process' } }] as const;
  });
  const features = Object.keys(live.features).map((name) => [name, NEW_APP_HAS[name] ?? false] as const);
  return {
    guid: '',
    bindings: [],
    sidecars: [],
    features: Object.fromEntries(features),
    labels: {},
    annotations: {},
    processes: Object.fromEntries(processes),
    policies: [],
  };
}

/** @param named what the app has by itself, or shall not have; undefined: all but the network policies */
export function missing(live: Belongings, app: Belongings, named: Named | undefined): Carry {
  const policies = (live.policies ?? []).map((policy) => moved(policy, live.guid, app.guid));
  const own = app.policies ?? [];
  const mirrored = {
    addedPolicies: policies.filter((policy) => !own.some((one) => isSame(one, policy))),
    // What nobody could name in a manifest is what live has: also where it was taken from live.
    removedPolicies:
      live.policies === undefined ? [] : own.filter((policy) => !policies.some((one) => isSame(one, policy))),
  };
  if (!named) return { ...NOTHING, ...mirrored };
  return {
    bindings: live.bindings.filter(
      (binding) =>
        !named.services.includes(binding.instance) &&
        isBound(binding) &&
        !app.bindings.some((one) => one.instanceGuid === binding.instanceGuid && isBound(one)),
    ),
    sidecars: live.sidecars.filter(
      (one) =>
        !named.sidecars.includes(one.name) &&
        !app.sidecars.some((other) => isSame(withoutGuid(one), withoutGuid(other))),
    ),
    features: without(live.features, named.features, app.features),
    labels: without(ofOthers(live.labels), named.labels, app.labels),
    annotations: without(ofOthers(live.annotations), named.annotations, app.annotations),
    processes: Object.fromEntries(
      Object.entries(app.processes).flatMap(([type, process]) => {
        const change = ofProcess(live.processes[type], process, named.processes[type] ?? []);
        return Object.keys(change).length > 0 ? [[type, change]] : [];
      }),
    ),
    ...mirrored,
  };
}

/** What a candidate that stands for live at a proof needs: by labels and annotations others would find it as they find live. */
export function forProof(lack: Carry): Carry {
  return { ...lack, labels: {}, annotations: {} };
}

const NOTHING: Carry = {
  bindings: [],
  sidecars: [],
  features: {},
  labels: {},
  annotations: {},
  processes: {},
  addedPolicies: [],
  removedPolicies: [],
};

/** @param nameOf an app's name by its guid */
export function linesOf(carry: Carry, nameOf: (guid: string) => string): readonly string[] {
  const policy = (one: NetworkPolicy) => `network policy ${policyText(one, nameOf)}`;
  return [
    ...ofStart(carry),
    ...Object.entries(carry.features).flatMap(([name, on]) =>
      name === 'ssh' ? [] : [`app feature ${name} ${on ? 'on' : 'off'}`],
    ),
    ...Object.keys(carry.labels).map((key) => `label ${key}`),
    ...Object.keys(carry.annotations).map((key) => `annotation ${key}`),
    ...carry.addedPolicies.map(policy),
    ...carry.removedPolicies.map((one) => `without ${policy(one)}`),
  ];
}

/** What an app that runs takes over with its next start only. */
export function ofStart({ bindings, sidecars, features, processes }: Carry): readonly string[] {
  return [
    ...bindings.map(({ instance }) => `binding to service instance ${instance}`),
    ...sidecars.map(({ name }) => `sidecar ${name}`),
    ...Object.entries(processes).flatMap(([type, { command, healthCheck, readiness }]) => [
      ...(command === undefined ? [] : [`${type} command`]),
      ...(healthCheck ? [`${type} health check`] : []),
      ...(readiness ? [`${type} readiness health check`] : []),
    ]),
    ...(features.ssh === undefined ? [] : [`app feature ssh ${features.ssh ? 'on' : 'off'}`]),
  ];
}

function policyText(policy: NetworkPolicy, nameOf: (guid: string) => string): string {
  const { source, destination, protocol, start, end } = policy;
  const ports = start === end ? `${start}` : `${start}-${end}`;
  return `${nameOf(source)} -> ${nameOf(destination)}:${ports}/${protocol}`;
}

/**
 * A check with what live has of it, but for what is named.
 * @param prefix `health-check` or `readiness-health-check`
 */
export function keptCheck(
  live: HealthCheck,
  own: HealthCheck,
  named: readonly string[],
  prefix: string,
): HealthCheck {
  const isNamed = (part: string) => named.includes(`${prefix}-${part}`);
  const type = isNamed('type') ? own.type : live.type;
  const pick = <Part extends keyof HealthCheck>(part: Part, isOwn: boolean) => {
    const value = isOwn ? own[part] : live[part];
    return value === undefined ? {} : { [part]: value };
  };
  // Times that were set for a check of another type say nothing of this one.
  const isOther = type !== live.type;
  return {
    type,
    ...pick('timeoutS', named.includes('timeout') || prefix !== 'health-check'),
    ...pick('invocationTimeoutS', isNamed('invocation-timeout') || isOther),
    ...pick('intervalS', isNamed('interval') || isOther),
    ...(type === 'http' ? pick('endpoint', isNamed('http-endpoint') || isOther) : {}),
  };
}

type Process = Belongings['processes'][string];

function ofProcess(live: Process | undefined, own: Process, named: readonly string[]): ProcessChange {
  if (!live) return {};
  const health = keptCheck(live.healthCheck, own.healthCheck, named, 'health-check');
  const readiness =
    live.readiness && own.readiness
      ? keptCheck(live.readiness, own.readiness, named, 'readiness-health-check')
      : undefined;
  // One that the droplet brings looks like none of its own, also where it was set.
  const takes =
    live.command !== null && !named.includes('command') && ![own.command, own.runs].includes(live.command);
  return {
    ...(takes ? { command: live.command } : {}),
    ...(sameCheck(health, own.healthCheck) ? {} : { healthCheck: changed(health, own.healthCheck) }),
    ...(!readiness || !own.readiness || sameCheck(readiness, own.readiness)
      ? {}
      : { readiness: changed(readiness, own.readiness) }),
  };
}

const PARTS = ['type', 'timeoutS', 'invocationTimeoutS', 'intervalS'] as const;

function sameCheck(one: HealthCheck, other: HealthCheck): boolean {
  const endpoint = ({ type, endpoint }: HealthCheck) => (type === 'http' ? (endpoint ?? '/') : undefined);
  return PARTS.every((part) => one[part] === other[part]) && endpoint(one) === endpoint(other);
}

/** null for what it had and shall not have; an endpoint belongs to a check by HTTP alone. */
function changed(wanted: HealthCheck, own: HealthCheck): ProcessChange['healthCheck'] & object {
  const gone = PARTS.filter((part) => wanted[part] === undefined && own[part] !== undefined);
  return { ...wanted, ...Object.fromEntries(gone.map((part) => [part, null])) };
}

/** Of `all`, what is neither named nor there already. */
function without<T>(
  all: Readonly<Record<string, T>>,
  named: readonly string[],
  has: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(all).filter(([key, value]) => !named.includes(key) && has[key] !== value),
  );
}

/** Neither ours, nor what we pause an autoscaler with. */
export function ofOthers(all: AppState['labels']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).filter(
      ([key, value]) => !key.startsWith(`${PREFIX}/`) && !(key === PAUSES && value === PAUSED),
    ),
  );
}

/** Whether the broker is through with it, and it can be used: also one that could not be deleted. */
export function isBound({ operation, state }: Binding): boolean {
  return state === undefined || state === 'succeeded' || (operation === 'delete' && state === 'failed');
}

/** The platform does not ask a broker of a binding whose deletion failed (CC service_credential_bindings_controller.rb). */
export function isTold({ operation }: Binding): boolean {
  return operation !== 'delete';
}

/** Service instances that a broker is still binding the app to: what comes of it nobody knows yet. */
export function comingTo({ bindings }: Pick<Belongings, 'bindings'>, named: Named | undefined): string[] {
  const coming = bindings.filter(
    (one) => !isBound(one) && one.operation !== 'delete' && one.state !== 'failed',
  );
  return coming.map(({ instance }) => instance).filter((name) => named && !named.services.includes(name));
}

function moved(policy: NetworkPolicy, from: string, to: string): NetworkPolicy {
  const at = (guid: string) => (guid === from ? to : guid);
  return { ...policy, source: at(policy.source), destination: at(policy.destination) };
}

function withoutGuid({ guid: _, ...sidecar }: Sidecar): Omit<Sidecar, 'guid'> {
  return sidecar;
}

function isSame<T extends object>(one: T, other: T): boolean {
  return Object.entries(one).every(
    ([key, value]) => JSON.stringify(value) === JSON.stringify((other as Record<string, unknown>)[key]),
  );
}
