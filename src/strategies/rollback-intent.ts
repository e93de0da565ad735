/** What a rollback to a version that is kept as an app takes over from today. Pure. */
import type { Inputs, RunContext } from '../model/asked.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION, recordedOn } from '../platform/names.js';
import type { IntentResult } from './intent.js';
import {
  askedOf,
  beforeOf,
  namesBefore,
  protocolBefore,
  runFacts,
  type TrialParts,
  trialsOf,
  wantedOf,
} from './intent-parts.js';
import { tasksNotUndone } from './task.js';
import { servedBy } from './view.js';
import { chooseWorkers } from './workers.js';

export interface AnyRollbackParts extends TrialParts {
  inputs: Inputs;
  context: RunContext;
  /** Names of all apps of the rollback. */
  set: readonly string[];
  owner: string;
  /** Version under which an adopted live is kept. */
  adoptedVersion: string;
}

export interface RollbackParts extends AnyRollbackParts {
  /** With its variables, which a snapshot does not read of a version that is kept. */
  target: AppState;
}

/**
 * What the version's own manifest set comes from the version; what was set by hand since comes from today, and so do the routes
 * and the scale. A target that is live already makes an intent for which nothing is to do.
 */
export function makeRollbackIntent(parts: RollbackParts): IntentResult {
  const { inputs, context, snapshot, target, adoptedVersion } = parts;
  const { live, name } = snapshot;
  const isLive = live?.guid === target.guid;
  const variables = isLive ? NO_VARIABLES : variablesOf(live, target);
  const wish: Intent = {
    ...wishOf(parts, target.version ?? '', target),
    target: target.guid,
    ...(live && !isLive ? { before: beforeOf(live, snapshot, adoptedVersion) } : {}),
    keepInstancesOf: (live?.processes ?? []).map(({ type }) => type),
    // As many as before: one goes live, and live becomes one.
    keepPrevious: Math.max(1, snapshot.previous.length),
    env: { ...variables.wanted, ...inputs.env },
    carriedEnv: variables.taken,
    facts: factsOf(parts, target.version ?? '', runFacts(context)),
  };
  const named = Object.fromEntries(target.processes.map((process) => [process.type, process]));
  const { handover, ...workers } = chooseWorkers(wish, inputs, isLive ? undefined : live, named);
  const intent = { ...wish, ...(handover ? { handover } : {}) };
  if (isLive) {
    const notes = [`${name} is at version ${intent.version} already: there is nothing to do.`];
    return { intent, problems: [], notes };
  }
  const notes = [
    ...workers.notes,
    ...variables.notes,
    ...notInEffect(intent, target, snapshot),
    ...tasksNotUndone(snapshot, intent.version),
  ];
  return { intent, problems: withoutLive(snapshot), notes };
}

/**
 * What every rollback wants alike: the routes of live as they are now, and nothing changed of its scale.
 * @param target an app of its own, which routers shall ask as its own manifest said
 */
export function wishOf(parts: AnyRollbackParts, version: string, target?: AppState) {
  const { inputs, snapshot, set, owner } = parts;
  const production = servedBy(snapshot, snapshot.live).map((route) => ({
    ...wantedOf(route, snapshot),
    ...(target ? protocolBefore(route.url, target, snapshot.live) : {}),
  }));
  return {
    ...askedOf(inputs),
    app: snapshot.name,
    set,
    version,
    owner,
    production,
    dropped: [],
    trials: trialsOf(parts, production, inputs.smokeTest),
    scale: {},
    hold: false,
    until: 'live' as const,
  };
}

/** What a rollback writes on the version, beside what its own deploy wrote. */
export function factsOf(
  { inputs, snapshot }: AnyRollbackParts,
  version: string,
  more: Intent['facts'],
): Intent['facts'] {
  return {
    [ANNOTATION.app]: snapshot.name,
    [ANNOTATION.version]: version,
    [ANNOTATION.strategy]: 'rollback',
    [ANNOTATION.inputs]: inputs.given.join(' '),
    ...more,
  };
}

/** Why there is nothing to take over; none: there is. */
export function withoutLive(snapshot: Snapshot): readonly string[] {
  const { live, name } = snapshot;
  return live
    ? []
    : [`There is no live ${name} whose routes could be taken over: deploy the version instead.`];
}

/** What serves already is not restarted for its variables: requests are on their way to it. */
function notInEffect({ env }: Intent, target: AppState, snapshot: Snapshot): readonly string[] {
  if (target.state !== 'STARTED' || servedBy(snapshot, target).length === 0) return [];
  const names = Object.keys(env).filter((name) => (env[name] ?? undefined) !== target.env[name]);
  const title = `${target.name} serves already, started by another hand: these take effect at its next restart only: variables`;
  return list(title, names);
}

type Settings = Pick<AppState, 'env' | 'annotations'>;

interface Variables {
  wanted: Readonly<Record<string, string | null>>;
  /** Names of those that come from live. */
  taken: readonly string[];
  notes: readonly string[];
}

const NO_VARIABLES: Variables = { wanted: {}, taken: [], notes: [] };

/** Without a record of what both manifests named nobody can tell what was set by hand: the version keeps its own. */
export function variablesOf(live: Settings | undefined, target: Settings): Variables {
  const lives = live?.env ?? {};
  const hasRecord = (app: Settings | undefined) => recordedOn(app, ANNOTATION.manifestEnv) !== undefined;
  if (!hasRecord(live) || !hasRecord(target)) {
    const names = new Set([...Object.keys(lives), ...Object.keys(target.env)]);
    const differing = [...names].filter((name) => lives[name] !== target.env[name]).sort();
    const why = 'the version keeps its own, as it is not recorded which were set by hand';
    return { ...NO_VARIABLES, notes: list(`Variables that differ from live's (${why}):`, differing) };
  }
  const own = ownNames(target);
  const named = [...ownNames(live), ...own];
  const taken = Object.keys(lives).filter(
    (name) => !named.includes(name) && lives[name] !== target.env[name],
  );
  const gone = Object.keys(target.env).filter((name) => !own.includes(name) && lives[name] === undefined);
  return {
    wanted: Object.fromEntries([
      ...taken.map((name) => [name, lives[name] ?? null]),
      ...gone.map((name) => [name, null]),
    ]),
    taken,
    notes: [
      ...list('Taken over from live, set by hand: variables', taken),
      ...list('Removed, as live has them no more: variables', gone),
    ],
  };
}

/** What a restart was given belongs to its version: who goes back behind it wants what was there before. */
function ownNames(app: Settings | undefined): readonly string[] {
  return [ANNOTATION.manifestEnv, ANNOTATION.restartEnv].flatMap((key) => namesBefore(app, key));
}

/** A sentence that lists names; none where there are none. */
export function list(title: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`${title} ${names.join(', ')}.`] : [];
}
