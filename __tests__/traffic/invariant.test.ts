import { describe, expect, test } from '@jest/globals';
import type { HistoryEntry, PlatformState } from '../../traffic/history.js';
import {
  checkInvariant,
  type InvariantOptions,
  isOfDeploy,
  type ProblemKind,
} from '../../traffic/invariant.js';

const URL = 'shop.apps.example';
const ROUTERS = [0, 1];
type Line = HistoryEntry extends infer E ? (E extends unknown ? Omit<E, 'atMs'> : never) : never;

const app = (change: 'created' | 'deleted' | 'started' | 'stopped', appGuid: string, name: string): Line => ({
  kind: 'app',
  change,
  appGuid,
  name,
});
const named = (appGuid: string, from: string, to: string): Line => ({ kind: 'name', appGuid, from, to });
const route = (change: 'created' | 'deleted', routeGuid: string, url: string): Line => ({
  kind: 'route',
  change,
  routeGuid,
  url,
});
const maps = (change: 'added' | 'removed', routeGuid: string, appGuid: string): Line => ({
  kind: 'destination',
  change,
  routeGuid,
  url: URL,
  destinationGuid: `${routeGuid}-${appGuid}`,
  appGuid,
  processType: 'web',
  port: null,
});
const instance = (appGuid: string, state: 'RUNNING' | 'CRASHED' | 'GONE', routable = true): Line => ({
  kind: 'instance',
  appGuid,
  processGuid: appGuid,
  processType: 'web',
  index: 0,
  instanceGuid: `${appGuid}-0`,
  state,
  routable,
});
const knows = (router: number, routeGuid: string, ...apps: string[]): Line => ({
  kind: 'applied',
  router,
  routeGuid,
  host: 'shop.apps.example',
  path: '',
  endpoints: apps.map((appGuid) => ({ appGuid, instanceGuid: `${appGuid}-0`, index: 0, processType: 'web' })),
});
const allKnow = (...apps: string[]): Line[] => ROUTERS.map((router) => knows(router, 'r1', ...apps));

/** `blue` is live on the production route; `other` is somebody else's app with a route of its own. */
const BEFORE: Line[] = [
  app('created', 'blue', 'shop'),
  app('created', 'other', 'billing'),
  route('created', 'r1', URL),
  route('created', 'r2', 'billing.apps.example'),
  maps('added', 'r1', 'blue'),
  maps('added', 'r2', 'other'),
  app('started', 'blue', 'shop'),
  app('started', 'other', 'billing'),
  instance('blue', 'RUNNING'),
  instance('other', 'RUNNING'),
  ...allKnow('blue'),
];
const CANDIDATE: Line[] = [
  app('created', 'green', 'shop-candidate'),
  route('created', 't1', 'shop-candidate-abc123.apps.example'),
  maps('added', 't1', 'green'),
  app('started', 'green', 'shop-candidate'),
  instance('green', 'RUNNING'),
];
const MAPPED: Line[] = [maps('added', 'r1', 'green'), ...allKnow('blue', 'green')];
const UNMAPPED: Line[] = [maps('removed', 'r1', 'blue'), ...allKnow('green')];
const TIDIED: Line[] = [
  app('stopped', 'blue', 'shop'),
  instance('blue', 'GONE'),
  maps('removed', 't1', 'green'),
  route('deleted', 't1', 'shop-candidate-abc123.apps.example'),
  named('blue', 'shop', 'shop-previous-20260101-000000-0000000'),
  named('green', 'shop-candidate', 'shop'),
];

/** The history with one millisecond per entry; the deploy begins at 1000. */
function told(deploy: readonly Line[]): HistoryEntry[] {
  return [
    ...BEFORE.map((line, at) => ({ ...line, atMs: at })),
    ...deploy.map((line, at) => ({ ...line, atMs: 1_000 + at })),
  ] as HistoryEntry[];
}

