import { firstInstances, isActive, setStatus, statusValue, webProcesses } from '../state/deployments.js';
import type * as r from '../state/records.js';
import { isSince } from './api-version.js';
import { assignableDroplet, assignDroplet, startApp } from './app-rules.js';
import { audit, type Core } from './core.js';
import type { WantedDeployment } from './deployment-read.js';
import { wakeUpdater } from './deployment-updater.js';
import { ApiError, unprocessable } from './errors.js';
import { mergeMetadata } from './metadata.js';
import { clonedProcess } from './process-rules.js';
import { additions, checkQuota } from './quota-rules.js';
import { reviseApp } from './revision-rules.js';
import { restoreRevision, rollbackTarget } from './rollback-rules.js';
import type { Caller } from './table.js';

/** Inactive ones that an app keeps; the platform prunes them once a day, here they go at once. */
const KEPT = 100;

/**
 * Makes the droplet the app's at once, records the revision and begins to replace the web process; a stopped app is only started.
 * A deployment under way is superseded. Throws 422 with nothing changed (CC deployment_create.rb).
 */
export function createDeployment(core: Core, wanted: WantedDeployment, caller: Caller): r.Deployment {
  const { store } = core;
  const app = store.apps.get(wanted.appGuid ?? '');
  if (!app) throw unprocessable('Unable to use app. Ensure that the app exists and you have access to it.');
  const target =
    wanted.revisionGuid === undefined ? undefined : rollbackTarget(core, app, wanted.revisionGuid);
  const dropletGuid = target?.dropletGuid ?? wanted.dropletGuid ?? app.dropletGuid;
  if (dropletGuid === undefined) {
    throw unprocessable(
      'Invalid droplet. Please specify a droplet in the request or set a current droplet for the app.',
    );
  }
  assignableDroplet(core, app, dropletGuid);
  const webs = webProcesses(store, app.guid);
  const [oldest, newest] = [webs[0], webs.at(-1)];
  if (!oldest || !newest) throw unprocessable('Process not found');
  const previous = store.deployments.of(app.guid).find(isActive);
  const now = core.clock.now();
  const deployment: r.Deployment = {
    ...store.base(),
    appGuid: app.guid,
    state: wanted.strategy === 'canary' ? 'PREPAUSED' : 'DEPLOYING',
    reason: 'DEPLOYING',
    strategy: wanted.strategy,
    options: wanted.options,
    dropletGuid,
    ...(app.dropletGuid === undefined ? {} : { previousDropletGuid: app.dropletGuid }),
    originalInstances: previous?.originalInstances ?? oldest.instances,
    canaryStep: 1,
    statusChangedMs: now,
  };
  mergeMetadata(deployment, wanted.metadata);
  const isStopped = app.state === 'STOPPED';
  const sized = isStopped
    ? sizedAs(newest, wanted.options)
    : clonedProcess(core, sizedAs(newest, wanted.options), firstInstances(deployment));
  try {
    if (isStopped) checkStart(core, app, sized);
    else checkRoom(core, app, newest, sized, wanted.options);
  } catch (error) {
    throw withAdvice(core, app, error);
  }
  const revision = target
    ? restoreRevision(core, app, target, caller)
    : assignAndRevise(core, app, dropletGuid, caller);
  if (revision) deployment.revision = { guid: revision.guid, version: revision.version };
  store.deployments.add(deployment);
  if (isStopped) {
    Object.assign(newest, sized);
    store.touch(newest);
    startApp(core, app, caller, { revise: false });
    setStatus(store, deployment, 'DEPLOYED', 'DEPLOYED');
  } else {
    begin(core, app, deployment, sized, revision);
    if (previous)
      setStatus(store, previous, previous.state === 'DEPLOYING' ? 'DEPLOYED' : 'CANCELED', 'SUPERSEDED');
  }
  auditDeployment(core, 'create', app, deployment, caller, target ? { type: 'rollback' } : {});
  prune(core, app);
  return deployment;
}

/**
 * Gives the app its previous droplet back at once; the instances follow at the updater's next look. Variables, bindings and
 * process settings stay. Throws 422 when it is over, or when that droplet is gone or expired.
 */
export function cancelDeployment(core: Core, app: r.App, deployment: r.Deployment, caller: Caller): void {
  if (!isActive(deployment)) throw unprocessable(`Cannot cancel ${statusText(deployment)}`);
  assignDroplet(core, app, deployment.previousDropletGuid ?? '', caller);
  auditDeployment(core, 'cancel', app, deployment, caller);
  setStatus(core.store, deployment, 'CANCELING', 'CANCELING');
  wakeUpdater(core);
}

