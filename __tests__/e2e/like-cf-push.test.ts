import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployFirst, deployWatched } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

test('a manifest without routes: the app gets its default route, as with `cf push`, and keeps what it has', async () => {
  const pushed = await world.workspace({ version: 'v1', name: 'Pushed', routes: [] });
  await world.cf('push', '-p', pushed, '-f', `${pushed}/manifest.yml`);
  expect((await spaceOf(world)).serving).toEqual({ [world.url('pushed')]: ['Pushed'] });

  const first = await deployFirst(
    world,
    { version: 'v1', name: 'Made', routes: [] },
    {
      watch: { apps: ['Made'], routes: [world.url('made')] },
    },
  );
  expect(first.space.serving).toEqual({ [world.url('pushed')]: ['Pushed'], [world.url('made')]: ['Made'] });

  // Of an app that has routes, even others than the default one, nothing is made up.
  await world.cf('map-route', 'Made', world.foundry.apps_domain, '--hostname', 'chosen');
  await world.cf('unmap-route', 'Made', world.foundry.apps_domain, '--hostname', 'made');
  const { space } = await deployWatched(
    world,
    { version: 'v2', name: 'Made', routes: [], more: ['default-route: true'] },
    { watch: { apps: ['Made'], routes: [world.url('chosen')] } },
  );
  expect(space.serving).toMatchObject({ [world.url('chosen')]: ['Made'], [world.url('made')]: [] });
  expect(await world.meet(world.url('chosen'))).toBe('v2');
});

test('a stopped app is replaced by a version that runs', async () => {
  await world.cf('stop', 'Pushed');
  const before = await spaceOf(world);
  const { result, space } = await deployFirst(
    world,
    { version: 'v2', name: 'Pushed', routes: [] },
    {
      watch: { apps: ['Pushed'], routes: [world.url('pushed')] },
    },
  );
  expect(await world.meet(world.url('pushed'))).toBe('v2');
  expect(result.outputs['previous-app-guid']).toBe(before.app('Pushed').guid);
  expect(space.app(`Pushed-previous-${result.outputs['previous-version']}`).state).toBe('STOPPED');
  expect(space.route(world.url('pushed')).guid).toBe(before.route(world.url('pushed')).guid);
});
