/** Reads all that one app's deploy decides on, and says which apps are ours: by label and exact name, never by likeness. */
import type { App, AppState, Droplet, Route, Snapshot, Target } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import { PHASES, ROLES, type Role } from '../model/words.js';
import { Ahead, type Guess, guessFrom, NO_GUESS } from './ahead.js';
import type { Platform, RouteName } from './calls.js';
import { present } from './json.js';
import {
  ANNOTATION,
  appKey,
  candidateName,
  failedName,
  LABEL,
  previousName,
  selectorOf,
  takerNumber,
} from './names.js';
import { withOurs } from './pushed-to-live.js';

export interface SnapshotQuestion {
  /** The user's app name. */
  name: string;
  /** Routes that the manifest asks for, beside those that the apps have. */
  wanted: readonly RouteName[];
  /** An earlier one of the same app: nothing of it is taken over, but what it makes likely is asked for at once. */
  last?: Snapshot;
}

/** An app may go away between two calls of one snapshot: then all of it is read again, this often at most. */
const ATTEMPTS = 3;

/**
 * Reads the platform, side by side where calls do not depend on each other. Complete or not there: throws `PlatformFault` when a
 * read stays ambiguous or the space does not stand still, `PlatformRefusal` when a role is missing.
 */
export async function takeSnapshot(
  platform: Platform,
  target: Target,
  question: SnapshotQuestion,
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      const last = attempt === 1 ? question.last : undefined;
      const guess = last ? guessFrom(last, laterNames(last.name, last.live, last.candidate)) : NO_GUESS;
      return await takeOnce(platform, target, question, guess);
    } catch (error) {
      if (!(error instanceof PlatformRefusal && error.status === 404)) throw error;
      if (attempt === ATTEMPTS)
        throw new PlatformFault(`The space changes while it is read: ${error.message}`, false);
    }
  }
}

async function takeOnce(
  platform: Platform,
  target: Target,
  { name, wanted, last }: SnapshotQuestion,
  guess: Guess,
): Promise<Snapshot> {
  const needed = [name, candidateName(name)];
  const ahead = new Ahead(platform, target.spaceGuid, needed, guess);
  const [named, labelled, domains, apiVersion, wantedRoutes, ownRoutes] = await Promise.all([
    ahead.appsByName(needed),
    platform.appsByLabel(target.spaceGuid, selectorOf(name)),
    platform.domains(target.orgGuid),
    platform.apiVersion(),
    platform.findRoutes(undefined, wanted),
    platform.routesByLabel(target.spaceGuid, selectorOf(name)),
  ]);
  const onNames = named.filter((app) => needed.includes(app.name));
  const parts = partsOf(name, uniqueByGuid([...onNames, ...labelled]));
  const { live, lock, candidate, previous, failed } = parts;
  const apps = uniqueByGuid(
    [live, lock, candidate, ...previous, ...failed].filter((app) => app !== undefined),
  );
  const guids = apps.map((app) => app.guid);
  const reader: Reader = {
    processes: (guid) => ahead.processes(guid, guids),
    instances: ahead.instances,
    environment: ahead.environment,
    droplet: (app) => dropletOf(app, [last?.live, last?.candidate], platform),
  };
  const later = laterNames(name, live, candidate);
  const [
    liveState,
    lockState,
    candidateState,
    previousStates,
    failedStates,
    appRoutes,
    onLaterNames,
    deployments,
  ] = await Promise.all([
    live && wholeState(reader, name, live),
    lock && lock !== candidate ? restingState(reader, name, lock) : undefined,
    candidate && wholeState(reader, name, candidate),
    Promise.all(previous.map((app) => restingState(reader, name, app))),
    Promise.all(failed.map((app) => restingState(reader, name, app))),
    ahead.routesOfApps(guids),
    ahead.appsByName(later).then((found) => found.filter((app) => later.includes(app.name))),
    live ? ahead.deployments(live.guid).then((all) => withOurs(all, lock, live, platform)) : [],
  ]);
  const routes = uniqueByGuid([...appRoutes, ...wantedRoutes, ...ownRoutes]).map((route) =>
    withoutImagePorts(route, [liveState, candidateState]),
  );
  return {
    takenAtMs: platform.platformNowMs(),
    apiVersion,
    target,
    domains,
    name,
    ...present({ live: liveState, ...onItsWay(lockState, candidateState) }),
    takers: parts.takers,
    deployments,
    previous: previousStates,
    failed: failedStates,
    inTheWay: [
      ...parts.inTheWay,
      ...onLaterNames.filter((app) => apps.every(({ guid }) => guid !== app.guid)),
    ],
    routes,
    others: await namesOfOthers(platform, routes, apps),
  };
}

