import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployWatched, liveOf } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

const ROUTES = 50;

let world: World;
beforeAll(async () => {
  // Calls that take a while show whether they are made side by side.
  world = await startWorld({ flags: ['--latency', '30'] });
  const workspace = await world.workspace({ version: 'v1' });
  await world.cf('push', '-p', workspace, '-f', `${workspace}/manifest.yml`);
  await world.foundry.control('POST', 'seed', { routes: ROUTES - 1, prefix: 'many', app: 'shop' });
});
afterAll(() => world.close());

/** The most calls of one kind that were under way at one time. */
function atOnce(calls: readonly { atMs: number; ms: number }[]): number {
  return Math.max(
    0,
    ...calls.map(
      ({ atMs }) => calls.filter((other) => other.atMs <= atMs && atMs < other.atMs + other.ms).length,
    ),
  );
}

test('50 routes of live are carried and switched side by side', async () => {
  const before = await spaceOf(world);
  const urls = before.routes.map(({ url }) => url);
  expect(urls).toHaveLength(ROUTES);
  const { result, seen, space } = await deployWatched(
    world,
    { version: 'v2' },
    { watch: { routes: urls, rate: 100 } },
  );
  expect(space.serving).toEqual(Object.fromEntries(urls.map((url) => [url, ['shop']])));
  expect(space.routes.map(({ guid }) => guid).sort()).toEqual(before.routes.map(({ guid }) => guid).sort());
  expect(liveOf(result.outputs).routes).toHaveLength(ROUTES);
  // Each one was asked, and met both versions.
  expect(Object.keys(seen.figures.routes)).toHaveLength(ROUTES);
  expect(Object.keys(seen.figures.byVersion)).toEqual(['v1', 'v2']);
  // A hundred calls to switch, many at a time, and every route gains the candidate before the first one loses live.
  const calls = seen.requests as unknown as { method: string; path: string; atMs: number; ms: number }[];
  const inserts = calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/destinations'));
  const removals = calls.filter(({ method, path }) => method === 'DELETE' && path.includes('/destinations/'));
  expect([inserts.length, removals.length]).toEqual([ROUTES, ROUTES]);
  expect(atOnce(inserts)).toBeGreaterThan(4);
  expect(atOnce(removals)).toBeGreaterThan(4);
  expect(Math.max(...inserts.map(({ atMs, ms }) => atMs + ms))).toBeLessThan(
    Math.min(...removals.map(({ atMs }) => atMs)),
  );
  // Nobody reads fifty names in the title of a step.
  for (const line of result.shown.split('\n').filter((one) => one.startsWith('##[group]'))) {
    expect(line.length).toBeLessThan(160);
  }
  expect(result.summary).toContain('every instance answered');
});
