/** What has to be true whatever was interrupted: of every moment, and of the end. */
import { type HistoryEntry, Replay } from '../../traffic/history.js';
import { checkInvariant, isOfDeploy } from '../../traffic/invariant.js';
import type { RunResult } from './action.js';
import { type AllSettings, judgeInPlace, settingsOf } from './in-place.js';
import type { Platform, SpaceState } from './platform.js';
import { commitOf, FOREIGN, INSTANCES, type Scenario } from './scenarios.js';

const LABEL = 'cf-zero-downtime.github.io/';
const TCP = 'tcp.localhost:';
const INSIDE = '.apps.internal';

/** The space before the trial, and after the same deploy without one. */
export interface Known {
  before: SpaceState;
  settings: AllSettings;
  fromMs: number;
}

export async function knownOf(platform: Platform): Promise<Known> {
  const before = await platform.clock.drive(platform.state());
  const settings = await platform.clock.drive(settingsOf(platform, before));
  return { before, settings, fromMs: platform.clock.now() };
}

/** Names of the labels and annotations of what stays. */
export type Traces = readonly string[];

/**
 * @param cancelled the first run was ended by the runner, as its user asked
 * @returns what is wrong; nothing when it held
 */
export async function judge(
  asked: Scenario,
  platform: Platform,
  known: Known,
  last: RunResult,
  unharmed: Traces | undefined,
  cancelled = false,
): Promise<string[]> {
  const { before, fromMs } = known;
  const state = await platform.clock.drive(platform.state());
  const history = await platform.clock.drive(platform.history());
  const isBack = isTakenBack(asked, last, before, state, cancelled);
  const endsBack = asked.canary ? ('aborted' as const) : ('reverted' as const);
  const scenario = isBack ? { ...asked, ends: endsBack } : asked;
  const found = [
    ...judgeResult(asked, last, isBack),
    ...judgeMoments(scenario, history, state, before, fromMs, platform.clock.now()),
    ...judgeForeign(before, state),
    ...judgeStrangers(scenario, before, state),
    ...Object.keys(scenario.routes).flatMap((name) => judgeApp(name, scenario, before, state)),
    ...judgeRoutes(scenario, before, state),
    ...judgeAnswers(scenario, platform, before),
    ...judgeWork(scenario, history, fromMs),
  ];
  for (const user of scenario.inPlace ? Object.keys(scenario.routes) : [])
    found.push(...(await judgeInPlace(user, scenario, platform, known, state, history)));
  return unharmed && !isBack ? [...found, ...differences(tracesOf(scenario, state), unharmed, asked)] : found;
}

/** A promote that had begun to change live was taken back: nothing is held any more, and live has to be what it was. */
function isTakenBack(
  { ends, canary, routes, works }: Scenario,
  { outputs }: RunResult,
  before: SpaceState,
  { apps }: SpaceState,
  cancelled: boolean,
): boolean {
  if (ends !== 'promoted' || outputs.error !== 'nothing-held') return false;
  // Behind its first pause a canary is taken back by whoever settles: nobody else has the checks of the pauses to come.
  // Live that was stopped for the new version is started again at once, and nobody waits to be asked.
  const isNobodyElses = canary || (works?.how === 'handover' && Object.values(routes).flat().length === 0);
  if (!isNobodyElses && !cancelled) return false;
  return Object.keys(routes).every((user) => {
    const was = before.apps.find(({ name }) => name === user);
    const now = apps.find(({ name }) => name === user);
    // While its canary is there, live has the droplet of that.
    return (
      now?.guid === was?.guid &&
      now !== undefined &&
      (now.dropletGuid === was?.dropletGuid) !== (canary === true)
    );
  });
}

/** Each with the live app, or the route, that has it. */
export function tracesOf({ routes: wanted }: Scenario, { apps, routes, policies }: SpaceState): Traces {
  const nameOf = (guid: string) => apps.find((app) => app.guid === guid)?.name ?? 'an app that is gone';
  const live = apps.filter(({ name }) => Object.hasOwn(wanted, name));
  return [
    ...live.flatMap((app) => [
      ...Object.keys(app.labels).map((key) => `${app.name} label ${key}`),
      ...Object.keys(app.annotations).map((key) => `${app.name} annotation ${key}`),
      ...app.bound.map((instance) => `${app.name} bound to ${instance}`),
    ]),
    ...routes
      .filter(isLasting)
      .flatMap(({ url, labels }) => Object.keys(labels).map((key) => `${url} label ${key}`)),
    ...policies
      .map(({ source, destination }) => [nameOf(source), nameOf(destination)])
      .filter((names) =>
        names.every((name) => !/-(candidate|previous|failed)-?/.test(name) || FOREIGN.includes(name)),
      )
      .map((names) => `policy ${names.join(' -> ')}`),
  ].sort();
}

