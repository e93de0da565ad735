import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { deployWatched, liveOf } from './support/deploys.js';
import { label, type Space, spaceOf, variablesOf } from './support/space.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(180_000);

const BY_HAND = 'set by hand: "100 %", $HOME';

let world: World;
/** What `cf push` and hands left. */
let before: Space;
let adopted: string;

beforeAll(async () => {
  world = await startWorld();
  const workspace = await world.workspace({ version: 'v1', more: ['env:', '  FROM_MANIFEST: first'] });
  await world.cf('push', '-p', workspace, '-f', `${workspace}/manifest.yml`);
  await world.cf('set-env', 'shop', 'BY_HAND', BY_HAND);
  await world.cf('map-route', 'shop', world.foundry.apps_domain, '--hostname', 'by-hand');
  await world.foundry.control('POST', 'seed', { apps: 3, prefix: 'neighbour' });
  before = await spaceOf(world);
  const { guid } = before.app('shop');
  const droplet = JSON.parse(await world.cf('curl', `/v3/apps/${guid}/droplets/current`)) as {
    created_at: string;
  };
  adopted = `${droplet.created_at.replace(/\D/g, '').replace(/^(.{8})(.{6}).*/, '$1-$2')}-0000000`;
});
afterAll(() => world.close());

const routes = () => [world.url(), world.url('by-hand')];

test('plan changes nothing and names the steps', async () => {
  const already = (await world.foundry.requests()).length;
  const { exitCode, outputs, summary } = await world.deploy(
    { version: 'v2', routes: [world.url(), world.url('extra')] },
    { plan: 'true' },
  );
  expect([exitCode, outputs.result]).toEqual([0, 'planned']);
  expect(writes((await world.foundry.requests()).slice(already))).toEqual([]);
  expect(await spaceOf(world)).toEqual(before);
  const plan = JSON.parse(outputs.plan ?? '') as { app: string; title: string; calls: string[] }[];
  const order = plan.flatMap(({ title }) => title.split(', ').map((one) => one.replace(/ .*/, '')));
  for (const [earlier, later] of [
    ['take', 'push'],
    ['push', 'stage'],
    ['stage', 'start'],
    ['smoke', 'map'],
    ['map', 'prove'],
    ['prove', 'unmap'],
    ['unmap', 'drain'],
    ['drain', 'stop'],
    ['stop', 'rename'],
  ] as const) {
    expect(order).toContain(earlier);
    expect(order.lastIndexOf(earlier)).toBeLessThan(order.indexOf(later));
  }
  const calls = plan.flatMap((step) => step.calls).join('\n');
  expect(calls).toContain('cf push shop-candidate --no-start');
  for (const url of [...routes(), world.url('extra')]) {
    expect(calls).toContain(`POST /v3/routes/<${url}>/destinations`);
  }
  expect(calls).toContain(`name=shop-previous-${adopted}`);
  expect(summary).toContain('cf push shop-candidate --no-start');
  expect(summary).toContain('BY_HAND');
  expect(outputs.plan).not.toContain('100 %');
});

test('status shows an app that was never deployed this way', async () => {
  const already = (await world.foundry.requests()).length;
  const { outputs, summary } = await world.deploy({ version: 'v2' }, { command: 'status' });
  expect(outputs).toMatchObject({ result: 'shown', app: 'shop', 'app-guid': before.app('shop').guid });
  expect(liveOf(outputs)).toMatchObject({
    app: 'shop',
    instances: { running: 1, wanted: 1 },
    routes: expect.arrayContaining(routes().map((url) => ({ url, by: ['shop'] }))),
  });
  expect(summary).toContain('shop');
  expect(writes((await world.foundry.requests()).slice(already))).toEqual([]);
});

describe('deploys follow one another', () => {
  let second: string;
  /** The route that comes and goes with the manifest is the deploy's to change, as trial routes are. */
  const trial = (url: string) => url === world.url('extra') || url.startsWith('shop-candidate-');

  test('adoption: what `cf push` made is live, and hands are respected', async () => {
    const { result, seen, space } = await deployWatched(
      world,
      { version: 'v2', routes: [world.url(), world.url('extra')], more: ['env:', '  FROM_MANIFEST: second'] },
      { watch: { routes: routes(), trial } },
    );
    const [live, previous] = [space.app('shop'), space.app(`shop-previous-${adopted}`)];
    expect(result.outputs).toMatchObject({
      'app-guid': live.guid,
      'previous-app-guid': before.app('shop').guid,
      'previous-version': adopted,
    });
    expect(previous).toMatchObject({ guid: before.app('shop').guid, state: 'STOPPED' });
    expect([label(previous, 'role'), label(previous, 'version')]).toEqual(['previous', adopted]);
    expect(space.serving).toEqual({
      [world.url()]: ['shop'],
      [world.url('by-hand')]: ['shop'],
      [world.url('extra')]: ['shop'],
    });
    for (const url of routes()) expect(space.route(url).guid).toBe(before.route(url).guid);
    expect(await variablesOf(world, live.guid)).toEqual({ BY_HAND, FROM_MANIFEST: 'second' });
    expect(result.summary).toContain('BY\\_HAND');
    expect(Object.keys(seen.figures.byVersion)).toEqual(['v1', 'v2']);
    expect(space.names.filter((name) => /^neighbour/.test(name))).toHaveLength(3);
    expect(await world.meet(world.url('extra'))).toBe('v2');
  });

  test('the second: a route that the manifest drops goes, one that a hand mapped stays', async () => {
    await world.cf('map-route', 'shop', world.foundry.apps_domain, '--hostname', 'later');
    const { result, seen, space } = await deployWatched(
      world,
      { version: 'v3', more: ['env:', '  OTHER: third'] },
      { watch: { routes: [...routes(), world.url('later')], trial } },
    );
    second = result.outputs.version ?? '';
    expect(space.serving).toEqual({
      [world.url()]: ['shop'],
      [world.url('by-hand')]: ['shop'],
      [world.url('later')]: ['shop'],
      [world.url('extra')]: [],
    });
    expect(result.shown).toContain(`Route ${world.url('extra')} is dropped`);
    expect(result.summary).toContain('is dropped');
    // Set by hand long ago, and named by no manifest: carried again. Named by the last one only: gone.
    expect(await variablesOf(world, space.app('shop').guid)).toEqual({ BY_HAND, OTHER: 'third' });
    expect(await world.meet(world.url('extra'))).toMatch(/404/);
    expect(Object.keys(seen.figures.byVersion)).toEqual(['v2', 'v3']);
    expect(space.names.filter((name) => /previous/.test(name))).toHaveLength(1);
  });

  test('the third: one previous version is kept, the older one is deleted', async () => {
    const { result, space } = await deployWatched(
      world,
      { version: 'v4' },
      { watch: { routes: [...routes(), world.url('later')], trial } },
    );
    expect(result.outputs['previous-version']).toBe(second);
    expect(space.names).toEqual([
      'neighbour-1',
      'neighbour-2',
      'neighbour-3',
      'shop',
      `shop-previous-${second}`,
    ]);
    expect(await world.meet()).toBe('v4');
    const status = await world.deploy({ version: 'v4' }, { command: 'status' });
    expect(status.outputs).toMatchObject({ result: 'shown', version: result.outputs.version });
    expect(status.summary).toContain(`shop-previous-${second}`);
  });
});
