import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Replay } from '../../traffic/history.js';
import { deployWatched, liveOf } from './support/deploys.js';
import { until } from './support/until.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const { outputs } = await world.deploy({ version: 'v1', instances: 2 });
  expect(outputs.result).toBe('deployed');
});
afterAll(() => world.close());

/** Healthy instances of an app, and whether a production route names it, at each moment of the history. */
async function healthyAtFirstRoute(appGuid: string): Promise<number | undefined> {
  const replay = new Replay();
  for (const entry of await world.foundry.history()) {
    if (
      entry.kind === 'destination' &&
      entry.change === 'added' &&
      entry.appGuid === appGuid &&
      entry.url === world.url()
    ) {
      return [...replay.instances.values()].filter((one) => one.appGuid === appGuid && one.healthy).length;
    }
    replay.apply(entry);
  }
  return undefined;
}

async function web(name: string) {
  const { apps } = (await world.foundry.control('GET', 'state')) as {
    apps: {
      guid: string;
      name: string;
      processes: { type: string; wanted: number; memoryMb: number; instances: { state: string }[] }[];
    }[];
  };
  const process = apps.find((app) => app.name === name)?.processes.find(({ type }) => type === 'web');
  if (!process) throw new Error(`${name} has no web process`);
  return process;
}

test('live scaled to 10 by hand: the candidate has 10 before its first request, and its memory, as the manifest says what it said', async () => {
  await world.cf('scale', 'shop', '-i', '10', '-m', '96M', '-f');
  await until('ten instances', async () => {
    const { instances } = await web('shop');
    return instances.filter(({ state }) => state === 'RUNNING').length === 10;
  });
  expect(await web('shop')).toMatchObject({ wanted: 10, memoryMb: 96 });

  const { result, space } = await deployWatched(world, { version: 'v2', instances: 2 });
  const guid = space.app('shop').guid;
  expect(guid).toBe(result.outputs['app-guid']);
  expect(await healthyAtFirstRoute(guid)).toBe(10);
  expect(await web('shop')).toMatchObject({ wanted: 10, memoryMb: 96 });
  expect(liveOf(result.outputs).instances).toEqual({ running: 10, wanted: 10 });
  expect(await world.meet()).toBe('v2');
  // What a person asked of the version before is left to it.
  expect(await web(`shop-previous-${result.outputs['previous-version']}`)).toMatchObject({
    wanted: 10,
    memoryMb: 96,
  });
});