function keepsLive({ ends }: Scenario): boolean {
  return ends === 'reverted' || ends === 'held' || ends === 'aborted';
}

/** A canary that is held: its first instances serve. */
export function isPaused({ ends, canary }: Scenario): boolean {
  return ends === 'held' && canary === true;
}

/** No trial route. */
function isLasting({ url, labels }: SpaceState['routes'][number]): boolean {
  // One on TCP has no host that says what it is.
  if (url.startsWith(TCP)) return labels[`${LABEL}role`] !== 'candidate';
  return !url.includes('-candidate-') || FOREIGN.some((name) => url.startsWith(`${name}.`));
}

function differences(traces: Traces, unharmed: Traces, { mayLack = [] }: Scenario): string[] {
  return [
    ...traces.filter((one) => !unharmed.includes(one)).map((one) => `left: ${one}`),
    ...unharmed
      .filter((one) => !traces.includes(one) && !mayLack.includes(one))
      .map((one) => `missing: ${one}`),
  ];
}

function judgeResult({ ends }: Scenario, { code, outputs, lines }: RunResult, isBack: boolean): string[] {
  const wanted = ends === 'reverted' ? 1 : 0;
  // Where the settled deploy was the asked one, nothing is left to deploy.
  const fine = ends === 'deployed' ? ['deployed', 'unchanged'] : [ends];
  // Taken back by this run or by the one before; or come to its end with the last of its writes but those of locks, and nobody was told.
  if (['promoted', 'aborted'].includes(ends) && outputs.error === 'nothing-held') {
    const isTrue = outputs.result === 'refused' || (isBack && outputs.result === 'reverted');
    return isTrue ? [] : [`nothing was held, and the last run ended as ${outputs.result}`];
  }
  if (code === wanted && fine.includes(outputs.result ?? '')) return [];
  return [
    `the last run ended with ${code}, ${outputs.result} (${outputs.error}):\n${lines.slice(-25).join('\n')}`,
  ];
}

/** Users are served at every moment by whoever is meant to, and by nobody that is ending. */
function judgeMoments(
  scenario: Scenario,
  history: readonly HistoryEntry[],
  state: SpaceState,
  before: SpaceState,
  fromMs: number,
  toMs: number,
): string[] {
  const live = before.apps.filter(({ name }) => Object.hasOwn(scenario.routes, name)).map(({ guid }) => guid);
  const wanted = Object.values(scenario.routes).flat();
  // No router leads to an internal one.
  const outside = wanted.filter((url) => !url.endsWith(INSIDE));
  const served = outside.filter((url) => live.length > 0 && before.routes.some((route) => route.url === url));
  const foreign = before.apps.filter(({ name }) => FOREIGN.includes(name)).map(({ guid }) => guid);
  const ours = [...wanted, ...(scenario.dropped ?? [])];
  const apps = Object.keys(scenario.routes);
  const problems = checkInvariant(history, state, {
    apps,
    routes: served,
    fromMs,
    toMs,
    foreign,
    trial: (url) =>
      apps.some((name) => url.startsWith(`${name}-candidate-`)) || ours.includes(url) || url.startsWith(TCP),
    // Users are on the new version before its workers start.
    ...(keepsLive(scenario) && scenario.works?.type !== 'worker' && !scenario.foundLate
      ? { intended: ({ guid }) => live.includes(guid) }
      : {}),
  });
  const texts = problems.map(
    ({ kind, text, atMs }) => `${kind} at +${Math.round(atMs - fromMs)} ms: ${text}`,
  );
  return [...texts, ...failedRequests(history, state.routers, ours, fromMs)];
}

/** A user on each route in each router after each change: the router may not send any of them to an instance that is not healthy. */
export function failedRequests(
  history: readonly HistoryEntry[],
  routers: number,
  urls: readonly string[],
  fromMs: number,
): string[] {
  const replay = new Replay();
  for (const entry of history) {
    replay.apply(entry);
    if (entry.atMs < fromMs || (entry.kind !== 'applied' && entry.kind !== 'instance')) continue;
    for (const route of urls.flatMap((url) => replay.routesOf(url)))
      for (let router = 0; router < routers; router += 1)
        for (const guid of replay.behind(router, route.guid))
          if (!replay.instances.get(guid)?.healthy)
            return [
              `a request to ${route.url} fails at +${Math.round(entry.atMs - fromMs)} ms: router ${router} sends it to an instance that is not healthy`,
            ];
  }
  return [];
}

