import type { CrashEvent, Deployment, Instance, Process } from '../model/cloud.js';
import {
  DeadlineOver,
  PlatformFault,
  PlatformRefusal,
  Refused,
  Stuck,
  VersionFault,
} from '../model/errors.js';
import { once } from '../platform/ahead.js';
import { codeOf, type Health, healthOf, startLimitMs } from './await-instances.js';
import { isDone, returnOf, rollOf } from './deployments.js';
import { heeding } from './heed.js';
import { ROOM_WAIT_MS, Shortage, saysOverQuota } from './room.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, type StepKind, type World } from './world.js';

/**
 * Until the deployment is at its end. The platform itself has no end for one that does not come up (it stays DEPLOYING for
 * ever), so forward its new instances are looked at too: what no waiting heals, and no progress for as long as a start may
 * take, is a sign against the version. While there is progress nothing ends it.
 */
export const awaitDeployment: StepKind<Step & { do: 'await-deployment' }> = {
  title: ({ of }) =>
    of === 'live' ? 'wait until the platform has turned around' : 'wait for the deployment',
  plan: ({ of }) => [
    'GET /v3/deployments/<deployment>, processes, stats and crash events of <live>, until it is at its end',
    ...(of === 'live' ? ['GET /v3/processes/<process>/stats until the instances from before run'] : []),
  ],
  run: async ({ of }, app, world) => {
    if (of === 'live') return awaitReturn(app, world);
    await heeding(app, world, (heeded) => awaitRoll(app, heeded));
  },
};

/** One look at a deployment and at the process that it brings. */
interface Look {
  deployment: Deployment;
  process: Process | undefined;
  /** All of live's. */
  processes: readonly Process[];
  instances: readonly Instance[];
  /** Of the new process, newest first. */
  crashes: readonly CrashEvent[];
}

async function awaitRoll(app: AppWorld, world: World): Promise<void> {
  const { guid, createdAtMs } = known(rollOf(app.intent, app.snapshot), app);
  const live = appOn('live', app);
  const progress = new Progress(world.clock.now());
  const slowest = live.processes.filter(({ type }) => type === 'web');
  const { maxInFlight = 1 } = app.intent.inPlace ?? {};
  const limitMs =
    world.startTimeoutMs ?? startLimitMs(slowest.map((one) => ({ ...one, instances: maxInFlight })));
  let last: Pick<Health, 'crashes' | 'full'> = { crashes: 0 };
  const shortage = new Shortage();
  const eve = new Eve(maxInFlight);
  let likely = rollOf(app.intent, app.snapshot)?.webProcessGuid;
  await waitFor(world, {
    what: 'the deployment to go on',
    get deadlineMs() {
      return progress.atMs + limitMs;
    },
    look: async () => {
      const seen = await look({ guid, createdAtMs }, live.guid, likely, world);
      const { deployment } = seen;
      likely = deployment.webProcessGuid;
      assertOurs(deployment, app);
      const state = stateOf(seen);
      recordInstances(seen, app.intent.app, world);
      if (isDone(deployment) || deployment.reason === 'PAUSED') return { state, done: true };
      const nowMs = world.clock.now();
      progress.note(seen, nowMs);
      const shortMs = Math.min(shortage.lasts(nowMs), nowMs - progress.atMs);
      const health = healthSince(progress, seen, shortMs);
      const full = health.full ?? shortOf(deployment);
      shortage.note(full, nowMs);
      last = { crashes: health.crashes, ...(full === undefined ? {} : { full }) };
      if (health.hopeless) throw new VersionFault(`${health.hopeless}${toldBy(deployment)}`, codeOf(health));
      const isShort = full !== undefined && shortMs > ROOM_WAIT_MS;
      if (isShort && codeOf(last) === 'no-room')
        throw new VersionFault(`The deployment finds no room: ${full}`, 'no-room');
      return { state, soon: eve.isUp(seen, nowMs) };
    },
  }).catch((error) => {
    throw error instanceof DeadlineOver ? new VersionFault(error.message, codeOf(last)) : error;
  });
}

/** The platform's updater looks every 5 s by default: what it has not done after so long needs more than that. */
const EVE_MS = 15_000;

/**
 * Nothing but the updater's next look is left before a deployment ends, or pauses: all new instances run, and no more old ones are
 * there than one look takes away (platform facts A1.5). Rounds before need no haste: the platform goes on by itself.
 */
export class Eve {
  private sinceMs: number | undefined;

  constructor(private readonly maxInFlight: number) {}

  isUp({ deployment: { canary }, process, processes, instances }: Look, nowMs: number): boolean {
    const wanted = process?.instances ?? 0;
    const old = processes.filter(({ type, guid }) => type === 'web' && guid !== process?.guid);
    const isLast =
      canary !== undefined || old.reduce((sum, one) => sum + one.instances, 0) <= this.maxInFlight;
    const isUp = isLast && wanted > 0 && instances.filter(isRoutable).length >= wanted;
    this.sinceMs = isUp ? (this.sinceMs ?? nowMs) : undefined;
    return this.sinceMs !== undefined && nowMs - this.sinceMs < EVE_MS;
  }
}

/** Only more counts: an instance that comes and goes brings a deployment nowhere. */
export class Progress {
  crashesBefore = 0;
  private routable = 0;
  private wanted = 0;
  private said = '';

  constructor(public atMs: number) {}

  note({ deployment, process, instances, crashes }: Look, nowMs: number): void {
    const routable = instances.filter(isRoutable).length;
    const wanted = process?.instances ?? 0;
    const said = [deployment.reason, deployment.canary?.step, deployment.lastHealthyAtMs].join();
    if (routable <= this.routable && wanted <= this.wanted && said === this.said) return;
    this.routable = Math.max(routable, this.routable);
    this.wanted = Math.max(wanted, this.wanted);
    this.said = said;
    this.atMs = nowMs;
    this.crashesBefore = crashes.length;
  }
}

