/** Which version a rollback brings back, and what it takes over from today. Pure. */
import type { Inputs, RunContext } from '../model/asked.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import type { IntentResult } from './intent.js';
import {
  askedOf,
  beforeOf,
  namesBefore,
  protocolBefore,
  recordedOn,
  runFacts,
  type TrialParts,
  trialsOf,
  wantedOf,
} from './intent-parts.js';
import { isGoing, servedBy } from './view.js';

/** A commit is named by at least so many of its first characters. */
const COMMIT_LENGTH = 7;

/**
 * @param to a GUID, a version, or the beginning of a commit; undefined: the previous one that was live last
 * @returns the version that is meant, which may be live already, or why none is
 */
export function chooseTarget(
  { live, previous: all }: Pick<Snapshot, 'live' | 'previous'>,
  to: string | undefined,
): AppState | string {
  const previous = all.filter((app) => !isGoing(app));
  const [newest] = previous;
  if (to === undefined) return (live && whyUnknown(live, previous)) ?? newest ?? NOTHING_KEPT;
  if (/^v\d+$/.test(to)) return `"${to}" is a revision: going back to revisions is not available yet`;
  const fits = (app: AppState) => isNamed(app, to) || isOfCommit(app, to);
  const named = previous.filter((app) => isNamed(app, to));
  // The same command again, after it came to its end: there is nothing to do.
  if (live && fits(live) && named.length === 0) return live;
  if (!newest) return NOTHING_KEPT;
  const hits = named.length > 0 ? named : previous.filter(fits);
  const [hit] = hits;
  if (hit && hits.length === 1) return hit;
  const versions = (hits.length > 1 ? hits : previous).map(({ version }) => version).join(', ');
  return hits.length > 1 ? `"${to}" means several versions: ${versions}` : `"${to}" is none of ${versions}`;
}

/** The version that was live last is not among those that are kept as apps. */
function whyUnknown(live: AppState, previous: readonly AppState[]): string | undefined {
  if (live.annotations[ANNOTATION.strategy] !== 'rolling') return undefined;
  const others = previous.map(({ version }) => version).join(', ');
  return `live came by strategy: rolling, and the version before it is not kept as an app: deploy its commit again${others ? `, or name an earlier version (${others})` : ''}`;
}

const NOTHING_KEPT = 'there is no previous version that was kept';

function isNamed({ guid, version }: AppState, to: string): boolean {
  return guid === to || version === to;
}

export function isOfCommit({ annotations, version }: AppState, commit: string): boolean {
  if (commit.length < COMMIT_LENGTH || !/^[0-9a-f]+$/i.test(commit)) return false;
  const known = commitOf({ annotations, version });
  const [short, long] = known.length < commit.length ? [known, commit] : [commit, known];
  return short.length >= COMMIT_LENGTH && long.toLowerCase().startsWith(short.toLowerCase());
}

function commitOf({ annotations, version }: Pick<AppState, 'annotations'> & { version: string | undefined }) {
  return annotations[ANNOTATION.commit] ?? version?.split('-').at(-1) ?? '';
}

/** For a plan: each version that could go live again, one line each. */
export function choicesOf({ previous }: Pick<Snapshot, 'previous'>, target: AppState): readonly string[] {
  return previous
    .filter((app) => !isGoing(app))
    .map((app) => {
      const { version, guid } = app;
      const why = withdrawalOf(app);
      const meant = guid === target.guid ? ', and it is the one that is meant' : '';
      return `Can be rolled back to: ${version}, commit ${commitOf({ ...app, version })}, app ${guid}${why ? `, taken from live by a rollback${why}` : ''}${meant}.`;
    });
}

/** @returns why this commit is not deployed unasked: a rollback took it from live, and it is not live again */
export function withdrawn(
  { live, previous }: Pick<Snapshot, 'live' | 'previous'>,
  commit: string | undefined,
): string | undefined {
  if (commit === undefined || (live && isOfCommit(live, commit))) return undefined;
  const who = previous.filter((one) => isOfCommit(one, commit)).map(withdrawalOf);
  const [first] = who.filter((one) => one !== undefined);
  return first === undefined ? undefined : `commit ${commit} was taken from live by a rollback${first}`;
}

/** @returns who did it, in brackets; undefined: no rollback took it from live */
function withdrawalOf(app: AppState): string | undefined {
  const how = recordedOn(app, ANNOTATION.withdrawn) as { by?: string; run?: string } | undefined;
  if (!how) return undefined;
  const who = [how.by, how.run].filter((part) => part !== undefined).join(', ');
  return who ? ` (${who})` : '';
}

