/** What must hold before anything more is written: whose the lock is, and that nobody else has changed what is live. */
import { holderOf, isHeld, lockedBy, ownerOf } from '../engine/lock.js';
import { Refused, Stuck } from '../model/errors.js';
import type { Phase } from '../model/words.js';
import { candidateName } from '../platform/names.js';
import { isDone, othersAtWork, rollOf } from '../steps/deployments.js';
import { perform } from '../steps/index.js';
import type { AppWorld, World } from '../steps/world.js';
import { isLive } from '../strategies/blue-green.js';
import type { Way } from '../strategies/settle.js';
import { reached } from '../strategies/view.js';

/** Every candidate was proven on all its production routes: from here on a fault of the platform leads forward. */
export function areServing(apps: readonly AppWorld[]): boolean {
  return apps.every(
    ({ intent, snapshot }) => isLive(intent, snapshot) || isOnItsWay(snapshot.candidate?.phase),
  );
}

function isOnItsWay(phase: Phase | undefined): boolean {
  return phase === 'serving' || phase === 'released' || phase === 'drained';
}

/** Nothing is written to an app whose lock is not ours (any more). */
export function assertOurs({ intent, snapshot, found }: AppWorld, way: Way): void {
  const { candidate, inTheWay, lock } = snapshot;
  const strange = inTheWay.find(({ name }) => way === 'forward' || name === candidateName(intent.app));
  if (strange && !isOnItsWay(candidate?.phase)) throw inTheWayOf(strange.name);
  if (way === 'forward') assertSameLive({ intent, snapshot, found });
  // What is held again is nobody's.
  if (way === 'held' && isHeld(snapshot)) return;
  const holder = lock && holderOf(snapshot);
  if (holder && ownerOf(holder) !== intent.owner) throw lockedBy(holder);
  if (lock) found.locked = true;
  if (way === 'forward') {
    assertNotGone({ intent, snapshot, found });
    assertNoOther({ intent, snapshot, found });
  }
}

/** What another hand brings to live while it is at work would be lost with live, or be taken for this version. */
export function assertNoOther({ intent, snapshot }: AppWorld): void {
  const { candidate, live } = snapshot;
  if (reached(candidate, 'drained') || isLive(intent, snapshot)) return;
  const [other] = othersAtWork(snapshot);
  const roll = intent.inPlace && rollOf(intent, snapshot);
  const due = roll ? roll.dropletGuid : intent.before?.dropletGuid;
  const has = live?.currentDropletGuid;
  // Whoever waits for a deployment of ours says how it ended.
  const hasOther = due !== undefined && has !== undefined && has !== due && (!roll || isDone(roll));
  if (!other && !hasOther) return;
  const what = other ? `began a deployment (${other.guid}) of` : 'brought another droplet to';
  throw new Refused(
    `Another hand ${what} ${intent.app} while this run was at work.`,
    'See who else deploys this app, and let only one of them do so at a time; then run again.',
    'live-changed',
  );
}

/** Another hand has renamed live, or put another app under its name: what would be retired is not what was live. */
function assertSameLive({ intent, snapshot }: AppWorld): void {
  const { candidate, inTheWay, live } = snapshot;
  const [other] = live && live.guid !== intent.before?.guid && !isLive(intent, snapshot) ? [live] : inTheWay;
  if (!other) return;
  const what = `Another hand has put ${other.name} (${other.guid}) where live was while it was at work.`;
  const next = 'Look at the apps of the space and give each the name that it should have, then run again.';
  throw isOnItsWay(candidate?.phase) ? new Stuck(what, next) : new Refused(what, next, 'live-changed');
}

/**
 * Throws `Refused`, which leads back, when the candidate was there, and is not any more: what it served nobody may serve now. Live
 * that is changed in place is written down on it alone: then it throws `Stuck`.
 */
export function assertNotGone({ intent, snapshot, found }: AppWorld): void {
  if (!found.locked || snapshot.candidate || isLive(intent, snapshot)) return;
  if (snapshot.lock) {
    throw new Refused(
      `The version that was to go live again, ${intent.version}, disappeared: another hand deleted it.`,
      'Roll back to another version, or deploy the one that you want.',
      'target-gone',
    );
  }
  if (intent.inPlace) throw disappeared(intent);
  throw new Refused(
    `The version that was to go live, ${intent.version}, disappeared: another hand renamed or deleted ${candidateName(intent.app)}.`,
    'See who else works in the space, then run again.',
    'target-gone',
  );
}

function disappeared({ app }: AppWorld['intent']): Stuck {
  return new Stuck(
    `${candidateName(app)} disappeared while it was at work: another hand renamed or deleted it.`,
    'Look at the apps and routes of the space, then run again.',
  );
}

/**
 * Takes the lock anew where another hand deleted it with the candidate, to go back: what live had is known to this run alone, and
 * may serve nobody now. The lock says from its first moment that it goes back.
 * @throws Stuck where the candidate is there under another name, live is gone or is changed in place: what serves then nobody knows
 */
export async function regainLock(app: AppWorld, world: World): Promise<void> {
  const { intent, snapshot, found } = app;
  if (snapshot.lock || !found.locked || isLive(intent, snapshot)) return;
  const isRenamed = found.candidate && (await world.platform.appsByGuid([found.candidate])).length > 0;
  if (intent.inPlace || isRenamed || snapshot.live?.guid !== intent.before?.guid) throw disappeared(intent);
  await perform({ do: 'make-candidate', phase: 'reverting' }, app, world);
}

/** A name that is needed is taken. */
export function inTheWayOf(name: string): Refused {
  return new Refused(
    `An app named ${name} is there, and it is not ours: it does not carry this action's labels.`,
    `Rename or delete it (cf rename ${name} NEW-NAME), then run again. It was not touched.`,
    'in-the-way',
  );
}
