/** What stands of one app beside live, and what the next deploy would do about it. Pure. */
import { recalled } from '../engine/journal.js';
import { holderOf, isHeld, lastSignMs, ownerOf } from '../engine/lock.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Phase } from '../model/words.js';
import type { Leftovers } from '../platform/leftovers.js';
import { ANNOTATION, candidateName, isOfRollback, recordedOn } from '../platform/names.js';
import { type EarlierVersion, readEarlier } from '../steps/earlier.js';
import { lackingOf } from './hold.js';
import { judgeLeftovers } from './leftovers.js';
import { type Way, wayOf } from './settle.js';
import { destinationsOf, isGoing, runningCount } from './view.js';

/** Whether the run that holds a lock lives, as far as it can be told. */
export type Life = 'alive' | 'dead' | 'unknown';

/** A change that goes on, was interrupted, or is held. Times are milliseconds of the platform's clock. */
export interface UnderWay {
  what: 'deploy' | 'rollback';
  version?: string;
  commit?: string;
  phase: Phase;
  /** Of the run that may write. */
  owner: string;
  actor?: string;
  run?: string;
  sinceMs: number;
  lastSignMs: number;
  /** undefined: it is held, and nobody has to live for it. */
  life?: Life;
  /** Apps of the held deploy whose new version is gone: it can be aborted only. undefined: none. */
  lacks?: readonly string[];
}

/** A version that is kept. */
export interface Kept {
  app: string;
  guid: string;
  version: string;
  commit?: string;
  /** A rollback took it from live. */
  withdrawn: boolean;
}

/** A version that live itself had: its droplet is one of live's own. */
export interface Earlier {
  version: string;
  commit?: string;
  droplet: string;
  /** Number of its revision, as far as it was written down. */
  revision?: number;
  /** A rollback took it from live. */
  withdrawn: boolean;
}

export interface LeftApp {
  app: string;
  guid: string;
  state: 'STARTED' | 'STOPPED';
  running: number;
  routes: readonly string[];
  /** Ours by its labels, and in no part that it could have. */
  ours: boolean;
}

export interface NextDeploy {
  /** What becomes of an interrupted change first; `wait`: for its run; `refuse`: nothing at all is done. */
  settles: 'nothing' | 'forward' | 'back' | 'wait' | 'refuse';
  /** Live was not deployed this way yet: it becomes the version from before. */
  adopts: boolean;
  told: readonly string[];
  /** What a person may run. */
  commands: readonly string[];
}

export interface Outlook {
  underWay?: UnderWay;
  held?: UnderWay;
  /** What a rollback can go back to, the one that was live last first. */
  previous: readonly Kept[];
  /** What it can go back to in place, the one that was live last first. */
  earlier: readonly Earlier[];
  failed: readonly Kept[];
  leftovers: readonly LeftApp[];
  nextDeploy: NextDeploy;
}

export interface OutlookParts {
  snapshot: Snapshot;
  left: Leftovers;
  /** Of the run that holds the lock. */
  life: Life;
  /** Of all apps of the interrupted change, this one among them: they go one way. */
  set: readonly Snapshot[];
}

export function outlookOf({ snapshot, left, life, set }: OutlookParts): Outlook {
  const held = isHeld(snapshot);
  const change = underWayOf(snapshot, held ? undefined : life, set);
  return {
    ...(change ? { [held ? 'held' : 'underWay']: change } : {}),
    previous: snapshot.previous.filter((app) => !isGoing(app)).map(keptOf),
    earlier: readEarlier(snapshot.live?.annotations ?? {}).map(earlierOf),
    failed: snapshot.failed.map(keptOf),
    leftovers: left.apps.map((app) => leftOf(app, left)),
    nextDeploy: nextDeploy({ snapshot, left, life, set }, change),
  };
}

function underWayOf(
  snapshot: Snapshot,
  life: Life | undefined,
  set: readonly Snapshot[],
): UnderWay | undefined {
  const { lock } = snapshot;
  const holder = holderOf(snapshot);
  if (!holder) return undefined;
  const said = { ...lock?.annotations, ...holder.annotations };
  const { [ANNOTATION.commit]: commit } = lock?.annotations ?? {};
  const { [ANNOTATION.actor]: actor, [ANNOTATION.runUrl]: run } = said;
  const intent = lock && life === undefined ? recalled(snapshot.name, lock) : undefined;
  const lacks = intent ? lackingOf(intent, set) : [];
  return {
    what: lock && isOfRollback(lock) ? 'rollback' : 'deploy',
    ...(lock?.version ? { version: lock.version } : {}),
    ...(commit ? { commit } : {}),
    phase: lock?.phase ?? 'made',
    owner: ownerOf(holder),
    ...(actor ? { actor } : {}),
    ...(run ? { run } : {}),
    sinceMs: (lock ?? holder).createdAtMs,
    lastSignMs: lastSignMs(holder),
    ...(life ? { life } : {}),
    ...(lacks.length > 0 ? { lacks } : {}),
  };
}

