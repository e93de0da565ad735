import { describe, expect, test } from '@jest/globals';
import { nextCrashCount, restartDelayMs } from '../../../foundry/instances/restart.js';

describe('the back-off of crashes (platform facts A1.6)', () => {
  test.each([
    { crashes: 1, delayMs: 0 },
    { crashes: 2, delayMs: 0 },
    { crashes: 3, delayMs: 30_000 },
    { crashes: 4, delayMs: 60_000 },
    { crashes: 7, delayMs: 480_000 },
    { crashes: 8, delayMs: 960_000 },
    { crashes: 9, delayMs: 960_000 },
    { crashes: 199, delayMs: 960_000 },
    { crashes: 200, delayMs: undefined },
  ])('after $crashes crashes: $delayMs ms', ({ crashes, delayMs }) => {
    expect(restartDelayMs(crashes)).toBe(delayMs);
  });

  test.each([
    { before: 4, wasStable: false, count: 5 },
    { before: 4, wasStable: true, count: 1 },
  ])('$before crashes, then stable $wasStable: $count', ({ before, wasStable, count }) => {
    expect(nextCrashCount(before, wasStable)).toBe(count);
  });
});