/**
 * Phases are on the lock, also where the version on its way is another app. Pure.
 * @param lock undefined: it is the candidate itself
 */
export function onItsWay(lock: AppState | undefined, candidate: AppState | undefined) {
  if (!lock) return { lock: candidate, candidate };
  return { lock, candidate: candidate && { ...candidate, ...present({ phase: lock.phase }) } };
}

/** The names under which live and the candidate would be kept. A live that is adopted has no version yet, so no name either. */
function laterNames(name: string, live: App | undefined, candidate: App | undefined): string[] {
  return [
    ...(live && versionLabel(live) ? [previousName(name, versionLabel(live))] : []),
    ...(candidate && versionLabel(candidate) ? [failedName(name, versionLabel(candidate))] : []),
  ];
}

interface Parts {
  live?: App;
  lock?: App;
  candidate?: App;
  takers: readonly App[];
  previous: readonly App[];
  failed: readonly App[];
  inTheWay: readonly App[];
}

/**
 * Which app plays which part. Pure.
 * Live is the app that our label calls live, else the one that stands on the user's name (it is adopted); between the two renames at
 * the end of a deploy there is neither, and live is nobody. The lock, its takers, previous and failed ones carry our labels for this app
 * name and stand on exactly the name that we gave them. `inTheWay` are the apps on the two names that every deploy needs.
 */
export function partsOf(name: string, apps: readonly App[]): Parts {
  const ofRole = (role: Role) => newestFirst(apps.filter((app) => roleOf(name, app) === role));
  const kept = (role: Role, nameOf: (app: string, version: string) => string) =>
    ofRole(role).filter((app) => app.name === nameOf(name, versionLabel(app)));
  const onName = apps.find((app) => app.name === name);
  const called = ofRole('live');
  const live = called.find((app) => app === onName) ?? called[0] ?? onName;
  const lock = ofRole('candidate').find((app) => app.name === candidateName(name));
  const target = lock?.annotations[ANNOTATION.target];
  const staged = apps.find((app) => app.guid === target && app !== live && roleOf(name, app) !== undefined);
  const candidate = target === undefined ? lock : staged;
  const needed = [name, candidateName(name)];
  return {
    ...present({ live, lock, candidate }),
    takers: highestFirst(name, ofRole('lock')),
    previous: lastLiveFirst(kept('previous', previousName).filter((app) => app !== candidate)),
    failed: kept('failed', failedName),
    inTheWay: apps.filter((app) => needed.includes(app.name) && app !== live && app !== lock),
  };
}

function highestFirst(name: string, apps: readonly App[]): App[] {
  const numberOf = (app: App) => takerNumber(name, app.name) ?? 0;
  return apps.filter((app) => numberOf(app) > 0).sort((one, other) => numberOf(other) - numberOf(one));
}

function newestFirst(apps: readonly App[]): App[] {
  return [...apps].sort((one, other) => compare(versionLabel(other), versionLabel(one)));
}

/** A version that went live again was live later than a newer one that it replaced. */
function lastLiveFirst(apps: readonly App[]): App[] {
  const untilMs = (app: App) => Number(app.annotations[ANNOTATION.liveUntil]) || 0;
  return [...apps].sort((one, other) => untilMs(other) - untilMs(one));
}