function keptOf(app: AppState): Kept {
  const { name, guid, version = '', annotations } = app;
  const commit = annotations[ANNOTATION.commit];
  return {
    app: name,
    guid,
    version,
    ...(commit ? { commit } : {}),
    withdrawn: recordedOn(app, ANNOTATION.withdrawn) !== undefined,
  };
}

function earlierOf(one: EarlierVersion): Earlier {
  const { version, droplet, revision, annotations } = one;
  const commit = annotations[ANNOTATION.commit];
  return {
    version,
    ...(commit ? { commit } : {}),
    droplet,
    ...(revision === undefined ? {} : { revision }),
    withdrawn: recordedOn(one, ANNOTATION.withdrawn) !== undefined,
  };
}

function leftOf(app: AppState, { routes }: Leftovers): LeftApp {
  const { name, guid, state, role, processes } = app;
  return {
    app: name,
    guid,
    state,
    running: processes.reduce((sum, process) => sum + runningCount(process), 0),
    routes: routes.filter((route) => destinationsOf(route, app).length > 0).map(({ url }) => url),
    ours: role !== undefined,
  };
}

/** Of a deploy of these routes: what a manifest names beside them is not known here. */
function nextDeploy({ snapshot, left, life, set }: OutlookParts, change: UnderWay | undefined): NextDeploy {
  const { live, inTheWay, name, lock } = snapshot;
  const { notes, refusal } = judgeLeftovers(snapshot, left);
  const { settles, told } = settling(snapshot, change, life, set);
  const wrong = [
    ...inTheWay.map((app) => `${app.name} stands on a name that is needed, and is not ours.`),
    ...(refusal ? [...refusal.what.split('\n'), refusal.next] : []),
  ];
  const adopts = live !== undefined && live.role === undefined;
  const isRefused = settles === 'refuse' || wrong.length > 0;
  return {
    settles: isRefused ? 'refuse' : settles,
    adopts,
    told: [
      ...(wrong.length > 0 ? ['It is refused.', ...wrong] : []),
      ...told,
      ...(adopts ? [`It adopts ${live.name}, which was not deployed this way yet.`] : []),
      ...(live || lock ? [] : [`It is the first: there is no ${name} yet.`]),
      ...notes,
    ],
    commands: refusal?.commands ?? [],
  };
}

/** By the way that an interrupted change goes. */
const ENDS: Record<Way | 'held', readonly [NextDeploy['settles'], (what: string) => string]> = {
  forward: ['forward', (what) => `It finishes ${what} first.`],
  back: ['back', (what) => `It takes ${what} back first.`],
  held: ['refuse', (what) => `It holds ${what} again, and is refused then: promote or abort ends it.`],
};

function settling(
  snapshot: Snapshot,
  change: UnderWay | undefined,
  life: Life,
  set: readonly Snapshot[],
): Pick<NextDeploy, 'settles' | 'told'> {
  const { name, lock } = snapshot;
  if (!change) return { settles: 'nothing', told: [] };
  if (isHeld(snapshot)) {
    const end = change.lacks
      ? `abort ends it, as the new version of ${change.lacks.join(', ')} is gone`
      : 'promote or abort ends it';
    const told = `It is refused as long as a deploy is held, unless its commit is a newer one, which takes that away first: ${end}.`;
    return { settles: 'refuse', told: [told] };
  }
  if (life !== 'dead') {
    const told = 'It waits until the run that holds the lock is dead or gone, and is refused when it lives.';
    return { settles: 'wait', told: [told] };
  }
  if (!lock) return { settles: 'nothing', told: ['It removes what is left of a lock.'] };
  const what = `the interrupted ${change.what} ${change.what === 'deploy' ? 'of' : 'to'} ${change.version ?? 'an unknown version'}`;
  if (!recalled(name, lock)) {
    const told = `It is refused: the journal of ${candidateName(name)} cannot be read, so nobody knows how ${what} ends.`;
    return { settles: 'refuse', told: [told] };
  }
  const [settles, told] = ENDS[wayOf(set)];
  return { settles, told: [told(what)] };
}
