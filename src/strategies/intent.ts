/** Inputs, manifest and the first snapshot become one intent, and what forbids the deploy is found before anything is made. Pure. */
import type { Inputs, ManifestApp, ManifestProcess, RunContext } from '../model/asked.js';
import type { AppState, Process, Route, Snapshot } from '../model/cloud.js';
import type { InPlace, Intent, WantedRoute, WantedScale } from '../model/intent.js';
import { isOlderThan } from '../platform/api-version.js';
import { ANNOTATION, recordedOn } from '../platform/names.js';
import { namedOn, namedOnlyBy, namesText } from '../steps/named.js';
import { isRouteless } from '../steps/routes.js';
import { namedBy } from './carry.js';
import { chooseInPlace, meaningOfZdtPush, otherProtocols } from './in-place.js';
import {
  askedOf,
  beforeOf,
  namesBefore,
  runFacts,
  type TrialParts,
  trialsOf,
  wantedOf,
} from './intent-parts.js';
import { destinationsOf, routeOf, servedBy } from './view.js';
import { chooseWorkers, registryNotes } from './workers.js';

export interface IntentParts extends TrialParts {
  inputs: Inputs;
  context: RunContext;
  app: ManifestApp;
  /** The routes that the manifest names, or stands for as `cf push` would (default, random). */
  named: readonly WantedRoute[];
  /** Names of all apps of the deploy. */
  set: readonly string[];
  version: string;
  owner: string;
  /** Version under which an adopted live is kept. */
  adoptedVersion: string;
  /** Names of live's sidecars that came with its buildpacks. */
  brought?: readonly string[];
  /** The cf CLI has `v3-zdt-push`. Default: it has not. */
  canZdtPush?: boolean;
  /** Guids of routes of other spaces that are shared with ours. */
  shared?: readonly string[];
  /** Labels and annotations of a preview. */
  preview?: Preview;
}

export interface Preview {
  labels: Readonly<Record<string, string>>;
  facts: Readonly<Record<string, string>>;
}

export interface IntentResult {
  intent: Intent;
  /** Each one forbids the deploy. */
  problems: readonly string[];
  /** What the plan and the summary have to say. */
  notes: readonly string[];
}

export function makeIntent(asked: IntentParts): IntentResult {
  const parts = { ...asked, named: asked.named.map((route) => asThere(route, asked.snapshot)) };
  const { inputs, app, snapshot } = parts;
  const { live } = snapshot;
  const routes = routesOf(parts);
  const env = environmentOf(inputs, app, live);
  const { inPlace, ...way } = chooseInPlace({ ...parts, brought: parts.brought ?? [] });
  const kept = inputs.scale === 'keep' ? scaleOf(app, live) : { deltas: {}, keep: [] };
  const taken = namedOnlyBy(namedOn(live), namedBy(app));
  const scale = inPlace ? { ...kept, deltas: countsInPlace(kept, app.processes, live) } : kept;
  const wish: Intent = {
    app: app.name,
    set: parts.set,
    version: parts.version,
    owner: parts.owner,
    production: routes.production,
    dropped: routes.dropped,
    trials: trialsOf(parts, routes.production, inputs.smokeTest),
    ...(live ? { before: beforeOf(live, snapshot, parts.adoptedVersion) } : {}),
    scale: scale.deltas,
    keepInstancesOf: scale.keep,
    ...askedOf(inputs),
    hold: inputs.hold,
    until: inputs.hold ? 'held' : 'live',
    // Live has its variables: those that it shall not have any more are taken away.
    env: inPlace
      ? { ...Object.fromEntries(env.dropped.map((name) => [name, null])), ...env.wanted }
      : env.wanted,
    carriedEnv: env.carried,
    facts: factsOf(parts, inPlace),
    ...(inputs.task === undefined ? {} : { task: inputs.task }),
    ...(parts.canZdtPush ? { byV6: true } : {}),
    ...(app.docker ? { docker: true } : {}),
    ...(parts.preview ? { preview: parts.preview.labels } : {}),
    ...(inPlace ? { inPlace } : {}),
    ...(inPlace && taken ? { taken } : {}),
  };
  const { handover, ...workers } = chooseWorkers(wish, inputs, live, app.processes);
  const intent = { ...wish, ...(handover ? { handover } : {}) };
  return {
    intent,
    problems: [
      ...routes.problems,
      ...way.problems,
      ...workers.problems,
      ...optionsTooNew(parts.named, snapshot),
      ...(inPlace ? otherProtocols(parts.named, snapshot) : []),
      ...instanceProblems(app, scale.deltas, isRouteless(wish)),
    ],
    notes: [
      ...(parts.set[0] === app.name ? meaningOfZdtPush(parts) : []),
      ...way.notes,
      ...workers.notes,
      ...registryNotes(wish, app, live),
      ...routes.dropped.map((url) => `Route ${url} is dropped: the manifest names it no more.`),
      ...(inPlace
        ? [
            ...list('Taken from live, the manifest names them no more: variables', env.dropped),
            ...list('Taken from live, the manifest names them no more:', taken ? namesText(taken) : []),
          ]
        : [
            ...list('Carried from live, not in the manifest: variables', env.carried),
            ...list('Not carried, the manifest names them no more: variables', env.dropped),
          ]),
    ],
  };
}

