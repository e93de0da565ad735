import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { expectNothingLeft, expectNothingMissed } from './support/rolls.js';
import { areServed } from './support/served.js';
import { type Space, spaceOf } from './support/space.js';
import { type OverTcp, overTcp, tcpRoute } from './support/tcp.js';
import { until } from './support/until.js';
import { type Seen, startWorld, type World } from './support/world.js';

jest.setTimeout(400_000);

/** The organization's own domain, and one below it: the longest one that fits a route is its own. */
const OWN = 'shop.localhost';
const NESTED = `eu.${OWN}`;
const INNER = 'inner.apps.internal';

let world: World;
let before: Space;
let second: Space;
let back: Space;
let inner: { bad: ActionResult; result: ActionResult; seen: Seen };
let wire: OverTcp;

const www = () => world.url('www');
const shared = () => world.url('both');
const fair = () => world.url('fair');
const anew = () => world.url('anew');
/** As the manifest writes them; the platform has them in lower case. */
const named = () => [world.url('WWW'), `${www()}/api`, `*.${OWN}`, OWN, `api.${NESTED}`, shared(), fair()];
/** By hand beside the manifest. */
const byHand = () => world.url('by-hand');

/** Its lines of a manifest's list of routes. */
function listed(routes: readonly string[], more: Readonly<Record<string, string>> = {}): string[] {
  return [
    'routes:',
    ...routes.flatMap((url) => [`  - route: '${url}'`, ...(more[url] ? [`    ${more[url]}`] : [])]),
  ];
}

async function underTraffic(
  routes: readonly string[],
  apps: readonly string[],
  work: () => Promise<ActionResult>,
) {
  await until('every router to serve them', () => areServed(world, routes));
  const traffic = [
    ...routes.map((url) => url.replace('*', 'any')),
    ...routes.flatMap((url) => (url.endsWith('/api') ? [`${url}/deeper`] : [])),
  ];
  const watch = await world.watch({ apps, routes, traffic, rate: 20 });
  const result = await work();
  const { figures, problems, requests } = await watch.end();
  // Two deploys are under way at a time, and each is a stranger to the other.
  return { result, seen: { figures, requests, problems: problems.filter(({ kind }) => kind !== 'foreign') } };
}

async function done(wanted: string, { result, seen }: { result: ActionResult; seen: Seen }): Promise<void> {
  expect([result.outputs.error, result.outputs.result, result.exitCode]).toEqual(['', wanted, 0]);
  expect(result.outputs['failed-requests']).toBe('0');
  expectNothingMissed(seen);
  await expectNothingLeft(world, 'shop');
}

interface ApiRoute {
  guid: string;
  options: Record<string, string>;
  destinations: { app: { guid: string; process: { type: string } }; port: number; protocol: string }[];
}

async function api<T>(path: string): Promise<T> {
  return JSON.parse(await world.cf('curl', path)) as T;
}

/** What every route leads to, as the platform tells it. */
async function read(space: Space): Promise<Record<string, ApiRoute>> {
  const { resources } = await api<{ resources: (ApiRoute & { url: string })[] }>('/v3/routes?per_page=100');
  const nameOf = (guid: string) => space.apps.find((app) => app.guid === guid)?.name ?? guid;
  const told = resources.map(({ guid, url, options, destinations }): [string, ApiRoute] => [
    url,
    {
      ...{ guid, options },
      destinations: destinations.map((to) => ({ ...to, app: { ...to.app, guid: nameOf(to.app.guid) } })),
    },
  ]);
  // Those of the other deploys move meanwhile.
  const isElsewhere = (url: string) => url.endsWith('.apps.internal') || url.startsWith('tcp.');
  return Object.fromEntries(told.filter(([url]) => !isElsewhere(url)));
}

let found: {
  before: Record<string, ApiRoute>;
  after: Record<string, ApiRoute>;
  back: Record<string, ApiRoute>;
};

