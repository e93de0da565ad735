import { describe, expect, test } from '@jest/globals';
import { median, quotients, ratio, spreadOf } from '../../bench/statistics.js';

describe('median and spread', () => {
  test.each([
    ['one', [7], 7, 0],
    ['an odd number, in any order', [9, 1, 5], 5, 4],
    ['an even number: between the two in the middle', [1, 10, 2, 4], 3, 4.5],
    ['a single high one moves the spread, not the median', [2, 2, 2, 2, 100], 2, 49],
    ['numbers, not texts', [10, 9, 100], 10, 45.5],
  ])('of %s', (_name, values, middle, spread) => {
    expect(spreadOf(values)).toEqual({ median: middle, spread });
  });

  test('leave the values as they are', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('of nothing cannot be told', () => {
    expect(() => median([])).toThrow('no median');
  });
});

test.each([
  [3, 4, 0.75],
  [0, 4, 0],
  [3, 0, undefined],
])('%d by %d', (ours, instead, times) => {
  expect(ratio(ours, instead)).toBe(times);
});

test('value by value, as far as both go, and none by nothing', () => {
  expect(quotients([10, 20, 30], [5, 10])).toEqual([2, 2]);
  expect(quotients([10, 20], [0, 10])).toEqual([2]);
});
