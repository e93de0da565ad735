import { describe, expect, test } from '@jest/globals';
import { LABEL } from '../../src/platform/names.js';
import {
  allRunning,
  destinationsOf,
  madeRoutes,
  productionUrls,
  reached,
  routeOf,
  runningCount,
  samePort,
  servedBy,
  someRunning,
  trialRoutes,
} from '../../src/strategies/view.js';
import {
  app,
  candidateAt,
  instance,
  intent,
  process,
  route,
  snapshot,
  to,
  trialRoute,
  wanted,
} from './support.js';

describe('routeOf', () => {
  const there = snapshot({ routes: [route('Shop.apps.example'), route('shop.apps.example/v1')] });
  test.each([
    ['hosts have no case', wanted('shop.apps.example'), 'Shop.apps.example'],
    ['the path counts', wanted('shop.apps.example/v1'), 'shop.apps.example/v1'],
    ['another path is another route', wanted('shop.apps.example/v2'), undefined],
    ['another domain is another route', wanted('shop.apps.example', { domainGuid: 'x' }), undefined],
    ['another port is another route', wanted('shop.apps.example', { port: 1 }), undefined],
  ])('%s', (_name, asked, url) => {
    expect(routeOf(there, asked)?.url).toBe(url);
  });
});

test.each([
  [{ processType: 'web', port: null }, { processType: 'web', port: 8080 }, true],
  [{ processType: 'web', port: 9000 }, { processType: 'web', port: 8080 }, false],
  [{ processType: 'web', port: 8080 }, { processType: 'api', port: 8080 }, false],
])('samePort %j %j', (one, other, same) => {
  expect(samePort(one, other)).toBe(same);
});

describe('running', () => {
  const half = process('web', 2, { instancesSeen: [instance(0, 'RUNNING'), instance(1, 'STARTING')] });
  const unroutable = process('web', 1, { instancesSeen: [instance(0, 'RUNNING', { routable: false })] });
  test.each([
    ['all', app('a', { processes: [process('web', 2)] }), true, true],
    ['some', app('a', { processes: [half] }), false, true],
    ['none that takes traffic', app('a', { processes: [unroutable] }), false, false],
    ['stopped', app('a', { state: 'STOPPED' }), false, false],
    [
      'a process that wants nobody',
      app('a', { processes: [process('web', 1), process('worker', 0)] }),
      true,
      true,
    ],
  ])('%s', (_name, seen, all, some) => {
    expect([allRunning(seen), someRunning(seen)]).toEqual([all, some]);
  });
  test('counts', () => expect([runningCount(half), runningCount(unroutable)]).toEqual([1, 0]));
});

test('reached counts in the order of phases; without a candidate nothing is', () => {
  const { phase: _none, ...unmarked } = candidateAt('made');
  expect(reached(candidateAt('serving'), 'switching')).toBe(true);
  expect(reached(candidateAt('proven'), 'switching')).toBe(false);
  expect(reached(candidateAt('reverting'), 'drained')).toBe(true);
  expect(reached(unmarked, 'made')).toBe(true);
  expect(reached(unmarked, 'proven')).toBe(false);
  expect(reached(undefined, 'made')).toBe(false);
});

describe('routes of an app', () => {
  const mine = route('mine.apps.example', [], {
    labels: { [LABEL.role]: 'live', [LABEL.app]: 'shop', [LABEL.version]: 'v2' },
  });
  const there = snapshot({
    live: app('old'),
    candidate: app('new'),
    routes: [
      route('a.apps.example', [to('old'), to('foreign')]),
      route('b.apps.example', [to('new')]),
      route('gone.apps.example', [to('old')]),
      trialRoute('t.apps.example', [to('new'), to('old')]),
      mine,
    ],
  });
  const urls = (routes: readonly { url: string }[]) => routes.map(({ url }) => url);

  test('trial routes serve nobody', () => {
    expect(urls(servedBy(there, there.live))).toEqual(['a.apps.example', 'gone.apps.example']);
    expect(urls(servedBy(there, there.candidate))).toEqual(['b.apps.example']);
    expect(servedBy(there, undefined)).toEqual([]);
    expect(urls(trialRoutes(there))).toEqual(['t.apps.example']);
  });

  test('the ones that a deploy made are known by its version', () => {
    expect(urls(madeRoutes(there, 'v2'))).toEqual([mine.url]);
    expect(madeRoutes(there, 'v1')).toEqual([]);
  });

  test("destinations of others are never an app's own", () => {
    expect(destinationsOf(there.routes[0], there.live).map(({ appGuid }) => appGuid)).toEqual(['old']);
    expect(destinationsOf(undefined, there.live)).toEqual([]);
    expect(destinationsOf(there.routes[0], undefined)).toEqual([]);
  });

  test('production is what the deploy wants and what live gained, without what is dropped', () => {
    const wish = intent({ production: [wanted('b.apps.example')], dropped: ['gone.apps.example'] });
    expect(productionUrls(wish, there)).toEqual(['b.apps.example', 'a.apps.example']);
  });
});
