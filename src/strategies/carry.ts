/** What is named by a manifest, what is carried from live by that, and what cannot be. Pure. */
import type { ManifestApp } from '../model/asked.js';
import type { AppState } from '../model/cloud.js';
import type { Named } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { recordedOn } from './intent-parts.js';

/** Names of what the manifest sets of an app, as they are recorded on it. */
export function namedBy(app: ManifestApp): Named {
  const { services, sidecars, features, labels, annotations } = app;
  const processes = Object.entries(app.processes).map(([type, { named, timeoutS }]) => [
    type,
    [...named, ...(timeoutS === undefined ? [] : ['timeout'])],
  ]);
  return { services, sidecars, features, labels, annotations, processes: Object.fromEntries(processes) };
}

/** undefined: nobody recorded it, or not so that it can be read. */
export function namedOn(app: AppState | undefined): Named | undefined {
  const record = recordedOn(app, ANNOTATION.manifestNamed);
  if (typeof record !== 'object' || record === null) return undefined;
  const of = (kind: string) => texts((record as Record<string, unknown>)[kind]);
  const { processes } = record as { processes?: unknown };
  const types = typeof processes === 'object' && processes !== null ? Object.entries(processes) : [];
  return {
    services: of('services'),
    sidecars: of('sidecars'),
    features: of('features'),
    labels: of('labels'),
    annotations: of('annotations'),
    processes: Object.fromEntries(types.map(([type, keys]) => [type, texts(keys)])),
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

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

/** What a manifest names now, and what one named before and does not any more: neither is carried. */
export function eitherOf(one: Named, other: Named | undefined): Named {
  if (!other) return one;
  const types = new Set([...Object.keys(one.processes), ...Object.keys(other.processes)]);
  const both = (mine: readonly string[] = [], others: readonly string[] = []) => [
    ...new Set([...mine, ...others]),
  ];
  return {
    services: both(one.services, other.services),
    sidecars: both(one.sidecars, other.sidecars),
    features: both(one.features, other.features),
    labels: both(one.labels, other.labels),
    annotations: both(one.annotations, other.annotations),
    processes: Object.fromEntries(
      [...types].map((type) => [type, both(one.processes[type], other.processes[type])]),
    ),
  };
}

/** By which SAP's deploy service finds the apps that it owns (cloudfoundry/multiapps-controller, metadata of MTA resources). */
const OWNERS = ['mta_id', 'mta_namespace'];

/** Why an app, which another deployer finds by its labels, must not be there twice. */
export function ownedBy(
  { name }: Pick<AppState, 'name'>,
  keys: readonly string[],
  command: 'deploy' | 'rollback',
): string[] {
  const found = keys.filter((key) => OWNERS.includes(key));
  if (found.length === 0) return [];
  const way =
    command === 'deploy'
      ? 'Use strategy: rolling or canary, which keep the app itself, or take the label off if nothing else deploys it any more.'
      : 'Deploy the version that you want with strategy: rolling, which keeps the app itself.';
  return [
    `${name} carries ${found.join(' and ')}, by which another deployer takes it for its own: a second app with it, or a renamed one, would be changed or deleted by that. ${way}`,
  ];
}
