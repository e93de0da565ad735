/** Deploys that are held: found as a whole, taken over by whoever ends them, and taken away. */
import { recalled } from '../engine/journal.js';
import { isHeld, takeOver } from '../engine/lock.js';
import type { Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { isWaiting } from '../model/words.js';
import { ANNOTATION } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { lackingOf, stayHeld, takeAway } from '../strategies/hold.js';
import { wantedOf } from '../strategies/intent-parts.js';
import { endingOf } from '../strategies/promote-intent.js';
import type { Way } from '../strategies/settle.js';
import { isGoing, servedBy } from '../strategies/view.js';
import type { Seen } from './change.js';
import { pursue } from './pursue.js';
import { forReading } from './reading.js';
import type { SettledHeld } from './settle.js';

/** One deploy of one or several apps, each of them held and with nobody at work on it. */
export interface Held {
  version: string;
  /** undefined: it is not recorded. */
  commit?: string;
  runUrl?: string;
  apps: readonly { snapshot: Snapshot; intent: Intent }[];
}

type Place = Pick<World, 'platform' | 'target'>;

/** @returns each held deploy once. One of which an app is not held (any more) is under way, or was interrupted: it is none */
export async function heldAmong(seen: readonly Snapshot[], place: Place): Promise<readonly Held[]> {
  const all: Held[] = [];
  for (const snapshot of seen) {
    if (all.some(({ apps }) => apps.some(({ intent }) => intent.app === snapshot.name))) continue;
    const held = await heldOf(snapshot, seen, place);
    if (held) all.push(held);
  }
  return all;
}

async function heldOf(
  snapshot: Snapshot,
  seen: readonly Snapshot[],
  place: Place,
): Promise<Held | undefined> {
  const { lock } = snapshot;
  const intent = heldIntent(snapshot);
  if (!lock || !intent) return undefined;
  const set = await Promise.all(
    intent.set.map(async (app) => seen.find(({ name }) => name === app) ?? (await read(app, place))),
  );
  const apps = set.flatMap((one) => {
    const recorded = heldIntent(one);
    return recorded?.version === intent.version ? [{ snapshot: one, intent: recorded }] : [];
  });
  if (apps.length < set.length) return undefined;
  const { [ANNOTATION.commit]: commit, [ANNOTATION.runUrl]: runUrl } = lock.annotations;
  return {
    version: intent.version,
    ...(commit === undefined ? {} : { commit }),
    ...(runUrl === undefined ? {} : { runUrl }),
    apps,
  };
}

function heldIntent(snapshot: Snapshot): Intent | undefined {
  const { lock, name } = snapshot;
  return lock && isHeld(snapshot) ? recalled(name, lock) : undefined;
}

function read(name: string, { platform, target }: Place): Promise<Snapshot> {
  return takeSnapshot(platform, target, { name, wanted: [] });
}

/**
 * @returns the names of all apps of the held deploys that the names asked for are of, and what the first of these recorded. An app
 * of which nothing is held was left alone when the others were; where nothing at all is, the names that are asked for. `torn` forbids
 * a promote: another hand took candidates away, and none of the others was proven without them
 */
export async function heldSet(
  asked: readonly string[],
  place: Place,
): Promise<{ names: readonly string[]; first?: Intent; torn?: Refused }> {
  // Nobody's variables say what is held.
  const { platform } = forReading(place.platform);
  const look = (names: readonly string[]) =>
    Promise.all(names.map((name) => read(name, { ...place, platform })));
  const seen = await look(asked);
  const recorded = seen
    .flatMap(({ name, lock }) => (lock && recalled(name, lock)) ?? [])
    .filter(({ hold }) => hold);
  const [first] = recorded;
  if (!first) return { names: asked };
  const names = [...new Set(recorded.flatMap(({ set }) => set))];
  const all = [...seen, ...(await look(names.filter((name) => !asked.includes(name))))];
  const [torn] = recorded.flatMap((one) => tornApart(one, all) ?? []);
  return { names, first, ...(torn ? { torn } : {}) };
}

function tornApart(intent: Intent, seen: readonly Snapshot[]): Refused | undefined {
  const lacking = lackingOf(intent, seen).join(', ');
  if (lacking === '') return undefined;
  return new Refused(
    `The deploy of ${intent.version} of ${intent.set.join(', ')} is not held as a whole any more: the new version of ${lacking} is gone, and no other app goes live without it.`,
    'End what is left of it with command: abort, and deploy anew.',
  );
}

/** Reads what there is for each app, with the routes that its held deploy wants. */
export function lookUpHeld(names: readonly string[], { platform, target }: Place): Promise<readonly Seen[]> {
  return Promise.all(
    names.map(async (name) => {
      const snapshot = await read(name, { platform, target });
      const intent = snapshot.lock && recalled(name, snapshot.lock);
      if (!intent) return { named: [], snapshot };
      const wanted = [...intent.production, ...intent.trials.map(({ route }) => route)];
      return { named: intent.production, snapshot: await takeSnapshot(platform, target, { name, wanted }) };
    }),
  );
}

/**
 * The held deploy of each app, and those whose end this run has just brought about: an interrupted promote that it finished, or
 * an interrupted abort, with the apps of it that had come to their end before.
 * @throws Refused when there is an app of which nothing is held
 */
export async function ofEach(
  seen: readonly Seen[],
  place: Place,
  settled: readonly SettledHeld[],
  way: Way,
): Promise<readonly { intent: Intent; snapshot: Snapshot; isDone: boolean }[]> {
  const snapshots = seen.map(({ snapshot }) => snapshot);
  const held = (await heldAmong(snapshots, place)).flatMap(({ apps }) => apps);
  const done = settled.filter((one) => one.way === way).flatMap(({ intents }) => intents);
  return snapshots.map((snapshot) => {
    const waiting = held.find(({ intent }) => intent.app === snapshot.name);
    if (waiting) return { ...waiting, isDone: false };
    const ended =
      done.find(({ app }) => app === snapshot.name) ?? endedBefore(snapshot, done, way === 'forward');
    if (!ended) throw nothingHeld(snapshot);
    return { intent: ended, snapshot, isDone: true };
  });
}

/**
 * The run that was interrupted had brought this app to its end, and this one the others of its deploy: what it wanted for it was
 * on its lock, which is gone.
 */
function endedBefore(snapshot: Snapshot, done: readonly Intent[], isForward: boolean): Intent | undefined {
  const { name, live, lock, previous } = snapshot;
  const one = done.find(({ set }) => set.includes(name));
  if (!one || lock || (live?.version === one.version) !== isForward) return undefined;
  const { before: _, target: __, inPlace, turn: ___, handover: ____, ...beside } = one;
  const production = servedBy(snapshot, live).map((route) => wantedOf(route, snapshot));
  // What it replaced is the newest that is kept.
  const [kept] = isForward && !inPlace ? previous.filter((app) => !isGoing(app)) : [];
  const { guid, version } = kept ?? {};
  const before = guid && version ? { before: { guid, version, ran: true, destinations: [] } } : {};
  return { ...beside, ...before, app: name, production, dropped: [], trials: [] };
}

function nothingHeld(snapshot: Snapshot): Refused {
  const ended = endingOf(snapshot);
  return new Refused(
    `No deploy of ${snapshot.name} is held.${ended ? ` ${ended}` : ''}`,
    'Deploy with hold: true first; command: status shows what is there.',
    'nothing-held',
  );
}

export function whichHeld({ version, commit, runUrl, apps }: Held): string {
  const names = apps.map(({ intent }) => intent.app).join(', ');
  const from = [commit && `commit ${commit}`, runUrl].filter(Boolean).join(', ');
  return `the deploy of ${version} of ${names}${from ? ` (${from})` : ''}`;
}

/** Said in the run that comes after it. */
export function endedText(held: Held): string {
  return `A deploy was held, and is ended for this one: ${whichHeld(held)}.`;
}

/** The new version says which held deploy it has ended, in the summary and to whoever looks for that one later. */
export function inPlaceOf(ended: readonly Held[], { intent, found, snapshot }: AppWorld): AppWorld {
  const [held] = ended.filter(({ apps }) => apps.some((one) => one.intent.app === intent.app));
  if (!held) return { intent, found, snapshot };
  return {
    intent: { ...intent, facts: { ...intent.facts, [ANNOTATION.ended]: JSON.stringify(held.version) } },
    found: { ...found, notes: [...found.notes, endedText(held)] },
    snapshot,
  };
}

/** What may not be done while a deploy is held. */
export function heldRefusal(held: Held): Refused {
  return new Refused(
    `A deploy is held: ${whichHeld(held)} is proven and waits for its end.`,
    'End it with command: promote or command: abort, then run again.',
    'held',
  );
}

/**
 * Takes the locks of all apps of a held deploy; those that have none any more are at their end.
 * @throws Refused when somebody else was faster; what was taken until then is given back
 */
export async function takeHeld(apps: readonly AppWorld[], owner: string, world: World): Promise<void> {
  const taken: AppWorld[] = [];
  const waiting = apps.filter(({ snapshot }) => snapshot.lock);
  const tell = (text: string) => world.listener.tell({ type: 'note', text });
  try {
    for (const one of waiting.sort((a, b) => (a.intent.app < b.intent.app ? -1 : 1))) {
      const { app } = one.intent;
      const isTaken = await takeOver({ ...world, tell }, owner, () => read(app, world), { held: true });
      if (!isTaken) throw goneNow(app);
      taken.push(one);
      const { lock } = await read(app, world);
      // Whoever died in between had begun to end it, and the next run settles that.
      if (lock?.guid !== one.snapshot.lock?.guid || !isWaiting(lock?.phase)) throw goneNow(app);
    }
  } catch (error) {
    const given = taken.map((app) => ({ ...app }));
    // Whoever was faster waits for us else. What cannot be given back is when this run is known to be dead.
    await pursue({ world, apps: given, strategy: stayHeld, way: 'held' }).catch(() => undefined);
    throw error;
  }
}

function goneNow(app: string): Refused {
  return new Refused(
    `The held deploy of ${app} was ended by another run just now.`,
    'See with command: status what is live now.',
    'nothing-held',
  );
}

/**
 * Ends a held deploy for one that comes after it, and keeps it as any that failed: live is not touched, and where it is a canary has
 * all its instances from before again.
 */
export async function endHeld(held: Held, owner: string, world: World): Promise<void> {
  const apps = held.apps.map(
    ({ intent, snapshot }): AppWorld => ({ intent: { ...intent, owner }, snapshot, found: nothingFound() }),
  );
  await takeHeld(apps, owner, world);
  await pursue({ world, apps, strategy: takeAway, way: 'back' });
}
