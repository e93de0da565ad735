/** Which way an interrupted change of live is brought to its end. Pure. */
import { recalled } from '../engine/journal.js';
import type { Snapshot } from '../model/cloud.js';
import type { Turn } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { isActive, isDone, rollOf } from '../steps/deployments.js';
import { readWish } from '../steps/live-wish.js';
import { isBereft } from './back-out.js';
import { isCanary, isHeldCanary, isThroughPauses } from './canary.js';
import { isHandingOver } from './handover.js';
import { reached, servedBy, someRunning } from './view.js';
import { able } from './work.js';

/** `held`: it waits for `promote` or `abort` again. */
export type Way = 'forward' | 'back' | 'held';

/**
 * Before its first production route a candidate is taken away: what it was proven with is not known any more. From the
 * switch on it was proven, and forward is the shorter way to one version. A deploy that was going back goes on going back, as long as there is anything to go back to.
 * All apps of one deploy go the same way: one that had not come to the switch takes the others back with it, as none of them
 * can serve alone yet. A held deploy whose promote did not come to the switch is held again: it is proven, and nobody but a
 * person knows whether it shall go live.
 *
 * Where live's own app gets the version, forward is the way only with a deployment that goes on or has come to its end: what
 * the manifest changes on live is known to nobody else, unless it was held. One that was cancelled by its user goes back. A canary goes forward only
 * behind its last pause: nobody else has the checks that the pauses before it are judged by. One that is held is held again.
 * @param besides apps of the same deploy that nobody has to bring to an end
 * @param cancelled whoever asked for the change has ended it
 * @param unlocked the other apps of the deploy: those that have no lock are at its end, or another hand deleted what should go live
 */
export function wayOf(
  all: readonly Snapshot[],
  besides: readonly Snapshot[] = [],
  cancelled = false,
  unlocked: readonly Snapshot[] = [],
): Way {
  const set = all.filter((snapshot) => !isCrowned(snapshot));
  if (set.length === 0) return 'forward';
  if (set.some(({ candidate }) => reached(candidate, 'reverting')))
    return able(set.map(partOf)).length > 0 ? 'back' : 'forward';
  if (set.some((snapshot) => isRollInVain(snapshot, cancelled)) || isTorn(set, unlocked)) return 'back';
  if (areWaiting([...set, ...besides])) return 'held';
  const paused = set.filter(({ candidate }) => candidate?.phase === 'paused');
  // One that goes on takes the others along only where each of them was found good by the same run.
  if (paused.length > 0) return paused.length === set.length && !lacksOne(set, unlocked) ? 'held' : 'back';
  if (set.every(({ candidate }) => reached(candidate, 'switching'))) return 'forward';
  if (areHeld([...set, ...besides])) {
    if (!set.some(({ candidate }) => reached(candidate, 'switching'))) return 'held';
    if (set.every(({ candidate }) => reached(candidate, 'proven'))) return 'forward';
  }
  return set.some(aloneServes) && !set.some((snapshot) => lacksManifest(snapshot, set)) ? 'forward' : 'back';
}

function partOf(snapshot: Snapshot): { turn?: Turn | undefined; isStuck: boolean } {
  const intent = snapshot.lock && recalled(snapshot.name, snapshot.lock);
  return { turn: intent?.turn, isStuck: intent !== undefined && isBereft(intent, snapshot) };
}

/** Live is being changed in place, and nothing brings the version to all its instances, or nobody wants that any more. */
function isRollInVain(snapshot: Snapshot, cancelled: boolean): boolean {
  const { name, lock } = snapshot;
  const intent = lock && recalled(name, lock);
  if (!intent?.inPlace || !reached(lock, 'switching') || reached(lock, 'serving')) return false;
  const roll = rollOf(intent, snapshot);
  if (lock?.phase === 'paused') return !isHeldCanary(intent, snapshot);
  if (isCanary(intent) && !isDone(roll) && !isThroughPauses(intent, snapshot)) return true;
  // What a held one shall change on live was written down for whoever promotes it.
  if (!roll && intent.hold && readWish(lock?.env ?? {})) return cancelled;
  return isDone(roll) ? false : cancelled || !isActive(roll) || roll?.reason === 'CANCELING';
}

