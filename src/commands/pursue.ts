/** Pursues a strategy for a set of apps: the engine's loop, with our steps and snapshots. */
import { allOf, converge } from '../engine/converge.js';
import { type Heartbeat, startHeartbeat } from '../engine/heartbeat.js';
import { DEAD_AFTER_MS, HEARTBEAT_MS, holderOf, ownerOf } from '../engine/lock.js';
import type { Snapshot } from '../model/cloud.js';
import { PlatformFault, Stuck, VersionFault } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { withLastWords } from '../steps/evidence.js';
import { heedWatch } from '../steps/heed.js';
import { perform, titleOf } from '../steps/index.js';
import type { AppStep, Stage, StepGroup, Work } from '../steps/step.js';
import type { AppWorld, World } from '../steps/world.js';
import { isLive } from '../strategies/blue-green.js';
import type { Way } from '../strategies/settle.js';
import { reached } from '../strategies/view.js';
import { able, chainsOf, groups } from '../strategies/work.js';
import { allowanceGate, patienceForCalls } from './allowance.js';
import { leaveBehind, mayBeLeft } from './left-behind.js';
import { areServing, assertNoOther, assertOurs } from './still-ours.js';

export type Strategy = (intent: Intent, snapshot: Snapshot) => Work;

export interface Pursuit {
  world: World;
  apps: readonly AppWorld[];
  strategy: Strategy;
  way: Way;
}

/** Steps of one group that run at a time: what one connection pool bears, and far below the platform's rate limit. */
export const LANES = 20;
/** The platform's own outages and updates are over within minutes. */
const FAULTS_BORNE_MS = 3 * 60_000;
/** Once the candidate serves, forward is the only way: it is worth more patience. */
const FAULTS_BORNE_SERVING_MS = 15 * 60_000;

/**
 * Until nothing is left to do. Throws what leads the deploy back (`VersionFault`, `Refused`, …), `PlatformFault` when the
 * platform's faults outlast all patience, `Stuck` when nothing is safe, `Cancelled`.
 */
export async function pursue({ world, apps, strategy, way }: Pursuit): Promise<void> {
  const { clock, signal, listener, platform } = world;
  // What was a lock may have become live by what was written last: until that is read, nothing is written to it from aside.
  let unread = false;
  const held = () =>
    apps.flatMap(({ intent, snapshot, found }) => {
      if (unread) return [];
      const holder = holderOf(snapshot);
      if (!holder) return found.made === undefined ? [] : [found.made.guid];
      return isTaken(found) && ownerOf(holder) === intent.owner ? [holder.guid] : [];
    });
  const heartbeat = startHeartbeat(world, held, () => areOurs(apps, world));
  const left = new Set<Stage>();
  let stage: Stage | undefined;
  const ahead = () => {
    const stuck: Stuck[] = [];
    const parts = apps
      .filter((one) => !isOver(one))
      .map(({ intent, snapshot }) => {
        const part = { app: intent.app, turn: intent.turn, isStuck: false };
        try {
          return { ...part, work: strategy(intent, snapshot) };
        } catch (error) {
          // One that has nothing to go back to does not keep the others on a version that may be bad.
          if (way !== 'back' || !(error instanceof Stuck)) throw error;
          stuck.push(error);
          return { ...part, work: {}, isStuck: true };
        }
      });
    const next = groups(able(parts), way === 'back' ? 'back' : 'forward').filter(
      (group) => !left.has(group.stage),
    );
    if (stuck[0] && next.length === 0) throw stuck[0];
    return next;
  };
  const look = async () => {
    stage = undefined;
    const askedAtMs = clock.now();
    await allOf(apps, LANES, (app) => refresh(app, world));
    unread = false;
    assertFresh(askedAtMs, heartbeat, world);
    assertHeard(heartbeat, world);
    for (const app of apps.filter((one) => !isOver(one))) {
      assertOurs(app, way);
      delete app.found.made;
      if (way === 'forward' && isSwitched(app)) {
        await hearing(app, way, world, async () => heedWatch(app, world));
      }
    }
  };
  const leads = way === 'forward' ? way : 'back';
  const mustWait = allowanceGate(world, leads);
  const pursuit = converge<StepGroup>(
    {
      refresh: async () => {
        for (;;) {
          const { sent } = platform.allowance();
          await look();
          if (!(await mustWait(apps, ahead(), platform.allowance().sent - sent))) return;
        }
      },
      next: () => ahead()[0],
      perform: (group) => {
        stage = group.stage;
        const work = () => performGroup(group, { apps, world, way });
        if (!LAST_WRITES.includes(group.stage)) return work();
        unread = true;
        return heartbeat.hold(work);
      },
      nameOf: (group) => titleFor(group, apps),
      insists: () => way === 'forward' && areServing(apps),
      leave: (group, error) => {
        if (way !== 'forward' || !mayBeLeft(group.stage)) return false;
        left.add(group.stage);
        leaveBehind(group, error, apps, world);
        return true;
      },
    },
    {
      clock,
      signal,
      faultsMs: () => {
        const insists = way === 'forward' && areServing(apps) && !(stage && mayBeLeft(stage));
        return insists ? FAULTS_BORNE_SERVING_MS : FAULTS_BORNE_MS + patienceForCalls(apps, world, leads);
      },
      tell: (text) => listener.tell({ type: 'note', text }),
    },
  );
  await pursuit.finally(heartbeat.stop);
}

