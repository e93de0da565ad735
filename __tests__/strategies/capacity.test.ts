import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { Quota } from '../../src/model/cloud.js';
import { NO_NEED, needOf, type Sizes, shortages, withTask } from '../../src/strategies/capacity.js';
import {
  app,
  candidateAt,
  intent,
  ours,
  process,
  route,
  snapshot,
  to,
  trialRoute,
  wanted,
} from './support.js';

const live = app('old', { processes: [process('web', 3)] });
const there = snapshot({ live, routes: [route('shop.apps.example', [to('old')])] });
const IN_PLACE = { maxInFlight: 2 };

describe('beside what runs there has to be room for', () => {
  test.each<[string, Parameters<typeof intent>[0], Sizes, { memoryMb: number; instances: number }]>([
    [
      'all instances of a new app',
      {},
      { web: { instances: 3, memoryMb: 100 } },
      { memoryMb: 300, instances: 3 },
    ],
    [
      'its other processes, too',
      {},
      { web: { instances: 1, memoryMb: 100 }, worker: { instances: 2, memoryMb: 50 } },
      { memoryMb: 200, instances: 3 },
    ],
    [
      'what is taken from live',
      { scale: { web: { instances: 3, memoryMb: 256 } } },
      { web: { instances: 1 } },
      { memoryMb: 768, instances: 3 },
    ],
    ['a size that nobody names as nothing', {}, {}, { memoryMb: 0, instances: 1 }],
    [
      'the candidate and the instances in flight',
      { inPlace: IN_PLACE },
      { web: { instances: 3, memoryMb: 256 } },
      { memoryMb: 768, instances: 3 },
    ],
    [
      'no more in flight than there are instances',
      { inPlace: { maxInFlight: 9 } },
      { web: { instances: 3, memoryMb: 256 } },
      { memoryMb: 1_024, instances: 4 },
    ],
    [
      'the larger size of all instances that live has',
      { inPlace: IN_PLACE },
      { web: { instances: 3, memoryMb: 300 } },
      { memoryMb: 3 * 300 + 3 * 44, instances: 3 },
    ],
    [
      'instances that come on top',
      { inPlace: IN_PLACE, scale: { web: { instances: 8 } } },
      { web: { instances: 8, memoryMb: 256 } },
      { memoryMb: 6 * 256, instances: 6 },
    ],
  ])('%s', (_, over, sizes, need) => {
    expect(needOf(intent(over), there, sizes)).toMatchObject(need);
  });

  test('what a failed version holds is free before the candidate starts, unless a route names it', () => {
    const failed = ours('bad', 'failed', 'v1', { processes: [process('web', 2)] });
    const sizes = { web: { instances: 3, memoryMb: 256 } };
    expect(needOf(intent(), { ...there, failed: [failed] }, sizes)).toMatchObject({
      memoryMb: 256,
      instances: 1,
    });
    const served = [...there.routes, route('api.apps.example', [to('bad')])];
    expect(needOf(intent(), { ...there, failed: [failed], routes: served }, sizes)).toMatchObject({
      instances: 3,
    });
  });

  test('what a held or interrupted version holds is free by then, with its trial route', () => {
    const candidate = ours('new', 'candidate', 'v2', {
      name: 'shop-candidate',
      processes: [process('web', 2)],
    });
    const routes = [...there.routes, trialRoute('shop-candidate-abc.apps.example', [to('new')])];
    const need = needOf(
      intent(),
      { ...there, candidate, lock: candidate, routes },
      {
        web: { instances: 3, memoryMb: 256 },
      },
    );
    expect(need).toMatchObject({ memoryMb: 256, instances: 1, routes: 0 });
    const stopped = { ...candidate, state: 'STOPPED' as const };
    expect(needOf(intent(), { ...there, candidate: stopped, lock: stopped }, {})).toMatchObject({
      instances: 1,
    });
  });

  test.each<[string, Parameters<typeof intent>[0], Sizes, number]>([
    ['all instances of a new app', {}, { web: { instances: 3, logRateBps: 10 } }, 30],
    ['what is taken from live', { scale: { web: { logRateBps: 20 } } }, { web: { instances: 2 } }, 40],
    ['an instance without a limit', {}, { web: { logRateBps: -1 } }, Number.POSITIVE_INFINITY],
    [
      'none of it',
      {},
      { web: { instances: 1, logRateBps: 10 }, worker: { instances: 0, logRateBps: -1 } },
      10,
    ],
    [
      'the larger rate of all in place',
      { inPlace: IN_PLACE },
      { web: { instances: 3, logRateBps: 30 } },
      3 * 30 + 3 * 10,
    ],
  ])('of log lines: %s', (_, over, sizes, rate) => {
    const limited = app('old', { processes: [process('web', 3, { logRateBps: 20 })] });
    expect(needOf(intent(over), { ...there, live: limited }, sizes).logRateBps).toBe(rate);
  });

  test('what a held canary has beyond live is free by then', () => {
    const held = intent({ inPlace: { maxInFlight: 1, instanceSteps: [50], instances: 3 } });
    const lock = candidateAt('paused', { processes: [], annotations: recorded(held) });
    const webs = [process('web', 2), process('web', 2, { guid: 'canary' })];
    const paused = { ...there, candidate: lock, lock, live: { ...live, processes: webs } };
    const sizes = { web: { instances: 3, memoryMb: 256 } };
    expect(needOf(intent(), paused, sizes)).toMatchObject({ memoryMb: 2 * 256, instances: 2 });
    const elsewhere = { ...paused, candidate: { ...lock, phase: 'switching' as const } };
    expect(needOf(intent(), elsewhere, sizes)).toMatchObject({ instances: 3 });
  });

  test('the task that asks an app inside', () => {
    const route = wanted('trial.apps.internal', { internal: true });
    const trials = [{ route, to: { processType: 'web', port: null, protocol: null } }];
    const [outside, inside] = [needOf(intent(), there, {}), needOf(intent({ trials }), there, {})];
    expect([inside.memoryMb - outside.memoryMb, inside.tasks, outside.tasks]).toEqual([128, 1, 0]);
    // It has the limit of log lines that the web process has.
    const limited = { web: { instances: 2, logRateBps: 10 } };
    expect(needOf(intent({ trials }), there, limited).logRateBps).toBe(30);
  });

  test('routes that are not there yet, the trial route among them', () => {
    expect(needOf(intent(), there, {}).routes).toBe(1);
    expect(needOf(intent(), { ...there, routes: [] }, {}).routes).toBe(2);
    const onTcp = { ...wanted('tcp.example:0'), port: 0, mark: 'abc' };
    const trials = [{ route: onTcp, to: { processType: 'web', port: null, protocol: 'tcp' } }];
    expect(needOf(intent({ trials }), there, {})).toMatchObject({ routes: 1, ports: 1 });
  });
});

