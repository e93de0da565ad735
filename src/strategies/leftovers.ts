/**
 * What other tools, or people, left beside an app: recognised for what it serves, and refused with the commands that put it right.
 * None of it is touched: it is not ours, or another hand has changed what was. Pure.
 */
import { cfLine } from '../cli/shell.js';
import type { AppState, Route, Snapshot } from '../model/cloud.js';
import type { WantedRoute } from '../model/intent.js';
import type { Leftovers } from '../platform/leftovers.js';
import { LABEL } from '../platform/names.js';
import { ROUTERS_LEARN_MS } from '../probe/context.js';
import { destinationsOf, routeOf, someRunning, trialRoutes } from './view.js';

export interface Judgement {
  notes: readonly string[];
  /** undefined: nothing of it is in the way of a change. */
  refusal?: {
    what: string;
    next: string;
    /** For a person, in this order. */
    commands: readonly string[];
    /** Guids of the apps that it tells of. */
    about: readonly string[];
  };
}

/** @param named routes that a manifest names, beside those that live has */
export function judgeLeftovers(
  snapshot: Snapshot,
  left: Leftovers,
  named: readonly WantedRoute[] = [],
): Judgement {
  const { previous, failed, name } = snapshot;
  const live = snapshot.live ?? snapshot.candidate;
  const routes = productionRoutes(snapshot, left, named);
  const on = (app: AppState | undefined) => routes.filter((route) => destinationsOf(route, app).length > 0);
  const serves = (app: AppState) => someRunning(app) && on(app).length > 0;
  const rivals = [...left.apps, ...previous, ...failed].filter((app) => on(app).length > 0);
  const doubles = left.apps.filter(({ role }) => role === 'live');
  const lives = on(live);
  // One of ours that is stopped is taken off its routes before it starts again.
  const blocks = (app: AppState) =>
    app.state === 'STARTED' || (app.role === undefined && on(app).some((route) => !lives.includes(route)));
  const blocking = [...new Set([...rivals.filter(blocks), ...doubles])];
  const notes = [
    ...rivals.filter((app) => !blocking.includes(app)).map((app) => restingNote(app, on(app))),
    ...left.apps.filter((app) => isIdle(app, left) && !blocking.includes(app)).map(idleNote),
  ];
  const liveKeeps = live !== undefined && (serves(live) || !blocking.some(serves));
  const keep = liveKeeps
    ? live
    : [...blocking].sort((one, other) => rank(other) - rank(one) || one.createdAtMs - other.createdAtMs)[0];
  if (!keep || blocking.length === 0) return { notes };

  function rank(app: AppState): number {
    return on(app).length + (serves(app) ? routes.length : 0);
  }

  const losers = [live, ...blocking].filter((app): app is AppState => app !== undefined && app !== keep);
  const maps = routes.filter(
    (route) => !on(keep).includes(route) && losers.some((app) => on(app).includes(route)),
  );
  const unmaps = losers.flatMap((app) =>
    on(app).map((route) => routeLine('unmap-route', app, route, snapshot)),
  );
  const commands = [
    ...maps.map((route) => routeLine('map-route', keep, route, snapshot)),
    ...(maps.length > 0 && losers.some(serves) ? [`sleep ${ROUTERS_LEARN_MS / 1_000}`] : []),
    ...unmaps,
    ...losers
      .filter(({ role }) => role === 'live')
      .map((app) => cfLine('unset-label', 'app', app.name, LABEL.role)),
    ...(keep === live ? [] : succession(name, live, keep)),
  ];
  return {
    notes,
    refusal: {
      what: [
        ...blocking.map((app) => whatOf(app, on(app), serves(app))),
        ...(keep === live ? [] : [`${nameState(name, live, lives)}.`]),
      ].join('\n'),
      next: `If another tool is at work there now, wait for its end. Else run the commands below: ${keep.name} keeps the routes${keep === live ? '' : ` and gets the name ${name}`}. Then run again. Nothing was touched.`,
      commands,
      about: blocking.map(({ guid }) => guid),
    },
  };
}