beforeAll(async () => {
  world = await startWorld();
  for (const domain of [OWN, NESTED]) {
    const known = await world.cf('domains');
    if (!known.includes(`${domain} `)) await world.cf('create-private-domain', world.foundry.org, domain);
  }
  const mine = await world.workspace({ version: 'v1', routes: [], more: listed(named()) });
  const routes = [world.url('other'), shared()];
  const other = await world.workspace({ version: 'neighbour', name: 'other', routes });
  await world.cf('push', '-p', mine, '-f', `${mine}/manifest.yml`);
  await world.cf('push', '-p', other, '-f', `${other}/manifest.yml`);
  await world.cf('map-route', 'shop', world.foundry.apps_domain, '--hostname', 'by-hand');
  const one = await world.workspace({ version: 'i1', name: 'inner', routes: [INNER] });
  await world.cf('push', '-p', one, '-f', `${one}/manifest.yml`);
  const onTcp = await tcpRoute(world);
  const two = await world.workspace({ version: 'w1', name: 'wire', routes: [onTcp] });
  await world.cf('push', '-p', two, '-f', `${two}/manifest.yml`);
  before = await spaceOf(world);
  const first = await read(before);
  // One comes, one gets another way of balancing, one is asked by another protocol; the rest stays as it is.
  const lines = listed([...named(), anew()], {
    [fair()]: 'options: {loadbalancing: least-connection}',
    [anew()]: 'options: {loadbalancing: round-robin}',
    [`${www()}/api`]: 'protocol: http2',
  });
  const outside = [www(), `${www()}/api`, `*.${OWN}`, OWN, `api.${NESTED}`, shared(), fair(), byHand()];
  // Nobody sees which router knows an internal route, or one on TCP: their deploys take the time that all of them need.
  const inside = { name: 'inner', routes: [INNER] };
  const bad = await world.deploy(
    { version: 'bad', health: '500', ...inside },
    { 'smoke-test': '- path: /health\n  within: 3s', 'keep-failed': 'false' },
  );
  const meanwhile = underTraffic([world.url('other')], ['inner', 'other'], () =>
    world.deploy({ version: 'i2', instances: 2, ...inside }),
  );
  const wired = overTcp(world, 'wire', onTcp, () =>
    world.deploy({ version: 'w2', name: 'wire', routes: [onTcp] }),
  );
  const deploy = () => world.deploy({ version: 'v2', routes: [], more: lines });
  await done('deployed', await underTraffic(outside, ['shop', 'other'], deploy));
  second = await spaceOf(world);
  const after = await read(second);
  const rollBack = () => world.run(world.dir, { command: 'rollback', app: 'shop' });
  await done('rolled-back', await underTraffic([...outside, anew()], ['shop', 'other'], rollBack));
  back = await spaceOf(world);
  found = { before: first, after, back: await read(back) };
  inner = { bad, ...(await meanwhile) };
  wire = await wired;
});
afterAll(() => world.close());

describe('an app with every kind of route', () => {
  const web = (app: string, protocol = 'http1') => ({
    ...{ app: { guid: app, process: { type: 'web' } }, port: 8080, protocol },
  });
  const destinations = (routes: Record<string, ApiRoute>) =>
    Object.fromEntries(
      Object.entries(routes).map(([url, route]) => [
        url,
        route.destinations
          .map(({ app, port, protocol }) => ({ app, port, protocol }))
          .sort((one, other) => (one.app.guid < other.app.guid ? -1 : 1)),
      ]),
    );

  test('leads to the new version by exactly what the manifest and live name, each route the one that it was', () => {
    const urls = [www(), `*.${OWN}`, OWN, `api.${NESTED}`, fair(), byHand(), anew()];
    expect(destinations(found.after)).toEqual({
      ...Object.fromEntries(urls.map((url) => [url, [web('shop')]])),
      [`${www()}/api`]: [web('shop', 'http2')],
      [shared()]: [web('other'), web('shop')],
      [world.url('other')]: [web('other')],
    });
    for (const [url, { guid }] of Object.entries(found.before)) expect(found.after[url]?.guid).toBe(guid);
  });

  test('has the options that the manifest names, and nothing on the others', () => {
    const options = Object.entries(found.after).filter(([, route]) => Object.keys(route.options).length > 0);
    expect(Object.fromEntries(options.map(([url, route]) => [url, route.options]))).toEqual({
      [fair()]: { loadbalancing: 'least-connection' },
      [anew()]: { loadbalancing: 'round-robin' },
    });
  });

  test('goes back by the routes of today', async () => {
    const { [anew()]: came, ...rest } = destinations(found.back);
    expect(came).toEqual([web('shop')]);
    const { [anew()]: _, ...expected } = destinations(found.after);
    // The version before was asked by its own protocol.
    expect(rest).toEqual({ ...expected, [`${www()}/api`]: [web('shop')] });
    for (const [url, { guid, options }] of Object.entries(found.after))
      expect(found.back[url]).toMatchObject({ guid, options });
    expect(await world.meet(`deep.${OWN}`)).toBe('v1');
  });

  test('leaves the other app on its routes, through both', () => {
    const its = (space: Space) =>
      space.route(shared()).destinations.filter(({ appGuid }) => appGuid === before.app('other').guid);
    expect(its(second)).toEqual(its(before));
    expect(its(back)).toEqual(its(before));
    expect(back.app('other')).toEqual(before.app('other'));
  });
});

