import { describe, expect, test } from '@jest/globals';
import type { Instance } from '../../src/model/cloud.js';
import { PlatformFault, VersionFault } from '../../src/model/errors.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { keepRunning } from '../../src/steps/await-instances.js';
import { ENDING_MS, givenUp } from '../../src/steps/give-up.js';
import { perform } from '../../src/steps/index.js';
import { candidateAt, instance, ours, process } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const BOTH = [process('web', 1), process('worker', 1)];
const LIVE = ours('old', 'live', 'v1', { processes: BOTH });

/** @param looks what the platform shows of the worker, one look after the other; the last one stays */
function ending(looks: Instance[][], types?: readonly string[]) {
  const asked = new Set<string>();
  const world = worldOf({
    processes: async () => BOTH,
    instances: async (guid) => {
      asked.add(guid);
      return (looks.length > 1 ? looks.shift() : looks[0]) ?? [];
    },
  });
  const beganMs = world.clock.now();
  const done = perform(
    { do: 'await-gone', side: 'live', ...(types ? { types } : {}) },
    appWorld({ live: LIVE }),
    world,
  ).then(() => world.clock.now() - beganMs);
  return { done, asked };
}

describe('instances that end', () => {
  test('are gone when one that was seen ending is seen no more', async () => {
    const { done, asked } = ending([[instance(0, 'STOPPING')], [instance(0, 'DOWN')]], ['worker']);
    expect(await done).toBeLessThan(2_000);
    expect([...asked]).toEqual(['worker-process']);
  });

  test('have all their time where the platform does not show it', async () => {
    const { done, asked } = ending([[]]);
    expect(await done).toBeGreaterThanOrEqual(ENDING_MS);
    expect(asked.size).toBe(2);
  });

  test('and that go on running are no reason to go on', async () => {
    await expect(ending([[instance(0, 'RUNNING')]], ['worker']).done).rejects.toThrow(PlatformFault);
  });
});

describe('what live gives up', () => {
  const step = { do: 'record-given-up', had: { counts: { worker: 2 }, ran: true } } as const;
  test('is written on the lock once', async () => {
    const written: unknown[] = [];
    const world = worldOf({
      updateApp: async (guid, change) => {
        written.push([guid, change]);
        return ours(guid, 'candidate', 'v2');
      },
    });
    const lock = candidateAt('serving');
    await perform(step, appWorld({ lock }), world);
    const annotations = { [ANNOTATION.givenUp]: JSON.stringify(step.had) };
    expect(written).toEqual([['new', { annotations }]]);
    const again = { ...lock, annotations };
    await perform({ ...step, had: { counts: {}, ran: false } }, appWorld({ lock: again }), world);
    expect(written).toHaveLength(1);
    expect(givenUp(again)).toEqual(step.had);
  });

  test('cannot be read, or is not there', () => {
    expect(givenUp({ annotations: { [ANNOTATION.givenUp]: '{' } })).toBeUndefined();
    expect(givenUp(undefined)).toBeUndefined();
  });
});

test.each([
  ['handed over', { handover: { whole: false, counts: {} } }, VersionFault],
  ['that serve already', {}, PlatformFault],
])('instances that never come up, %s', async (_name, wish, kind) => {
  const world = worldOf({
    processes: async () => [process('worker', 1)],
    instances: async () => [instance(0, 'STARTING')],
    crashes: async () => [],
  });
  const app = appWorld({ candidate: candidateAt('serving', { processes: [process('worker', 1)] }) }, wish);
  const done = perform({ do: 'await-instances', side: 'candidate' }, app, world);
  await expect(done).rejects.toThrow(kind);
});

describe('a candidate that nobody can ask', () => {
  const up = [instance(0, 'RUNNING')];
  const down = [instance(0, 'CRASHED')];
  function watched(seen: (nowMs: number) => Instance[], crashes = 0) {
    const world = worldOf({
      processes: async () => [process('web', 1)],
      instances: async () => seen(world.clock.now() - 1_000_000),
      crashes: async () => Array.from({ length: crashes }, () => ({ atMs: 1, index: 0, reason: 'CRASHED' })),
    });
    const app = appWorld({ candidate: candidateAt('serving', { processes: [process('web', 1)] }) });
    return keepRunning(app, world, 60_000).then(() => world.clock.now() - 1_000_000);
  }

  test('runs for bake', async () => {
    expect(await watched(() => up)).toBeGreaterThanOrEqual(60_000);
  });

  test('is waited for when an instance restarts', async () => {
    expect(await watched((nowMs) => (nowMs < 50_000 || nowMs > 70_000 ? up : down), 1)).toBeGreaterThan(
      70_000,
    );
  });

  test.each([
    ['stays down', () => down, 1],
    ['crashes again and again, though it runs in between', () => up, 3],
  ])('%s', async (_name, seen, crashes) => {
    await expect(watched(seen, crashes)).rejects.toThrow(VersionFault);
  });
});