/** What works off a queue, at every moment: never by two versions of an app, or never by none. */
function judgeWork({ works, routes }: Scenario, history: readonly HistoryEntry[], fromMs: number): string[] {
  return works ? Object.keys(routes).flatMap((user) => judgeWorkOf(user, works, history, fromMs)) : [];
}

function judgeWorkOf(
  user: string,
  { type, how }: Scenario['works'] & object,
  history: readonly HistoryEntry[],
  fromMs: number,
): string[] {
  const replay = new Replay();
  const ours = () =>
    [...replay.instances.values()].filter(({ appGuid, processType }) => {
      const name = replay.apps.get(appGuid)?.name ?? '';
      return isOfDeploy(name, user) && !FOREIGN.includes(name) && processType === type;
    });
  for (const entry of history) {
    replay.apply(entry);
    if (entry.atMs < fromMs) continue;
    const own = ours();
    const at = `of ${user} runs at +${Math.round(entry.atMs - fromMs)} ms`;
    const versions = new Set(own.map(({ appGuid }) => appGuid));
    if (how === 'handover' && versions.size > 1) return [`more than one version of ${type} ${at}`];
    if (how === 'overlap' && !own.some(({ healthy }) => healthy)) return [`no ${type} ${at}`];
  }
  return ours().some(({ healthy }) => healthy) ? [] : [`no ${type} of ${user} runs at the end`];
}

function judgeForeign(before: SpaceState, state: SpaceState): string[] {
  const theirs = ({ apps, routes }: SpaceState) => {
    const own = apps.filter(({ name }) => FOREIGN.includes(name));
    const guids = own.map(({ guid }) => guid);
    const mapped = routes.filter(({ destinations }) => destinations.some((to) => guids.includes(to.appGuid)));
    return JSON.stringify([own, mapped]);
  };
  return theirs(before) === theirs(state) ? [] : ['foreign apps or routes were changed'];
}

function judgeStrangers({ routes }: Scenario, before: SpaceState, { apps }: SpaceState): string[] {
  const users = Object.keys(routes);
  const made = apps.filter(({ guid }) => !before.apps.some((one) => one.guid === guid));
  const strange = made.filter(({ name }) => !users.some((user) => isOfDeploy(name, user)));
  return strange.map(({ name }) => `an app ${name} was made`);
}

/** Live, its candidate, its locks, and what was kept. */
export function leftOf(user: string, { apps }: Pick<SpaceState, 'apps'>): SpaceState['apps'] {
  return apps.filter(({ name }) => isOfDeploy(name, user) && !FOREIGN.includes(name));
}

function judgeApp(user: string, scenario: Scenario, before: SpaceState, state: SpaceState): string[] {
  const found: string[] = [];
  const ours = leftOf(user, state);
  const names = ours.map(({ name }) => name);
  const live = ours.find(({ name }) => name === user);
  if (!live) return [`nobody is called ${user}: ${names.join(', ')}`];
  const liveBefore = before.apps.find(({ name }) => name === user);
  if (live.state !== 'STARTED') found.push(`${user} is ${live.state}`);
  const workers = live.processes.find(({ type }) => type === 'worker')?.wanted;
  if (workers !== scenario.settings?.workers) found.push(`${user} has ${workers} workers`);
  const webs = live.processes.filter(({ type }) => type === 'web');
  const count = webs.reduce((sum, { wanted }) => sum + wanted, 0);
  // The platform runs one more as long as a canary is there.
  if (count !== INSTANCES + (isPaused(scenario) ? 1 : 0)) found.push(`${user} has ${count} instances`);
  if (keepsLive(scenario)) {
    if (
      !scenario.inPlace &&
      JSON.stringify(asKept(live, scenario)) !== JSON.stringify(asKept(liveBefore, scenario))
    )
      found.push('live is not as it was before');
  } else {
    if (live.labels[`${LABEL}role`] !== 'live')
      found.push(`the role of ${user} is ${live.labels[`${LABEL}role`]}`);
    const commit = commitOf(scenario.asked.version).slice(0, 7);
    if (!live.labels[`${LABEL}version`]?.endsWith(commit))
      found.push('the version of live is not the asked one');
  }
  const previous = names.filter((name) => name.startsWith(`${user}-previous-`));
  const failed = names.filter((name) => name.startsWith(`${user}-failed-`));
  const candidate =
    scenario.ends === 'held' ? ours.find(({ name }) => name === `${user}-candidate`) : undefined;
  const phase = isPaused(scenario) ? 'paused' : 'held';
  if (scenario.ends === 'held' && candidate?.labels[`${LABEL}phase`] !== phase)
    found.push(`the candidate is ${candidate?.labels[`${LABEL}phase`]}`);
  const kept = [user, candidate?.name, ...previous, ...failed];
  const strange = names.filter((name) => !kept.includes(name));
  if (strange.length > 0) found.push(`apps are left: ${strange.join(', ')}`);
  if (previous.length > 1) found.push(`more previous ones than are kept: ${previous.join(', ')}`);
  if (!keepsLive(scenario) && liveBefore && !scenario.inPlace && previous.length === 0)
    found.push('no previous one was kept');
  if (failed.length > (scenario.inputs?.['keep-failed'] === 'true' ? 1 : 0)) {
    found.push(`more failed ones than are kept: ${failed.join(', ')}`);
  }
  for (const { name, state: now } of ours)
    if (name !== user && name !== candidate?.name && now !== 'STOPPED') found.push(`${name} is ${now}`);
  return found;
}

