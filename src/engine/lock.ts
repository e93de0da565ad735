/** The lock's life: whose it is, whether the owner is alive, how it passes on. */
import type { AppState } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Clock } from '../model/ports.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION, LABEL } from '../platform/names.js';

export const HEARTBEAT_MS = 10_000;
/** An owner that was silent for so long is dead: three heartbeats lost, and one more on its way. */
export const DEAD_AFTER_MS = 4 * HEARTBEAT_MS;
/** Who has missed one beat is asked for elsewhere: a run that has ended beats no more. */
const ASK_AFTER_MS = 1.5 * HEARTBEAT_MS;
const LOOK_MS = 2_000;

export function ownerOf(candidate: AppState): string {
  return candidate.labels[LABEL.owner] ?? 'unknown';
}

/** The owner's last sign of life, by the platform's clock. */
export function lastSignMs(candidate: AppState): number {
  const beat = Number(candidate.annotations[ANNOTATION.heartbeat]);
  return Number.isFinite(beat) && beat > 0 ? beat : candidate.createdAtMs;
}

/** Whether the owner of `now` lives. `first`: how the candidate was first seen by us. Pure. */
export function ownerState(
  first: AppState,
  now: AppState,
  platformNowMs: number,
): 'alive' | 'dead' | 'unsure' {
  if (ownerOf(first) !== ownerOf(now) || lastSignMs(first) !== lastSignMs(now)) return 'alive';
  return platformNowMs - lastSignMs(now) > DEAD_AFTER_MS ? 'dead' : 'unsure';
}

export interface LockPorts {
  platform: Platform;
  clock: Clock;
  signal: AbortSignal;
  tell(text: string): void;
  /** Whether the workflow run of this owner is known to have ended; false: nobody knows. */
  hasEnded(owner: string): Promise<boolean>;
}

/**
 * Waits until the lock is free or its owner is known to be dead, and takes it then.
 * @param read the candidate as it is now; undefined: there is none, the lock is free
 * @param ended an owner whose process is known to have ended: its lock alone is taken, without waiting
 * @returns whether the lock was taken over: its holder's work has to be settled
 * @throws Refused when its owner is alive: nothing was changed
 */
export async function takeOver(
  { platform, clock, signal, tell, hasEnded }: LockPorts,
  owner: string,
  read: () => Promise<AppState | undefined>,
  ended?: string,
): Promise<boolean> {
  const first = await read();
  let askAtMs = 0;
  for (let now = first; ; now = await read()) {
    if (!now || !first) return false;
    if (ended !== undefined) {
      if (ownerOf(now) !== ended) return false;
      break;
    }
    const state = ownerState(first, now, platform.platformNowMs());
    if (state === 'alive') throw heldBy(now);
    if (state === 'dead') break;
    const silentMs = platform.platformNowMs() - lastSignMs(now);
    if (silentMs > ASK_AFTER_MS && clock.now() >= askAtMs) {
      if (await hasEnded(ownerOf(now))) break;
      askAtMs = clock.now() + HEARTBEAT_MS;
    }
    if (now === first)
      tell(
        `${now.name} is there: another run changes this app, or was interrupted. Watching for its sign of life.`,
      );
    await clock.sleep(LOOK_MS, signal);
  }
  tell(`The run that made ${first.name} is dead. Its work is settled first.`);
  await platform.updateApp(first.guid, {
    labels: { [LABEL.owner]: owner },
    annotations: { [ANNOTATION.heartbeat]: String(platform.platformNowMs()) },
  });
  // Two that saw the same owner dead have both written by now: the later one holds.
  await clock.sleep(LOOK_MS, signal);
  const taken = await read();
  if (!taken) return false;
  if (ownerOf(taken) !== owner) throw heldBy(taken);
  return true;
}

function heldBy(candidate: AppState): Refused {
  const run = candidate.annotations[ANNOTATION.runUrl];
  return new Refused(
    `Another run changes this app now: ${candidate.name} is the lock, its owner is ${ownerOf(candidate)}${run ? ` (${run})` : ''}.`,
    'Wait until that run has ended, then run again.',
    'locked',
  );
}

export interface Heartbeat {
  /** Since when no sign of life got through to the platform; undefined: the last one did. Milliseconds. */
  silentSinceMs(): number | undefined;
  /** Does the work while no sign of life is on its way: what it writes last stays the last write. */
  hold(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Tells the platform every ten seconds that the owner of these candidates is alive. */
export function startHeartbeat(
  { platform, clock }: Pick<LockPorts, 'platform' | 'clock'>,
  candidates: () => readonly string[],
): Heartbeat {
  const ending = new AbortController();
  let silentSinceMs: number | undefined;
  let held = 0;
  let underWay: Promise<unknown> = Promise.resolve();
  const beat = async (guid: string) => {
    try {
      await platform.updateApp(guid, {
        annotations: { [ANNOTATION.heartbeat]: String(platform.platformNowMs()) },
      });
      silentSinceMs = undefined;
    } catch {
      // The deploy itself meets the same fault and says so; here only the silence counts.
      silentSinceMs ??= clock.now();
    }
  };
  const beating = (async () => {
    while (!ending.signal.aborted) {
      await clock.sleep(HEARTBEAT_MS, ending.signal).catch(() => undefined);
      if (ending.signal.aborted || held > 0) continue;
      underWay = Promise.all(candidates().map(beat));
      await underWay;
    }
  })();
  return {
    silentSinceMs: () => silentSinceMs,
    hold: async (work) => {
      held += 1;
      await underWay;
      await work().finally(() => {
        held -= 1;
      });
    },
    stop: async () => {
      ending.abort();
      await beating;
    },
  };
}
