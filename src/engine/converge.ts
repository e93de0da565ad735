/** Asks what is still needed, does it, looks again: until nothing is left, or a fault outlasts all patience. */
import { Cancelled, DeadlineOver, PlatformFault, PlatformRefusal, Stuck } from '../model/errors.js';
import type { Clock } from '../model/ports.js';

export interface Course<Group> {
  /** Reads the platform anew. */
  refresh(): Promise<void>;
  /** What is next by what was read; undefined: the end is reached. */
  next(): Group | undefined;
  perform(group: Group): Promise<void>;
  /** The same text for the same group: a group that comes again and again changes nothing. */
  nameOf(group: Group): string;
  /** Forward is the only way left: a refusal of the platform is repeated like a fault. */
  insists(): boolean;
  /** The patience is over, and this group still fails: whether the course can do without it, and from now on does. */
  leave?(group: Group, error: Error): boolean;
}

export interface Patience {
  clock: Clock;
  signal: AbortSignal;
  /** How long faults may follow each other without one group done; asked at each fault. Milliseconds. */
  faultsMs(): number;
  tell(text: string): void;
}

const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const IN_VAIN = 5;

/**
 * A `PlatformFault` says nothing about the version: it is looked again what was done, and what is left is repeated. Throws
 * everything else at once, and the fault itself when the patience is over.
 */
export async function converge<Group>(course: Course<Group>, patience: Patience): Promise<void> {
  const { clock, signal, tell, faultsMs } = patience;
  let faultySinceMs: number | undefined;
  let pauseMs = PAUSE_MS;
  let [last, inVain] = ['', 0];
  let tried = '';
  const heal = () => {
    faultySinceMs = undefined;
    pauseMs = PAUSE_MS;
  };
  for (;;) {
    signal.throwIfAborted();
    let group: Group | undefined;
    try {
      await course.refresh();
      group = course.next();
      if (group === undefined) return;
      const name = course.nameOf(group);
      // What failed before is not asked for any more: it was done, though its answer was lost.
      if (name !== tried) heal();
      tried = name;
      if (name === last && inVain >= IN_VAIN) {
        throw new PlatformFault(
          `The platform took this ${inVain} times and shows no effect: ${name}.`,
          false,
        );
      }
      await course.perform(group);
      // Only what the platform took counts: what it refused to take may be taken after its outage.
      inVain = name === last ? inVain + 1 : 1;
      last = name;
      heal();
    } catch (error) {
      if (!isRepeated(error, course.insists())) throw error;
      faultySinceMs ??= clock.now();
      const asked = error instanceof PlatformFault ? (error.retryAfterMs ?? 0) : 0;
      const wait = Math.max(pauseMs, asked);
      // Told to wait for longer than anybody waits here, it ends at once; the fault says until when.
      if (clock.now() + asked - faultySinceMs >= faultsMs()) {
        if (group === undefined || !course.leave?.(group, error as Error)) throw error;
        heal();
        continue;
      }
      tell(`${(error as Error).message} Looking again in ${Math.round(wait / 100) / 10} s.`);
      await clock.sleep(wait, signal);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }
}

export function isRepeated(error: unknown, insists: boolean): boolean {
  if (error instanceof PlatformFault) return true;
  return insists && (error instanceof PlatformRefusal || error instanceof DeadlineOver);
}

/**
 * Works on all items, at most `lanes` at a time, and lets every one end before it throws: what was begun is then known. Of
 * several errors the one that leads back is thrown before one that is only repeated.
 */
export async function allOf<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>) {
  const left = [...items];
  const errors: unknown[] = [];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      try {
        await work(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (errors.length > 0) throw [...errors].sort((one, other) => weight(one) - weight(other))[0];
}

/** The lightest is repeated, the next may be; the heaviest says that nothing may be done at all. */
function weight(error: unknown): number {
  if (error instanceof PlatformFault) return 3;
  if (error instanceof PlatformRefusal || error instanceof DeadlineOver) return 2;
  return error instanceof Cancelled || error instanceof Stuck ? 0 : 1;
}