describe('an app that only others inside the platform reach', () => {
  test('is deployed without a moment of an address outside', async () => {
    const { result, seen } = inner;
    expect([result.outputs.error, result.outputs.result]).toEqual(['', 'deployed']);
    expectNothingMissed(seen);
    await expectNothingLeft(world, 'inner');
    expect(result.shown).toContain(`${INNER}: not provable: an internal route; the routers get 25 s`);
    expect(result.shown).toMatch(/passed: inner-candidate-\w+\.apps\.internal\/health, asked by a task/);
    const { policies } = (await world.foundry.state()) as unknown as { policies: unknown[] };
    expect(policies).toEqual([]);
    const space = await spaceOf(world);
    expect(space.serving[INNER]).toEqual(['inner']);
    expect(space.route(INNER).guid).toBe(before.routes.find(({ url }) => url === INNER)?.guid);
    const made = (await world.foundry.history()).flatMap((entry) =>
      entry.kind === 'route' && entry.url.startsWith('inner') ? [entry.url] : [],
    );
    expect(made[0]).toBe(INNER);
    for (const url of made) expect(url).toMatch(/\.apps\.internal$/);
  });

  test('goes back when a check fails that a task asked, and is told what was answered', () => {
    const { outputs, exitCode, shown } = inner.bad;
    expect([outputs.result, outputs.error, exitCode]).toEqual(['reverted', 'smoke', 1]);
    expect(shown).toMatch(/did not pass on instance 0: 500, not a 2xx/);
  });

  test('is refused with checks that no task can ask', async () => {
    const now = await spaceOf(world);
    const checks = '- path: /health\n  headers: {x-token: abcdef}';
    const version = { version: 'i3', name: 'inner', routes: [INNER] };
    const { outputs, shown } = await world.deploy(version, { 'smoke-test': checks });
    expect([outputs.result, outputs.error]).toEqual(['refused', 'input']);
    expect(shown).toContain('has headers, which would stand in the command of a task');
    expect(await spaceOf(world)).toEqual(now);
    expect(await world.leaks()).toEqual([]);
  });
});

test('an app with a TCP route alone is deployed, and no connection is missed', async () => {
  const { url, result, problems, missed, met } = wire;
  expect([result.outputs.error, result.outputs.result]).toEqual(['', 'deployed']);
  expect([missed, problems, met]).toEqual([[], [], ['w1', 'w2']]);
  expect(result.outputs['failed-requests']).toBe('0');
  expect(Number(result.outputs.requests)).toBeGreaterThan(20);
  expect(result.shown).toContain(`${url}: answered only: a TCP route, on which nothing names a version`);
  await expectNothingLeft(world, 'wire');
  const space = await spaceOf(world);
  expect(space.serving[url]).toEqual(['wire']);
  expect(space.route(url).guid).toBe(before.routes.find((one) => one.url === url)?.guid);
  const trials = (await world.foundry.history()).flatMap((entry) =>
    entry.kind === 'route' && entry.url.startsWith('tcp.') && entry.url !== url ? [entry.change] : [],
  );
  expect(trials).toEqual(['created', 'deleted']);
});

describe('refused before anything is changed', () => {
  test('a route on no domain and a port that no route has, each with its line, and a trial-domain that is internal', async () => {
    const now = await spaceOf(world);
    const lost = await world.deploy({
      ...{ version: 'v3', routes: [world.url('www'), 'shop.nowhere.test', 'tcp.localhost:99'] },
    });
    expect(lost.outputs.result).toBe('refused');
    expect(lost.annotations).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('"shop.nowhere.test" of the app "shop" is on no domain'),
        line: 8,
      }),
      expect.objectContaining({
        message: expect.stringContaining('has the port 99; that of a TCP route is from 1024 to 65535'),
        line: 9,
      }),
    ]);
    const fresh = { version: 'v3', name: 'fresh', routes: [world.url('fresh')] };
    const inside = await world.deploy(fresh, { 'trial-domain': 'apps.internal' });
    expect([inside.outputs.result, inside.outputs.error]).toEqual(['refused', 'trial-domain']);
    expect(inside.shown).toContain('apps.internal for trial routes: it is internal');
    expect(await spaceOf(world)).toEqual(now);
  });
});
