/** Forward, and where that fails back: the whole change of one set of apps. */
import type { RouterOverride } from '../model/asked.js';
import { Cancelled, DeadlineOver, PlatformFault, PlatformRefusal, Stuck } from '../model/errors.js';
import type { AppWorld, World } from '../steps/world.js';
import { backOut } from '../strategies/back-out.js';
import { blueGreen, isLive } from '../strategies/blue-green.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { areServing, pursue, refresh } from './pursue.js';

export interface RollOut {
  apps: AppWorld[];
  world: World;
  /** Ceiling of the way forward. */
  timeoutMs?: number;
  router?: RouterOverride;
}

/** Throws what failed before the first change; everything later is in the outcome. */
export async function rollOut({ apps, world, timeoutMs, router }: RollOut): Promise<Outcome> {
  const shown = () => apps.map((app) => outcomeOf(app, router));
  try {
    await within(timeoutMs, world, (limited) =>
      pursue({ world: limited, apps, strategy: blueGreen, way: 'forward' }),
    );
    return { result: 'deployed', apps: shown() };
  } catch (error) {
    await tryToSee(apps, world);
    if (!apps.some(({ found }) => found.locked)) throw error;
    if (!leadsBack(error, apps)) return { result: 'failed', error, apps: shown() };
    world.listener.tell({ type: 'warning', text: 'Going back to the state from before.' });
    try {
      const ours = apps.filter(({ found }) => found.locked);
      await pursue({ world, apps: ours, strategy: backOut, way: 'back' });
      return { result: 'reverted', error, apps: shown() };
    } catch (second) {
      await tryToSee(apps, world);
      return { result: 'failed', error, second, apps: shown() };
    }
  }
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
  try {
    await work({ ...world, signal, probe: { ...world.probe, signal } });
  } finally {
    ended.abort();
    await timer;
  }
}

/** For what is told at the end, and for the way back, which reads again before it does anything. */
async function tryToSee(apps: readonly AppWorld[], world: World): Promise<void> {
  await Promise.all(apps.map((app) => refresh(app, world))).catch(() => undefined);
}

/**
 * A cancelled run has no time left: the next one settles. Once all candidates serve, only a sign against the version leads
 * back; once live is drained, nothing does.
 */
function leadsBack(error: unknown, apps: readonly AppWorld[]): boolean {
  if (error instanceof Cancelled || error instanceof Stuck) return false;
  const final = apps.some(
    ({ intent, snapshot }) => isLive(intent, snapshot) || snapshot.candidate?.phase === 'drained',
  );
  const ofThePlatform =
    error instanceof PlatformFault || error instanceof PlatformRefusal || error instanceof DeadlineOver;
  return !final && !(ofThePlatform && areServing(apps));
}