describe('a quota', () => {
  const quota = (limits: Quota['limits'], used: Partial<Quota['used']> = {}): Quota => ({
    of: 'space',
    name: 'production',
    limits,
    used: { ...NO_NEED, memoryMb: 768, instances: 3, routes: 4, ports: 1, ...used },
  });
  const need = {
    ...{ memoryMb: 256, instances: 1, instanceMb: 256, logRateBps: 100 },
    ...{ routes: 1, ports: 1, services: 1, tasks: 1 },
  };

  test.each<[Quota['limits'], string[]]>([
    [{}, []],
    [{ memoryMb: 1_024, instances: 4, routes: 5, instanceMb: 256 }, []],
    [
      { memoryMb: 1_023 },
      [
        'The quota of the space production allows 1023 MiB of memory, 768 are in use, and this needs 256 more for a while.',
      ],
    ],
    [
      { instances: 3 },
      [
        'The quota of the space production allows 3 instances, 3 are in use, and this needs 1 more for a while.',
      ],
    ],
    [
      { routes: 4 },
      ['The quota of the space production allows 4 routes, 4 are in use, and this needs 1 more for a while.'],
    ],
    [
      { ports: 1 },
      [
        'The quota of the space production allows 1 ports of TCP routes, 1 are in use, and this needs 1 more for a while.',
      ],
    ],
    [
      { logRateBps: 99 },
      [
        'The quota of the space production allows 99 bytes of log lines a second, 0 are in use, and this needs 100 more for a while.',
      ],
    ],
    [
      { services: 0 },
      [
        'The quota of the space production allows 0 service instances, 0 are in use, and this needs 1 more for a while.',
      ],
    ],
    [
      { tasks: 0 },
      [
        'The quota of the space production allows 0 tasks at a time, 0 are in use, and this needs 1 more for a while.',
      ],
    ],
    [{ logRateBps: 100, services: 1, tasks: 1, ports: 2 }, []],
    [
      { instanceMb: 255 },
      ['The quota of the space production allows 255 MiB for one instance, and this asks for 256.'],
    ],
  ])('%j', (limits, texts) => {
    expect(shortages([need], [quota(limits)])).toEqual(texts);
  });

  test('of log lines has no room for an instance without a limit, however large it is', () => {
    const unlimited = { ...need, logRateBps: Number.POSITIVE_INFINITY };
    expect(shortages([unlimited], [quota({ logRateBps: 1_000_000 })])).toEqual([
      expect.stringMatching(/allows 1000000 bytes of log lines a second, so each instance needs a limit/),
    ]);
    expect(shortages([unlimited], [quota({})])).toEqual([]);
  });

  test('a task runs before the first instance: the larger of both counts', () => {
    expect(withTask(need, 128)).toMatchObject({ memoryMb: 256, instanceMb: 256, tasks: 1 });
    expect(withTask(NO_NEED, 512, 30).logRateBps).toBe(30);
    expect(withTask(need, 512)).toMatchObject({ memoryMb: 512, instanceMb: 512, instances: 1 });
    expect(shortages([withTask(NO_NEED, 64)], [quota({ memoryMb: 768 })])).toHaveLength(1);
  });

  test('counts the task of a version, of several apps one at a time', () => {
    const sized = { web: { instances: 1, memoryMb: 300 } };
    const wish = intent({ task: './migrate', inPlace: { maxInFlight: 1 } });
    const one = needOf(wish, snapshot(), sized);
    expect([one.tasks, one.instanceMb]).toEqual([1, 300]);
    expect(needOf({ ...wish, task: '' }, snapshot(), sized).memoryMb).toBeGreaterThanOrEqual(300);
    expect(shortages([one, one], [quota({ tasks: 1 })])).toEqual([]);
    expect(shortages([one, one], [quota({ tasks: 0 })])).toHaveLength(1);
  });

  test('holds all apps of a deploy together, and one that gives room back takes none from the others', () => {
    expect(shortages([need, need], [quota({ instances: 4 })])).toHaveLength(1);
    expect(shortages([need, { ...need, instances: -5 }], [quota({ instances: 4 })])).toEqual([]);
    expect(shortages([{ ...need, instances: 0 }], [quota({ instances: 2 })])).toEqual([]);
  });
});
