/** The lock's life: whose it is, whether the owner is alive, how it passes on. */
import type { App, Snapshot } from '../model/cloud.js';
import { PlatformFault, Refused } from '../model/errors.js';
import type { Clock } from '../model/ports.js';
import { isWaiting } from '../model/words.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION, appKey, LABEL, takerName, takerNumber } from '../platform/names.js';

export const HEARTBEAT_MS = 10_000;
/** An owner that was silent for so long is dead: three heartbeats lost, and one more on its way. */
export const DEAD_AFTER_MS = 4 * HEARTBEAT_MS;
/** Who has missed one beat is asked for elsewhere: a run that has ended beats no more. */
export const ASK_AFTER_MS = 1.5 * HEARTBEAT_MS;
const LOOK_MS = 2_000;
/** Whoever waits for a whole deploy looks less often. */
const WAITING_LOOK_MS = 5_000;

/** What is read of a lock: the lock app, and those that took it over. */
export type Holding = Pick<Snapshot, 'name' | 'target' | 'lock' | 'takers'>;

/**
 * The app of whoever may write: the highest taker, else the lock itself. A taker of a lock that is gone holds nothing of the one
 * that came after it. Without a lock: the taker that outlived it, to be deleted only. Pure.
 */
export function holderOf({ lock, takers }: Pick<Holding, 'lock' | 'takers'>): App | undefined {
  if (!lock) return takers[0];
  return takers.find((taker) => isOver(taker, lock)) ?? lock;
}

function isOver({ annotations }: App, lock: App): boolean {
  return annotations[ANNOTATION.takenFrom] === lock.guid;
}

export function ownerOf(holder: App): string {
  return holder.labels[LABEL.owner] ?? 'unknown';
}

/** The owner's last sign of life, by the platform's clock. */
export function lastSignMs(holder: App): number {
  const beat = Number(holder.annotations[ANNOTATION.heartbeat]);
  return Number.isFinite(beat) && beat > 0 ? beat : holder.createdAtMs;
}

/**
 * Whether the owner of `now` lives. A sign that says to be from the future is as old as our knowledge of it. Pure.
 * @param first how the holder was first seen by us
 * @param firstSeenMs when that was, by the platform's clock
 */
export function ownerState(
  first: App,
  firstSeenMs: number,
  now: App,
  platformNowMs: number,
): 'alive' | 'dead' | 'unsure' {
  if (ownerOf(first) !== ownerOf(now) || lastSignMs(first) !== lastSignMs(now)) return 'alive';
  return silenceMs(now, firstSeenMs, platformNowMs) > DEAD_AFTER_MS ? 'dead' : 'unsure';
}

function silenceMs(holder: App, firstSeenMs: number, platformNowMs: number): number {
  return platformNowMs - Math.min(lastSignMs(holder), firstSeenMs);
}

/** A held deploy waits for its end without a sign of life; who has taken it over lives or dies as any other. Pure. */
export function isHeld(holding: Pick<Holding, 'lock' | 'takers'>): boolean {
  const { lock } = holding;
  return isWaiting(lock?.labels[LABEL.phase]) && holderOf(holding)?.guid === lock?.guid;
}

export interface LockPorts {
  platform: Platform;
  clock: Clock;
  signal: AbortSignal;
  tell(text: string): void;
  /** Whether the workflow run of this owner is known to have ended; false: nobody knows. */
  hasEnded(owner: string): Promise<boolean>;
  /** How long the end of a living owner is waited for, milliseconds; 0, or without it: not at all. Throws why it is left to it. */
  patience?(holder: App): Promise<number>;
  /** Annotations that say who takes it. */
  facts: Readonly<Record<string, string>>;
}

/**
 * Whose lock is taken without waiting. `ended`: an owner whose process is known to have ended, and nobody else's at all.
 * `held`: a held deploy's, by whoever ends it; any other owner is waited for as ever.
 */
export type May = { ended: string } | { held: true };

/**
 * Waits until the lock is free or its owner is known to be dead, and takes it then: by the platform's 201 for the next taker.
 * @param read the lock as it is now
 * @returns whether the lock was taken over: its holder's work has to be settled. false: it is free, or not to be taken
 * @throws Refused `locked` when its owner is alive and is not waited for, or somebody else was faster; `held` when a held deploy has it: nothing was changed
 */
export async function takeOver(
  ports: LockPorts,
  owner: string,
  read: () => Promise<Holding>,
  may?: May,
): Promise<boolean> {
  for (;;) {
    const dead = await deadHolding(ports, read, may);
    if (!dead) return false;
    const { lock, takers } = dead;
    if (!lock) {
      // Their owners had come to the end, and nobody else may take them for locks of what comes now.
      for (const { guid } of takers) await ports.platform.deleteApp(guid);
      return false;
    }
    ports.tell(
      isHeld(dead)
        ? `${lock.name} is held, and taken over from there.`
        : `The run that holds ${lock.name} is dead or has left it. Its work is settled first.`,
    );
    if (await take(ports, owner, { ...dead, lock }, read)) return true;
  }
}