/** Stages that give a candidate's name away. */
const LAST_WRITES: readonly Stage[] = ['retire', 'crown'];

/** Production routes have the candidate, and nothing is final yet. */
function isSwitched({ snapshot }: AppWorld): boolean {
  return reached(snapshot.candidate, 'switching') && !reached(snapshot.candidate, 'drained');
}

/** Puts a fresh snapshot into the app's world. */
export async function refresh(app: AppWorld, world: Pick<World, 'platform' | 'target'>) {
  app.snapshot = await seen(app, world);
  const { candidate } = app.snapshot;
  if (candidate) app.found.candidate = candidate.guid;
}

function seen(
  { intent, snapshot, found: { made } }: AppWorld,
  { platform, target }: Pick<World, 'platform' | 'target'>,
) {
  const { app, production, trials } = intent;
  const wanted = [...production, ...trials.map(({ route }) => route)];
  // Only by what is asked for first of all: what was made is the candidate, unless it is the lock alone.
  const candidate = made && !intent.target ? { ...made, processes: [], env: {} } : undefined;
  const last = candidate ? { ...snapshot, candidate } : snapshot;
  return takeSnapshot(platform, target, { name: app, wanted, last });
}

function isTaken({ locked, made }: AppWorld['found']): boolean {
  return locked || made !== undefined;
}

/** Whether each lock that this run has is its own by what the platform says now. What was read before is left as it is. */
async function areOurs(apps: readonly AppWorld[], world: World): Promise<boolean> {
  const ours = await Promise.all(
    apps
      .filter(({ found }) => isTaken(found))
      .map(async (app) => {
        const holder = holderOf(await seen(app, world));
        return holder !== undefined && ownerOf(holder) === app.intent.owner;
      }),
  );
  return ours.every((one) => one);
}

/**
 * What was asked for before this process slept, or the platform stood still, may be another run's by now: it is read again. Many
 * apps take their time where each answer does: as long as signs of life get through, nobody else has written.
 */
function assertFresh(askedAtMs: number, { steadySinceMs }: Heartbeat, { clock }: World): void {
  const readMs = clock.now() - askedAtMs;
  if (readMs < DEAD_AFTER_MS / 2 || (steadySinceMs() ?? clock.now()) <= askedAtMs) return;
  throw new PlatformFault(
    `Reading the platform took ${Math.round(readMs / 1_000)} s: too old to act on.`,
    false,
  );
}

/** Whoever waits for our lock may take us for dead soon: nothing more is written until a sign of life got through. */
function assertHeard({ silentSinceMs }: Heartbeat, { clock }: World): void {
  const since = silentSinceMs();
  if (since === undefined || clock.now() - since < DEAD_AFTER_MS / 2) return;
  throw new PlatformFault('The platform takes no sign of life of this run.', false);
}

/** Its version is live, and the lock that is there by now is the next run's. */
function isOver({ intent, snapshot }: AppWorld): boolean {
  const holder = snapshot.lock && holderOf(snapshot);
  return isLive(intent, snapshot) && holder !== undefined && ownerOf(holder) !== intent.owner;
}

type Performance = Pick<Pursuit, 'apps' | 'world' | 'way'>;

