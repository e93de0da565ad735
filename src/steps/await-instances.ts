import type { AppState, CrashEvent, Instance, Process } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, VersionFault } from '../model/errors.js';
import { once } from '../platform/ahead.js';
import { crashText } from './evidence.js';
import { ROOM_WAIT_MS, Shortage, saysNoRoom } from './room.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, type StepKind, type World } from './world.js';

export interface Health {
  /** One line, the same as long as nothing changed. */
  state: string;
  ready: boolean;
  crashes: number;
  /** Why no waiting will heal it. */
  hopeless?: string;
  /** What the platform says of having no room. */
  full?: string;
}

/** Crashes of one version after which the platform's own restarts are no hope any more. */
const CRASHES_BORNE = 2;

/** Waits until every instance of every process runs and is routable; on the way back as many as when the deploy began. */
export const awaitInstances: StepKind<Step & { do: 'await-instances' }> = {
  title: ({ side }) => `wait for all instances of ${side}`,
  plan: ({ side }) => [
    `GET /v3/apps/<${side}>/processes, GET /v3/processes/<process>/stats until all are RUNNING and routable`,
  ],
  run: async ({ side }, app, world) => {
    const startedAtMs = world.clock.now();
    const seen = appOn(side, app);
    const { name, processes } = seen;
    const sinceMs = side === 'candidate' ? begunAtMs(app) : world.platform.platformNowMs();
    // What hands over has instances that never ran yet, and nobody works meanwhile: back is the shorter way.
    const isHandedOver = app.intent.handover !== undefined;
    const { phase } = app.snapshot.candidate ?? {};
    const serves = side === 'candidate' && (phase === 'serving' || phase === 'released') && !isHandedOver;
    const isBack = side === 'live' && app.snapshot.lock?.phase === 'reverting';
    const down = (isBack && app.intent.before?.down) || {};
    let last: Pick<Health, 'crashes' | 'full'> = { crashes: 0 };
    const shortage = new Shortage();
    // Once it serves, only a crash is a sign against the version: instances that are moved or find no room are the platform's.
    const faultOf = (why: string) =>
      serves && last.crashes === 0 ? new PlatformFault(why, false) : new VersionFault(why, codeOf(last));
    await waitFor(world, {
      what: `the instances of ${name}`,
      deadlineMs: startedAtMs + (world.startTimeoutMs ?? startLimitMs(processes)),
      look: async () => {
        const health = await lookAt(world, seen, sinceMs, shortage.lasts(world.clock.now()), down);
        shortage.note(health.full, world.clock.now());
        last = health;
        if (health.hopeless) throw faultOf(health.hopeless);
        return { state: health.state, ...(health.ready ? { done: true } : {}) };
      },
    }).catch((error) => {
      throw error instanceof DeadlineOver ? faultOf(error.message) : error;
    });
    if (side !== 'candidate') return;
    const atMs = world.clock.now();
    app.found.bootMs ??= atMs - startedAtMs;
    app.found.seenUp = { atMs, crashes: last.crashes };
  },
};

/** A version that goes live again may have crashed in its life before: its lock is as old as this change. */
function begunAtMs(app: AppWorld): number {
  return Math.max(appOn('candidate', app).createdAtMs, app.snapshot.lock?.createdAtMs ?? 0);
}

/** Without a crash nothing speaks against the version itself. */
export function codeOf({ crashes, full }: Pick<Health, 'crashes' | 'full'>): 'no-room' | 'start' {
  return full !== undefined && crashes === 0 ? 'no-room' : 'start';
}

const STAY_LEAST_MS = 3_000;
const STAY_MOST_MS = 15_000;
const STAY_PAUSE_MS = 700;

/** All instances keep running, for as long as they took to boot (within bounds), without a crash. */
export const stayUp: StepKind<Step & { do: 'stay-up' }> = {
  title: () => 'see that all instances stay up',
  plan: () => ['GET /v3/processes/<process>/stats and crash events, for a while'],
  run: async (_step, app: AppWorld, world) => {
    const candidate = appOn('candidate', app);
    const { name, processes } = candidate;
    const sinceMs = begunAtMs(app);
    const windowMs = stayMs(app.found.bootMs);
    const deadlineMs = world.clock.now() + windowMs + (world.startTimeoutMs ?? startLimitMs(processes));
    const begunMs = world.clock.now();
    const { seenUp } = app.found;
    // The look that ended the wait for them was the first of these, unless something came in between.
    const goesOn = seenUp !== undefined && begunMs - seenUp.atMs < STAY_PAUSE_MS;
    let upSinceMs = goesOn ? seenUp.atMs : begunMs;
    let crashes = goesOn ? seenUp.crashes : -1;
    for (;;) {
      const health = await lookAt(world, candidate, sinceMs, world.clock.now() - upSinceMs);
      if (health.hopeless) throw new VersionFault(health.hopeless, codeOf(health));
      if (!health.ready || (crashes >= 0 && health.crashes > crashes)) upSinceMs = world.clock.now();
      crashes = health.crashes;
      const leftMs = upSinceMs + windowMs - world.clock.now();
      if (leftMs <= 0) return;
      if (world.clock.now() >= deadlineMs) {
        throw new VersionFault(`The instances of ${name} do not stay up: ${health.state}`, 'start');
      }
      await world.clock.sleep(Math.min(STAY_PAUSE_MS, leftMs), world.signal);
    }
  },
};