/** @returns what may be taken, or with its lock gone deleted; undefined: nothing is there, or it is not to be taken */
async function deadHolding(
  { platform, clock, signal, tell, hasEnded, patience }: LockPorts,
  read: () => Promise<Holding>,
  may: May | undefined,
): Promise<Holding | undefined> {
  let first: App | undefined;
  let firstSeenMs = 0;
  let askAtMs = 0;
  let awaited: string | undefined;
  let deadlineMs: number | undefined;
  for (;;) {
    const holding = await read();
    const holder = holderOf(holding);
    if (!holder) return undefined;
    if (may && 'ended' in may) return ownerOf(holder) === may.ended ? holding : undefined;
    if (isHeld(holding)) {
      if (may) return holding;
      // It has become one while it was watched: whoever asks decides anew what that means.
      if (first) return undefined;
      throw heldAt(holder);
    }
    if (!first) {
      firstSeenMs = platform.platformNowMs();
      tell(
        `${holder.name} is there: another run changes this app, or was interrupted. Watching for its sign of life.`,
      );
    }
    first ??= holder;
    const state = ownerState(first, firstSeenMs, holder, platform.platformNowMs());
    if (state === 'dead') return holding;
    // Without a lock its deploy is over, and what is left is about to go.
    if (state === 'alive' && holding.lock) {
      if (awaited !== ownerOf(holder)) {
        const waitMs = (await patience?.(holder)) ?? 0;
        if (waitMs === 0) throw lockedBy(holder);
        awaited = ownerOf(holder);
        deadlineMs ??= clock.now() + waitMs;
        tell(
          `${describe(holder)}. ${ANNOTATION.commit in holder.annotations ? 'Its commit is older than this one: waiting' : 'Waiting'} for its end, at most ${Math.ceil(waitMs / 60_000)} min.`,
        );
      }
      if (deadlineMs !== undefined && clock.now() >= deadlineMs) throw lockedBy(holder);
    }
    if (state === 'alive') {
      first = holder;
      firstSeenMs = platform.platformNowMs();
    }
    if (silenceMs(holder, firstSeenMs, platform.platformNowMs()) > ASK_AFTER_MS && clock.now() >= askAtMs) {
      if (await hasEnded(ownerOf(holder))) return holding;
      askAtMs = clock.now() + HEARTBEAT_MS;
    }
    await clock.sleep(awaited === undefined ? LOOK_MS : WAITING_LOOK_MS, signal);
  }
}

/** @returns whether it is ours now; false: it was gone meanwhile, and has to be looked at anew */
async function take(
  { platform, facts }: LockPorts,
  owner: string,
  { name, target, lock, takers }: Holding & { lock: App },
  read: () => Promise<Holding>,
): Promise<boolean> {
  const number = 1 + Math.max(0, ...takers.map((taker) => takerNumber(name, taker.name) ?? 0));
  let lost: PlatformFault | undefined;
  const made = await platform
    .createApp(target.spaceGuid, {
      name: takerName(name, number),
      labels: { [LABEL.role]: 'lock', [LABEL.app]: appKey(name), [LABEL.owner]: owner },
      annotations: {
        ...facts,
        [ANNOTATION.takenFrom]: lock.guid,
        [ANNOTATION.heartbeat]: String(platform.platformNowMs()),
      },
    })
    .catch((error: unknown) => {
      // Whether it was made is seen by the next read.
      if (!(error instanceof PlatformFault && error.ambiguous)) throw error;
      lost = error;
      return undefined;
    });
  const after = await read();
  const holder = holderOf(after);
  const mine = after.takers.find((taker) => ownerOf(taker) === owner);
  if (mine && after.lock?.guid === lock.guid && holder?.guid === mine.guid) return true;
  if (lost && !mine) throw lost;
  if (mine && after.lock?.guid !== lock.guid) {
    await platform.deleteApp(mine.guid);
    return false;
  }
  if (!holder || !after.lock) return false;
  const known = [lock, ...takers].some(({ guid }) => guid === holder.guid);
  if (!made && known) throw inTheWay(takerName(name, number));
  throw lockedBy(holder);
}

/** Whose lock it is, as far as the owner told the platform. */
export function describe({ name, labels, annotations }: App): string {
  const { [ANNOTATION.runUrl]: run, [ANNOTATION.actor]: actor, [ANNOTATION.commit]: commit } = annotations;
  const who = [actor && `started by ${actor}`, commit && `commit ${commit}`, run].filter(Boolean).join(', ');
  return `${name} is the lock, its owner is ${labels[LABEL.owner] ?? 'unknown'}${who ? ` (${who})` : ''}`;
}

export function lockedBy(holder: App): Refused {
  return new Refused(
    `Another run changes this app now: ${describe(holder)}.`,
    'Wait until that run has ended, then run again.',
    'locked',
  );
}

function heldAt({ name, labels }: App): Refused {
  return new Refused(
    `A deploy is held: ${name} with version ${labels[LABEL.version] ?? 'unknown'} is proven and waits for its end.`,
    'End it with command: promote or command: abort, then run again.',
    'held',
  );
}

function inTheWay(name: string): Refused {
  return new Refused(
    `An app named ${name} is there, and it is not ours: the lock cannot be taken over.`,
    `Rename or delete it (cf rename ${name} NEW-NAME), then run again. It was not touched.`,
    'in-the-way',
  );
}
