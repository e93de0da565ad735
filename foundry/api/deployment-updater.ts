import {
  type Counts,
  isActive,
  progress,
  type Resize,
  setStatus,
  supersededProcesses,
  webProcesses,
} from '../state/deployments.js';
import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { ApiError, ApiErrors } from './errors.js';
import { additions, checkQuota } from './quota-rules.js';

/** Call when there is a deployment to look at. */
export function wakeUpdater(core: Core): void {
  core.ticker.wake(() => {
    update(core);
    return moving(core).length > 0;
  });
}

/** One look at every deployment that moves by itself: DEPLOYING ones first, then canaries, then what is being cancelled. */
function update(core: Core): void {
  const acts = [
    ['DEPLOYING', scale],
    ['PREPAUSED', scale],
    ['CANCELING', cancel],
  ] as const;
  const found = moving(core);
  for (const [state, act] of acts) {
    for (const deployment of found) {
      const app = core.store.apps.get(deployment.appGuid);
      if (deployment.state !== state || !app) continue;
      try {
        act(core, app, deployment);
      } catch (error) {
        remember(core, deployment, error);
      }
    }
  }
}

function moving(core: Core): r.Deployment[] {
  return core.store.deployments.where((d) => isActive(d) && d.state !== 'PAUSED');
}

/** Shown as `status.details.error`; the state stays, and the next look tries again (CC updater.rb). */
function remember(core: Core, deployment: r.Deployment, error: unknown): void {
  const isOurs = error instanceof ApiError || error instanceof ApiErrors;
  if (!isOurs) process.stderr.write(`foundry: ${error instanceof Error ? error.stack : String(error)}\n`);
  deployment.error = isOurs ? error.message : 'An unexpected error has occurred: StandardError';
  core.store.touch(deployment);
}

function scale(core: Core, app: r.App, deployment: r.Deployment): void {
  const webs = webProcesses(core.store, app.guid);
  const deploying = webs.find((p) => p.guid === deployment.processGuid);
  if (!deploying) throw new Error(`deployment ${deployment.guid} has lost its process`);
  const superseded = supersededProcesses(core.store, app.guid, 'CANCELED');
  const next = progress(deployment, webs, countsOf(core, deploying), superseded);
  if (!next) return;
  resize(core, app, next.resizes);
  delete deployment.error;
  core.store.touch(deployment);
  if (!next.isFinished) {
    if (next.isHealthy) deployment.lastHealthyMs = core.clock.now();
    return;
  }
  if (deployment.state === 'PREPAUSED') {
    deployment.lastHealthyMs = core.clock.now();
    setStatus(core.store, deployment, 'PAUSED', 'PAUSED');
  } else finalize(core, app, deployment, deploying);
}

/** Everything that is not the new web process ends: other web processes at once, the rest starts again without overlap. */
function finalize(core: Core, app: r.App, deployment: r.Deployment, deploying: r.Process): void {
  for (const process of webProcesses(core.store, app.guid)) {
    if (process !== deploying) destroy(core, process);
  }
  const revision = core.store.revisions.get(deploying.revisionGuid ?? '');
  for (const process of core.store.processes.of(app.guid)) {
    if (process.type === 'web') continue;
    if (revision) {
      const command = revision.commands[process.type];
      if (command == null) delete process.command;
      else process.command = command;
      process.revisionGuid = revision.guid;
    }
    core.running.stopProcess(process);
    core.running.startProcess(app, process);
  }
  setStatus(core.store, deployment, 'DEPLOYED', 'DEPLOYED');
}

/**
 * Goes back to one process: the newest one of a superseded rolling deployment that has a RUNNING instance, else the oldest. All
 * others end at once, before that one has its instances back (CC cancel.rb).
 */
function cancel(core: Core, app: r.App, deployment: r.Deployment): void {
  const webs = webProcesses(core.store, app.guid);
  const superseded = supersededProcesses(core.store, app.guid, 'DEPLOYED');
  const isRunning = (p: r.Process) => core.running.instances(p).some((i) => i.state === 'RUNNING');
  const kept = webs.findLast((p) => superseded.has(p.guid) && isRunning(p)) ?? webs[0];
  if (!kept) return;
  const others = webs.filter((p) => p !== kept);
  resize(core, app, [
    ...others.map((process) => ({ process, instances: 0, gone: true })),
    { process: kept, instances: deployment.originalInstances, gone: false },
  ]);
  delete deployment.error;
  setStatus(core.store, deployment, 'CANCELED', 'CANCELED');
}

/** One transaction: when a quota refuses one of the changes, none is made. */
function resize(core: Core, app: r.App, resizes: readonly Resize[]): void {
  const before = resizes.map(({ process }) => [process, process.instances] as const);
  try {
    for (const { process, instances, gone } of resizes) {
      const after = { ...process, instances };
      if (!gone && app.state === 'STARTED') {
        checkQuota(core, app, additions({ before: process, after }));
      }
      process.instances = instances;
    }
  } catch (error) {
    // A process that is named twice gets its first count back last.
    for (const [process, instances] of before.reverse()) process.instances = instances;
    throw error;
  }
  for (const { process, gone } of resizes) {
    if (gone) destroy(core, process);
    else {
      core.store.touch(process);
      core.running.scale(process);
    }
  }
}

function destroy(core: Core, process: r.Process): void {
  core.store.processes.remove(process.guid);
  core.running.destroyProcess(process);
}

function countsOf(core: Core, process: r.Process): Counts {
  const counts = { routable: 0, starting: 0, unhealthy: 0 };
  const byIndex = new Map(core.running.instances(process).map((i) => [i.index, i]));
  for (let index = 0; index < process.instances; index += 1) {
    const instance = byIndex.get(index);
    if (instance?.state === 'RUNNING' && instance.routable) counts.routable += 1;
    else if (instance?.state === 'RUNNING' || instance?.state === 'STARTING') counts.starting += 1;
    else counts.unhealthy += 1;
  }
  return counts;
}