function versionLabel(app: App): string {
  return app.labels[LABEL.version] ?? '';
}

/** The role that our label gives it, when it carries our labels for this app name. Of a preview's versions one is live, too. */
function roleOf(name: string, app: App): Role | undefined {
  if (app.labels[LABEL.app] !== appKey(name)) return undefined;
  const role = ROLES.find((one) => one === app.labels[LABEL.role]);
  return role === 'preview' ? 'live' : role;
}

type Marks = Pick<AppState, 'role' | 'phase' | 'version'>;

function marksOf(name: string, app: App): Marks {
  const role = roleOf(name, app);
  if (role === undefined) return {};
  return {
    role,
    ...present({
      phase: PHASES.find((phase) => phase === app.labels[LABEL.phase]),
      version: app.labels[LABEL.version],
    }),
  };
}

type Look = Pick<Platform, 'processes' | 'instances'>;

interface Reader extends Look, Pick<Platform, 'environment'> {
  droplet(app: App): Promise<Pick<Droplet, 'guid' | 'port'> | undefined>;
}

/** Of a droplet nothing changes that is looked at here: one that was read in an earlier snapshot is not read again. */
async function dropletOf(app: App, seen: readonly (AppState | undefined)[], platform: Platform) {
  const { guid, holdsDroplet } = app;
  if (holdsDroplet === null) return undefined;
  const known = seen.find((one) => one?.guid === guid);
  if (holdsDroplet === undefined || known?.currentDropletGuid !== holdsDroplet)
    return platform.currentDroplet(guid);
  return { guid: holdsDroplet, ...present({ port: known.imagePort }) };
}

async function wholeState(reader: Reader, name: string, app: App): Promise<AppState> {
  const [processes, env, droplet] = await Promise.all([
    processesSeen(reader, app),
    reader.environment(app.guid),
    reader.droplet(app),
  ]);
  return {
    ...app,
    ...marksOf(name, app),
    processes,
    ...present({ currentDropletGuid: droplet?.guid, imagePort: droplet?.port }),
    env,
  };
}

/** A version that is kept: whether it still runs is what matters; its variables are not read and stay empty. */
export async function restingState(look: Look, name: string, app: App): Promise<AppState> {
  const processes = await processesSeen(look, app);
  return { ...app, ...marksOf(name, app), processes, env: {} };
}

/** The instances of a stopped app are none, without a call. */
async function processesSeen(look: Look, app: App): Promise<AppState['processes']> {
  const processes = await look.processes(app.guid);
  return Promise.all(
    processes.map(async (process) => {
      const idle = app.state === 'STOPPED' || process.instances === 0;
      return { ...process, instancesSeen: idle ? [] : await look.instances(process.guid) };
    }),
  );
}

/**
 * A destination that names no port is shown with the one that the app's image exposes (cloud_controller_ng route_mapping_model.rb).
 * Given to another version, whose image may expose another one, it would lead nowhere.
 */
function withoutImagePorts(route: Route, apps: readonly (AppState | undefined)[]): Route {
  const destinations = route.destinations.map((to) => {
    const app = apps.find((one) => one?.guid === to.appGuid);
    return app?.imagePort !== undefined && app.imagePort === to.port ? { ...to, port: null } : to;
  });
  return { ...route, destinations };
}

async function namesOfOthers(
  platform: Platform,
  routes: readonly Route[],
  known: readonly App[],
): Promise<Record<string, string>> {
  const mine = new Set(known.map((app) => app.guid));
  const guids = new Set(routes.flatMap((route) => route.destinations.map(({ appGuid }) => appGuid)));
  const others = [...guids].filter((guid) => !mine.has(guid));
  const found = new Map((await platform.appsByGuid(others)).map((app) => [app.guid, app.name]));
  // An app of a space that the account may not see has no name for us, but serves all the same.
  return Object.fromEntries(others.map((guid) => [guid, found.get(guid) ?? guid]));
}

function uniqueByGuid<T extends { guid: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.guid, item])).values()];
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
