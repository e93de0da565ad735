/** What the manifest of an app's last deploy named, as it is recorded on the app. Pure. */
import type { AppState } from '../model/cloud.js';
import type { Named } from '../model/intent.js';
import { ANNOTATION, recordedOn } from '../platform/names.js';

/** undefined: nobody recorded it, or not so that it can be read. */
export function namedOn(app: AppState | undefined): Named | undefined {
  const record = recordedOn(app, ANNOTATION.manifestNamed);
  if (typeof record !== 'object' || record === null) return undefined;
  const of = (kind: string) => texts((record as Record<string, unknown>)[kind]);
  const { processes, bindings } = record as { processes?: unknown; bindings?: unknown };
  return {
    services: of('services'),
    sidecars: of('sidecars'),
    features: of('features'),
    labels: of('labels'),
    annotations: of('annotations'),
    ...(bindings === undefined ? {} : { bindings: textsBy(bindings) }),
    processes: textsBy(processes),
  };
}

export const NOTHING_NAMED: Named = {
  services: [],
  sidecars: [],
  features: [],
  labels: [],
  annotations: [],
  processes: {},
};

function textsBy(map: unknown): Record<string, string[]> {
  const entries = typeof map === 'object' && map !== null ? Object.entries(map) : [];
  return Object.fromEntries(entries.map(([key, list]) => [key, texts(list)]));
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

/** What a manifest names now, and what one named before and does not any more: neither is carried. */
export function eitherOf(one: Named, other: Named | undefined): Named {
  if (!other) return one;
  const both = (mine: readonly string[] = [], others: readonly string[] = []) => [
    ...new Set([...mine, ...others]),
  ];
  const bothBy = (mine: Named['processes'] = {}, others: Named['processes'] = {}) =>
    Object.fromEntries(Object.keys({ ...mine, ...others }).map((key) => [key, both(mine[key], others[key])]));
  const bindings = bothBy(one.bindings, other.bindings);
  return {
    services: both(one.services, other.services),
    sidecars: both(one.sidecars, other.sidecars),
    features: both(one.features, other.features),
    labels: both(one.labels, other.labels),
    annotations: both(one.annotations, other.annotations),
    ...(Object.keys(bindings).length > 0 ? { bindings } : {}),
    processes: bothBy(one.processes, other.processes),
  };
}

/** What one names and the other does not. undefined: nothing. */
export function namedOnlyBy(one: Named | undefined, other: Named): Named | undefined {
  if (!one) return undefined;
  const only = (mine: readonly string[], others: readonly string[] = []) =>
    mine.filter((name) => !others.includes(name));
  const processes = Object.entries(one.processes)
    .map(([type, keys]) => [type, only(keys, other.processes[type])] as const)
    .filter(([, keys]) => keys.length > 0);
  const lists = {
    services: only(one.services, other.services),
    sidecars: only(one.sidecars, other.sidecars),
    features: only(one.features, other.features),
    labels: only(one.labels, other.labels),
    annotations: only(one.annotations, other.annotations),
  };
  const isNone = processes.length === 0 && Object.values(lists).every((list) => list.length === 0);
  return isNone ? undefined : { ...lists, processes: Object.fromEntries(processes) };
}

/** In words, for people. */
export function namesText(named: Named): string[] {
  const { services, sidecars, features, labels, annotations, processes } = named;
  return [
    ...services.map((name) => `binding to service instance ${name}`),
    ...sidecars.map((name) => `sidecar ${name}`),
    ...features.map((name) => `app feature ${name}`),
    ...labels.map((key) => `label ${key}`),
    ...annotations.map((key) => `annotation ${key}`),
    ...Object.entries(processes).flatMap(([type, keys]) => keys.map((key) => `${key} of ${type}`)),
  ];
}
