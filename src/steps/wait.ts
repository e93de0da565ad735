import { DeadlineOver } from '../model/errors.js';
import { note, type World } from './world.js';

export interface Wait<T> {
  /** When the wait is over, milliseconds since the epoch. */
  deadlineMs: number;
  /** What is waited for, as the end of a sentence. */
  what: string;
  /** The longest pause between two looks, milliseconds. Default: 2 s. */
  lastPauseMs?: number;
  /** Looks once. `state` is told when it differs from the last one; `done` ends the wait; `soon`: its end may come at any moment. */
  look(): Promise<{ state: string; done?: T; soon?: boolean }>;
}

const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 2_000;
/** What comes soon is seen soon: a look then costs less than the time that it saves. */
const SOON_PAUSE_MS = 400;
/** Pauses grow to this part of what has passed: what comes is seen by so much too late, however long it takes. */
const LATE_BY = 0.1;
/** Who reads along wants to know that it goes on. */
const SILENCE_MS = 30_000;

/**
 * Looks until done: fast at first, then slower. One line is told when something changes, and after a while in which nothing did: what
 * is waited for, with the time that is left.
 * Throws `DeadlineOver`, and whatever `look` throws.
 */
export async function waitFor<T>(world: World, wait: Wait<T>): Promise<T> {
  const { lastPauseMs = LAST_PAUSE_MS } = wait;
  let told = '';
  const beganAtMs = world.clock.now();
  let toldAtMs = beganAtMs;
  for (;;) {
    const { state, done, soon } = await wait.look();
    const leftMs = wait.deadlineMs - world.clock.now();
    const isSilent = world.clock.now() - toldAtMs >= SILENCE_MS;
    if (state !== told || (isSilent && done === undefined)) {
      const what = state === told ? `still waiting for ${wait.what}: ${state}` : state;
      note(world, `${what}${done === undefined ? ` (${leftText(leftMs)})` : ''}`);
      toldAtMs = world.clock.now();
    }
    told = state;
    if (done !== undefined) return done;
    if (leftMs <= 0) throw new DeadlineOver(`Gave up waiting for ${wait.what}. Last seen: ${state}.`);
    const passedMs = world.clock.now() - beganAtMs;
    const pauseMs = Math.min(lastPauseMs, Math.max(FIRST_PAUSE_MS, passedMs * LATE_BY));
    const nextMs = soon ? Math.min(SOON_PAUSE_MS, pauseMs) : pauseMs;
    await world.clock.sleep(Math.min(nextMs, Math.max(1, leftMs)), world.signal);
  }
}

function leftText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return seconds < 120 ? `at most ${seconds} s more` : `at most ${Math.round(seconds / 60)} min more`;
}