/** The state to which a history leads, counted in the simplest way. */
function stateAfter(history: readonly HistoryEntry[]): PlatformState {
  const apps = new Map<string, PlatformState['apps'][number]>();
  const routes = new Map<
    string,
    { guid: string; url: string; destinations: { guid: string; appGuid: string; processType: string }[] }
  >();
  for (const entry of history) {
    if (entry.kind === 'app') {
      apps.set(entry.appGuid, {
        guid: entry.appGuid,
        name: entry.name,
        state: entry.change === 'started' ? 'STARTED' : 'STOPPED',
      });
      if (entry.change === 'deleted') apps.delete(entry.appGuid);
    }
    if (entry.kind === 'name') {
      const before = apps.get(entry.appGuid);
      if (before) apps.set(entry.appGuid, { ...before, name: entry.to });
    }
    if (entry.kind === 'route') {
      routes.set(entry.routeGuid, { guid: entry.routeGuid, url: entry.url, destinations: [] });
      if (entry.change === 'deleted') routes.delete(entry.routeGuid);
    }
    if (entry.kind === 'destination') {
      const on = routes.get(entry.routeGuid);
      if (!on) continue;
      on.destinations = on.destinations.filter((to) => to.guid !== entry.destinationGuid);
      if (entry.change === 'added')
        on.destinations.push({ guid: entry.destinationGuid, appGuid: entry.appGuid, processType: 'web' });
    }
  }
  return { routers: ROUTERS.length, apps: [...apps.values()], routes: [...routes.values()] };
}

const OPTIONS: InvariantOptions = { apps: ['shop'], routes: [URL], fromMs: 900, toMs: 2_000 };

function problems(deploy: readonly Line[], options: Partial<InvariantOptions> = {}) {
  const history = told(deploy);
  return checkInvariant(history, stateAfter(history), { ...OPTIONS, ...options });
}

