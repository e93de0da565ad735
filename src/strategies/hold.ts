/** A held deploy: how it stays one when a promote of it does not come to the switch, and how it is taken away. Pure. */
import { recalled } from '../engine/journal.js';
import { isHeld } from '../engine/lock.js';
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import type { Work } from '../steps/step.js';
import { backward } from './backward.js';
import { reached, servedBy } from './view.js';
import { compact, endOfLock, leftTrialRoutes, steps } from './work.js';

/** Whoever comes next may promote or abort it. A canary is paused still. What has come further, or not so far, is as it was when its lock was taken. */
export function stayHeld(_intent: Intent, snapshot: Snapshot): Work {
  const { lock: _, ...taken } = snapshot;
  return compact({
    switch: steps(snapshot.candidate?.phase === 'proven' ? [{ do: 'mark', phase: 'held' }] : []),
    end: { steps: [], after: endOfLock(taken) },
  });
}

/**
 * Names of the apps of a held deploy whose new version another hand took away: none of the others was proven without it. None where
 * one of them is not held any more: somebody has begun to end it, and whoever settles goes on.
 */
export function lackingOf({ set, version }: Intent, seen: readonly Snapshot[]): readonly string[] {
  const apps = seen.filter(({ name }) => set.includes(name));
  const isOfIt = ({ name, lock }: Snapshot) =>
    lock !== undefined && recalled(name, lock)?.version === version;
  if (!apps.filter(isOfIt).every(isHeld)) return [];
  return apps.filter((app) => !isOfIt(app) && app.live?.version !== version).map(({ name }) => name);
}

/** Marked first: whoever finds it half taken away goes on. No request reaches it but on its trial route, unless it is a canary. */
export function takeAway(intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  const serves = servedBy(snapshot, candidate).length > 0 || reached(candidate, 'switching');
  const phase = serves ? 'reverting' : 'withdrawn';
  const isGoing = !candidate || reached(candidate, 'reverting');
  const work = backward(intent, snapshot);
  // Another hand has deleted it: what was made for it is left.
  const trials = candidate || snapshot.lock ? [] : leftTrialRoutes(snapshot);
  return compact({
    ...work,
    ...(trials.length > 0 ? { tidy: steps([...(work.tidy?.steps ?? []), ...trials]) } : {}),
    lock: steps(isGoing ? [] : [{ do: 'mark', phase, journal: true }]),
  });
}
