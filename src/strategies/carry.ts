/** What is named by a manifest, what is carried from live by that, and what cannot be. Pure. */
import type { ManifestApp } from '../model/asked.js';
import type { AppState } from '../model/cloud.js';
import type { Named } from '../model/intent.js';

/** Names of what the manifest sets of an app, as they are recorded on it. */
export function namedBy(app: ManifestApp): Named {
  const { services, sidecars, features, labels, annotations } = app;
  const processes = Object.entries(app.processes).map(([type, { named, timeoutS }]) => [
    type,
    [...named, ...(timeoutS === undefined ? [] : ['timeout'])],
  ]);
  return {
    ...{ services, sidecars, features, labels, annotations },
    ...(app.bindings ? { bindings: app.bindings } : {}),
    processes: Object.fromEntries(processes),
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
