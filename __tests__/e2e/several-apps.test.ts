import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type AppVersion, manifestOf, writeAppVersion } from '../../demo/app.js';
import { deployFirst, deployWatched, liveOf } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** One manifest with the apps `web` and `api`, each with bits and a route of its own. */
async function both(web: AppVersion, api: AppVersion): Promise<string> {
  const dir = await mkdtemp(join(world.dir, 'both-'));
  await writeAppVersion(join(dir, 'web'), web);
  await writeAppVersion(join(dir, 'api'), api);
  const blocks = ['web', 'api'].map((name) =>
    manifestOf({ name, routes: [world.url(name)], more: [`path: ${name}`] }),
  );
  await writeFile(
    join(dir, 'manifest.yml'),
    [blocks[0], blocks[1]?.replace(/^applications:\n/, '')].join(''),
  );
  return dir;
}

const watch = () => ({ apps: ['web', 'api'], routes: [world.url('web'), world.url('api')] });
type Apps = { app: string; 'app-guid': string; version: string }[];

test('two apps of one manifest are one deploy', async () => {
  await deployFirst(world, await both({ version: 'web-1' }, { version: 'api-1' }), { watch: watch() });
  const before = await spaceOf(world);
  const { result, seen, space } = await deployWatched(
    world,
    await both({ version: 'web-2' }, { version: 'api-2' }),
    { watch: watch() },
  );
  expect(space.serving).toEqual({ [world.url('web')]: ['web'], [world.url('api')]: ['api'] });
  expect([await world.meet(world.url('web')), await world.meet(world.url('api'))]).toEqual([
    'web-2',
    'api-2',
  ]);
  const { outputs, summary } = result;
  const apps = JSON.parse(outputs.apps ?? '') as Apps;
  expect(apps.map(({ app, 'app-guid': guid }) => [app, guid])).toEqual([
    ['web', space.app('web').guid],
    ['api', space.app('api').guid],
  ]);
  // The single outputs are of the first app in the manifest.
  expect(outputs).toMatchObject({ app: 'web', 'app-guid': space.app('web').guid });
  expect(summary).toContain('web');
  expect(summary).toContain('api');
  // Both candidates are proven before any route moves.
  const writesInOrder = seen.requests.filter(({ method }) => method !== 'GET');
  const lastStart = writesInOrder.findLastIndex(({ path }) => path.endsWith('/actions/start'));
  const production = before.routes.map(({ guid }) => `/v3/routes/${guid}/destinations`);
  const firstMove = writesInOrder.findIndex(({ path }) => production.includes(path));
  expect(lastStart).toBeGreaterThan(0);
  expect(firstMove).toBeGreaterThan(lastStart);
});

test('when the second is bad, neither goes live', async () => {
  const before = await spaceOf(world);
  const watching = await world.watch(watch());
  const { exitCode, outputs, shown } = await world.run(
    await both({ version: 'web-3' }, { version: 'api-3', health: '500' }),
    { 'smoke-test': '- path: /health\n  within: 3s' },
  );
  const seen = await watching.end();
  expect([exitCode, outputs.result, outputs.error]).toEqual([1, 'reverted', 'smoke']);
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.problems).toEqual([]);
  const space = await spaceOf(world);
  // No route ever moved, and what was live is as it was: same app, same instances.
  expect(space.routes).toEqual(before.routes);
  expect(space.app('web')).toEqual(before.app('web'));
  expect(space.app('api')).toEqual(before.app('api'));
  expect(Object.keys(seen.figures.byVersion).sort()).toEqual(['api-2', 'web-2']);
  expect(space.leftovers).toEqual([]);
  const failed = space.apps.filter(({ name }) => /-failed-/.test(name));
  expect(failed.map(({ name, state }) => [name.replace(/-failed-.*/, ''), state]).sort()).toEqual([
    ['api', 'STOPPED'],
    ['web', 'STOPPED'],
  ]);
  expect(liveOf(outputs)).toMatchObject({ app: 'web', guid: before.app('web').guid });
  // Which of them it was is said where the reason is.
  expect(shown).toMatch(/##\[error\].*api-candidate: smoke check/);
  expect(await world.leaks()).toEqual([]);
});