/** None goes on without the others, as long as it can go back. What an app that is changed in place has by now its lock alone knew. */
function isTorn(set: readonly Snapshot[], unlocked: readonly Snapshot[]): boolean {
  const isStill = (snapshot: Snapshot) => {
    const { name, lock, candidate } = snapshot;
    const isInPlace = lock && recalled(name, lock)?.inPlace;
    return !isInPlace && !reached(candidate, 'drained') && !partOf(snapshot).isStuck;
  };
  return set.every(isStill) && lacksOne(set, unlocked);
}

/** One of the others is not at the end of this deploy: what should go live there is gone. */
function lacksOne(set: readonly Snapshot[], unlocked: readonly Snapshot[]): boolean {
  const versions = set.map(({ lock }) => lock?.version);
  return unlocked.some(({ live }) => !versions.includes(live?.version));
}

/** All apps of one deploy with hold, some of them canaries and some not: none has gone on. */
function areWaiting(all: readonly Snapshot[]): boolean {
  const names = all.map(({ name }) => name);
  const isOne = ({ name, lock, candidate }: Snapshot) => {
    const journal = lock && recalled(name, lock);
    if (!journal?.hold || !journal.set.every((app) => names.includes(app))) return false;
    if (isCanary(journal)) return candidate?.phase === 'paused';
    return reached(candidate, 'held') && !reached(candidate, 'switching') && !isHandingOver(candidate);
  };
  return all.length > 0 && all.every(isOne);
}

/** All apps of one deploy with hold, each of them proven. */
function areHeld(set: readonly Snapshot[]): boolean {
  const held = set.filter(({ candidate }) => reached(candidate, 'held')).map(({ name }) => name);
  return set.every(({ name, lock }) => {
    const journal = lock && recalled(name, lock);
    // A canary is held with live's first new instances there, and not before.
    if (!journal?.hold || isHandingOver(lock)) return false;
    return !isCanary(journal) && journal.set.every((app) => held.includes(app));
  });
}

/** The version is live, and only its lock is left: an empty one, or a candidate whose droplet live has. */
function isCrowned({ live, lock }: Snapshot): boolean {
  if (!live || !lock) return false;
  return (
    lock.annotations[ANNOTATION.target] === live.guid ||
    (live.role === 'live' && live.version !== undefined && live.version === lock.version)
  );
}

/**
 * Another hand gave an unproven candidate a route, or took live away, and live is not there to have it back. Where nothing was live
 * before, a version whose turn came goes as it came: the turns after it wait for what only their run had.
 */
function aloneServes(snapshot: Snapshot): boolean {
  const { live, candidate, lock, name } = snapshot;
  const intent = lock && recalled(name, lock);
  if (reached(candidate, 'switching') && intent && !intent.before?.ran) return false;
  return servedBy(snapshot, candidate).length > 0 && !(live && someRunning(live));
}

/** Others of its deploy have switched, and what live shall get of the manifest is known to nobody else. */
function lacksManifest({ name, lock, candidate }: Snapshot, set: readonly Snapshot[]): boolean {
  const intent = lock && recalled(name, lock);
  if (!intent?.inPlace || reached(candidate, 'switching')) return false;
  return set.some((other) => reached(other.candidate, 'switching'));
}

/** For a plan: after an interrupted rollback was taken back, the version that was to go live is a previous one still. */
export function asTakenBack(seen: Snapshot): Snapshot {
  const { candidate, ...snapshot } = seen;
  if (!candidate || candidate.guid === snapshot.lock?.guid) return seen;
  const { phase: _, ...target } = candidate;
  return { ...snapshot, previous: [target, ...snapshot.previous] };
}
