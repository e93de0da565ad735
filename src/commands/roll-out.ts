/** Forward, and where that fails back: the whole change of one set of apps. */
import { holderOf, ownerOf } from '../engine/lock.js';
import type { RouterOverride } from '../model/asked.js';
import {
  Cancelled,
  DeadlineOver,
  PlatformFault,
  PlatformRefusal,
  Stuck,
  VersionFault,
} from '../model/errors.js';
import { isActive, rollOf } from '../steps/deployments.js';
import type { AppWorld, World } from '../steps/world.js';
import { backward } from '../strategies/backward.js';
import { isLive } from '../strategies/blue-green.js';
import { isHeldCanary } from '../strategies/canary.js';
import { forward } from '../strategies/forward.js';
import { isBetween, isHandingOver } from '../strategies/handover.js';
import { stayHeld } from '../strategies/hold.js';
import { mayGoBackQuickly, quickBack } from '../strategies/quick-back.js';
import { reached } from '../strategies/view.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { pursue, refresh } from './pursue.js';
import { areServing, regainLock } from './still-ours.js';

/** How a change of live is called that went well. */
export type Done =
  | 'deployed'
  | 'held'
  | 'promoted'
  | 'aborted'
  | 'previewed'
  | 'deleted'
  | 'rolled-back'
  | 'restarted';

export interface RollOut {
  apps: AppWorld[];
  world: World;
  /** Ceiling of the way forward. */
  timeoutMs?: number;
  router?: RouterOverride;
  /** How it is called when it went well. */
  result?: Done;
}

/** Throws what failed before the first change; everything later is in the outcome. */
export async function rollOut({
  apps,
  world,
  timeoutMs,
  router,
  result = 'deployed',
}: RollOut): Promise<Outcome> {
  const shown = () => apps.map((app) => outcomeOf(app, router));
  try {
    await within(timeoutMs, world, (limited) =>
      pursue({ world: limited, apps, strategy: forward, way: 'forward' }),
    );
    return { result, apps: shown() };
  } catch (error) {
    const isCancelled = error instanceof Cancelled;
    const left = isCancelled ? afterwards(world) : world;
    if (isCancelled) await turnAround(apps, left);
    const seen = await tryToSee(apps, left);
    const touched = apps.filter((app) => isTouched(app, seen));
    if (touched.length === 0) throw error;
    const ours = touched.filter((app) => !isLost(app));
    if (ours.length === 0 || !leadsBack(error, apps)) return { result: 'failed', error, apps: shown() };
    try {
      if (ours.every((app) => staysHeld(app, error))) {
        world.listener.tell({ type: 'warning', text: 'Nothing was switched: it stays held.' });
        await pursue({ world: left, apps: ours, strategy: stayHeld, way: 'held' });
        return { result: 'refused', error, apps: shown() };
      }
      world.listener.tell({ type: 'warning', text: 'Going back to the state from before.' });
      for (const app of ours) await regainLock(app, left);
      const strategy = isCancelled ? quickBack : backward;
      await pursue({ world: left, apps: ours, strategy, way: 'back' });
      const isBack = ours.length === touched.length && ours.every((app) => isAsBefore(app) && isDone(app));
      return { result: isBack ? 'reverted' : 'failed', error, apps: shown() };
    } catch (second) {
      await tryToSee(apps, left);
      // The time of a cancelled run was over: whoever settles goes on.
      const isCut = isCancelled && second instanceof Cancelled;
      return { result: 'failed', error, ...(isCut ? {} : { second }), apps: shown() };
    }
  }
}

/** A cancelled run has its calls and waits cut already; these are cut when its last seconds are over. */
function afterwards(world: World): World {
  return { ...world, ...world.afterSignal, probe: { ...world.probe, signal: world.afterSignal.signal } };
}

/** No step of the way back is left, those included that a cancelled run has no time for. */
function isDone({ intent, snapshot }: AppWorld): boolean {
  return Object.keys(backward(intent, snapshot)).length === 0;
}

/** Another hand may have brought its own version to live. */
function isAsBefore({ intent: { inPlace, before }, snapshot: { live } }: AppWorld): boolean {
  const isUnknown = !inPlace && before?.dropletGuid === undefined;
  return isUnknown || live?.currentDropletGuid === before?.dropletGuid;
}