/** Lets a paused canary go on: to its next step, or to all instances. Throws 422 when it is not paused. */
export function continueDeployment(core: Core, app: r.App, deployment: r.Deployment, caller: Caller): void {
  if (deployment.state !== 'PAUSED') throw unprocessable(`Cannot continue ${statusText(deployment)}`);
  auditDeployment(core, 'continue', app, deployment, caller);
  const steps = deployment.options.canarySteps?.length ?? 1;
  if (deployment.canaryStep < steps) {
    deployment.canaryStep += 1;
    setStatus(core.store, deployment, 'PREPAUSED', 'DEPLOYING');
  } else setStatus(core.store, deployment, 'DEPLOYING', 'DEPLOYING');
  wakeUpdater(core);
}

function begin(
  core: Core,
  app: r.App,
  deployment: r.Deployment,
  process: r.Process,
  revision: r.Revision | undefined,
): void {
  if (revision) {
    process.revisionGuid = revision.guid;
    const command = revision.commands.web;
    if (command == null) delete process.command;
    else process.command = command;
  }
  core.store.processes.add(process);
  deployment.processGuid = process.guid;
  core.running.startProcess(app, process);
  wakeUpdater(core);
}

function assignAndRevise(
  core: Core,
  app: r.App,
  dropletGuid: string,
  caller: Caller,
): r.Revision | undefined {
  assignDroplet(core, app, dropletGuid, caller);
  return reviseApp(core, app, caller);
}

function sizedAs(process: r.Process, options: r.Deployment['options']): r.Process {
  return {
    ...process,
    instances: options.webInstances ?? process.instances,
    memoryMb: options.memoryMb ?? process.memoryMb,
    diskMb: options.diskMb ?? process.diskMb,
    logRateBps: options.logRateBps ?? process.logRateBps,
  };
}

/** Asked twice: as if the running process were already what the options say, where they say something; then for the new one. */
function checkRoom(
  core: Core,
  app: r.App,
  newest: r.Process,
  made: r.Process,
  options: r.Deployment['options'],
): void {
  if (
    options.webInstances !== undefined ||
    options.memoryMb !== undefined ||
    options.logRateBps !== undefined
  ) {
    checkQuota(core, app, additions({ before: newest, after: sizedAs(newest, options) }));
  }
  checkQuota(core, app, additions({ after: made }));
}

function checkStart(core: Core, app: r.App, web: r.Process): void {
  const others = core.store.processes.of(app.guid).filter((p) => p.guid !== web.guid);
  checkQuota(core, app, additions(...[...others, web].map((after) => ({ after }))));
}

/** The platform adds a hint to what an organization's or a space's quota refuses, since 3.197.0 with max-in-flight in it. */
function withAdvice(core: Core, app: r.App, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const space = core.store.spaces.get(app.spaceGuid);
  if (!space) return error;
  const causes = isSince(core, '3.197.0')
    ? 'rolling deployments or your configured max-in-flight'
    : 'rolling deployments';
  const may = `quota may not be large enough to support ${causes}.`;
  const text = error.detail;
  if (/space_quota_exceeded|space_app_instance_limit_exceeded/.test(text)) {
    return unprocessable(`${text} for space ${space.name}. This space's ${may}`);
  }
  if (/quota_exceeded|app_instance_limit_exceeded/.test(text)) {
    const { name } = core.store.organizationOf(space);
    return unprocessable(`${text} for organization ${name}. This organization's ${may}`);
  }
  return error;
}

function statusText(deployment: r.Deployment): string {
  return `a deployment with status: ${statusValue(deployment)} and reason: ${deployment.reason}`;
}

function auditDeployment(
  core: Core,
  what: 'create' | 'cancel' | 'continue',
  app: r.App,
  deployment: r.Deployment,
  caller: Caller,
  more: Record<string, unknown> = {},
): void {
  const data = { deployment_guid: deployment.guid, droplet_guid: deployment.dropletGuid, ...more };
  audit(core, `audit.app.deployment.${what}`, caller, app, data);
}

function prune(core: Core, app: r.App): void {
  const over = core.store.deployments.of(app.guid).filter((d) => !isActive(d));
  for (const { guid } of over.slice(0, Math.max(0, over.length - KEPT))) core.store.deployments.remove(guid);
}