/** What was handed over and came back has other instances. */
function asKept(app: SpaceState['apps'][number] | undefined, { works }: Scenario) {
  if (!app || !works) return app;
  const processes = app.processes.map(({ type, wanted, memoryMb }) => ({ type, wanted, memoryMb }));
  return { ...app, processes };
}

function judgeRoutes(scenario: Scenario, before: SpaceState, state: SpaceState): string[] {
  const found: string[] = [];
  const nameOf = (guid: string) => state.apps.find((app) => app.guid === guid)?.name ?? guid;
  const known = before.routes.filter(isLasting).map(({ url }) => url);
  const wanted = Object.entries(scenario.routes).flatMap(([app, urls]) => urls.map((url) => ({ app, url })));
  for (const route of state.routes) {
    const earlier = before.routes.find(({ url }) => url === route.url);
    if (earlier && earlier.guid !== route.guid) found.push(`${route.url} is another route than before`);
    const own = wanted.find(({ url }) => url === route.url);
    if (!known.includes(route.url) && !own && !(scenario.ends === 'held' && !isLasting(route)))
      found.push(`route ${route.url} is left`);
    const to = route.destinations.map(({ appGuid }) => nameOf(appGuid)).join(', ');
    if (own && to !== own.app) found.push(`${route.url} leads to ${to}`);
    const { protocol = route.url.startsWith(TCP) ? 'tcp' : 'http1', options = {} } =
      (own && !keepsLive(scenario) && scenario.settings?.ways?.[route.url]) || {};
    if (own && route.destinations.some((one) => (one.protocol ?? 'http1') !== protocol))
      found.push(`${route.url} is not asked by ${protocol}`);
    if (isLasting(route) && JSON.stringify(route.options) !== JSON.stringify(options))
      found.push(`${route.url} has the options ${JSON.stringify(route.options)}`);
    if (scenario.dropped?.includes(route.url) && to !== '')
      found.push(`the dropped ${route.url} leads to ${to}`);
  }
  for (const url of new Set([...known, ...wanted.map((one) => one.url)]))
    if (!state.routes.some((route) => route.url === url)) found.push(`route ${url} is gone`);
  return found;
}

/** Each router, asked as a user would. */
function judgeAnswers(scenario: Scenario, { routers }: Platform, before: SpaceState): string[] {
  const wanted = keepsLive(scenario) ? 'v1' : scenario.asked.version;
  const asks = Object.values(scenario.routes)
    .flat()
    .filter((url) => !url.endsWith(INSIDE))
    .flatMap((url) => Array.from({ length: before.routers * INSTANCES }, () => url));
  const others = asks.flatMap((url) => {
    const met = metOn(url, routers);
    return met === wanted || (isPaused(scenario) && met === scenario.asked.version)
      ? []
      : [`${url} answers with ${met}`];
  });
  return [...new Set(others)];
}

/** The version that the next router leads to, or what went wrong. */
function metOn(url: string, routers: Platform['routers']): string {
  if (!url.startsWith(TCP)) {
    const { status, headers } = routers.ask(url, '/', {});
    return headers['x-app-version'] ?? String(status);
  }
  const met = routers.connect(Number(url.slice(TCP.length)));
  return typeof met === 'string' ? met : met.version;
}
