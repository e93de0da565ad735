import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployWatched } from './support/deploys.js';
import { label, spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

/** The organization's own domain: only on such a one a route may be without a host. */
const OWN = 'shop.localhost';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  // The wildcard is there already: it answers for hosts that no other route takes.
  const mine = await world.workspace({ version: 'v1', routes: [...urls(), world.url('both')] });
  const other = await world.workspace({
    version: 'neighbour',
    name: 'other',
    routes: [world.url('other'), world.url('both')],
  });
  await world.cf('push', '-p', mine, '-f', `${mine}/manifest.yml`);
  await world.cf('push', '-p', other, '-f', `${other}/manifest.yml`);
});
afterAll(() => world.close());

const urls = () => [world.url('www'), `${world.url('www')}/api`, `*.${OWN}`, OWN];

test('a path, a wildcard, an apex and a route shared with another app go live together', async () => {
  const before = await spaceOf(world);
  const shared = world.url('both');
  const neighbour = before.app('other');
  const { result, seen, space } = await deployWatched(
    world,
    { version: 'v2', routes: [...urls(), shared] },
    {
      watch: {
        routes: [...urls(), shared],
        traffic: [world.url('www'), `${world.url('www')}/api/things`, `any.${OWN}`, OWN, shared],
        rate: 100,
      },
    },
  );
  expect(space.serving).toEqual({
    ...Object.fromEntries(urls().map((url) => [url, ['shop']])),
    [shared]: ['other', 'shop'],
    [world.url('other')]: ['other'],
  });
  for (const { url, guid } of before.routes) expect(space.route(url).guid).toBe(guid);
  // The other app's destination is the same one, its instances never noticed, and it still has its share.
  const of = (one: typeof before) =>
    one.route(shared).destinations.filter(({ appGuid }) => appGuid === neighbour.guid);
  expect(of(space)).toEqual(of(before));
  expect(space.app('other')).toEqual(neighbour);
  const { byVersion, endedAtMs } = seen.figures;
  expect(Object.keys(byVersion).sort()).toEqual(['neighbour', 'v1', 'v2']);
  const met = await Promise.all(Array.from({ length: 40 }, () => world.meet(shared)));
  expect(new Set(met)).toEqual(new Set(['neighbour', 'v2']));
  expect(byVersion.v1?.lastAtMs).toBeLessThan(endedAtMs);
  expect(
    await Promise.all([`deep.${OWN}`, OWN, `${world.url('www')}/api/x`].map((url) => world.meet(url))),
  ).toEqual(['v2', 'v2', 'v2']);
  expect(label(space.app('shop'), 'role')).toBe('live');
  expect(result.summary).toContain(OWN);
});

test('a route that another app serves and live does not is refused before anything is made', async () => {
  const before = await spaceOf(world);
  const { exitCode, outputs, shown } = await world.deploy({
    version: 'v3',
    routes: [world.url('www'), world.url('other')],
  });
  expect([exitCode, outputs.result]).toEqual([1, 'refused']);
  expect(shown).toContain(`Route ${world.url('other')} is served by other`);
  expect(await spaceOf(world)).toEqual(before);
});
