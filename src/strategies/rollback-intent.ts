/** Which version a rollback brings back, and what it takes over from today. Pure. */
import type { Inputs, RunContext } from '../model/asked.js';
import type { AppState } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import type { IntentResult } from './intent.js';
import {
  askedOf,
  beforeOf,
  namesBefore,
  recordedOn,
  runFacts,
  type TrialParts,
  trialsOf,
  wantedOf,
} from './intent-parts.js';
import { servedBy } from './view.js';

/** A commit is named by at least so many of its first characters. */
const COMMIT_LENGTH = 7;

/**
 * @param previous ours, newest version first
 * @param to a GUID, a version, or the beginning of a commit; undefined: the newest
 * @returns the version that is meant, or why none is
 */
export function chooseTarget(previous: readonly AppState[], to: string | undefined): AppState | string {
  const [newest] = previous;
  if (!newest) return 'there is no previous version that was kept';
  if (to === undefined) return newest;
  if (/^v\d+$/.test(to)) return `"${to}" is a revision: going back to revisions is not available yet`;
  const named = previous.filter(({ guid, version }) => guid === to || version === to);
  const hits = named.length > 0 ? named : previous.filter((app) => isOfCommit(app, to));
  const [hit] = hits;
  if (hit && hits.length === 1) return hit;
  const versions = (hits.length > 1 ? hits : previous).map(({ version }) => version).join(', ');
  return hits.length > 1 ? `"${to}" means several versions: ${versions}` : `"${to}" is none of ${versions}`;
}

export function isOfCommit({ annotations, version }: AppState, commit: string): boolean {
  if (commit.length < COMMIT_LENGTH || !/^[0-9a-f]+$/i.test(commit)) return false;
  const known = annotations[ANNOTATION.commit] ?? version?.split('-').at(-1) ?? '';
  const [short, long] = known.length < commit.length ? [known, commit] : [commit, known];
  return short.length >= COMMIT_LENGTH && long.toLowerCase().startsWith(short.toLowerCase());
}

/** @returns why this commit is not deployed unasked: a rollback took it from live */
export function withdrawn(previous: readonly AppState[], commit: string | undefined): string | undefined {
  const app = previous.find((one) => commit !== undefined && isOfCommit(one, commit));
  const how = recordedOn(app, ANNOTATION.withdrawn) as { by?: string; run?: string } | undefined;
  if (!how) return undefined;
  const who = [how.by, how.run].filter((part) => part !== undefined).join(', ');
  return `commit ${commit} was taken from live by a rollback${who ? ` (${who})` : ''}`;
}

export interface RollbackParts extends TrialParts {
  inputs: Inputs;
  context: RunContext;
  /** Names of all apps of the rollback. */
  set: readonly string[];
  owner: string;
  /** Version under which an adopted live is kept. */
  adoptedVersion: string;
  target: AppState;
}

/**
 * What the version's own manifest set comes from the version; what was set by hand since comes from today, and so do the routes
 * and the scale.
 */
export function makeRollbackIntent(parts: RollbackParts): IntentResult {
  const { inputs, context, snapshot, target, set, owner, adoptedVersion } = parts;
  const { live, name } = snapshot;
  const production = servedBy(snapshot, live).map((route) => wantedOf(route, snapshot));
  const env = setByHand(live, target);
  const intent: Intent = {
    app: name,
    set,
    target: target.guid,
    version: target.version ?? '',
    owner,
    production,
    dropped: [],
    trials: trialsOf(parts),
    ...(live ? { before: beforeOf(live, snapshot, adoptedVersion) } : {}),
    scale: {},
    keepInstancesOf: (live?.processes ?? []).map(({ type }) => type),
    ...askedOf(inputs),
    env: { ...Object.fromEntries(env), ...inputs.env },
    carriedEnv: env.map(([variable]) => variable),
    facts: {
      [ANNOTATION.app]: name,
      [ANNOTATION.version]: target.version ?? '',
      [ANNOTATION.strategy]: 'rollback',
      [ANNOTATION.inputs]: inputs.given.join(' '),
      ...runFacts(context),
    },
  };
  const carried = intent.carriedEnv.join(', ');
  return {
    intent,
    problems: live
      ? production.length > 0
        ? []
        : [`${name} serves no route: there is nothing to take over.`]
      : [`There is no live ${name} whose routes could be taken over: deploy the version that you want.`],
    notes: carried ? [`Taken over from live, set by hand: variables ${carried}.`] : [],
  };
}

/** Without a record of what live's manifest named, nobody can tell what was set by hand: the version keeps its own. */
function setByHand(live: AppState | undefined, target: AppState): [string, string][] {
  if (recordedOn(live, ANNOTATION.manifestEnv) === undefined) return [];
  const named = [live, target].flatMap((app) => namesBefore(app, ANNOTATION.manifestEnv));
  return Object.entries(live?.env ?? {}).filter(([variable]) => !named.includes(variable));
}
