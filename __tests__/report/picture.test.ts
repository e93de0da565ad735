import { describe, expect, test } from '@jest/globals';
import { watchPicture } from '../../src/report/picture.js';

const bucket = (second: number, passed: readonly number[], failed = 0) => ({
  ...{ startMs: second * 1_000, passed, failed, others: 0, slowestMs: 5 },
});
const probes = (buckets: readonly ReturnType<typeof bucket>[], versions = ['v1', 'v2']) => ({
  ...{ routes: [], versions, bucketMs: 1_000, buckets },
});

describe('the picture of the watch', () => {
  test('each version over time, what failed, and when it was switched', () => {
    const seen = probes([
      bucket(2, [8]),
      bucket(3, [8]),
      bucket(4, [4, 4], 1),
      bucket(5, [1, 7]),
      // Nobody was asked in the second 6.
      bucket(7, [0, 8]),
    ]);
    expect(watchPicture(seen, [['switch', { startMs: 3_900, endMs: 5_100 }]])).toEqual([
      'v1      ██▄▁',
      'v2        ▄▇ █',
      'failed  ··×···',
      'switch   └─┘',
      '        1 s each',
    ]);
  });

  test('is never wider than a page, and loses no failure on the way', () => {
    const long = Array.from({ length: 240 }, (_, at) => bucket(at, [1], at === 113 ? 1 : 0));
    const lines = watchPicture(probes(long), [['switch', undefined]]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toBe(`v1      ${'█'.repeat(60)}`);
    expect(lines[1]?.indexOf('×')).toBe('failed  '.length + Math.floor(113 / 4));
    expect(lines.at(-1)).toMatch(/─┤ 4 s each$/);
    expect(lines).toHaveLength(3);
  });

  test('what is held against nobody has a row of its own', () => {
    const seen = [bucket(0, [1]), { ...bucket(1, []), others: 2 }, bucket(2, [1])];
    expect(watchPicture(probes(seen), []).slice(1, 3)).toEqual(['failed       ···', 'not counted  ·○·']);
  });

  test('a version that answered nothing is left out; of hardly a request there is none', () => {
    const three = probes([bucket(0, [1]), bucket(1, [1]), bucket(2, [1])]);
    expect(watchPicture(three, [])).toHaveLength(3);
    expect(watchPicture(probes([bucket(0, [1]), bucket(1, [1])]), [])).toEqual([]);
    expect(watchPicture(probes([]), [])).toEqual([]);
  });

  test('a long name is cut, a switch outside of what was watched stays inside', () => {
    const seen = probes([bucket(0, [1]), bucket(1, [1]), bucket(2, [1])], ['x'.repeat(60)]);
    const lines = watchPicture(seen, [['switch', { startMs: 60_000, endMs: 90_000 }]]);
    expect(lines[0]).toBe(`${'x'.repeat(23)}…  ███`);
    expect(lines[2]).toBe(`${'switch'.padEnd(24)}    ▲`);
  });
});