export interface RollbackParts extends TrialParts {
  inputs: Inputs;
  context: RunContext;
  /** Names of all apps of the rollback. */
  set: readonly string[];
  owner: string;
  /** Version under which an adopted live is kept. */
  adoptedVersion: string;
  /** With its variables, which a snapshot does not read of a version that is kept. */
  target: AppState;
}

/**
 * What the version's own manifest set comes from the version; what was set by hand since comes from today, and so do the routes
 * and the scale. A target that is live already makes an intent for which nothing is to do.
 */
export function makeRollbackIntent(parts: RollbackParts): IntentResult {
  const { inputs, context, snapshot, target, set, owner, adoptedVersion } = parts;
  const { live, name } = snapshot;
  const isLive = live?.guid === target.guid;
  const lives = servedBy(snapshot, live);
  const production = lives.map((route) => ({
    ...wantedOf(route, snapshot),
    ...protocolBefore(route.url, target, live),
  }));
  const variables = isLive ? NO_VARIABLES : variablesOf(live, target);
  const intent: Intent = {
    app: name,
    set,
    target: target.guid,
    version: target.version ?? '',
    owner,
    production,
    dropped: [],
    trials: trialsOf(parts, production),
    ...(live && !isLive ? { before: beforeOf(live, snapshot, adoptedVersion) } : {}),
    scale: {},
    keepInstancesOf: (live?.processes ?? []).map(({ type }) => type),
    ...askedOf(inputs),
    hold: false,
    until: 'live',
    // As many as before: one goes live, and live becomes one.
    keepPrevious: Math.max(1, snapshot.previous.length),
    env: { ...variables.wanted, ...inputs.env },
    carriedEnv: variables.taken,
    facts: {
      [ANNOTATION.app]: name,
      [ANNOTATION.version]: target.version ?? '',
      [ANNOTATION.strategy]: 'rollback',
      [ANNOTATION.inputs]: inputs.given.join(' '),
      ...runFacts(context),
    },
  };
  if (isLive) {
    const notes = [`${name} is at version ${intent.version} already: there is nothing to do.`];
    return { intent, problems: [], notes };
  }
  return {
    intent,
    problems: [
      ...(live
        ? []
        : [`There is no live ${name} whose routes could be taken over: deploy the version instead.`]),
      ...(live && lives.length === 0 ? [`${name} serves no route: there is nothing to take over.`] : []),
      ...lives
        .filter(({ protocol }) => protocol === 'tcp')
        .map(({ url }) => `${url} is a TCP route: they are not available yet.`),
    ],
    notes: [...variables.notes, ...notInEffect(intent, target, snapshot)],
  };
}

/** What serves already is not restarted for its variables: requests are on their way to it. */
function notInEffect({ env }: Intent, target: AppState, snapshot: Snapshot): readonly string[] {
  if (target.state !== 'STARTED' || servedBy(snapshot, target).length === 0) return [];
  const names = Object.keys(env).filter((name) => (env[name] ?? undefined) !== target.env[name]);
  const title = `${target.name} serves already, started by another hand: these take effect at its next restart only: variables`;
  return list(title, names);
}

interface Variables {
  wanted: Readonly<Record<string, string | null>>;
  /** Names of those that come from live. */
  taken: readonly string[];
  notes: readonly string[];
}

const NO_VARIABLES: Variables = { wanted: {}, taken: [], notes: [] };

/** Without a record of what both manifests named nobody can tell what was set by hand: the version keeps its own. */
function variablesOf(live: AppState | undefined, target: AppState): Variables {
  const lives = live?.env ?? {};
  const hasRecord = (app: AppState | undefined) => recordedOn(app, ANNOTATION.manifestEnv) !== undefined;
  if (!hasRecord(live) || !hasRecord(target)) {
    const names = new Set([...Object.keys(lives), ...Object.keys(target.env)]);
    const differing = [...names].filter((name) => lives[name] !== target.env[name]).sort();
    const why = 'the version keeps its own, as it is not recorded which were set by hand';
    return { ...NO_VARIABLES, notes: list(`Variables that differ from live's (${why}):`, differing) };
  }
  const own = namesBefore(target, ANNOTATION.manifestEnv);
  const named = [...namesBefore(live, ANNOTATION.manifestEnv), ...own];
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

function list(title: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`${title} ${names.join(', ')}.`] : [];
}
