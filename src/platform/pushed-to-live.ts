/** The deployments that cf v6 begins: it gives them no label, so they are known by the package that it pushed. */
import type { App, Deployment } from '../model/cloud.js';
import type { Platform } from './calls.js';
import { ANNOTATION, LABEL } from './names.js';

/** Guids of the packages of live that `v3-zdt-push` made, as the lock tells. */
export function pushedPackages({ annotations }: Pick<App, 'annotations'>): readonly string[] {
  return (annotations[ANNOTATION.pushedToLive] ?? '').split(' ').filter((guid) => guid !== '');
}

/** Those whose droplet was built of one of these packages; newest first. */
export async function builtOf(
  packages: readonly string[],
  deployments: readonly Deployment[],
  appGuid: string,
  platform: Pick<Platform, 'droplets'>,
): Promise<readonly Deployment[]> {
  if (packages.length === 0 || deployments.length === 0) return [];
  const droplets = await platform.droplets(appGuid);
  const ours = droplets.flatMap(({ guid, packageGuid }) =>
    packageGuid !== undefined && packages.includes(packageGuid) ? [guid] : [],
  );
  return deployments.filter(({ dropletGuid }) => ours.includes(dropletGuid));
}

/**
 * Whoever reads between the CLI's call and ours, which gives the deployment its labels, sees it with these: a run that ends there
 * leaves none that is taken for another hand's. It costs a call only while a lock tells of such a push.
 */
export async function withOurs(
  deployments: readonly Deployment[],
  lock: App | undefined,
  live: Pick<App, 'guid'>,
  platform: Pick<Platform, 'droplets'>,
): Promise<readonly Deployment[]> {
  const packages = lock ? pushedPackages(lock) : [];
  if (!lock || packages.length === 0) return deployments;
  const unnamed = deployments.filter(({ labels }) => labels[LABEL.version] === undefined);
  const ours = await builtOf(packages, unnamed, live.guid, platform);
  const { [LABEL.app]: app, [LABEL.version]: version, [LABEL.owner]: owner } = lock.labels;
  const labels = {
    [LABEL.app]: app,
    [LABEL.version]: version,
    [LABEL.owner]: owner,
    [LABEL.role]: 'candidate',
  };
  const known = Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return deployments.map((one) =>
    ours.includes(one) ? { ...one, labels: { ...one.labels, ...known } } : one,
  );
}
