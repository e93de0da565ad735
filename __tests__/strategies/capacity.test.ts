import { describe, expect, test } from '@jest/globals';
import type { Quota } from '../../src/model/cloud.js';
import { needOf, type Sizes, shortages } from '../../src/strategies/capacity.js';
import { app, intent, ours, process, route, snapshot, to, trialRoute, wanted } from './support.js';

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
    used: { memoryMb: 768, instances: 3, routes: 4, ports: 1, ...used },
  });
  const need = { memoryMb: 256, instances: 1, instanceMb: 256, routes: 1, ports: 1 };

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
      { instanceMb: 255 },
      ['The quota of the space production allows 255 MiB for one instance, and this asks for 256.'],
    ],
  ])('%j', (limits, texts) => {
    expect(shortages([need], [quota(limits)])).toEqual(texts);
  });

  test('holds all apps of a deploy together, and one that gives room back takes none from the others', () => {
    expect(shortages([need, need], [quota({ instances: 4 })])).toHaveLength(1);
    expect(shortages([need, { ...need, instances: -5 }], [quota({ instances: 4 })])).toEqual([]);
    expect(shortages([{ ...need, instances: 0 }], [quota({ instances: 2 })])).toEqual([]);
  });
});