/** Those of live and of the manifest; where there is neither, those that somebody else serves for the app. */
function productionRoutes(
  snapshot: Snapshot,
  left: Leftovers,
  named: readonly WantedRoute[],
): readonly Route[] {
  const live = snapshot.live ?? snapshot.candidate;
  const trials = new Set(trialRoutes(snapshot).map(({ guid }) => guid));
  const all = [...new Map([...snapshot.routes, ...left.routes].map((route) => [route.guid, route])).values()];
  const known = all.filter(
    ({ guid, spaceGuid }) => !trials.has(guid) && spaceGuid === snapshot.target.spaceGuid,
  );
  if (!live && named.length === 0) {
    return known.filter((route) => left.apps.some((app) => destinationsOf(route, app).length > 0));
  }
  const wanted = named.flatMap((route) => routeOf(snapshot, route)?.guid ?? []);
  return known.filter((route) => destinationsOf(route, live).length > 0 || wanted.includes(route.guid));
}

function isIdle({ guid }: AppState, { routes }: Leftovers): boolean {
  return routes.every(({ destinations }) => destinations.every(({ appGuid }) => appGuid !== guid));
}

/** Who keeps the routes gets the name, so that it is live for whatever comes next. */
function succession(name: string, live: AppState | undefined, keep: AppState): string[] {
  return [
    ...(live?.name === name ? [cfLine('rename', name, `${name}-set-aside-${live.guid.slice(0, 8)}`)] : []),
    ...(keep.name === name ? [] : [cfLine('rename', keep.name, name)]),
    ...(keep.role === undefined || keep.role === 'live'
      ? []
      : [cfLine('set-label', 'app', name, `${LABEL.role}=live`)]),
  ];
}

function routeLine(
  command: 'map-route' | 'unmap-route',
  app: AppState,
  { url, host, path, port, domainGuid }: Route,
  { domains }: Snapshot,
): string {
  const known = domains.find(({ guid }) => guid === domainGuid)?.name;
  const domain = known ?? url.slice(host === '' ? 0 : host.length + 1).replace(/[/:].*$/, '');
  return cfLine(
    command,
    app.name,
    domain,
    ...(host === '' ? [] : ['--hostname', host]),
    ...(path === '' ? [] : ['--path', path]),
    ...(port === null ? [] : ['--port', String(port)]),
  );
}

function whatOf({ name, role, state }: AppState, routes: readonly Route[], serves: boolean): string {
  const whose = role === undefined ? 'not ours' : `ours by its labels (${role})`;
  if (routes.length === 0) return `${name} is ${whose}, and there is another app that is called live.`;
  const does = serves ? 'serves' : `is ${state === 'STOPPED' ? 'stopped' : 'not running'}, and mapped to`;
  return `${name} is ${whose}, and ${does} ${urlsOf(routes)}.`;
}

function nameState(name: string, live: AppState | undefined, routes: readonly Route[]): string {
  if (!live) return `There is no app ${name}`;
  if (live.state === 'STOPPED') return `${live.name} is stopped`;
  if (!someRunning(live)) return `No instance of ${live.name} runs`;
  return routes.length === 0 ? `${live.name} serves none of these routes` : `${live.name} serves less`;
}

function restingNote({ name }: AppState, routes: readonly Route[]): string {
  return `${name} is stopped, and still mapped to ${urlsOf(routes)}: it would take requests as soon as somebody started it.`;
}

function idleNote({ name, state }: AppState): string {
  // Whoever works off a queue has no route either: nobody is told to delete what runs.
  if (state === 'STARTED')
    return `${name} runs on no route: an app of its own that needs none, or left by another tool or a person. It is not touched.`;
  return `${name} is there, stopped and on no route: another tool, or a person, may have left it. It is not touched; ${cfLine('delete', name, '-f')} removes it.`;
}

const MOST_URLS = 5;

function urlsOf(routes: readonly Route[]): string {
  const urls = routes.map(({ url }) => url);
  const more = urls.length - MOST_URLS;
  return more > 0 ? `${urls.slice(0, MOST_URLS).join(', ')} and ${more} more` : urls.join(', ');
}