describe('the invariant', () => {
  test('holds through map, prove, unmap, stop, rename', () => {
    expect(problems([...CANDIDATE, ...MAPPED, ...UNMAPPED, ...TIDIED])).toEqual([]);
  });

  test('holds when nothing happens, and when a candidate is taken back', () => {
    expect(problems([])).toEqual([]);
    expect(
      problems([
        ...CANDIDATE,
        app('stopped', 'green', 'shop-candidate'),
        instance('green', 'GONE'),
        named('green', 'shop-candidate', 'shop-failed-20260101-000000-0000000'),
      ]),
    ).toEqual([]);
  });

  test.each<[string, Line[], ProblemKind, string]>([
    [
      'unmap before map',
      [...CANDIDATE, maps('removed', 'r1', 'blue'), ...allKnow(), ...MAPPED],
      'no-healthy-destination',
      'router 0',
    ],
    [
      'a replace of destinations: the routers still only know the removed one',
      [...CANDIDATE, maps('removed', 'r1', 'blue'), maps('added', 'r1', 'green'), ...allKnow('green')],
      'no-healthy-destination',
      'none that it knows is a healthy destination',
    ],
    [
      'unmap before every router knows the candidate',
      [
        ...CANDIDATE,
        maps('added', 'r1', 'green'),
        knows(0, 'r1', 'blue', 'green'),
        maps('removed', 'r1', 'blue'),
        ...allKnow('green'),
      ],
      'no-healthy-destination',
      'router 1',
    ],
    [
      'unmap while the candidate is not routable',
      [...CANDIDATE, ...MAPPED, instance('green', 'RUNNING', false), ...UNMAPPED],
      'no-healthy-destination',
      'router 0',
    ],
    [
      'a candidate that crashes after the unmap',
      [...CANDIDATE, ...MAPPED, ...UNMAPPED, instance('green', 'CRASHED')],
      'no-healthy-destination',
      'router 0',
    ],
    ['a router that forgets the route', [knows(1, 'r1')], 'no-healthy-destination', 'it knows no instance'],
    [
      'a production route that is deleted and made again',
      [route('deleted', 'r1', URL), route('created', 'r9', URL)],
      'route',
      `${URL} was deleted`,
    ],
    [
      'live stopped while it is mapped',
      [...CANDIDATE, ...MAPPED, app('stopped', 'blue', 'shop')],
      'stopped',
      'shop was stopped while',
    ],
    [
      'live deleted while it is mapped',
      [app('deleted', 'blue', 'shop')],
      'stopped',
      'shop was deleted while',
    ],
    ['another app renamed', [named('other', 'billing', 'shop-candidate')], 'foreign', 'billing was renamed'],
    ['our app renamed to a foreign name', [named('blue', 'shop', 'shop-old')], 'foreign', 'shop was renamed'],
    ['another app stopped', [app('stopped', 'other', 'billing')], 'foreign', 'billing was stopped'],
    ['an app made under a foreign name', [app('created', 'x', 'shop-v2')], 'foreign', 'shop-v2 was created'],
    ['an instance of another app ended', [instance('other', 'GONE')], 'foreign', 'instance 0 of billing'],
    [
      "another app's destination removed",
      [maps('removed', 'r2', 'other')],
      'foreign',
      'a destination of billing',
    ],
    [
      'our app mapped to a foreign route',
      [maps('added', 'r2', 'blue')],
      'foreign',
      'on billing.apps.example',
    ],
    [
      'another route deleted',
      [route('deleted', 'r2', 'billing.apps.example')],
      'foreign',
      'billing.apps.example',
    ],
  ])('%s is a problem', (_, deploy, kind, text) => {
    const found = problems(deploy).filter((problem) => problem.kind === kind);
    expect(found[0]?.text).toContain(text);
  });

  test('a lack has a beginning and an end', () => {
    const found = problems([knows(1, 'r1'), knows(1, 'r1', 'blue'), knows(0, 'r1')]);
    expect(found.map(({ atMs, untilMs }) => [atMs, untilMs])).toEqual([
      [1_000, 1_001],
      [1_002, 2_000],
    ]);
  });

  test('what happened before the window is only where it starts from', () => {
    expect(problems([knows(1, 'r1'), ...allKnow('blue')], { fromMs: 1_003 })).toEqual([]);
    expect(problems([knows(1, 'r1')], { fromMs: 1_500 })).toHaveLength(1);
    expect(problems([knows(1, 'r1')], { toMs: 999 })).toEqual([]);
    expect(problems([knows(1, 'r1'), ...allKnow('blue')], { fromMs: 500, toMs: 999 })).toEqual([]);
  });

  test('only intended apps serve: a version that must never be live counts for nothing', () => {
    const swapped = [...CANDIDATE, ...MAPPED, ...UNMAPPED];
    expect(problems(swapped, { intended: (one) => one.guid === 'blue' })[0]?.kind).toBe(
      'no-healthy-destination',
    );
  });

  test("a look-alike is somebody else's", () => {
    const deploy = [app('stopped', 'blue', 'shop')];
    expect(problems(deploy, { foreign: ['blue'] }).map((problem) => problem.kind)).toContain('foreign');
  });

  test('a production route that is not there, and a history that does not lead to the state, prove nothing', () => {
    expect(problems([], { routes: ['nobody.apps.example'] })[0]?.text).toContain('does not exist');
    const history = told([...CANDIDATE, ...MAPPED, ...UNMAPPED]);
    const partial = history.filter((entry) => entry.kind !== 'destination');
    const kinds = checkInvariant(partial, stateAfter(history), OPTIONS).map((problem) => problem.kind);
    expect(kinds).toContain('history');
    expect(checkInvariant([], { routers: 2, apps: [], routes: [] }, OPTIONS)).toHaveLength(1);
  });

  test('a platform without routers is no proof', () => {
    const history = told([]);
    expect(checkInvariant(history, { ...stateAfter(history), routers: 0 }, OPTIONS)[0]?.kind).toBe('history');
  });
});

test.each([
  ['shop', true],
  ['shop-candidate', true],
  ['shop-candidate-lock-3', true],
  ['shop-previous-20260101-000000-0a1b2c3', true],
  ['shop-failed-20260101-000000-0a1b2c3', true],
  ['shop-admin', false],
  ['shopXcandidate', false],
  ['shop-candidate-x', false],
  ['shop-previous', false],
  ['shop-previous-mine', false],
])('%s belongs to a deploy of shop: %p', (name, expected) => {
  expect(isOfDeploy(name, 'shop')).toBe(expected);
});