function list(title: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`${title} ${names.join(', ')}.`] : [];
}

function routesOf({ inputs, app, named, snapshot, shared = [] }: IntentParts) {
  const { live } = snapshot;
  const before = namesBefore(live, ANNOTATION.manifestRoutes);
  const lives = servedBy(snapshot, live);
  const unnamed = lives.filter(({ url }) => !named.some((route) => route.url === url));
  const dropped = unnamed.filter(({ url }) => inputs.carry === 'manifest' || before.includes(url));
  const carried = unnamed.filter((route) => !dropped.includes(route));
  const production = [...named, ...carried.map((route) => wantedOf(route, snapshot))];
  const problems = [
    ...named.flatMap((route) => [...ofOtherSpace(route, shared, snapshot), ...takenBy(route, snapshot)]),
    ...withoutRoute(app, lives),
  ];
  return { production, dropped: dropped.map(({ url }) => url), problems };
}

function withoutRoute({ name, noRoute }: ManifestApp, lives: readonly Route[]): string[] {
  if (!noRoute || lives.length === 0) return [];
  const urls = lives.map(({ url }) => url).join(', ');
  return [
    `${name} has no-route: true in the manifest, and live serves ${urls}: it is never sent to an app that has routes. Take it out of the manifest.`,
  ];
}

/** The platform keeps a host as it was once written, and compares without regard to case: its spelling is the route's name. */
function asThere(wanted: WantedRoute, snapshot: Snapshot): WantedRoute {
  const there = routeOf(snapshot, wanted);
  return there ? { ...wanted, url: there.url, host: there.host } : wanted;
}

/** Since when routes have options (docs of the v3 API). */
const OPTIONS_SINCE = '3.183.0';

function optionsTooNew(named: readonly WantedRoute[], { apiVersion }: Snapshot): string[] {
  const first = named.find(({ options }) => options !== undefined);
  return first && isOlderThan(apiVersion, OPTIONS_SINCE)
    ? [
        `Options of a route (${first.url}) need version ${OPTIONS_SINCE} of the platform's API, and this one has ${apiVersion}: take them out of the manifest.`,
      ]
    : [];
}

/** What live has is shared with its space, or it could not have it. */
function ofOtherSpace(wanted: WantedRoute, shared: readonly string[], snapshot: Snapshot): string[] {
  const route = routeOf(snapshot, wanted);
  if (!route || route.spaceGuid === snapshot.target.spaceGuid || shared.includes(route.guid)) return [];
  if (destinationsOf(route, snapshot.live).length > 0) return [];
  return [`Route ${wanted.url} belongs to another space, which does not share it.`];
}

/** A route that another app serves and live does not: the new version would take half of its requests. */
export function takenBy(wanted: WantedRoute, snapshot: Snapshot): string[] {
  const route = routeOf(snapshot, wanted);
  if (!route || destinationsOf(route, snapshot.live).length > 0) return [];
  const names = route.destinations.flatMap(({ appGuid }) => snapshot.others[appGuid] ?? []);
  return names.length > 0
    ? [
        `Route ${wanted.url} is served by ${[...new Set(names)].join(', ')}, and by no version of ${snapshot.name}.`,
      ]
    : [];
}

function environmentOf(inputs: Inputs, app: ManifestApp, live: AppState | undefined) {
  const named = new Set([...app.envNames, ...Object.keys(inputs.env)]);
  const before = namesBefore(live, ANNOTATION.manifestEnv);
  const unnamed = Object.entries(live?.env ?? {}).filter(([name]) => !named.has(name));
  const carried = unnamed.filter(([name]) => inputs.carry === 'all' && !before.includes(name));
  return {
    wanted: { ...Object.fromEntries(carried), ...inputs.env },
    carried: carried.map(([name]) => name),
    dropped: unnamed.filter((entry) => !carried.includes(entry)).map(([name]) => name),
  };
}

/**
 * What the manifest itself changed since the last deploy wins; else there are never fewer instances than live has, and what
 * the manifest does not name is as live has it.
 */
