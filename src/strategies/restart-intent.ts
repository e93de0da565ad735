/** What a restart or a restage wants: live once more, with its variables of now, and a droplet that is staged anew or the same. Pure. */
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Bits, InPlace, Intent, WantedScale } from '../model/intent.js';
import { ANNOTATION, isPartOf, LABEL } from '../platform/names.js';
import { chooseInPlace } from './in-place.js';
import type { IntentResult } from './intent.js';
import { beforeOf, namesBefore, runFacts } from './intent-parts.js';
import { type AnyRollbackParts, wishOf } from './rollback-intent.js';
import { chooseWorkers } from './workers.js';

export interface RestartParts extends AnyRollbackParts {
  live: AppState;
  version: string;
  /** Live's own. */
  dropletGuid: string;
  /** Of live's own, which is there: what its droplet was built of. */
  packageGuid?: string;
  /** Names of live's sidecars that came with its buildpacks. */
  brought: readonly string[];
  /** Process types that live's droplet brings; undefined: they may not be read. */
  types?: readonly string[];
  /** Another hand gave live its droplet: what is told of bits is told of others. */
  isStrange?: boolean;
  /** What live has beside its variables and routes. */
  carry?: Intent['carry'];
}

/** The version is a new one, of the same commit: what is told of its bits and of its manifest is what is told of live's. */
export function makeRestartIntent(parts: RestartParts): IntentResult {
  const { inputs, snapshot, live, version, adoptedVersion } = parts;
  const isRestage = inputs.command === 'restage';
  const way = chooseInPlace({
    inputs,
    app: { name: live.name, lifecycle: live.lifecycle.type },
    snapshot,
    brought: parts.brought,
    canZdtPush: false,
  });
  const inPlace = way.inPlace && inPlaceOf(way.inPlace, parts);
  const { [ANNOTATION.commit]: _, ...who } = runFacts(parts.context);
  const wish: Intent = {
    ...wishOf(parts, version),
    before: beforeOf(live, snapshot, adoptedVersion),
    scale: inPlace ? { web: sizesOf(live, 'web') } : scaleOf(live),
    keepInstancesOf: inPlace ? [] : live.processes.map(({ type }) => type),
    // In place none of them goes live, and none comes.
    ...(inPlace ? { keepPrevious: snapshot.previous.length } : {}),
    env: { ...live.env, ...inputs.env },
    carriedEnv: Object.keys(live.env).filter((name) => !(name in inputs.env)),
    ...(parts.carry ? { carry: parts.carry } : {}),
    facts: {
      ...factsOf(parts, inPlace),
      ...who,
      [ANNOTATION.app]: live.name,
      [ANNOTATION.version]: version,
      [ANNOTATION.strategy]: inPlace ? inputs.strategy : 'blue-green',
      [ANNOTATION.inputs]: inputs.given.join(' '),
      [ANNOTATION.restartEnv]: JSON.stringify(variablesOf(live, inputs)),
    },
    ...(live.lifecycle.type === 'docker' ? { docker: true } : {}),
    ...previewOf(live),
    ...(inPlace ? { inPlace } : {}),
    bits: bitsOf(parts, inPlace),
    asLive: true,
  };
  const counts = Object.fromEntries(live.processes.map(({ type, instances }) => [type, { instances }]));
  const { handover, ...workers } = chooseWorkers(wish, inputs, live, counts);
  return {
    intent: { ...wish, ...(handover ? { handover } : {}) },
    problems: [
      ...whyNot(snapshot, live),
      ...workers.problems,
      ...(isRestage ? withoutPackage(parts) : notCopied(parts)),
      ...(inPlace ? [] : onlyLives(parts)),
      ...(isRestage || notCopied(parts).length === 0 ? way.problems : []),
    ],
    notes: [...way.notes, ...workers.notes, ...notLater(parts, inPlace)],
  };
}

/** What it says is said of bits and manifest, and both are live's. */
const OF_DEPLOY = [
  ANNOTATION.commit,
  ANNOTATION.bits,
  ANNOTATION.manifestHash,
  ANNOTATION.manifestRoutes,
  ANNOTATION.manifestProtocols,
  ANNOTATION.manifestEnv,
  ANNOTATION.manifestScale,
  ANNOTATION.manifestNamed,
  ANNOTATION.repository,
  ANNOTATION.previewId,
  ANNOTATION.pull,
  ANNOTATION.task,
] as const;

