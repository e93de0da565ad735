/** Questions that the strategies ask of a snapshot. Pure. */
import type { AppState, Destination, Route, Snapshot } from '../model/cloud.js';
import type { Intent, Port, WantedRoute } from '../model/intent.js';
import { PHASES, type Phase, type Role } from '../model/words.js';
import { ANNOTATION, appKey, LABEL } from '../platform/names.js';
import { isNamed } from '../steps/routes.js';

/** @returns the route that `wanted` names, or undefined when the snapshot has none: it was looked for, so it does not exist. */
export function routeOf(snapshot: Snapshot, wanted: WantedRoute): Route | undefined {
  return snapshot.routes.find((route) => isNamed(route, wanted));
}

/** Destinations of one app on one route. */
export function destinationsOf(route: Route | undefined, app: AppState | undefined): readonly Destination[] {
  if (!route || !app) return [];
  return route.destinations.filter((destination) => destination.appGuid === app.guid);
}

export function portOf(destination: Destination): Port {
  return {
    processType: destination.processType,
    port: destination.port,
    protocol: destination.protocol,
  };
}

/** The platform tells destinations of one app apart by process type and port; protocol does not count. */
export function samePort(one: Pick<Port, 'processType' | 'port'>, other: Pick<Port, 'processType' | 'port'>) {
  return one.processType === other.processType && (one.port ?? 8080) === (other.port ?? 8080);
}

/**
 * What the new version gets on a production route: what live has there, asked for by the protocol that the manifest names; where
 * live has nothing, the web process at its own port.
 */
export function portsOn(
  url: string,
  production: readonly WantedRoute[],
  { routes, live }: Pick<Snapshot, 'routes' | 'live'>,
): readonly Port[] {
  const { protocol = null } = production.find((one) => one.url === url) ?? {};
  const lives = destinationsOf(
    routes.find((one) => one.url === url),
    live,
  ).map(portOf);
  if (lives.length === 0) return [{ processType: 'web', port: null, protocol }];
  return lives.map((port) => (protocol && port.processType === 'web' ? { ...port, protocol } : port));
}

/** Trial routes of this app: made by us, labelled in the call that made them. */
export function trialRoutes(snapshot: Snapshot): readonly Route[] {
  return snapshot.routes.filter((route) => isOurs(route, 'candidate', snapshot));
}

function isOurs({ labels }: Route, role: Role, { name }: Snapshot): boolean {
  return labels[LABEL.role] === role && labels[LABEL.app] === appKey(name);
}

/** Production routes that this version's deploy made. */
export function madeRoutes(snapshot: Snapshot, version: string): readonly Route[] {
  return snapshot.routes.filter(
    (route) => isOurs(route, 'live', snapshot) && route.labels[LABEL.version] === version,
  );
}

/** Routes other than trial routes on which the app has a destination. */
export function servedBy(snapshot: Snapshot, app: AppState | undefined): readonly Route[] {
  const trial = new Set(trialRoutes(snapshot).map((route) => route.guid));
  return snapshot.routes.filter((route) => !trial.has(route.guid) && destinationsOf(route, app).length > 0);
}

/** Its delete was asked for: it may go at any time, whatever became of the run that asked. */
export function isGoing({ annotations }: Pick<AppState, 'annotations'>): boolean {
  return ANNOTATION.deleting in annotations;
}

/** Every instance that is wanted runs and takes traffic. */
export function allRunning(app: AppState): boolean {
  return (
    app.state === 'STARTED' && app.processes.every((process) => runningCount(process) >= process.instances)
  );
}

/** Somebody is there to answer. */
export function someRunning(app: AppState): boolean {
  return app.state === 'STARTED' && app.processes.some((process) => runningCount(process) > 0);
}

export function runningCount(process: AppState['processes'][number]): number {
  return process.instancesSeen.filter(
    (instance) => instance.state === 'RUNNING' && instance.routable !== false,
  ).length;
}

/** Whether the candidate has come at least as far as `phase` on its way forward. */
export function reached(candidate: AppState | undefined, phase: Phase): boolean {
  return candidate !== undefined && PHASES.indexOf(candidate.phase ?? 'made') >= PHASES.indexOf(phase);
}

/**
 * The production routes of a deploy now: those of its intent, and those that live has gained by another hand since then.
 * Nobody's route is lost because it came while a deploy ran.
 */
export function productionUrls(intent: Intent, snapshot: Snapshot): readonly string[] {
  const known = intent.production.map((route) => route.url);
  const gained = servedBy(snapshot, snapshot.live)
    .map((route) => route.url)
    .filter((url) => !known.includes(url) && !intent.dropped.includes(url));
  return [...known, ...gained];
}
