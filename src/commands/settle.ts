/** Brings what an interrupted run left into one clean state before anything new begins. */
import { recalled } from '../engine/journal.js';
import { isHeld, type May, ownerOf, takeOver } from '../engine/lock.js';
import type { Snapshot } from '../model/cloud.js';
import { Refused, VersionFault } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { candidateName, isOfRollback } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { backward } from '../strategies/backward.js';
import { forward } from '../strategies/forward.js';
import { stayHeld } from '../strategies/hold.js';
import { type Way, wayOf } from '../strategies/settle.js';
import { pursue } from './pursue.js';

/** What became of a deploy that was held, or was to be. */
export interface SettledHeld {
  way: Way;
  intents: readonly Intent[];
}

export type Settled =
  /** What was done, in a sentence. */
  | {
      told: string;
      /** Names of the apps of which an interrupted rollback was finished. */
      rolledBack: readonly string[];
      /** undefined: it was no deploy with hold. */
      held?: SettledHeld;
    }
  /** The lock was taken over, and its deploy could not be brought to an end; `snapshot` is what was last seen. */
  | { error: unknown; snapshot: Snapshot };

/**
 * Takes the lock of a dead owner and ends its deploy, forward or back, for all apps that it was of.
 * @param mayTake whose lock may be taken without waiting; `ended`: nobody else's is taken
 * @returns undefined: nothing was left there
 * @throws before anything was changed: `Refused` when the owner lives, `PlatformFault`, `Cancelled`
 */
export async function settle(
  name: string,
  owner: string,
  world: World,
  mayTake?: May,
): Promise<Settled | undefined> {
  const first = await read(name, world);
  const recorded = first.lock && recalled(name, first.lock);
  const named = [...(recorded?.set ?? [name])].sort();
  const looks = await Promise.all(named.map((app) => (app === name ? first : read(app, world))));
  const own = looks.filter((look) => isOfOneDeploy(look, first));
  const set = own.map((look) => look.name);
  const taken: string[] = [];
  for (const { app, may } of inTurn(own, looks.length, mayTake)) {
    const tell = (text: string) => world.listener.tell({ type: 'note', text });
    if (await takeOver({ ...world, tell }, owner, () => read(app, world), may)) taken.push(app);
  }
  if (taken.length === 0) return undefined;
  try {
    const seen = await Promise.all(set.map((app) => read(app, world)));
    const mine = await stillThere(
      seen.filter((snapshot) => taken.includes(snapshot.name)),
      owner,
      world,
    );
    if (mine.length === 0) return undefined;
    const besides = seen.filter((snapshot) => isHeld(snapshot) && !mine.includes(snapshot));
    const unlocked = seen.filter(({ lock }) => !lock);
    const cancelled = mayTake !== undefined && 'ended' in mayTake;
    return await bringToItsEnd(mine, { besides, unlocked, cancelled }, owner, world);
  } catch (error) {
    return { error, snapshot: await read(name, world).catch(() => first) };
  }
}

/** A lock that its owner had asked to be deleted may go after it was taken over: then its deploy is over, and our taker goes too. */
async function stillThere(taken: readonly Snapshot[], owner: string, { platform }: World) {
  const outlived = taken.flatMap(({ lock, takers }) => (lock ? [] : takers));
  for (const taker of outlived) if (ownerOf(taker) === owner) await platform.deleteApp(taker.guid);
  return taken.filter(({ lock }) => lock !== undefined);
}

/** Whoever makes the locks of a deploy is the owner of all of them; another one's may stand where one is not made yet, or gone. */
function isOfOneDeploy({ lock: one }: Snapshot, { lock: other }: Snapshot): boolean {
  return !one || !other || ownerOf(one) === ownerOf(other);
}

/**
 * What is held is nobody's; where it is only a part of a deploy, somebody may be at work on the others: these come first.
 * @param count apps of the deploy when it began
 */
function inTurn(own: readonly Snapshot[], count: number, mayTake: May | undefined) {
  const held = own.filter(isHeld);
  const may = mayTake ?? (held.length < count ? ({ held: true } as const) : undefined);
  return [
    ...own.filter((look) => !isHeld(look)).map(({ name: app }) => ({ app, may: mayTake })),
    ...held.map(({ name: app }) => ({ app, may })),
  ];
}

function read(name: string, { platform, target }: World): Promise<Snapshot> {
  return takeSnapshot(platform, target, { name, wanted: [] });
}

/** Apps of the deploy that nobody has to bring to an end, and whether its user wants none of it any more. */
interface Beside {
  besides: readonly Snapshot[];
  unlocked: readonly Snapshot[];
  cancelled: boolean;
}

async function bringToItsEnd(
  set: readonly Snapshot[],
  { besides, unlocked, cancelled }: Beside,
  owner: string,
  world: World,
): Promise<Extract<Settled, { told: string }>> {
  const apps = set.map((snapshot): AppWorld => {
    const found = { ...nothingFound(), switchedAtMs: world.clock.now() };
    return { intent: { ...recordedOf(snapshot), owner }, snapshot, found };
  });
  const versions = [...new Set(apps.map(({ intent }) => intent.version))].join(', ');
  const goingBack = apps.filter(({ snapshot: { lock } }) => lock && isOfRollback(lock));
  const what = `An interrupted ${goingBack.length > 0 ? 'rollback to' : 'deploy of'} ${versions}`;
  const intents = apps.map(({ intent }) => intent);
  const ofHold = intents.some(({ hold }) => hold);
  const held = (how: Way) => (ofHold ? { held: { way: how, intents } } : {});
  const way = wayOf(set, besides, cancelled, unlocked);
  if (way === 'held') {
    await pursue({ world, apps, strategy: stayHeld, way: 'held' });
    return { told: `${what} is held again.`, rolledBack: [], ...held(way) };
  }
  if (way === 'forward') {
    try {
      await pursue({ world, apps, strategy: forward, way });
      const rolledBack = goingBack.map(({ intent }) => intent.app);
      return { told: `${what} was finished first.`, rolledBack, ...held(way) };
    } catch (error) {
      if (!(error instanceof VersionFault) && !isOvertaken(error)) throw error;
      const text = `${what} cannot be finished: ${error.message}`;
      world.listener.tell({ type: 'note', text });
    }
  }
  await pursue({ world, apps, strategy: backward, way: 'back' });
  return { told: `${what} was taken back first.`, rolledBack: [], ...held('back') };
}

/** Another hand has a version of its own for live: the interrupted one is not finished over it. */
function isOvertaken(error: unknown): error is Refused {
  return error instanceof Refused && error.code === 'live-changed';
}

function recordedOf({ name, lock: left }: Snapshot): Intent {
  const intent = left && recalled(name, left);
  if (intent) return intent;
  const lock = candidateName(name);
  throw new Refused(
    `${lock} was left by an interrupted run, and its journal cannot be read.`,
    `See with "cf app ${lock}" whether it serves; delete it when it does not, then run again.`,
    'journal',
  );
}
