import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployWatched } from './support/deploys.js';
import { spaceOf, variablesOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const { outputs } = await world.deploy({ version: 'v0', instances: 1 });
  expect(outputs.result).toBe('deployed');
  await world.cf('scale', 'shop', '-i', '2');
});
afterAll(() => world.close());

/** Every kind of write of a deploy: method and path. `LIVE` stands for the GUID of the app that is live. */
const WRITES = [
  ['POST', '^/v3/apps$'],
  ['POST', '^/v3/routes$'],
  ['POST', '/actions/apply_manifest$'],
  ['POST', '^/v3/packages$'],
  ['POST', '^/v3/packages/[^/]+/upload$'],
  ['POST', '^/v3/builds$'],
  ['PATCH', '/relationships/current_droplet$'],
  ['PATCH', '/environment_variables$'],
  ['POST', '/actions/scale$'],
  ['POST', '/actions/start$'],
  ['POST', '/destinations$'],
  ['DELETE', '/destinations/[^/]+$'],
  ['POST', '/actions/stop$'],
  ['DELETE', '^/v3/routes/[^/]+$'],
  ['PATCH', '^/v3/apps/LIVE$'],
] as const;

/** What a fault does to the call. `done`: the platform has done it. */
const FAULTS = [
  { what: 'a 502 instead of each write, once', version: 'v1', how: { status: 502 }, seenAs: 502 },
  { what: 'the answer to each write lost, once', version: 'v2', how: { lost: true }, seenAs: 0 },
];

test.each(FAULTS)('$what: deployed, without a failed request, and nothing made twice', async (fault) => {
  const live = (await spaceOf(world)).app('shop').guid;
  const pathOf = (path: string) => path.replace('LIVE', live);
  for (const [method, path] of WRITES) {
    await world.foundry.control('POST', 'faults', { method, path: pathOf(path), times: 1, ...fault.how });
  }
  const before = (await world.foundry.history()).length;
  let armed: Promise<unknown> | undefined;
  const { result, seen, space } = await deployWatched(
    world,
    { version: fault.version, instances: 1 },
    {
      inputs: { env: `COLOUR: ${fault.version}` },
      run: {
        onLine: (line) => {
          // What is left to be written to the candidate is its last name; and a sign of life, perhaps.
          if (/^##\[group\].*stop shop/.test(line)) armed ??= meetOnLastWrite(fault.how);
        },
      },
    },
  );
  await armed;
  await world.foundry.control('DELETE', 'faults');

  // Every fault was met, so that what is shown is shown of each of them.
  for (const [method, path] of WRITES) {
    const met = seen.requests.filter(
      (one) =>
        one.method === method && new RegExp(pathOf(path)).test(one.path) && one.status === fault.seenAs,
    );
    expect([method, path, met.length]).toEqual([method, path, 1]);
  }
  const guid = space.app('shop').guid;
  const lastWrites = seen.requests.filter(
    ({ method, path }) => method === 'PATCH' && path === `/v3/apps/${guid}`,
  );
  expect(lastWrites.filter(({ status }) => status === fault.seenAs).length).toBeGreaterThan(0);

  const made = (await world.foundry.history()).slice(before);
  const count = (kind: 'app' | 'route') =>
    made.filter((entry) => entry.kind === kind && entry.change === 'created').length;
  expect([count('app'), count('route')]).toEqual([1, 1]);
  const added = made.flatMap((entry) =>
    entry.kind === 'destination' && entry.change === 'added'
      ? [entry.url.replace(/-candidate-\w{6}/, '-trial')]
      : [],
  );
  expect(added.sort()).toEqual([world.url(), world.url('shop-trial')].sort());
  expect(space.app('shop').processes.find(({ type }) => type === 'web')?.wanted).toBe(2);
  expect(await variablesOf(world, guid)).toMatchObject({ COLOUR: fault.version });
  expect(result.outputs['app-guid']).toBe(guid);
  expect(await world.meet()).toBe(fault.version);
});

async function meetOnLastWrite(how: object): Promise<void> {
  const { guid } = (await spaceOf(world)).app('shop-candidate');
  await world.foundry.control('POST', 'faults', {
    method: 'PATCH',
    path: `^/v3/apps/${guid}$`,
    times: 2,
    ...how,
  });
}