function scaleOf(app: ManifestApp, live: AppState | undefined) {
  const before = scaleBefore(live);
  const deltas: Record<string, WantedScale> = {};
  const keep: string[] = [];
  for (const process of live?.processes ?? []) {
    const named = app.processes[process.type];
    const changed =
      named?.instances !== undefined &&
      before !== undefined &&
      before[process.type]?.instances !== named.instances;
    if (!changed) keep.push(process.type);
    const was = before?.[process.type];
    const kept = SIZES.filter(
      (size) =>
        named?.[size] === undefined ||
        // Set by hand since, as the manifest says what it said then.
        (was?.[size] === named[size] && process[size] !== named[size]),
    );
    const delta = {
      ...(changed || !outgrown(process, named, live) ? {} : { instances: process.instances }),
      ...Object.fromEntries(kept.map((size) => [size, process[size]])),
    };
    if (Object.keys(delta).length > 0) deltas[process.type] = delta;
  }
  return { deltas, keep };
}

const SIZES = ['memoryMb', 'diskMb', 'logRateBps'] as const;

/** What a candidate has by its manifest live is scaled to: in the end there are as many instances as after blue-green. */
export function countsInPlace(
  { deltas, keep }: ReturnType<typeof scaleOf>,
  named: Readonly<Record<string, WantedScale>>,
  live: AppState | undefined,
): Record<string, WantedScale> {
  const types = new Set([...(live?.processes ?? []).map(({ type }) => type), ...Object.keys(named)]);
  const counts = [...types].map((type): [string, WantedScale] => {
    const now = live?.processes.find((process) => process.type === type)?.instances ?? 0;
    const wanted = named[type]?.instances ?? defaultInstances(type);
    const { instances: _, ...sizes } = deltas[type] ?? {};
    const count = keep.includes(type) ? Math.max(now, wanted) : wanted;
    return [type, { ...sizes, ...(count === now ? {} : { instances: count }) }];
  });
  return Object.fromEntries(counts);
}

function outgrown(process: Process, named: ManifestProcess | undefined, live: AppState | undefined): boolean {
  return (
    live?.state === 'STARTED' && process.instances > (named?.instances ?? defaultInstances(process.type))
  );
}

/** https://v3-apidocs.cloudfoundry.org: a new app has one web instance and none of any other type. */
function defaultInstances(processType: string): number {
  return processType === 'web' ? 1 : 0;
}

/** @param isRouteless any process proves it */
function instanceProblems(
  app: ManifestApp,
  deltas: Readonly<Record<string, WantedScale>>,
  isRouteless: boolean,
): string[] {
  const types = isRouteless ? [...Object.keys(deltas), ...Object.keys(app.processes)] : [];
  const counts = ['web', ...types].map(
    (type) => deltas[type]?.instances ?? app.processes[type]?.instances ?? defaultInstances(type),
  );
  return counts.some((count) => count > 0)
    ? []
    : [`${app.name} has no instances in the manifest: there would be nothing to prove.`];
}

function factsOf(
  { inputs, context, app, named, version, preview }: IntentParts,
  inPlace: InPlace | undefined,
): Record<string, string> {
  return {
    [ANNOTATION.app]: app.name,
    [ANNOTATION.version]: version,
    [ANNOTATION.strategy]: inPlace ? inputs.strategy : 'blue-green',
    [ANNOTATION.inputs]: inputs.given.join(' '),
    [ANNOTATION.manifestRoutes]: JSON.stringify(app.routes ? named.map(({ url }) => url) : []),
    [ANNOTATION.manifestProtocols]: JSON.stringify(
      Object.fromEntries(named.flatMap(({ url, protocol }) => (protocol ? [[url, protocol]] : []))),
    ),
    [ANNOTATION.manifestEnv]: JSON.stringify([...app.envNames, ...Object.keys(inputs.env)]),
    [ANNOTATION.manifestScale]: JSON.stringify(
      Object.fromEntries(
        Object.entries(app.processes).map(([type, { instances, memoryMb, diskMb, logRateBps }]) => [
          type,
          { instances, memoryMb, diskMb, logRateBps },
        ]),
      ),
    ),
    [ANNOTATION.manifestNamed]: JSON.stringify(namedBy(app)),
    ...runFacts(context),
    ...preview?.facts,
  };
}

/** What the manifest named at the app's deploy; undefined: it was not deployed this way. */
export function scaleBefore(app: AppState | undefined): Record<string, WantedScale> | undefined {
  const scale = recordedOn(app, ANNOTATION.manifestScale);
  return typeof scale === 'object' && scale !== null ? (scale as Record<string, WantedScale>) : undefined;
}
