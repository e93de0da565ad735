/** Of two commits of one app the newer one goes live: whose lock a deploy waits for, and over what it does not go live unasked. */
import { describe, holderOf } from '../engine/lock.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { App, Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import { MINUTE_MS } from '../model/words.js';
import { ANNOTATION, isOfRollback } from '../platform/names.js';
import type { AppWorld, World } from '../steps/world.js';

/** What a deploy takes beside staging, bake and drain: starts, proofs, and faults of the platform that it bears. */
const REST_MS = 30 * MINUTE_MS;

/**
 * How long the end of whoever holds a lock is waited for, milliseconds; 0: not at all. Throws `Refused` with `older-commit` where
 * ours is the older one. A rollback is somebody's wish, and no commit is newer than that.
 */
export function patienceOf(
  { force, timeoutMs, stagingTimeoutMs, bakeMs, drainMs }: Inputs,
  { commit }: RunContext,
  compare: World['compare'],
): (holder: App) => Promise<number> {
  return async (holder) => {
    const theirs = holder.annotations[ANNOTATION.commit];
    if (!commit || !theirs || isOfRollback(holder)) return 0;
    const age = await compare(theirs, commit);
    if (age === 'older' && !force) {
      throw new Refused(
        `Commit ${commit} is older than the one that another run deploys now: ${describe(holder)}.`,
        'Nothing is to be done: the newer commit goes live. To go back to this one, use command: rollback.',
        'older-commit',
      );
    }
    return age === 'newer' ? (timeoutMs ?? stagingTimeoutMs + bakeMs + drainMs + REST_MS) : 0;
  };
}

/** As `patienceOf`; whoever removes the preview is waited for, too, as it is made anew then. */
export function patienceOfPreview(
  ...[inputs, context, compare]: Parameters<typeof patienceOf>
): (holder: App) => Promise<number> {
  const usual = patienceOf(inputs, context, compare);
  return async (holder) =>
    REMOVALS.includes(holder.annotations[ANNOTATION.strategy]) ? REST_MS : usual(holder);
}

/** What a lock says of its holder where that removes a preview, or stops it. */
const REMOVALS: readonly (string | undefined)[] = ['preview-delete', 'sweep'];

/**
 * Who found the lock free, and lost it to a faster run before it wrote anything, goes by the commits as if it had found it taken.
 * @param apps as they were seen last
 * @returns whether to begin anew, and else what to say
 */
export async function outrun(
  error: unknown,
  apps: readonly AppWorld[],
  { platform, patience }: Pick<World, 'platform' | 'patience'>,
): Promise<{ again: boolean; error: unknown }> {
  const [holder] = apps.flatMap(({ snapshot }) => (snapshot.lock && holderOf(snapshot)) ?? []);
  const isLocked = error instanceof Refused && error.code === 'locked';
  if (!isLocked || !holder || !patience || platform.hasWritten()) return { again: false, error };
  try {
    return { again: (await patience(holder)) > 0, error };
  } catch (older) {
    return { again: false, error: older };
  }
}

/** What a plain run of a commit would silently undo. @returns why it is refused, or what could not be told */
export async function olderThanLive(
  { name, live }: Snapshot,
  { force }: Pick<Inputs, 'force'>,
  { commit }: RunContext,
  compare: World['compare'],
): Promise<{ problem?: Refused; note?: string }> {
  const theirs = live?.annotations[ANNOTATION.commit];
  if (force || !live || !commit || !theirs || theirs === commit) return {};
  const age = await compare(theirs, commit);
  if (age === undefined)
    return {
      note: `${name}: whether commit ${commit} is newer than ${theirs}, which is live, could not be told.`,
    };
  if (age !== 'older') return {};
  const { [ANNOTATION.actor]: actor, [ANNOTATION.runUrl]: run } = live.annotations;
  const who = [actor && `by ${actor}`, run].filter(Boolean).join(', ');
  return {
    problem: new Refused(
      `${name}: commit ${commit} is older than ${theirs}, which is live${who ? ` (deployed ${who})` : ''}.`,
      'Deploy it all the same with force: true, or go back with command: rollback.',
      'older-commit',
    ),
  };
}
