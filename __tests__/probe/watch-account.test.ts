import { describe, expect, test } from '@jest/globals';
import { HttpFailure } from '../../src/model/errors.js';
import type { Outcome } from '../../src/probe/answer.js';
import {
  asksAgain,
  badSignOf,
  figuresOf,
  openAccount,
  type RouteAccount,
  record,
  SETTLED_PROBES,
  watchWindow,
} from '../../src/probe/watch-account.js';

const limits = { failureLimit: 2, silenceMs: 60_000 };
const ROUTE = 'shop.example.com';

/**
 * One letter a probe, one second apart: `.` passes, `f` fails with 500, `r` with a router's error, `u` route unknown, `n` no
 * answer, `i` fails while the platform is silent too, `4` the app's own 404. `_` stands for as many that pass as settle a route.
 */
function play(letters: string, start = openAccount(ROUTE), startMs = 0): RouteAccount {
  const played = letters.replace('_', '.'.repeat(SETTLED_PROBES));
  return [...played].reduce((account, letter, index) => {
    const startedMs = startMs + index * 1_000;
    return record(account, outcome(letter, startedMs), letter !== 'i', limits);
  }, start);
}

function outcome(letter: string, startedMs: number): Outcome {
  const at = { startedMs, durationMs: 100 };
  if (letter === 'n') return { failure: new HttpFailure('timed out', 'timeout', true), ...at };
  const status = { f: 500, r: 200, u: 404, i: 503, '4': 404 }[letter] ?? 200;
  const routerError = { r: 'endpoint_failure', u: 'unknown_route' }[letter];
  return { status, headers: {}, bodyStart: '', ...at, ...(routerError ? { routerError } : {}) };
}

describe('signs against the new version', () => {
  test.each([
    ['.', false],
    ['.ff', false],
    ['.fff', true],
    ['.nnn', true],
    ['.rrr', true],
    ['.uuu', true],
    ['.444', false],
    ['.ff.ff.', false],
    ['.ff.fff...', true],
    // Scattered, as one bad instance of a few makes them: more than six of the last thirty.
    ['.f.f.f.f.f.f.', false],
    ['.f.f.f.f.f.f.f', true],
    ['.f...f...f...f...f...f...f', true],
    ['.f....f....f....f....f....f....f....f....f', false],
    ['.4.4.4.4.4.4.4.4', false],
    // What failed before, or while the platform was silent too, is not among them.
    ['fff_f.f.f.f.f.f', false],
    ['fff_f.f.f.f.f.f.f', true],
    ['.i.i.i.i.i.i.i.i.i', false],
    // Failed before: counts once it was seen to have healed.
    ['fff', false],
    ['fff...................fff', false],
    ['fff_ff', false],
    ['fff_fff', true],
    ['ff.ff', false],
    ['ff.fff', true],
    // Absent before: counts once it was seen in every router.
    ['uuu', false],
    ['uuu...uuu', false],
    // One of three routers may know it 2 s later than the others.
    ['uuu......uuu', false],
    ['uuu_uuu', true],
    ['uuu_uu', false],
    // Silence of the platform: fewer than the limit are conclusive, and the while is not over.
    ['.iiiiiiiii', false],
    ['.iiiiff', false],
    ['.iiiifff', true],
    ['.fifif', true],
  ])('%s: %s', (letters, bad) => {
    expect(badSignOf([play(letters)], 0) !== undefined).toBe(bad);
  });

  test('a silent platform holds a sign back for a while only', () => {
    expect(badSignOf([play(`.${'i'.repeat(60)}`)], 0)).toBeUndefined();
    expect(badSignOf([play(`.${'i'.repeat(61)}`)], 0)).toMatchObject({ route: ROUTE, sinceMs: 1_100 });
  });

  test('failures that began before the asked moment are none', () => {
    const account = play('.fff..fff');
    expect(badSignOf([account], 0)).toMatchObject({ sinceMs: 1_100 });
    expect(badSignOf([account], 1_101)).toMatchObject({ sinceMs: 6_100 });
    expect(badSignOf([account], 6_101)).toBeUndefined();
  });

  test('a slow probe that was asked before that moment and failed after it hides nothing', () => {
    const slow = record(play('.'), { ...outcome('n', 1_000), durationMs: 10_000 }, true, limits);
    const account = play('ff', slow, 11_000);
    expect(badSignOf([account], 2_000)).toMatchObject({ sinceMs: 11_000, untilMs: 12_100 });
    expect(badSignOf([account], 11_001)).toBeUndefined();
  });

  test('failures that began before and do not end count once every router knows the new version', () => {
    const failing = (probes: number) => play(`.${'f'.repeat(probes)}`);
    expect(badSignOf([failing(27)], 2_101)).toBeUndefined();
    expect(badSignOf([failing(28)], 2_101)).toMatchObject({ sinceMs: 1_100 });
    expect(badSignOf([play('.', failing(28), 29_000)], 5_000)).toBeUndefined();
  });

  describe('scattered failures', () => {
    const half = (times: number) => 'f.'.repeat(times);

    test('of a live that failed so before the switch are none as long as it serves too', () => {
      const account = play(`.${half(30)}`);
      expect(badSignOf([account], 16_000)).toBeUndefined();
      expect(badSignOf([play('fff', account, 61_000)], 16_000)).toMatchObject({ sinceMs: 61_100 });
      expect(badSignOf([play(half(60), account, 61_000)], 16_000)).toBeUndefined();
      const healed = play('.'.repeat(30), account, 61_000);
      expect(badSignOf([play(half(7), healed, 91_000)], 16_000)).toMatchObject({ sinceMs: 91_100 });
      expect(
        badSignOf([account, play(`.${half(7)}`, openAccount('b.example.com'), 16_000)], 16_000),
      ).toMatchObject({ route: 'b.example.com' });
    });

    test('that began before the switch are none because of one that came long after it', () => {
      const account = play(`.${half(6)}`);
      expect(badSignOf([play('f', account, 40_000)], 14_000)).toBeUndefined();
      expect(badSignOf([play(`f.${half(7)}`, account, 40_000)], 14_000)).toMatchObject({ route: ROUTE });
    });
  });

  test('says how it failed', () => {
    expect(badSignOf([play('.rrr')], 0)?.why).toBe(
      '3 probes in a row failed, the last with 200 (endpoint_failure)',
    );
  });
});