/**
 * Where live is changed in place there is no time for more: the platform goes back by itself, and whoever settles puts back the
 * rest. What is not answered in time is as good as not done: whoever settles looks.
 */
async function turnAround(apps: readonly AppWorld[], { platform, listener }: World): Promise<void> {
  const rolls = apps.flatMap(({ intent, snapshot }) => {
    const roll = intent.inPlace && rollOf(intent, snapshot);
    // A canary that is held stays so: the run that was to promote it has not let it go on.
    const isHeld = isHeldCanary(intent, snapshot);
    return roll && !isHeld && isActive(roll) && roll.reason !== 'CANCELING'
      ? [{ app: intent.app, guid: roll.guid }]
      : [];
  });
  const cancels = rolls.map(async ({ app, guid }) => {
    await platform.cancelDeployment(guid);
    const text = `Deployment ${guid} of ${app} is cancelled: the platform brings the instances from before back.`;
    listener.tell({ type: 'warning', text });
  });
  await Promise.allSettled(cancels);
}

/** Waits and probes end when the time is over; a call that was begun is not cut, so that its answer is known. */
async function within(timeoutMs: number | undefined, world: World, work: (limited: World) => Promise<void>) {
  if (timeoutMs === undefined) return work(world);
  const over = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([world.signal, over.signal]);
  const timer = world.clock.sleep(timeoutMs, ended.signal).then(
    () => over.abort(new DeadlineOver(`The timeout of ${timeoutMs / 1_000} s is over.`)),
    () => undefined,
  );
  const deadlineMs = world.clock.now() + timeoutMs;
  try {
    await work({ ...world, deadlineMs, signal, probe: { ...world.probe, signal } });
  } finally {
    ended.abort();
    await timer;
  }
}

/**
 * For what is told at the end, and for the way back, which reads again before it does anything.
 * @returns whether all of it could be read
 */
async function tryToSee(apps: readonly AppWorld[], world: World): Promise<boolean> {
  const looks = await Promise.allSettled(apps.map((app) => refresh(app, world)));
  return looks.every(({ status }) => status === 'fulfilled');
}

/** Something of this deploy is on the platform, or may be: a lock whose answer was lost, and nobody could look. */
function isTouched({ intent, snapshot, found }: AppWorld, seen: boolean): boolean {
  const holder = holderOf(snapshot);
  const holds = holder !== undefined && ownerOf(holder) === intent.owner;
  return found.locked || holds || (found.begun === true && !seen);
}

/** A promote that did not come to the switch: somebody may mend what failed, and promote again. */
function staysHeld({ intent, snapshot }: AppWorld, error: unknown): boolean {
  const { hold, until } = intent;
  const { candidate } = snapshot;
  // Users are on a canary: one that was found bad goes back.
  if (candidate?.phase === 'paused')
    return !(error instanceof VersionFault) && isHeldCanary(intent, snapshot);
  if (isHandingOver(candidate)) return false;
  return hold && until === 'live' && reached(candidate, 'held') && !reached(candidate, 'switching');
}

/** Another run has taken the lock over: it brings the deploy to its end, and nothing is ours to change. */
function isLost({ intent, snapshot }: AppWorld): boolean {
  const holder = snapshot.lock && holderOf(snapshot);
  return holder !== undefined && ownerOf(holder) !== intent.owner;
}

/**
 * A cancelled run goes back as far as that is quick, all of its apps or none: else the next one settles. Once all candidates
 * serve, only a sign against the version leads back; once live is drained, nothing does.
 */
function leadsBack(error: unknown, apps: readonly AppWorld[]): boolean {
  if (error instanceof Stuck) return false;
  if (error instanceof Cancelled)
    return apps.every(({ intent, snapshot }) => mayGoBackQuickly(intent, snapshot));
  const final = apps.some(
    ({ intent, snapshot }) => isLive(intent, snapshot) || snapshot.candidate?.phase === 'drained',
  );
  const ofThePlatform =
    error instanceof PlatformFault || error instanceof PlatformRefusal || error instanceof DeadlineOver;
  const isBetweenTwo = apps.some(({ intent, snapshot }) => isBetween(intent, snapshot));
  return !final && !(ofThePlatform && areServing(apps) && !isBetweenTwo);
}
