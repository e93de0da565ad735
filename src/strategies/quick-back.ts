/**
 * What a cancelled run does itself of the way back, in the seconds that are left to it: whatever takes no waiting. Whoever settles
 * goes on from there. Pure.
 */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { STAGES, type Work } from '../steps/step.js';
import { mapsToLive, owedTo } from './back-out.js';
import { backward } from './backward.js';
import { isLive } from './blue-green.js';
import { reached, someRunning } from './view.js';
import { compact, steps } from './work.js';

/**
 * Whether the way back is begun at all: as long as live serves whatever it served before, and this run has not yet asked to take a
 * route from it. A call that was cut may be done later than it is looked for, and from then on forward is the shorter way. Live that
 * is changed in place has settings and instances to be brought back, which takes longer. What is held stays held.
 */
export function mayGoBackQuickly(intent: Intent, snapshot: Snapshot): boolean {
  const lock = snapshot.lock ?? snapshot.candidate;
  if (isLive(intent, snapshot) || (intent.until === 'held' && lock?.phase === 'held')) return false;
  if (!reached(lock, 'switching')) return true;
  return !intent.inPlace && !reached(lock, 'serving') && servesAsBefore(intent, snapshot);
}

function servesAsBefore(intent: Intent, snapshot: Snapshot): boolean {
  const { before } = intent;
  const { live } = snapshot;
  if (!before?.ran || live?.guid !== before.guid || !someRunning(live)) return false;
  return mapsToLive(owedTo(before, intent, snapshot), snapshot).length === 0;
}

/** The way back up to the first long wait: a version that users were on is drained before it is stopped. */
export function quickBack(intent: Intent, snapshot: Snapshot): Work {
  const work = backward(intent, snapshot);
  if (!work.drain) return work;
  const soon = STAGES.slice(0, STAGES.indexOf('drain'));
  const { unmap } = work;
  const begun = { ...work, ...(unmap ? { unmap: steps(unmap.steps) } : {}) };
  return compact(Object.fromEntries(soon.flatMap((stage) => (begun[stage] ? [[stage, begun[stage]]] : []))));
}