/** A package of live's own is none of the app that takes its place, nor the one of a droplet that is built anew. */
function factsOf({ live, isStrange }: RestartParts, inPlace: InPlace | undefined): Intent['facts'] {
  const ofDeploy = OF_DEPLOY.filter((key) => !isStrange || key !== ANNOTATION.bits);
  const kept = [...ofDeploy, ...(inPlace?.source && !isStrange ? [ANNOTATION.builtOf] : [])];
  return Object.fromEntries(
    Object.entries(live.annotations).filter(([name]) => kept.some((key) => isPartOf(key, name))),
  );
}

/** Those of restarts before it are live's still. */
function variablesOf(live: AppState, { env }: RestartParts['inputs']): readonly string[] {
  return [...new Set([...namesBefore(live, ANNOTATION.restartEnv), ...Object.keys(env)])];
}

/** A preview stays one, for as long as it was to be kept. */
function previewOf({ labels }: AppState): Pick<Intent, 'preview'> {
  if (labels[LABEL.role] !== 'preview') return {};
  const own = [LABEL.number, LABEL.repository, LABEL.expires].flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { preview: Object.fromEntries(own) };
}

function inPlaceOf(inPlace: InPlace, { inputs, dropletGuid, owner }: RestartParts): InPlace {
  return inputs.command === 'restage' ? inPlace : { ...inPlace, source: { dropletGuid, by: owner } };
}

function bitsOf({ inputs, dropletGuid, packageGuid }: RestartParts, inPlace: InPlace | undefined): Bits {
  if (inputs.command === 'restage') return { from: 'package', guid: packageGuid ?? '' };
  // Live keeps its packages.
  const kept = inPlace || packageGuid === undefined ? {} : { packageGuid };
  return { from: 'droplet', guid: dropletGuid, ...kept };
}

function sizesOf({ processes }: AppState, wanted: string): WantedScale {
  const process = processes.find(({ type }) => type === wanted);
  if (!process) return {};
  const { memoryMb, diskMb, logRateBps } = process;
  return { memoryMb, diskMb, logRateBps };
}

/** No manifest says it: the new app gets it all. */
function scaleOf(live: AppState): Intent['scale'] {
  return Object.fromEntries(
    live.processes.map(({ type, instances }) => [type, { instances, ...sizesOf(live, type) }]),
  );
}

function whyNot({ name }: Snapshot, { state, processes }: AppState): string[] {
  if (state === 'STOPPED')
    return [`${name} is stopped: start it with cf start ${name}, or deploy the version that you want.`];
  return processes.some(({ instances }) => instances > 0)
    ? []
    : [`${name} has no instances: scale it up, or deploy the version that you want.`];
}

function withoutPackage({ live, packageGuid }: RestartParts): string[] {
  if (packageGuid !== undefined) return [];
  return [
    `${live.name} cannot be staged anew: the package that its droplet was built of is not there. Deploy its bits again.`,
  ];
}

/** Also in place: the version is proven with a copy of the droplet. */
function notCopied({ live, brought }: RestartParts): string[] {
  const way = 'use command: restage with strategy: blue-green, which builds it anew.';
  if (live.lifecycle.type === 'cnb')
    return [`${live.name} has the lifecycle cnb, of which the platform copies no droplet: ${way}`];
  return brought.map(
    (sidecar) =>
      `${live.name} has the sidecar ${sidecar} from a buildpack, and the copy of a droplet, with which the version is proven, has none: ${way}`,
  );
}

/** Only a manifest makes a process that no droplet brings, and nobody has it. */
function onlyLives({ live: { name, processes }, types }: RestartParts): string[] {
  const lost = processes.filter(
    (one) => one.type !== 'web' && one.instances > 0 && !types?.includes(one.type),
  );
  return (types ? lost : []).map(
    ({ type }) =>
      `${name} has the process ${type} by its manifest alone: a new app with live's bits would be without it. Use strategy: rolling, with which it stays, or deploy it again.`,
  );
}

function notLater({ live, inputs, packageGuid }: RestartParts, inPlace: InPlace | undefined): string[] {
  if (inPlace || inputs.command === 'restage' || packageGuid !== undefined) return [];
  return [
    `${live.name} cannot be staged anew later: the package that its droplet was built of is not there.`,
  ];
}
