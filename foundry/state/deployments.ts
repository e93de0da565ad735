/** What a deployment asks for next (platform facts A1.3 to A1.5). Pure. */
import type * as r from './records.js';
import type { Store } from './store.js';

const PROGRESSING: readonly r.Deployment['state'][] = ['DEPLOYING', 'PREPAUSED', 'PAUSED'];

/** While it is, the web process of its app can be neither scaled nor updated, and the app takes no other droplet. */
export function isProgressing(deployment: r.Deployment): boolean {
  return PROGRESSING.includes(deployment.state);
}

/** Also while it is being cancelled. */
export function isActive(deployment: r.Deployment): boolean {
  return isProgressing(deployment) || deployment.state === 'CANCELING';
}

export function isDeploying(store: Store, appGuid: string): boolean {
  return store.deployments.of(appGuid).some(isProgressing);
}

/** Only a change of what is shown counts as a change of the status. */
export function setStatus(
  store: Store,
  deployment: r.Deployment,
  state: r.Deployment['state'],
  reason: r.Deployment['reason'],
): void {
  const before = `${statusValue(deployment)} ${deployment.reason}`;
  deployment.state = state;
  deployment.reason = reason;
  store.touch(deployment);
  if (`${statusValue(deployment)} ${reason}` !== before) deployment.statusChangedMs = deployment.updatedMs;
}

/** `status.value` of the API. */
export function statusValue(deployment: r.Deployment): 'ACTIVE' | 'FINALIZED' {
  return isActive(deployment) ? 'ACTIVE' : 'FINALIZED';
}

/** Web processes of an app, oldest first: during a deployment there are several. */
export function webProcesses(store: Store, appGuid: string): r.Process[] {
  return store.processes.of(appGuid).filter((p) => p.type === 'web');
}

/** How many web instances the app has when the deployment is over. */
export function wantedInstances(deployment: r.Deployment): number {
  return deployment.options.webInstances ?? deployment.originalInstances;
}

/**
 * Instances of both kinds at the canary's present step. Rounding is half up, though the platform's documentation says down; one
 * instance more than there were runs until the last step of 100 (CC deployment_model.rb).
 */
export function canaryStep(deployment: r.Deployment): { canary: number; original: number } {
  const { canarySteps: weights, webInstances } = deployment.options;
  const original = deployment.originalInstances;
  if (!weights) return { canary: 1, original };
  const total = webInstances !== undefined && webInstances < original ? webInstances : original;
  const weight = weights[deployment.canaryStep - 1] ?? 100;
  // In this order: 29 % of 50 are 14, as the platform's own floats have it.
  const canary = Math.max(1, Math.round(total * (weight / 100)));
  return { canary, original: weight === 100 ? 0 : total - canary + 1 };
}

/** Instances of the new web process when the deployment is made. */
export function firstInstances(deployment: r.Deployment): number {
  const wanted =
    deployment.strategy === 'canary' ? canaryStep(deployment).canary : wantedInstances(deployment);
  return Math.min(deployment.options.maxInFlight, wanted);
}

/** Of the new web process. What no cell reports is unhealthy. */
export interface Counts {
  routable: number;
  /** Also RUNNING and not ready. */
  starting: number;
  unhealthy: number;
}

/** One change of a process, in the order in which it is made. */
export interface Resize {
  process: r.Process;
  instances: number;
  /** It is destroyed. */
  gone: boolean;
}

export interface Progress {
  resizes: Resize[];
  /** The new process has what this phase wants of it: the canary pauses, the rest is finalized. */
  isFinished: boolean;
  /** No new instance is in the way of the next one. */
  isHealthy: boolean;
}

/**
 * One look of the updater at a deployment that is DEPLOYING or PREPAUSED; undefined: it changes nothing. Old instances go first, of
 * the oldest process first, as many as the new process has routable ones; then the new process grows (CC scale.rb, up_scaler.rb,
 * down_scaler.rb).
 *
 * @param webs all web processes of the app, oldest first
 * @param superseded GUIDs of the new processes of superseded deployments that were not DEPLOYING: they end at once
 */
export function progress(
  deployment: r.Deployment,
  webs: readonly r.Process[],
  counts: Counts,
  superseded: ReadonlySet<string>,
): Progress | undefined {
  const deploying = webs.find((p) => p.guid === deployment.processGuid);
  if (!deploying) return undefined;
  const { maxInFlight } = deployment.options;
  const step = deployment.state === 'PREPAUSED' ? canaryStep(deployment) : undefined;
  const total = step ? step.canary + step.original : wantedInstances(deployment);
  const wanted = step ? step.canary : total;
  const olds = webs.filter((p) => p !== deploying);
  const isHealthy =
    counts.starting < maxInFlight &&
    counts.unhealthy === 0 &&
    counts.routable >= deploying.instances - maxInFlight;
  // The platform counts what superseded deployments leave behind before it ends that: the oldest process pays for it.
  const surplus = sum(olds) - Math.max(total - counts.routable, 0);
  if (!isHealthy && surplus <= 0) return undefined;
  const resizes: Resize[] = olds
    .filter((p) => superseded.has(p.guid) && p.instances > 0)
    .map((process) => ({ process, instances: 0, gone: false }));
  if (surplus > 0) resizes.push(...reduce(olds, surplus, webs[0]));
  const isFinished = deploying.instances >= wanted && counts.routable >= wanted;
  if (!isFinished && isHealthy) {
    const instances = Math.min(counts.routable + maxInFlight, wanted);
    resizes.push({ process: deploying, instances, gone: false });
  }
  return { resizes, isFinished, isHealthy };
}

function reduce(olds: readonly r.Process[], surplus: number, oldest: r.Process | undefined): Resize[] {
  const resizes: Resize[] = [];
  let left = surplus;
  for (const process of olds) {
    if (left < process.instances) {
      resizes.push({ process, instances: process.instances - left, gone: false });
      break;
    }
    left -= process.instances;
    resizes.push({ process, instances: 0, gone: process !== oldest });
  }
  return resizes;
}

function sum(processes: readonly r.Process[]): number {
  return processes.reduce((total, p) => total + p.instances, 0);
}

/** GUIDs of the new processes of superseded deployments: `DEPLOYED` were rolling when they were, `CANCELED` anything else. */
export function supersededProcesses(
  store: Store,
  appGuid: string,
  state: 'DEPLOYED' | 'CANCELED',
): Set<string> {
  const found = new Set<string>();
  for (const d of store.deployments.of(appGuid)) {
    if (d.reason === 'SUPERSEDED' && d.state === state && d.processGuid !== undefined)
      found.add(d.processGuid);
  }
  return found;
}