test.each([
  ['', false],
  ['f', true],
  ['ff', true],
  ['fff', false],
  ['.', false],
  ['.f', true],
  ['.fff', false],
  ['.fff.', false],
  ['uuu', false],
  ['fff.f', false],
  // What was not there, or failed, is asked until it is known to pass: nothing counts before.
  ['uuu.', true],
  ['uuu...................', true],
  ['uuu_', false],
  ['uuu..u', false],
  ['fff.', true],
  ['fff_', false],
])('after %s it asks again at once: %s', (letters, again) => {
  expect(asksAgain(play(letters), limits)).toBe(again);
});

describe('figures', () => {
  const now = 20_000;
  test.each([
    ['.f.', { requests: 3, failures: 1, inconclusive: 0, failedBefore: 0, longestGapMs: 1_100 }],
    ['.ff..f.', { requests: 7, failures: 3, inconclusive: 0, failedBefore: 0, longestGapMs: 2_100 }],
    ['.ii.', { requests: 4, failures: 0, inconclusive: 2, failedBefore: 0, longestGapMs: 2_100 }],
    ['f.f.', { requests: 4, failures: 1, inconclusive: 0, failedBefore: 1, longestGapMs: 1_100 }],
    ['fff.f', { requests: 5, failures: 0, inconclusive: 0, failedBefore: 4, longestGapMs: 0 }],
    ['.f', { requests: 2, failures: 1, inconclusive: 0, failedBefore: 0, longestGapMs: 19_000 }],
  ])('%s', (letters, figures) => {
    expect(figuresOf([play(letters)], now)).toMatchObject(figures);
  });

  test('of several routes are summed, the gap is the longest', () => {
    const other = play('.f.', openAccount('b.example.com'));
    expect(figuresOf([play('.ff.'), other, play('fff', openAccount('c.example.com'))], now)).toEqual({
      requests: 10,
      failures: 3,
      inconclusive: 0,
      failedBefore: 3,
      longestGapMs: 2_100,
      byVersion: { unknown: 4 },
      failingBefore: ['c.example.com'],
    });
  });

  test('a route that failed before the deploy and healed is told as both', () => {
    expect(figuresOf([play('fff_f.')], now)).toMatchObject({
      failures: 1,
      failedBefore: 3,
      failingBefore: [ROUTE],
    });
    expect(figuresOf([play('uuu_')], now).failingBefore).toEqual([]);
  });

  test('a version that does not look like one is counted as unknown', () => {
    const at = { startedMs: 0, durationMs: 1, status: 200, headers: {}, bodyStart: '' };
    const told = ['1.2', '1.2', '<b>', '__proto__', 'x'.repeat(64)];
    const account = told.reduce(
      (seen, version) => record(seen, { ...at, version }, true, limits),
      openAccount(ROUTE),
    );
    expect(figuresOf([account], 0).byVersion).toEqual({ '1.2': 2, unknown: 3 });
  });
});

test.each([
  [1, 0, 30_000, 30_000],
  [1, 60_000, 30_000, 60_000],
  [150, 0, 30_000, 30_000],
  [500, 0, 30_000, 40_000],
  [50, 0, 0, 4_000],
  [20, 0, 0, 4_000],
  [3, 0, 0, 600],
  [0, 0, 0, 0],
])('%i routes, bake %i, drain %i: window of %i ms', (routes, bake, drain, window) => {
  expect(watchWindow(routes, bake, drain)).toBe(window);
});
