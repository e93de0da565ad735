/** When the platform's updater has one look left before a deployment ends: its end is then seen soon. */
import { describe, expect, test } from '@jest/globals';
import type { Deployment } from '../../src/model/cloud.js';
import { Eve } from '../../src/steps/await-deployment.js';
import { waitFor } from '../../src/steps/wait.js';
import { process, runningInstances } from '../strategies/support.js';
import { worldOf } from './scripted.js';

const DEPLOYMENT: Deployment = {
  guid: 'd',
  createdAtMs: 0,
  value: 'ACTIVE',
  reason: 'DEPLOYING',
  strategy: 'rolling',
  dropletGuid: 'copy',
  labels: {},
  annotations: {},
};

/** @param old instances of the web process from before */
function look(old: number, wanted: number, up: number, canary?: Deployment['canary']) {
  const next = process('web', wanted, { guid: 'new' });
  return {
    deployment: { ...DEPLOYMENT, ...(canary ? { canary } : {}) },
    process: next,
    processes: [process('web', old, { guid: 'old' }), next, process('worker', 9, { guid: 'worker' })],
    instances: runningInstances(up),
    crashes: [],
  };
}

describe('only one look of the updater is left', () => {
  test.each([
    ['one of one', 1, look(1, 1, 1), true],
    ['one of one, which starts', 1, look(1, 1, 0), false],
    ['the last of four', 1, look(1, 4, 4), true],
    ['the last of four, which starts', 1, look(1, 4, 3), false],
    ['a round before', 1, look(2, 3, 3), false],
    ['sixteen by four, the last four', 4, look(4, 16, 16), true],
    ['sixteen by four, a round before', 4, look(8, 12, 12), false],
    ['nobody from before is left', 2, look(0, 4, 4), true],
    ['a canary on its way to a pause', 1, look(10, 1, 1, { step: 1, steps: 2 }), true],
    ['a canary that starts', 1, look(10, 1, 0, { step: 1, steps: 2 }), false],
  ])('%s', (_, maxInFlight, seen, is) => {
    expect(new Eve(maxInFlight).isUp(seen, 0)).toBe(is);
  });

  test('one that does not come is not waited for in haste for ever', () => {
    const eve = new Eve(1);
    expect([0, 14_000, 16_000].map((nowMs) => eve.isUp(look(1, 1, 1), nowMs))).toEqual([true, true, false]);
    eve.isUp(look(1, 1, 0), 17_000);
    expect(eve.isUp(look(1, 1, 1), 18_000)).toBe(true);
  });
});

test('what comes soon is looked for often, however long it took until then', async () => {
  const world = worldOf({});
  const slept: number[] = [];
  const sleep = world.clock.sleep.bind(world.clock);
  world.clock.sleep = async (ms, signal) => {
    slept.push(ms);
    await sleep(ms, signal);
  };
  const beganAtMs = world.clock.now();
  const passed = () => world.clock.now() - beganAtMs;
  await waitFor(world, {
    what: 'the end',
    deadlineMs: beganAtMs + 600_000,
    look: async () => ({ state: 'x', soon: passed() > 60_000, ...(passed() > 64_000 ? { done: true } : {}) }),
  });
  expect(Math.max(...slept)).toBeGreaterThan(1_500);
  expect(slept.slice(-5).every((ms) => ms <= 400)).toBe(true);
});
