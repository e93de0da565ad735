/** What a rollback to a version that live itself had before wants, and what forbids it. Pure. */
import type { AppState } from '../model/cloud.js';
import type { Intent, WantedScale } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { notDeployable } from './in-place.js';
import type { IntentResult } from './intent.js';
import { beforeOf, runFacts } from './intent-parts.js';
import { type AnyRollbackParts, factsOf, list, variablesOf, wishOf, withoutLive } from './rollback-intent.js';
import { tasksNotUndone } from './task.js';
import type { OwnVersion } from './versions.js';
import { chooseWorkers } from './workers.js';

export interface InPlaceRollbackParts extends AnyRollbackParts {
  live: AppState;
  target: OwnVersion;
  /** Variables of its revision; undefined: the platform has none, or this sign-in may not read them. */
  env?: Readonly<Record<string, string>>;
  /** Commands of live now, by process type; null: as its droplet starts it. */
  commands: Readonly<Record<string, string | null>>;
  /** What live has beside its variables and routes, for the candidate. */
  carry?: Intent['carry'];
  /** Names of live's sidecars that came with its buildpacks. */
  brought: readonly string[];
}

/**
 * Live keeps its GUID, its routes, its scale, its checks and its services. What the version's own manifest set of variables comes
 * from the version, with its commands; what was set by hand comes from today.
 */
export function makeInPlaceRollbackIntent(parts: InPlaceRollbackParts): IntentResult {
  const { inputs, context, snapshot, live, target, owner, adoptedVersion, brought } = parts;
  const { version, dropletGuid, revision } = target;
  const variables = parts.env && variablesOf(live, { env: parts.env, annotations: target.annotations });
  const env = variables ? { ...parts.env, ...variables.wanted } : live.env;
  const gone = Object.keys(live.env).filter((name) => (env[name] ?? null) === null);
  const { [ANNOTATION.commit]: _, ...who } = runFacts(context);
  const { [ANNOTATION.withdrawn]: _withdrawn, ...own } = target.annotations;
  const inPlace = { maxInFlight: inputs.maxInFlight, source: { dropletGuid, by: owner } };
  const intent: Intent = {
    ...wishOf(parts, version),
    before: beforeOf(live, snapshot, adoptedVersion),
    scale: { web: sizesOf(live) },
    keepInstancesOf: [],
    // None of them goes live, and none comes.
    keepPrevious: snapshot.previous.length,
    env: { ...Object.fromEntries(gone.map((name) => [name, null])), ...env, ...inputs.env },
    carriedEnv: [],
    ...(parts.carry ? { carry: parts.carry } : {}),
    commands: { ...parts.commands, ...revision?.commands },
    facts: factsOf(parts, version, { ...target.asLive, ...own, ...who }),
    inPlace,
    bits: { from: 'droplet', guid: dropletGuid },
    asLive: true,
    ...(live.lifecycle.type === 'docker' ? { docker: true } : {}),
  };
  const workers = chooseWorkers(intent, inputs, live, {});
  return {
    intent,
    problems: [
      ...withoutLive(snapshot),
      ...workers.problems,
      ...notDeployable(snapshot, live, inPlace),
      ...brought.map(
        (name) =>
          `${snapshot.name} has the sidecar ${name} from a buildpack, and the copy of a droplet, with which the version is proven, has none: deploy the version with strategy: blue-green.`,
      ),
    ],
    notes: [
      ...workers.notes,
      ...(variables?.notes ?? [
        `${snapshot.name} keeps its variables and commands of today: the platform has no revision of ${version} that could be read.`,
      ]),
      ...(variables
        ? list(`Taken from live, ${version} did not have them: variables`, missing(gone, variables.wanted))
        : []),
      ...tasksNotUndone(snapshot, version),
    ],
  };
}

/** What is told of already is not told twice. */
function missing(gone: readonly string[], wanted: Readonly<Record<string, unknown>>): readonly string[] {
  return gone.filter((name) => !(name in wanted));
}

/** No revision tells of a size. */
function sizesOf({ processes }: AppState): WantedScale {
  const web = processes.find(({ type }) => type === 'web');
  return web ? { memoryMb: web.memoryMb, diskMb: web.diskMb, logRateBps: web.logRateBps } : {};
}