function healthSince(progress: Progress, { process, instances, crashes }: Look, shortMs: number): Health {
  const since = crashes.slice(0, Math.max(0, crashes.length - progress.crashesBefore));
  return healthOf(process ? [{ process, instances }] : [], since, shortMs);
}

/** @param likely guid of its process, as far as it is known: the instances of that are asked for together with the rest */
async function look(
  { guid, createdAtMs }: Pick<Deployment, 'guid' | 'createdAtMs'>,
  appGuid: string,
  likely: string | undefined,
  { platform }: World,
): Promise<Look> {
  const others = Promise.all([
    platform.deployment(guid),
    platform.processes(appGuid),
    platform.crashes(appGuid, createdAtMs),
  ]);
  const instances = once((of) => instancesOf(of, platform), likely === undefined ? [] : [likely]);
  const [deployment, processes, crashes] = await others;
  const process = processes.find((one) => one.guid === deployment.webProcessGuid);
  return {
    deployment,
    process,
    processes,
    instances: process && process.instances > 0 ? await instances(process.guid) : [],
    crashes: crashes.filter(({ processGuid }) => processGuid === undefined || processGuid === process?.guid),
  };
}

/** A process ends with its deployment, also between two calls. */
async function instancesOf(guid: string, platform: World['platform']): Promise<readonly Instance[]> {
  try {
    return await platform.instances(guid);
  } catch (error) {
    if (error instanceof PlatformRefusal && error.status === 404) return [];
    throw error;
  }
}

function stateOf({ deployment, process, instances }: Look): string {
  const ready = `${instances.filter(isRoutable).length}/${process?.instances ?? 0}`;
  return `deployment ${deployment.reason.toLowerCase()}, instances ready ${ready}${toldBy(deployment)}`;
}

function toldBy({ error }: Deployment): string {
  return error === undefined ? '' : `, the platform says: ${error}`;
}

function recordInstances({ process, processes, instances }: Look, app: string, { listener, clock }: World) {
  const before = processes.filter(({ type, guid }) => type === 'web' && guid !== process?.guid);
  listener.record?.({
    ...{ type: 'instances', app, atMs: clock.now(), ready: instances.filter(isRoutable).length },
    ...{ wanted: process?.instances ?? 0, before: before.reduce((sum, one) => sum + one.instances, 0) },
  });
}

/** Somebody has taken what the quota had left: the platform tries again and again, and has no end for it. */
function shortOf({ error }: Deployment): string | undefined {
  return error !== undefined && saysOverQuota(error) ? error : undefined;
}

function isRoutable({ state, routable }: Instance): boolean {
  return state === 'RUNNING' && routable !== false;
}

function assertOurs({ guid, reason }: Deployment, { intent }: AppWorld): void {
  if (reason !== 'CANCELING' && reason !== 'CANCELED' && reason !== 'SUPERSEDED') return;
  const what = reason === 'SUPERSEDED' ? 'replaced by another one' : 'cancelled';
  throw new Refused(
    `The deployment ${guid} of ${intent.app} was ${what}, and not by this run.`,
    'See who else deploys this app, and let only one of them do so at a time; then run again.',
    'live-changed',
  );
}

/** After a cancel, or for the deployment that brings the old droplet back: at its end, one web process, all of it running. */
async function awaitReturn(app: AppWorld, world: World): Promise<void> {
  const { intent, snapshot } = app;
  const back = returnOf(intent, snapshot);
  const { guid } = known(back ?? rollOf(intent, snapshot), app);
  const live = appOn('live', app);
  const { maxInFlight = 1 } = intent.inPlace ?? {};
  const web = live.processes.filter(({ type }) => type === 'web');
  const rounds = Math.ceil(web.reduce((sum, { instances }) => sum + instances, 0) / maxInFlight);
  const roundMs =
    world.startTimeoutMs ?? startLimitMs(web.map((one) => ({ ...one, instances: maxInFlight })));
  await waitFor(world, {
    what: `the instances of ${live.name} from before`,
    deadlineMs: world.clock.now() + (rounds + 1) * roundMs,
    look: async () => {
      const [deployment, processes] = await Promise.all([
        world.platform.deployment(guid),
        world.platform.processes(live.guid),
      ]);
      const all = processes.filter(({ type }) => type === 'web');
      const one = all.find((process) => process.guid === back?.webProcessGuid) ?? all[0];
      const instances = one && one.instances > 0 ? await instancesOf(one.guid, world.platform) : [];
      const ready = instances.filter(isRoutable).length;
      const seen = { deployment, process: one, processes, instances, crashes: [] };
      const state = stateOf(seen);
      recordInstances(seen, intent.app, world);
      const { ran, down } = intent.before ?? {};
      const runs = !ran || ready >= (one?.instances ?? 0) - (down?.web ?? 0);
      const done = deployment.value === 'FINALIZED' && all.length === 1 && runs;
      return { state, ...(done ? { done } : {}) };
    },
  }).catch((error) => {
    if (!(error instanceof DeadlineOver)) throw error;
    throw new Stuck(
      error.message,
      `Nothing more is changed while the platform is at it. Look at the deployment ${guid} and at the instances of ${live.name}; then run again.`,
    );
  });
}

function known(deployment: Deployment | undefined, { intent }: AppWorld): Deployment {
  if (!deployment) throw new PlatformFault(`The deployment of ${intent.version} is not there.`, false);
  return deployment;
}
