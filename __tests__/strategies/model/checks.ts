/** What must hold after every write, and what must be there when a run has ended. */
import type { Intent } from '../../../src/model/intent.js';
import { ANNOTATION, LABEL } from '../../../src/platform/names.js';
import { rollOf } from '../../../src/steps/deployments.js';
import { PAUSES } from '../../../src/steps/scaling.js';
import { assertCarried } from './carries.js';
import { violated } from './effects.js';
import { broughtBy } from './rolls.js';
import {
  isHealthy,
  isTrial,
  type ModelApp,
  type ModelWorld,
  playersOf,
  routesOf,
  snapshotOf,
} from './world.js';

/** The routes that must not be without a version that was seen there, from now on. */
export function rememberServed(world: ModelWorld): ModelWorld {
  const answering = Object.values(world.routes).filter(
    (route) => !isTrial(route) && answersOn(world, route.guid, isOurs) !== undefined,
  );
  return { ...world, served: answering.map(({ guid }) => guid).sort() };
}

function isOurs(app: ModelApp): boolean {
  return !isForeign(app);
}

/** Apps of others are named so in every scenario. */
export function isForeign({ guid }: Pick<ModelApp, 'guid'>): boolean {
  return guid.startsWith('foreign');
}

/** The app that was seen answering on this route and answers now. */
function answersOn(
  world: ModelWorld,
  routeGuid: string,
  fits: (app: ModelApp) => boolean,
): ModelApp | undefined {
  return world.routes[routeGuid]?.destinations
    .filter((one) => isHealthy(world, one) && world.proved.includes(`${routeGuid} ${one.appGuid}`))
    .map(({ appGuid }) => world.apps[appGuid])
    .find((app) => app !== undefined && fits(app));
}

/** An instance runs, or may be started at any moment. */
function works({ state, processes }: ModelApp, processType: string): boolean {
  return processes.some(
    ({ type, running, instances }) =>
      type === processType && (running > 0 || (state === 'STARTED' && instances > 0)),
  );
}

function assertAlone({ alone = [], apps }: ModelWorld): void {
  for (const type of alone) {
    const all = Object.values(apps).filter((app) => works(app, type));
    if (all.length > 1) violated(`${type} of ${all.map(({ guid }) => guid).join(' and ')} run at once`);
  }
}

function assertInTurn(world: ModelWorld): void {
  const { inTurn = [] } = world;
  const comes = (name: string) => {
    const { live, candidate } = playersOf(world, name);
    const serves = (app: { guid: string } | undefined) =>
      app !== undefined && routesOf(world, app.guid).some((route) => !isTrial(route));
    return { live: serves(live), candidate: serves(candidate), isOver: candidate === undefined };
  };
  for (const [at, name] of inTurn.entries()) {
    if (!comes(name).candidate) continue;
    for (const before of inTurn.slice(0, at)) {
      const { live, candidate, isOver } = comes(before);
      if (!isOver && (live || !candidate)) violated(`${name} switches before ${before} has`);
    }
  }
}

export function assertSafe(world: ModelWorld): void {
  assertAlone(world);
  assertInTurn(world);
  for (const guid of world.served) {
    const route = world.routes[guid];
    if (!route) violated(`the production route ${guid} is gone`);
    if (!answersOn(world, guid, isOurs)) violated(`nobody who was seen there answers on ${route.url}`);
  }
  for (const route of Object.values(world.routes)) {
    for (const { appGuid } of route.destinations) {
      const app = world.apps[appGuid];
      if (!app) violated(`${route.url} names an app that is gone`);
      assertCarried(world, app, route, violated);
      const role = app.labels[LABEL.role];
      const comes = role === 'candidate' || (role === 'previous' && app.state === 'STARTED');
      if (comes && !leaves(world, appGuid) && !isTrial(route) && !world.smoked.includes(appGuid)) {
        violated(`${route.url} has the candidate before it is proven`);
      }
    }
  }
}

/** It was live when this change began, and has its new name by now. */
function leaves(world: ModelWorld, guid: string): boolean {
  return world.undrained.includes(guid);
}

