/** Quotas that have just the room for a change, or none: what fits is never refused. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { withOneApp, writesOf } from './one-app.js';
import { Folders } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

/** Live has two instances of 64 MiB. */
const LIVE_MB = 2 * 64;

function roomFor(totalMemoryMb: number, totalRoutes: number | null = null) {
  const limits = { perProcessMemoryMb: null, totalInstances: null, logRateBps: null, totalRoutes };
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