const LOOK_PAUSE_MS = 2_000;

/** The candidate, which nobody can ask, is watched by what its instances do. Throws `VersionFault` when they do not stay up. */
export async function keepRunning(app: AppWorld, world: World, windowMs: number): Promise<void> {
  const candidate = appOn('candidate', app);
  const { name, processes } = candidate;
  const { platform, clock, signal, startTimeoutMs } = world;
  const sinceMs = platform.platformNowMs();
  const untilMs = clock.now() + windowMs;
  const deadlineMs = untilMs + (startTimeoutMs ?? startLimitMs(processes));
  for (;;) {
    const health = await lookAt(world, candidate, sinceMs, 0);
    const nowMs = clock.now();
    const fails = health.crashes > CRASHES_BORNE || nowMs >= deadlineMs;
    if (fails && !(health.ready && health.crashes <= CRASHES_BORNE))
      throw new VersionFault(`The instances of ${name} do not stay up: ${health.state}`, 'start');
    if (health.ready && nowMs >= untilMs) return;
    await clock.sleep(Math.max(200, Math.min(LOOK_PAUSE_MS, untilMs - nowMs)), signal);
  }
}

/** @param bootMs how long the instances took to run; undefined when another run waited for it. Milliseconds. */
export function stayMs(bootMs: number | undefined): number {
  return Math.min(STAY_MOST_MS, Math.max(STAY_LEAST_MS, bootMs ?? STAY_MOST_MS));
}

/**
 * How long all instances may take: the slowest health check twice (an instance may be placed again), a minute for the
 * platform, and a little for each instance. Milliseconds. 60 s is the platform's own default for a first healthy answer.
 */
export function startLimitMs(processes: readonly Pick<Process, 'instances' | 'healthCheck'>[]): number {
  const slowestS = Math.max(0, ...processes.map(({ healthCheck }) => healthCheck.timeoutS ?? 60));
  const instances = processes.reduce((sum, process) => sum + process.instances, 0);
  return 2 * slowestS * 1_000 + 60_000 + instances * 2_000;
}

/** @param seen as the snapshot has it: the instances of what it names are asked for together with what there is now */
async function lookAt(
  { platform }: World,
  seen: Pick<AppState, 'guid' | 'processes'>,
  sinceMs: number,
  shortMs: number,
  down: Down = {},
): Promise<Health> {
  const likely = seen.processes.filter(({ instances }) => instances > 0).map(({ guid }) => guid);
  const instancesOf = once((guid) => platform.instances(guid), likely);
  const [processes, crashes] = await Promise.all([
    platform.processes(seen.guid),
    platform.crashes(seen.guid, sinceMs),
  ]);
  const now = await Promise.all(
    processes.map(async (process) => ({
      process,
      instances: process.instances > 0 ? await instancesOf(process.guid) : [],
    })),
  );
  return healthOf(now, crashes, shortMs, down);
}

/** By process type, how many instances need not run. */
type Down = Readonly<Record<string, number>>;

/**
 * What the instances and crashes of one app say. Pure.
 * @param shortMs how long there has been no room by now
 */
export function healthOf(
  seen: readonly { process: Pick<Process, 'type' | 'instances'>; instances: readonly Instance[] }[],
  crashes: readonly CrashEvent[],
  shortMs: number,
  down: Down = {},
): Health {
  const all = seen.flatMap(({ instances }) => instances);
  const isReady = (one: Instance) => one.state === 'RUNNING' && one.routable !== false;
  const wanted = seen.reduce((sum, { process }) => sum + process.instances, 0);
  const ready = seen.reduce(
    (sum, { process, instances }) => sum + Math.min(process.instances, instances.filter(isReady).length),
    0,
  );
  const others = all
    .filter((one) => !isReady(one))
    .map((one) => (one.state === 'RUNNING' ? 'not routable' : one.state));
  const details = [...new Set(all.flatMap((one) => (isReady(one) ? [] : (one.details ?? []))))];
  const last = crashes[0] ? `, last crash: ${crashText(crashes[0])}` : '';
  const state = `instances ready ${ready}/${wanted}${tally(others)}${details.length > 0 ? `, ${details.join(', ')}` : ''}${last}`;
  const enough = seen.every(({ process, instances }) => {
    const count = Math.max(0, process.instances - (down[process.type] ?? 0));
    return instances.filter(isReady).length >= count;
  });
  const seenSoFar = { state, ready: enough, crashes: crashes.length };
  if (enough) return seenSoFar;
  const full = details.find(saysNoRoom);
  // What crashed before goes on crashing.
  if (crashes.length > CRASHES_BORNE && Object.keys(down).length === 0) {
    return { ...seenSoFar, hopeless: `It crashed ${crashes.length} times. ${state}` };
  }
  if (full === undefined) return seenSoFar;
  const hopeless = shortMs > ROOM_WAIT_MS ? { hopeless: `The platform has no room: ${full}` } : {};
  return { ...seenSoFar, full, ...hopeless };
}

function tally(states: readonly string[]): string {
  const kinds = [...new Set(states)].map(
    (kind) => `${states.filter((one) => one === kind).length} ${kind.toLowerCase()}`,
  );
  return kinds.length > 0 ? ` (${kinds.join(', ')})` : '';
}
