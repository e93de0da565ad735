/** What a rollback can find: a version in use, gone, without a droplet, larger than live; several apps; none of ours. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { manifestOf, writeAppVersion } from '../../demo/app.js';
import { rollBackWatched } from './support/deploys.js';
import { areServed } from './support/served.js';
import { type SpaceApp, spaceOf } from './support/space.js';
import { expectTold } from './support/standing.js';
import { until } from './support/until.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(300_000);

/** Each list is one deploy, of one manifest. */
const DEPLOYS = [['in-use'], ['shrunk'], ['left', 'right']] as const;
type App = (typeof DEPLOYS)[number][number];
const APPS: readonly App[] = DEPLOYS.flat();
const STRANGER = 'stranger';

let world: World;
const previous = {} as Record<App, SpaceApp>;

async function workspaceOf(apps: readonly string[], version: string): Promise<string> {
  const dir = await mkdtemp(join(world.dir, `${version}-`));
  const blocks = apps.map((name) => manifestOf({ name, routes: [world.url(name)], more: ['path: bits'] }));
  await writeAppVersion(join(dir, 'bits'), { version });
  const [first = '', ...more] = blocks;
  await writeFile(
    join(dir, 'manifest.yml'),
    [first, ...more.map((text) => text.replace(/^applications:\n/, ''))].join(''),
  );
  return dir;
}

const scale = (app: App, instances: number) => world.cf('scale', app, '-i', String(instances));
const routesOf = (apps: readonly string[]) => apps.map((app) => world.url(app));

beforeAll(async () => {
  world = await startWorld();
  for (const version of ['v1', 'v2']) {
    const up = await Promise.all(DEPLOYS.map(async (apps) => world.run(await workspaceOf(apps, version))));
    for (const { outputs, shown } of up) if (outputs.result !== 'deployed') throw new Error(shown);
    if (version === 'v1') await scale('shrunk', 2);
  }
  const space = await spaceOf(world);
  for (const app of APPS)
    previous[app] = space.app(space.names.find((name) => name.startsWith(`${app}-previous-`)) ?? '');
  await scale('shrunk', 1);
  const dir = await workspaceOf([STRANGER], 'v1');
  await world.cf('push', '-f', join(dir, 'manifest.yml'), '-p', join(dir, 'bits'));
  await until('every router to serve them', () => areServed(world, routesOf([...APPS, STRANGER])));
});
afterAll(() => world.close());

/** Refuses with these words, and nothing is changed. */
async function expectRefused(app: string, says: RegExp): Promise<void> {
  const before = await spaceOf(world);
  const known = (await world.foundry.requests()).length;
  const result = await world.run(world.dir, { command: 'rollback', app });
  if (result.outputs.result !== 'refused') throw new Error(`not refused:\n${result.shown}`);
  expect(result.exitCode).toBe(1);
  expectTold(result, says);
  expect(writes((await world.foundry.requests()).slice(known))).toEqual([]);
  expect(await spaceOf(world)).toEqual(before);
}

test('refused: an app that nobody of ours has deployed, and one that is not there', async () => {
  await expectRefused(STRANGER, /there is no previous version/);
  await expectRefused('nowhere', /nowhere/);
});

test('refused: the droplet of the version is gone', async () => {
  // The platform deletes none that an app has; what its blobstore has lost is lost all the same.
  await world.foundry.control('POST', 'faults', {
    method: 'GET',
    path: `^/v3/apps/${previous.shrunk.guid}/droplets/current$`,
    status: 404,
    body: { errors: [{ code: 10010, title: 'CF-ResourceNotFound', detail: 'Droplet not found' }] },
  });
  await expectRefused('shrunk', /has no droplet any more/);
  await world.foundry.control('DELETE', 'faults');
});

test('a version that another hand has started on its production route goes live; with the last one deleted by hand there is no way back', async () => {
  const { name, guid } = previous['in-use'];
  await world.cf('start', name);
  await world.cf('map-route', name, world.foundry.apps_domain, '--hostname', 'in-use');
  const { space } = await rollBackWatched(world, 'in-use');
  expect(space.app('in-use').guid).toBe(guid);
  expect(space.serving[world.url('in-use')]).toEqual(['in-use']);
  expect(await world.meet(world.url('in-use'))).toBe('v1');

  // What was live is the only one to go back to; without it there is none.
  const [left = ''] = space.names.filter((name) => name.startsWith('in-use-previous-'));
  await world.cf('delete', '-f', left);
  await expectRefused('in-use', /there is no previous version/);
});

test('live was scaled down since: the version keeps its own instances', async () => {
  const { space } = await rollBackWatched(world, 'shrunk');
  const live = space.app('shrunk');
  expect(live.guid).toBe(previous.shrunk.guid);
  expect(live.processes.find(({ type }) => type === 'web')?.wanted).toBe(2);
});

test('several apps go back as one, and no route moves before all are proven', async () => {
  const pair = ['left', 'right'] as const;
  const watch = await world.watch({ apps: pair, routes: routesOf(pair) });
  const result = await world.run(await workspaceOf(pair, 'v3'), { command: 'rollback' });
  const seen = await watch.end();
  expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([0, 'rolled-back', '']);
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.problems).toEqual([]);
  const space = await spaceOf(world);
  const production = pair.map((app) => `/v3/routes/${space.route(world.url(app)).guid}/destinations`);
  const calls = writes(seen.requests).map(({ path }) => path);
  const lastStart = calls.findLastIndex((path) => path.endsWith('/actions/start'));
  expect(lastStart).toBeGreaterThan(-1);
  expect(calls.findIndex((path) => production.includes(path))).toBeGreaterThan(lastStart);
  for (const app of pair) {
    expect(space.app(app).guid).toBe(previous[app].guid);
    expect(space.serving[world.url(app)]).toEqual([app]);
    expect(await world.meet(world.url(app))).toBe('v1');
  }
  expect(space.leftovers).toEqual([]);
  expect(await world.leaks()).toEqual([]);
});