/** The one clean state: forward with the new version live, back with what there was before. */
export function assertClean(world: ModelWorld, intent: Intent, way: 'forward' | 'back'): void {
  const snapshot = snapshotOf(world, intent.app, intent.production);
  const { live, lock, candidate, takers, previous, failed } = snapshot;
  const fail = (text: string) => violated(`at the end, ${way}: ${text}`);
  if (lock || candidate) fail('a candidate is left');
  if (takers.length > 0) fail('a taker is left');
  if (snapshot.routes.some(isTrial)) fail('a trial route is left');
  if (way === 'forward' && previous.length > intent.keepPrevious)
    fail(`${previous.length} previous versions`);
  if (failed.length > 1) fail(`${failed.length} failed versions`);
  for (const app of [...previous, ...failed]) {
    if (app.state === 'STARTED') fail(`${app.name} still runs`);
    // A rollback that was not begun has not taken a stopped version off what another hand gave it.
    const kept = way === 'back' && previous.includes(app);
    if (!kept && routesOf(world, app.guid).length > 0) fail(`${app.name} has a route`);
  }
  for (const app of Object.values(world.apps)) {
    if (PAUSES in app.labels) fail(`the autoscaler of ${app.name} pauses`);
    const known = [live, ...previous, ...failed].some((one) => one?.guid === app.guid);
    if (app.labels[LABEL.app] === intent.app && !known) fail(`${app.name} plays no part`);
  }
  for (const route of snapshot.routes) {
    if (route.labels[LABEL.version] === intent.version && route.destinations.length === 0) {
      fail(`${route.url} was made and serves nobody`);
    }
  }
  const expected =
    way === 'forward' ? (intent.target ?? `${intent.app} ${intent.version}`) : intent.before?.guid;
  if (intent.inPlace) assertRolled(world, intent, way);
  else if (live?.guid !== expected) fail(`${live?.guid} is live, not ${expected}`);
  if (!live) return;
  for (const type of world.alone ?? [])
    if (!world.apps[live.guid]?.processes.some((one) => one.type === type && one.instances > 0))
      fail(`live has no ${type}`);
  if (live.name !== intent.app) fail(`live is named ${live.name}`);
  if (way === 'forward') {
    const { [LABEL.role]: role, [LABEL.version]: version, [LABEL.owner]: owner } = live.labels;
    if (role !== 'live' || version !== intent.version) fail(`live is labelled ${role} ${version}`);
    if (owner !== undefined || live.phase) fail('live carries the lock');
    if (live.state !== 'STARTED') fail('live does not run');
    for (const { url, options = {} } of intent.production) {
      if (!isMapped(world, url, live.guid)) fail(`${url} is not live's`);
      const has = Object.values(world.routes).find((route) => route.url === url)?.options;
      for (const [name, value] of Object.entries(options))
        if (has?.[name] !== value) fail(`${url} has ${name} ${has?.[name]}, not ${value}`);
    }
    for (const url of intent.dropped) if (isMapped(world, url, live.guid)) fail(`${url} was not dropped`);
  } else {
    for (const { url, to } of intent.before?.destinations ?? []) {
      const mine = mappedOn(world, url).filter(({ appGuid }) => appGuid === live.guid);
      const missing = to.filter(
        ({ processType, port }) =>
          !mine.some((one) => one.processType === processType && (one.port ?? 8080) === (port ?? 8080)),
      );
      if (missing.length > 0) fail(`${url} is not live's any more`);
    }
  }
}

function isMapped(world: ModelWorld, url: string, appGuid: string): boolean {
  return mappedOn(world, url).some((one) => one.appGuid === appGuid);
}

function mappedOn(world: ModelWorld, url: string) {
  return Object.values(world.routes).find((route) => route.url === url)?.destinations ?? [];
}

/** It waits on its trial route with nobody at work on it, and live serves as before. */
export function assertHeld(world: ModelWorld, intent: Intent): void {
  const snapshot = snapshotOf(world, intent.app, intent.production);
  const { live, lock, candidate, takers } = snapshot;
  const fail = (text: string) => violated(`at the end, held: ${text}`);
  const isCanary = intent.inPlace?.instanceSteps !== undefined;
  if (!lock || candidate?.phase !== (isCanary ? 'paused' : 'held')) fail(`it is ${candidate?.phase}`);
  if (isCanary && rollOf(intent, snapshot)?.reason !== 'PAUSED') fail('its deployment is not paused');
  if (isCanary && candidate?.annotations[ANNOTATION.judged] !== '1') fail('it was not judged');
  if (takers.length > 0) fail('a taker is left');
  const waits = intent.handover?.whole ? 'STOPPED' : 'STARTED';
  if (candidate?.state !== waits) fail(`the candidate is ${candidate?.state}`);
  if (intent.trials.length > 0 && !snapshot.routes.some(isTrial)) fail('there is no trial route');
  for (const { url } of snapshot.routes.filter((route) => !isTrial(route))) {
    if (isMapped(world, url, candidate?.guid ?? '')) fail(`${url} has the candidate`);
  }
  if (live?.guid !== intent.before?.guid) fail(`${live?.guid} is live`);
}

/** Apps and destinations of others, as one text: it must never change. */
export function foreignParts(world: ModelWorld): string {
  const apps = Object.values(world.apps).filter(isForeign);
  const destinations = Object.values(world.routes).flatMap(({ url, destinations: all }) =>
    all.filter(({ appGuid }) => isForeign({ guid: appGuid })).map(({ guid }) => `${url} ${guid}`),
  );
  return JSON.stringify({ apps, destinations: destinations.sort() });
}

/** Live is the app that it was, and all of it is of one version. */
function assertRolled(world: ModelWorld, intent: Intent, way: 'forward' | 'back'): void {
  const app = world.apps[intent.before?.guid ?? ''] ?? violated('the app that was live is gone');
  const fail = (text: string) => violated(`at the end, ${way}: ${text}`);
  if ((world.deployments[app.guid] ?? []).some(({ value }) => value === 'ACTIVE'))
    fail('a deployment goes on');
  if (app.runs !== app.droplet) fail(`it runs ${app.runs}, and would start ${app.droplet}`);
  const { runs, settings } = app;
  if ((runs === 'foreign') !== (settings === 'foreign'))
    fail(`it runs ${runs} with the settings ${settings}`);
  // A restart has the droplet of the version before it: the settings alone tell the two from each other.
  const { source } = intent.inPlace ?? {};
  const isSame = source !== undefined && source.dropletGuid === intent.before?.dropletGuid;
  if (isSame && runs !== broughtBy(intent)) fail(`it runs ${runs}`);
  // A version that comes back has its droplet from before, and what its manifest said is given by no manifest.
  const signs = [...(isSame ? [] : [runs === broughtBy(intent)]), settings?.endsWith(`of ${intent.version}`)];
  const isNew = signs.every((one) => one);
  const isOld = !signs.some((one) => one);
  if (!(way === 'forward' ? isNew : isOld)) fail(`it runs ${runs} with ${settings}`);
}
