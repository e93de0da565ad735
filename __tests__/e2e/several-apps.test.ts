import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type AppVersion, manifestOf, writeAppVersion } from '../../demo/app.js';
import { deployFirst, deployWatched, liveOf } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(240_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** One manifest with apps, each with bits and a route of its own. */
async function several(versions: Readonly<Record<string, AppVersion>>): Promise<string> {
  const dir = await mkdtemp(join(world.dir, 'several-'));
  const names = Object.keys(versions);
  for (const name of names) await writeAppVersion(join(dir, name), versions[name] as AppVersion);
  const blocks = names.map((name) =>
    manifestOf({ name, routes: [world.url(name)], more: [`path: ${name}`] }).replace(/^applications:\n/, ''),
  );
  await writeFile(join(dir, 'manifest.yml'), ['applications:\n', ...blocks].join(''));
  return dir;
}

/** The third one, `jobs`, stays what it is. */
function both(web: AppVersion, api: AppVersion): Promise<string> {
  return several({ web, api, jobs: { version: 'jobs-1' } });
}

const NAMES = ['web', 'api', 'jobs'];
const watch = () => ({ apps: NAMES, routes: NAMES.map((name) => world.url(name)) });
type Apps = { app: string; 'app-guid': string; version: string }[];

test('the apps of one manifest are one deploy, and what is unchanged among them is left alone', async () => {
  await deployFirst(world, await both({ version: 'web-1' }, { version: 'api-1' }), { watch: watch() });
  const before = await spaceOf(world);
  const { result, seen, space } = await deployWatched(
    world,
    await both({ version: 'web-2' }, { version: 'api-2' }),
    { watch: watch() },
  );
  expect(space.serving).toEqual(Object.fromEntries(NAMES.map((name) => [world.url(name), [name]])));
  expect([await world.meet(world.url('web')), await world.meet(world.url('api'))]).toEqual([
    'web-2',
    'api-2',
  ]);
  const { outputs, summary } = result;
  const apps = JSON.parse(outputs.apps ?? '') as Apps;
  expect(apps.map(({ app, 'app-guid': guid }) => [app, guid])).toEqual(
    NAMES.map((name) => [name, space.app(name).guid]),
  );
  expect(result.shown).toContain('jobs is unchanged, and is left alone.');
  expect(space.app('jobs')).toEqual(before.app('jobs'));
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
  expect(Object.keys(seen.figures.byVersion).sort()).toEqual(['api-2', 'jobs-1', 'web-2']);
  expect(space.leftovers).toEqual([]);
  const failed = space.apps.filter(({ name }) => /-failed-/.test(name));
  expect(failed.map(({ name, state }) => [name.replace(/-failed-.*/, ''), state]).sort()).toEqual([
    ['api', 'STOPPED'],
    ['web', 'STOPPED'],
  ]);
  expect(liveOf(outputs)).toMatchObject({ app: 'web', guid: before.app('web').guid });
  // Which of them it was is said where the reason is.
  expect(shown).toMatch(/##\[error\].*api-candidate: smoke check/);
});

test('they switch in turn, and when the second is bad where users are, all go back in reverse', async () => {
  const before = await spaceOf(world);
  const past = (await world.foundry.history()).length;
  const watching = await world.watch(watch());
  const { exitCode, outputs, shown } = await world.run(
    await several({
      web: { version: 'web-4', health: '500' },
      api: { version: 'api-4' },
      jobs: { version: 'jobs-4' },
    }),
    { order: 'api before web', 'smoke-test': '/', 'watch-path': '/health' },
  );
  const seen = await watching.end();
  expect([exitCode, outputs.result]).toEqual([1, 'reverted']);
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.problems).toEqual([]);
  expect(shown).toContain('Routes are switched in turn: api, jobs; then web.');
  const space = await spaceOf(world);
  expect(space.serving).toEqual(before.serving);
  for (const name of NAMES) expect(space.app(name)).toEqual(before.app(name));
  expect(space.leftovers).toEqual([]);
  // Each version of web met one version of api alone.
  const moves = (await world.foundry.history()).slice(past).flatMap((one) => {
    if (one.kind !== 'destination') return [];
    const name = ['web', 'api'].find((app) => one.url === world.url(app));
    if (!name) return [];
    return [`${one.change} ${one.appGuid === before.app(name).guid ? 'old' : 'new'} ${name}`];
  });
  expect(moves).toEqual([
    'added new api',
    'removed old api',
    'added new web',
    'removed new web',
    'added old api',
    'removed new api',
  ]);
  expect(await world.leaks()).toEqual([]);
});

test.each<[string, { api?: string; routes?: (url: string) => string; order?: string }, number, RegExp]>([
  [
    'a route that two apps have',
    { routes: (url) => `https://${url}` },
    6,
    /route "web\..*" of the app "api"/,
  ],
  ['a name that two apps have', { api: 'web' }, 4, /name "web" is used a second time/],
  [
    'an order that goes round',
    { order: 'api before web before api' },
    4,
    /circle: api before web before api/,
  ],
  ['an order of an unknown app', { order: 'web before wbe' }, 2, /no app "wbe" \(the input "order"\)/],
])(
  '%s: refused at its line, and nothing is changed',
  async (_, { api = 'api', routes, order = '' }, line, says) => {
    const dir = await mkdtemp(join(world.dir, 'at-odds-'));
    const own = ['- name: web', `  routes: [{route: ${world.url('web')}}]`];
    const other = [
      `- name: ${api}`,
      '  routes:',
      `  - route: ${(routes ?? String)(world.url(routes ? 'web' : 'api'))}`,
    ];
    await writeFile(join(dir, 'manifest.yml'), ['applications:', ...own, ...other, ''].join('\n'));
    const before = await spaceOf(world);
    const sent = (await world.foundry.requests()).length;
    const { outputs, annotations } = await world.run(dir, { order });
    expect(outputs).toMatchObject({ result: 'refused', error: 'input' });
    expect(annotations.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({ file: 'manifest.yml', line, message: expect.stringMatching(says) }),
    ]);
    expect(writes((await world.foundry.requests()).slice(sent))).toEqual([]);
    expect(await spaceOf(world)).toEqual(before);
  },
);
