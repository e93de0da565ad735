/** Quotas that have just the room for a change, or none: what fits is never refused. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import type { Limits } from '../../foundry/state/records.js';
import { withOneApp, writesOf } from './one-app.js';
import { APP, Folders } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

/** Live has two instances of 64 MiB. */
const LIVE_MB = 2 * 64;

const NO_OTHERS = { totalReservedPorts: null, totalServiceInstances: null, perAppTasks: null };

/** A test may change it, as an admin does. */
function roomFor(totalMemoryMb: number, totalRoutes: number | null = null): Limits {
  const limits = {
    perProcessMemoryMb: null,
    totalInstances: null,
    logRateBps: null,
    totalRoutes,
    ...NO_OTHERS,
  };
  return { ...limits, totalMemoryMb };
}

test('what is live already needs none', () => {
  const quota = roomFor(1_024);
  return withOneApp(folders, { quota }, async (one) => {
    quota.totalMemoryMb = LIVE_MB;
    const same = await one.run({ version: 'v1' });
    expect(same.outputs).toMatchObject({ result: 'unchanged', error: '' });
    const other = await one.run({ version: 'v2' });
    expect(other.outputs).toMatchObject({ result: 'refused', error: 'quota' });
    expect(writesOf(other)).toEqual([]);
  });
});

test.each([
  ['blue-green', 2 * LIVE_MB],
  ['rolling', LIVE_MB + 2 * 64],
])('a held deploy gives its room to the one that ends it: %s', (strategy, totalMemoryMb) =>
  withOneApp(folders, { quota: roomFor(totalMemoryMb, 2) }, async (one) => {
    expect((await one.run({ version: 'v2' }, { strategy, hold: 'true' })).outputs.result).toBe('held');
    const plan = await one.run({ version: 'v3' }, { strategy, force: 'true', plan: 'true' });
    expect(plan.outputs).toMatchObject({ result: 'planned', error: '' });
    const done = await one.run({ version: 'v3' }, { strategy, force: 'true' });
    expect(done.outputs).toMatchObject({ result: 'deployed', error: '' });
    expect(await one.missed()).toEqual([]);
  }),
);

test.each(['blue-green', 'rolling'])('a deploy after one that failed and is kept: %s', (strategy) =>
  withOneApp(folders, { quota: roomFor(2 * LIVE_MB, 2) }, async (one) => {
    const kept = { strategy, 'keep-failed': 'true' };
    const bad = await one.run({ version: 'v2', crashes: true }, kept);
    expect(bad.outputs.result).toBe('reverted');
    const done = await one.run({ version: 'v3' }, kept);
    expect(done.outputs).toMatchObject({ result: 'deployed', error: '' });
    expect(await one.missed()).toEqual([]);
  }),
);

describe('each quota one short: refused with its numbers, and nothing is changed', () => {
  const SIZED = { version: 'v2' };
  const CASES: [string, Record<string, string>, Partial<Limits>, string][] = [
    ['memory', { strategy: 'blue-green' }, { totalMemoryMb: 2 * LIVE_MB - 1 }, 'MiB of memory'],
    ['memory', { strategy: 'rolling' }, { totalMemoryMb: LIVE_MB + 2 * 64 - 1 }, 'MiB of memory'],
    ['memory', { strategy: 'canary' }, { totalMemoryMb: LIVE_MB + 2 * 64 - 1 }, 'MiB of memory'],
    ['instances', { strategy: 'blue-green' }, { totalInstances: 3 }, 'instances'],
    ['instances', { strategy: 'rolling' }, { totalInstances: 3 }, 'instances'],
    [
      'the memory of one instance',
      { strategy: 'blue-green' },
      { perProcessMemoryMb: 63 },
      'MiB for one instance',
    ],
    ['routes', { strategy: 'rolling' }, { totalRoutes: 1 }, 'routes'],
    ['the log rate', { strategy: 'blue-green' }, { logRateBps: 1_000 }, 'bytes of log lines a second'],
  ];
  test.each(CASES)('%s: %j', async (_, inputs, short, unit) => {
    const quota = roomFor(10_000);
    await withOneApp(folders, { quota }, async (one) => {
      Object.assign(quota, short);
      const done = await one.run(SIZED, inputs);
      expect(done.outputs).toMatchObject({ result: 'refused', error: 'quota' });
      expect(done.lines.join('\n')).toContain(unit);
      expect(writesOf(done)).toEqual([]);
      const plan = await one.run(SIZED, { ...inputs, plan: 'true' });
      expect(plan.outputs).toMatchObject({ result: 'refused', error: 'quota' });
    });
  });

  test.each([
    ['blue-green', {}],
    ['rolling', {}],
  ])('a rollback, after %s', (strategy) => {
    const quota = roomFor(10_000);
    return withOneApp(folders, { quota }, async (one) => {
      expect((await one.run(SIZED, { strategy })).outputs.result).toBe('deployed');
      const back = { command: 'rollback', app: APP, 'smoke-test': '', strategy: '' };
      quota.totalInstances = 3;
      const refused = await one.run(SIZED, back);
      expect(refused.outputs).toMatchObject({ result: 'refused', error: 'quota' });
      expect(writesOf(refused)).toEqual([]);
      quota.totalInstances = 4;
      const done = await one.run(SIZED, back);
      expect(done.outputs).toMatchObject({ result: 'rolled-back', error: '' });
      expect(await one.missed()).toEqual([]);
    });
  });

  test('a promote of what is to be rolled; of a canary it needs no more', () => {
    const quota = roomFor(10_000);
    return withOneApp(folders, { quota }, async (one) => {
      const promote = { command: 'promote', app: APP, 'smoke-test': '', strategy: '' };
      expect((await one.run(SIZED, { strategy: 'rolling', hold: 'true' })).outputs.result).toBe('held');
      quota.totalInstances = 3;
      const refused = await one.run(SIZED, promote);
      expect(refused.outputs).toMatchObject({ result: 'refused', error: 'quota' });
      expect(writesOf(refused)).toEqual([]);
      quota.totalInstances = 4;
      expect((await one.run(SIZED, promote)).outputs).toMatchObject({ result: 'promoted', error: '' });
      const canary = { strategy: 'canary', hold: 'true', 'instance-steps': '50' };
      expect((await one.run({ version: 'v3' }, canary)).outputs.result).toBe('held');
      expect((await one.run({ version: 'v3' }, promote)).outputs).toMatchObject({
        result: 'promoted',
        error: '',
      });
      expect(await one.missed()).toEqual([]);
    });
  });

  test('a canary that is held gives its room to the one that ends it', () => {
    const quota = roomFor(10_000);
    return withOneApp(folders, { quota }, async (one) => {
      const canary = { strategy: 'canary', 'instance-steps': '50' };
      expect((await one.run(SIZED, { ...canary, hold: 'true' })).outputs.result).toBe('held');
      quota.totalInstances = 4;
      const done = await one.run({ version: 'v3' }, { ...canary, force: 'true' });
      expect(done.outputs).toMatchObject({ result: 'deployed', error: '' });
      expect(await one.missed()).toEqual([]);
    });
  });
});