async function performGroup(group: StepGroup, performance: Performance): Promise<void> {
  const { apps, world, way } = performance;
  const { listener, clock } = world;
  const startedMs = clock.now();
  listener.tell({ type: 'group-start', title: titleFor(group, apps), stage: group.stage, way });
  let ok = false;
  try {
    const early = beside(group.steps.filter(isEarly), performance);
    const others = group.steps.filter((one) => !isEarly(one));
    await allOf(others, LANES, (one) => performOne(one, performance));
    await allOf(chainsOf(group), LANES, async (chain) => {
      if (group.stage === 'lock') return takeLocks(chain, performance);
      for (const one of chain) await performOne(one, performance);
    });
    await early();
    ok = true;
  } finally {
    listener.tell({ type: 'group-end', ok, durationMs: clock.now() - startedMs });
  }
}

/** Whether the ones before are still ours is looked at soon: what is left by then, or after this process slept, is asked for anew. */
async function takeLocks(locks: readonly AppStep[], performance: Performance): Promise<void> {
  const { clock, signal } = performance.world;
  const untilMs = clock.now() + HEARTBEAT_MS;
  for (const one of locks) {
    await performOne(one, performance);
    signal.throwIfAborted();
    if (clock.now() >= untilMs) return;
  }
}

/** What the platform has not answered for so long after all others is left to it: nobody heeds a bad sign meanwhile. */
const EARLY_MS = 1_000;

/** Begins them. Whoever goes back does not wait for them. @returns waits a little for their end */
function beside(steps: readonly AppStep[], performance: Performance): () => Promise<void> {
  const { clock } = performance.world;
  const early = allOf(steps, LANES, (one) => performOne(one, performance));
  early.catch(() => undefined);
  return async () => {
    const ended = new AbortController();
    const patience = steps.length > 0 ? [clock.sleep(EARLY_MS, ended.signal)] : [];
    await Promise.race([early, ...patience]).finally(() => ended.abort());
  };
}

/** Asked for only, beside the others: what becomes of it decides nothing. */
function isEarly({ step }: AppStep): boolean {
  return 'early' in step && step.early === true;
}

async function performOne({ app, step }: AppStep, { apps, world, way }: Performance): Promise<void> {
  const one = worldOf(app, apps);
  if (step.do === 'make-candidate') one.found.begun = true;
  // What is before it may take long, and nothing leads back once it is written down.
  if (way === 'forward' && step.do === 'mark' && step.phase === 'drained')
    assertNoOther({ ...one, snapshot: await seen(one, world) });
  await hearing(one, way, world, () => perform(step, one, world));
  // Known though the next read should fail: whether a fault leads forward or back hangs on it.
  const { candidate, lock } = one.snapshot;
  const { phase } = step.do === 'mark' ? step : {};
  if (phase && candidate && lock)
    one.snapshot = { ...one.snapshot, lock: { ...lock, phase }, candidate: { ...candidate, phase } };
  if (step.do === 'rename' && step.side === 'candidate') giveAway(one);
}

/** A sign of life before the next read would stay on the app that has given the lock's name away. */
function giveAway(app: AppWorld): void {
  const { lock, ...rest } = app.snapshot;
  if (lock?.guid === rest.candidate?.guid) app.snapshot = rest;
}

/**
 * A fault comes with the last words of the app that has it, whichever step met it: forward the candidate, back live. An app that
 * is changed in place has both versions.
 */
async function hearing(app: AppWorld, way: Pursuit['way'], world: World, work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    const { inPlace } = app.intent;
    const isInLive = way !== 'forward' || (inPlace && reached(app.snapshot.candidate, 'switching'));
    const faulty = app.snapshot[isInLive ? 'live' : 'candidate'];
    if (!(error instanceof VersionFault && faulty)) throw error;
    throw await withLastWords(error, faulty, world.platform);
  }
}

function worldOf(app: string, apps: readonly AppWorld[]): AppWorld {
  const one = apps.find(({ intent }) => intent.app === app);
  if (!one) throw new Error(`no app ${app} in this deploy`);
  return one;
}

/** As long as it fits into a line; the steps of a group are of one kind mostly. */
function titleFor(group: StepGroup, apps: readonly AppWorld[]): string {
  const titles = [...group.steps, ...group.after].map(({ app, step }) =>
    titleOf(step, worldOf(app, apps).intent),
  );
  const names = [...new Set([...group.steps, ...group.after].map(({ app }) => app))].join(', ');
  return `${names}: ${titleOfAll(titles)}`;
}

/** Titles of steps that are done together, in a line. */
export function titleOfAll(titles: readonly string[]): string {
  const [first = '', ...rest] = [...new Set(titles)];
  const more = rest.length > 2 ? [rest[0], `${rest.length - 1} more`] : rest;
  return [first, ...more].join(', ');
}
