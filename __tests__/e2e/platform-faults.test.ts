import { beforeAll, expect, jest, test } from '@jest/globals';
import { deployWatched } from './support/deploys.js';
import { spaceOf, variablesOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

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

interface FaultOfWrites {
  name: string;
  how: object;
  /** As which status the foundry records it; 0: no answer was given. */
  seenAs: number;
}

const FAULTS: readonly FaultOfWrites[] = [
  { name: 'a 502 instead of each write, once', how: { status: 502 }, seenAs: 502 },
  { name: 'the answer to each write lost, once', how: { lost: true }, seenAs: 0 },
];

/** Side by side: most of the time they wait. */
let shown: Promise<void>[];
beforeAll(() => {
  shown = FAULTS.map(show);
  for (const one of shown) one.catch(() => undefined);
});

test.each(FAULTS.map(({ name }, at) => [name, at] as const))(
  '%s: deployed, without a failed request, and nothing made twice',
  async (_, at) => {
    await shown[at];
  },
);

async function show(fault: FaultOfWrites): Promise<void> {
  const world = await startWorld();
  try {
    const { outputs } = await world.deploy({ version: 'v1' });
    expect(outputs.result).toBe('deployed');
    await world.cf('scale', 'shop', '-i', '2');
    await deployFaulted(world, fault);
  } finally {
    await world.close();
  }
}

async function deployFaulted(world: World, { how, seenAs }: FaultOfWrites): Promise<void> {
  const live = (await spaceOf(world)).app('shop').guid;
  const writes = WRITES.map(([method, path]) => ({ method, path: path.replace('LIVE', live) }));
  const meet = (fault: object) => world.foundry.control('POST', 'faults', { times: 1, ...fault, ...how });
  for (const write of writes) await meet(write);
  const before = (await world.foundry.history()).length;
  let armed: Promise<unknown> | undefined;
  const { result, seen, space } = await deployWatched(
    world,
    { version: 'v2' },
    {
      inputs: { env: 'COLOUR: green' },
      run: {
        onLine: (line) => {
          // What is left to be written to the candidate is its last name; and a sign of life, perhaps.
          if (/^##\[group\].*stop shop/.test(line)) {
            armed ??= spaceOf(world).then((space) =>
              meet({ method: 'PATCH', path: `^/v3/apps/${space.app('shop-candidate').guid}$`, times: 2 }),
            );
          }
        },
      },
    },
  );
  await armed;

  // Every fault was met, so that what is shown is shown of each of them.
  const met = ({ method, path }: { method: string; path: string }) =>
    seen.requests.filter(
      (one) => one.method === method && new RegExp(path).test(one.path) && one.status === seenAs,
    ).length;
  expect(writes.map((write) => [write, met(write)])).toEqual(writes.map((write) => [write, 1]));
  const { guid, processes } = space.app('shop');
  expect(met({ method: 'PATCH', path: `^/v3/apps/${guid}$` })).toBeGreaterThan(0);

  const made = (await world.foundry.history()).slice(before).map((entry) => {
    if (entry.kind === 'destination' && entry.change === 'added') return `to ${entry.url}`;
    return entry.kind === 'app' || entry.kind === 'route' ? `${entry.kind} ${entry.change}` : '';
  });
  const count = (what: string | RegExp) => made.filter((one) => one.match(what)).length;
  expect({
    apps: count('app created'),
    routes: count('route created'),
    production: count(`to ${world.url()}`),
    trial: count(/^to shop-candidate-/),
  }).toEqual({ apps: 1, routes: 1, production: 1, trial: 1 });
  expect(processes.find(({ type }) => type === 'web')?.wanted).toBe(2);
  expect(await variablesOf(world, guid)).toMatchObject({ COLOUR: 'green' });
  expect(result.outputs['app-guid']).toBe(guid);
  expect(await world.meet()).toBe('v2');
}
