/** How a command ended, as data. `report/` turns it into outputs, summary, annotations and the exit code. */
import type { CommitsBetween } from '../github/commits.js';
import type { RouterOverride } from '../model/asked.js';
import type { AppState, Route, Snapshot } from '../model/cloud.js';
import { isWaiting, type Result } from '../model/words.js';
import { ANNOTATION } from '../platform/names.js';
import { publicUrl } from '../probe/address.js';
import type { WatchFigures } from '../probe/watch.js';
import { rollOf } from '../steps/deployments.js';
import type { AppWorld, Found } from '../steps/world.js';
import type { Changes } from '../strategies/changes.js';
import type { Outlook } from '../strategies/outlook.js';
import type { Decision } from '../strategies/sweep.js';
import { isGoing, routeOf, servedBy, someRunning, trialRoutes } from '../strategies/view.js';

/** Who serves a route now, by app names; several: requests go to each of them. */
export interface RouteServed {
  url: string;
  by: readonly string[];
}

export interface LiveNow {
  /** The app that serves; undefined: none of this deploy does. */
  app?: string;
  guid?: string;
  version?: string;
  /** Full, as the run that deployed it was told. */
  commit?: string;
  dropletGuid?: string;
  instances: { running: number; wanted: number };
  routes: readonly RouteServed[];
}

export interface AppOutcome {
  app: string;
  live: LiveNow;
  /** When the platform was read for `live`; a run that is cut short cannot look again. Milliseconds since the epoch. */
  seenAtMs?: number;
  /** Addresses, as a browser takes them. */
  url?: string;
  /** As long as the trial route is there. */
  trialUrl?: string;
  /** Of the version that this run deployed, or tried to. */
  version?: string;
  previousVersion?: string;
  previousAppGuid?: string;
  /** Name under which the version that was live before is kept. */
  previousApp?: string;
  /** Live keeps its GUID: what the version before was lives on in this droplet alone. */
  rolled?: { deploymentGuid?: string; previousDropletGuid?: string };
  /** A deploy that is under way, or was interrupted. */
  candidate?: { version: string; phase: string };
  /** Names of what is kept for a way back or for diagnosis. */
  previous: readonly string[];
  failed: readonly string[];
  found?: Found;
  /** What the version of this run changes of the one before; undefined: nothing was live, or the version is not there (any more). */
  changes?: Changes;
  commits?: CommitChange;
  /** What stands beside live, and what the next deploy would do about it. */
  outlook?: Outlook;
}

/** The commits between the version before and the one of this run: those that come with it, and those that leave. */
export interface CommitChange {
  /** Full. */
  before: string;
  after: string;
  come: CommitsBetween;
  leave: CommitsBetween;
}

/** What was made for a preview, and is gone. */
export interface Removed {
  kind: 'app' | 'route' | 'service';
  name: string;
}

export interface PlannedStep {
  app: string;
  title: string;
  calls: readonly string[];
}

export interface Outcome {
  result: Result;
  /** What failed first, as it was thrown. */
  error?: unknown;
  /** What failed while going back. */
  second?: unknown;
  apps: readonly AppOutcome[];
  plan?: readonly PlannedStep[];
  /** What `apps` tells of is a preview, and it is there. */
  isPreview?: true;
  /** Of previews. */
  removed?: readonly Removed[];
  /** The names of apps whose previews are gone, as far as what was left of them told. */
  gone?: readonly string[];
  swept?: readonly Decision[];
  watch?: WatchFigures;
  /** Of the CLI that was used. */
  cfVersion?: string;
  /** Path of the report that was written. */
  report?: string;
}

