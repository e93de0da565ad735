import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployWatched, liveOf, type Watched } from './support/deploys.js';
import { type Space, spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

const ROUTES = 50;
/** The organization's own domain: only on such a one a route may be without a host. */
const OWN = 'shop.localhost';

let world: World;
let before: Space;
let deploy: Watched;

const shared = () => world.url('both');
const named = () => [world.url('www'), `${world.url('www')}/api`, `*.${OWN}`, OWN, shared()];
const production = () => before.routes.map(({ url }) => url).filter((url) => url !== world.url('other'));

/** One deploy of an app with many routes, of all kinds; what it has to show is in the tests. */
beforeAll(async () => {
  // Calls that take a while show whether they are made side by side.
  world = await startWorld({ flags: ['--latency', '20'] });
  const mine = await world.workspace({ version: 'v1', routes: named() });
  const other = await world.workspace({
    ...{ version: 'neighbour', name: 'other' },
    routes: [world.url('other'), shared()],
  });
  await world.cf('push', '-p', mine, '-f', `${mine}/manifest.yml`);
  await world.cf('push', '-p', other, '-f', `${other}/manifest.yml`);
  await world.foundry.control('POST', 'seed', {
    ...{ routes: ROUTES - named().length, prefix: 'many', app: 'shop' },
  });
  before = await spaceOf(world);
  const asked = production().map((url) => url.replace('*', 'any'));
  deploy = await deployWatched(
    world,
    { version: 'v2', routes: named() },
    { watch: { routes: production(), traffic: asked, rate: 100 } },
  );
});
afterAll(() => world.close());

/** The most calls that were under way at one time. */
function atOnce(calls: readonly { atMs: number; ms: number }[]): number {
  const under = (at: number) => calls.filter(({ atMs, ms }) => atMs <= at && at < atMs + ms).length;
  return Math.max(0, ...calls.map(({ atMs }) => under(atMs)));
}

test('50 routes are switched side by side, and none loses live before all have the candidate', () => {
  const { seen, result } = deploy;
  expect(production()).toHaveLength(ROUTES);
  const calls = seen.requests as unknown as { method: string; path: string; atMs: number; ms: number }[];
  const inserts = calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/destinations'));
  const removals = calls.filter(({ method, path }) => method === 'DELETE' && path.includes('/destinations/'));
  expect([inserts.length, removals.length]).toEqual([ROUTES, ROUTES]);
  expect(atOnce(inserts)).toBeGreaterThan(4);
  expect(atOnce(removals)).toBeGreaterThan(4);
  expect(Math.max(...inserts.map(({ atMs, ms }) => atMs + ms))).toBeLessThan(
    Math.min(...removals.map(({ atMs }) => atMs)),
  );
  expect(Object.keys(seen.figures.routes)).toHaveLength(ROUTES);
  expect(liveOf(result.outputs).routes).toHaveLength(ROUTES);
  // Nobody reads fifty names in the title of a step.
  const titles = result.shown.split('\n').filter((line) => line.startsWith('##[group]'));
  expect(titles.length).toBeGreaterThan(10);
  for (const title of titles) expect(title.length).toBeLessThan(160);
});

test('a path, a wildcard and an apex go along, and every route is the one that it was', async () => {
  const { space } = deploy;
  expect(space.serving).toEqual({
    ...Object.fromEntries(production().map((url) => [url, url === shared() ? ['other', 'shop'] : ['shop']])),
    [world.url('other')]: ['other'],
  });
  for (const { url, guid } of before.routes) expect(space.route(url).guid).toBe(guid);
  for (const url of [
    `deep.${OWN}`,
    OWN,
    world.url('www'),
    `${world.url('www')}/api/x`,
    world.url('many-7'),
  ]) {
    expect([url, await world.meet(url)]).toEqual([url, 'v2']);
  }
});

test('on a shared route the other app keeps its destination and its share', async () => {
  const { space, seen } = deploy;
  const neighbour = before.app('other');
  const its = (one: Space) =>
    one.route(shared()).destinations.filter(({ appGuid }) => appGuid === neighbour.guid);
  expect(its(space)).toHaveLength(1);
  expect(its(space)).toEqual(its(before));
  expect(space.app('other')).toEqual(neighbour);
  expect(Object.keys(seen.figures.byVersion).sort()).toEqual(['neighbour', 'v1', 'v2']);
  const met = await Promise.all(Array.from({ length: 40 }, () => world.meet(shared())));
  expect([...new Set(met)].sort()).toEqual(['neighbour', 'v2']);
});

test('a plan for 50 routes is no longer than one for a single route, and still names every call', async () => {
  const { outputs } = await world.deploy({ version: 'v3', routes: named() }, { plan: 'true' });
  const plan = JSON.parse(outputs.plan ?? '') as { title: string; calls: string[] }[];
  expect(plan.length).toBeLessThan(25);
  const map = plan.find(({ title }) => title.startsWith('map '));
  expect(map?.title).toMatch(/^map \S+ to candidate, map \S+ to candidate, 48 more$/);
  expect(map?.calls).toHaveLength(ROUTES);
  // 25 probes a second over all routes.
  expect(plan.flatMap(({ calls }) => calls)).toContain(
    `watch for ${(2 * ROUTES) / 25} s (all ${ROUTES} production routes are probed twice in it)`,
  );
});

test('a route that another app serves and live does not is refused before anything is made', async () => {
  const now = await spaceOf(world);
  const { exitCode, outputs, shown } = await world.deploy({
    ...{ version: 'v3', routes: [world.url('www'), world.url('other')] },
  });
  expect([exitCode, outputs.result]).toEqual([1, 'refused']);
  expect(shown).toContain(`Route ${world.url('other')} is served by other`);
  expect(await spaceOf(world)).toEqual(now);
});
