/** Whether the bits of live are those that its version came with: another hand may have given it a droplet since then. Pure. */
import type { AppState, Package, Snapshot } from '../model/cloud.js';
import { ANNOTATION } from '../platform/names.js';
import { isDone, rollOf } from './deployments.js';

type Live = Pick<AppState, 'version' | 'annotations' | 'currentDropletGuid'>;

/** @param packageGuid of live's droplet; undefined: it names none */
export function hasItsBits(
  live: Live,
  packageGuid: string | undefined,
  seen: Pick<Snapshot, 'deployments'>,
): boolean {
  return wasPushed(live, packageGuid) || hasItsCopy(live, seen);
}

/**
 * Guid of the package, of live's own and still there, that its droplet was built of; undefined: there is none, or nobody knows which.
 * @param packageGuid as above, @param packages of live
 */
export function packageOf(
  live: Live,
  packageGuid: string | undefined,
  packages: readonly Package[],
  seen: Pick<Snapshot, 'deployments'>,
): string | undefined {
  const noted = hasItsCopy(live, seen) ? live.annotations[ANNOTATION.builtOf] : undefined;
  const guid = packageGuid ?? noted;
  return packages.find((one) => one.guid === guid && one.state === 'READY')?.guid;
}

/** The same, only where it holds exactly these bits. @param bits their hash */
export function packageWith(
  bits: string,
  live: Live,
  packageGuid: string | undefined,
  packages: readonly Package[],
  seen: Pick<Snapshot, 'deployments'>,
): string | undefined {
  if (live.annotations[ANNOTATION.bits] !== bits || !hasItsBits(live, packageGuid, seen)) return undefined;
  return packageOf(live, packageGuid, packages, seen);
}

/** The hash is that of the package which this deploy pushed. */
function wasPushed({ annotations }: Live, packageGuid: string | undefined): boolean {
  return packageGuid !== undefined && annotations[ANNOTATION.package] === packageGuid;
}

/**
 * Whether live still has the copied droplet that its version came with. The copy names no package: the deployment of the version
 * says which droplet live has by it, or the app itself, where it took live's place with one.
 */
export function hasItsCopy(live: Live, { deployments }: Pick<Snapshot, 'deployments'>): boolean {
  const { version, annotations, currentDropletGuid } = live;
  if (currentDropletGuid !== undefined && annotations[ANNOTATION.droplet] === currentDropletGuid) return true;
  const roll = version === undefined ? undefined : rollOf({ version }, { deployments });
  return isDone(roll) && roll?.dropletGuid === currentDropletGuid;
}