/** What is live for one app by its newest snapshot. Pure. */
export function liveNow(snapshot: Snapshot, urls: readonly string[]): LiveNow {
  const known = [snapshot.live, snapshot.candidate, ...snapshot.previous, ...snapshot.failed].filter(
    (app): app is AppState => app !== undefined,
  );
  const nameOf = (guid: string) =>
    known.find((app) => app.guid === guid)?.name ?? snapshot.others[guid] ?? 'an unknown app';
  const routes = snapshot.routes.filter((route) => urls.includes(route.url));
  const guids = routes.flatMap(({ destinations }) => destinations.map(({ appGuid }) => appGuid));
  const server = known
    .filter(({ guid }) => guids.includes(guid))
    .sort((one, other) => count(guids, other.guid) - count(guids, one.guid))[0];
  const shown = server ?? (urls.length === 0 ? atWork(snapshot) : undefined);
  const processes = shown?.processes ?? [];
  const commit = shown?.annotations[ANNOTATION.commit];
  return {
    ...(shown ? { app: shown.name, guid: shown.guid } : {}),
    ...(shown?.version ? { version: shown.version } : {}),
    ...(commit ? { commit } : {}),
    ...(shown?.currentDropletGuid ? { dropletGuid: shown.currentDropletGuid } : {}),
    instances: {
      running: sum(
        processes.map(({ instancesSeen }) => instancesSeen.filter(({ state }) => state === 'RUNNING').length),
      ),
      wanted: shown?.state === 'STARTED' ? sum(processes.map(({ instances }) => instances)) : 0,
    },
    routes: urls.map((url) => {
      const route = routes.find((one) => one.url === url);
      return { url, by: [...new Set((route?.destinations ?? []).map(({ appGuid }) => nameOf(appGuid)))] };
    }),
  };
}

/** Of an app that no route names: between its end and its new name live is whoever runs. */
function atWork({ live, candidate }: Snapshot): AppState | undefined {
  return candidate && live?.state !== 'STARTED' && someRunning(candidate) ? candidate : live;
}

/** What there is to tell of one app without a deploy of this run, by its newest snapshot. Pure. */
export function outcomeSeen(snapshot: Snapshot, router?: RouterOverride): AppOutcome {
  const { name, live, lock, candidate, previous, failed } = snapshot;
  const urls = [live, candidate].flatMap((app) => servedBy(snapshot, app)).map(({ url }) => url);
  const isInside = ({ domainGuid }: Route) =>
    snapshot.domains.some(({ guid, internal }) => internal && guid === domainGuid);
  const trial = trialRoutes(snapshot).find((route) => !isInside(route));
  const isHeldNow = isWaiting(candidate?.phase);
  return {
    app: name,
    live: liveNow(snapshot, [...new Set(urls)]),
    seenAtMs: snapshot.takenAtMs,
    ...(urls[0] ? { url: publicUrl(urls[0], router) } : {}),
    ...(live?.version ? { version: live.version } : {}),
    ...(isHeldNow && trial ? { trialUrl: publicUrl(trial.url, router) } : {}),
    ...(lock?.version ? { candidate: { version: lock.version, phase: lock.phase ?? 'made' } } : {}),
    previous: previous.filter((app) => !isGoing(app)).map((app) => app.name),
    failed: failed.map((app) => app.name),
  };
}

/** What there is to tell of one app of a deploy, by its newest snapshot. Pure. */
export function outcomeOf({ intent, snapshot, found }: AppWorld, router?: RouterOverride): AppOutcome {
  const { before, production, version } = intent;
  const [first] = production;
  const outside = intent.trials.filter(({ route }) => !route.internal);
  const [trial] = outside.flatMap(({ route }) => routeOf(snapshot, route) ?? []);
  const previous = snapshot.previous.filter((app) => !isGoing(app));
  const kept = previous.find(({ guid }) => guid === before?.guid);
  const phase = snapshot.candidate?.phase;
  return {
    app: intent.app,
    live: liveNow(snapshot, [...production.map(({ url }) => url), ...intent.dropped]),
    seenAtMs: snapshot.takenAtMs,
    ...(first ? { url: publicUrl(first.url, router) } : {}),
    ...(trial ? { trialUrl: publicUrl(trial.url, router) } : {}),
    version,
    ...(isWaiting(phase) ? { candidate: { version, phase } } : {}),
    ...(before ? { previousVersion: before.version } : {}),
    ...(kept ? { previousAppGuid: kept.guid, previousApp: kept.name } : {}),
    ...(intent.inPlace ? { rolled: rolledBy(intent, snapshot) } : {}),
    previous: previous.map(({ name }) => name),
    failed: snapshot.failed.map(({ name }) => name),
    found,
  };
}

function rolledBy(intent: AppWorld['intent'], snapshot: Snapshot): AppOutcome['rolled'] & object {
  const roll = rollOf(intent, snapshot);
  const droplet = intent.before?.dropletGuid;
  return {
    ...(roll ? { deploymentGuid: roll.guid } : {}),
    ...(droplet ? { previousDropletGuid: droplet } : {}),
  };
}

function count(list: readonly string[], one: string): number {
  return list.filter((other) => other === one).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
