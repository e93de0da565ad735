/** What the deployments of live say of this change. Pure. */
import type { Deployment, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { appKey, LABEL } from '../platform/names.js';
import type { Side } from './step.js';

/** @param of whose droplet it brings */
export function deploymentLabels(
  { app, version, owner, inPlace }: Pick<Intent, 'app' | 'version' | 'owner' | 'inPlace'>,
  of: Side,
): Record<string, string> {
  return {
    [LABEL.app]: appKey(app),
    [LABEL.version]: version,
    [LABEL.role]: of,
    [LABEL.owner]: inPlace?.source?.by ?? owner,
  };
}

/** The deployment that brings the version, by the labels it was made with: one whose answer was lost is found again. */
export function rollOf(
  intent: Pick<Intent, 'version' | 'inPlace'>,
  { deployments }: Pick<Snapshot, 'deployments'>,
) {
  return deployments.find(({ labels }) => isFor(labels, intent) && labels[LABEL.role] === 'candidate');
}

/** The deployment that brings back what was live before, made after the one that went wrong. */
export function returnOf(intent: Intent, { deployments }: Pick<Snapshot, 'deployments'>) {
  const roll = rollOf(intent, { deployments });
  const since = roll ? deployments.slice(0, deployments.indexOf(roll)) : deployments;
  return since.find(({ labels }) => isFor(labels, intent) && labels[LABEL.role] === 'live');
}

/** A version that comes back has deployments from before: those of a rollback are told by who began it. */
function isFor(
  labels: Deployment['labels'],
  { version, inPlace }: { version: string; inPlace?: Intent['inPlace'] | undefined },
): boolean {
  const { source } = inPlace ?? {};
  return labels[LABEL.version] === version && (!source || labels[LABEL.owner] === source.by);
}

/** Deployments under way on live that no change of ours has made, or none that its lock still tells of. */
export function othersAtWork({
  deployments,
  lock,
}: Pick<Snapshot, 'deployments' | 'lock'>): readonly Deployment[] {
  return deployments.filter(
    (one) => isActive(one) && !(lock?.version !== undefined && isFor(one.labels, { version: lock.version })),
  );
}

export function isActive(deployment: Deployment | undefined): boolean {
  return deployment?.value === 'ACTIVE';
}

export function isDone(deployment: Deployment | undefined): boolean {
  return deployment?.value === 'FINALIZED' && deployment.reason === 'DEPLOYED';
}

/**
 * A deployment that another hand made after ours, or where ours never came to be, and that went on: what it brought is live now,
 * and with it whatever its manifest changed.
 */
export function overtakenBy(
  intent: Intent,
  { deployments, lock }: Pick<Snapshot, 'deployments' | 'lock'>,
): Deployment | undefined {
  const roll = rollOf(intent, { deployments });
  const since = roll
    ? deployments.slice(0, deployments.indexOf(roll))
    : deployments.filter(
        ({ createdAtMs, dropletGuid }) =>
          lock !== undefined && createdAtMs > lock.createdAtMs && dropletGuid !== intent.before?.dropletGuid,
      );
  return since.find((one) => !isFor(one.labels, intent) && (isActive(one) || isDone(one)));
}
