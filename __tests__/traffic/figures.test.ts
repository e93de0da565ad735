import { describe, expect, test } from '@jest/globals';
import { Account } from '../../traffic/figures.js';

const ok = (version: string) => ({ status: 200, version });
const bad = {
  status: 502,
  failure: { kind: 'router' as const, reason: '502 from the router: unknown_route' },
};

/** An account of requests on one route that ended at the given times. */
function account(
  ends: readonly (readonly [atMs: number, outcome: Parameters<Account['end']>[1]])[],
): Account {
  const it = new Account(0);
  for (const [atMs, outcome] of ends) {
    it.send('a/', 0, false);
    it.end('a/', outcome, atMs, 5);
  }
  return it;
}

describe('the account', () => {
  test('counts successes by version with the first and last time of each', () => {
    const figures = account([
      [10, ok('v1')],
      [20, ok('v1')],
      [30, ok('v2')],
      [40, { status: 200 }],
    ]).figures(50);
    expect(figures).toMatchObject({ sent: 4, ok: 4, failed: 0, pending: 0, byStatus: { 200: 4 } });
    expect(figures.byVersion).toEqual({
      v1: { ok: 2, firstAtMs: 10, lastAtMs: 20 },
      v2: { ok: 1, firstAtMs: 30, lastAtMs: 30 },
      none: { ok: 1, firstAtMs: 40, lastAtMs: 40 },
    });
  });

  test('counts a failure by its kind and keeps when, where and why', () => {
    const figures = account([[10, bad]]).figures(50);
    expect(figures).toMatchObject({ ok: 0, failed: 1, byKind: { router: 1 }, byStatus: { 502: 1 } });
    expect(figures.firstFailures).toEqual([
      { atMs: 10, route: 'a/', kind: 'router', reason: '502 from the router: unknown_route' },
    ]);
  });

  test('what is sent and has not ended is pending, never good', () => {
    const it = new Account(0);
    it.send('a/', 0, true);
    expect(it.figures(9)).toMatchObject({ sent: 1, ok: 0, pending: 1, late: 1 });
    expect(() => it.end('b/', ok('v1'), 1, 1)).toThrow('no request was sent');
  });

  test.each([
    [
      'between two successes',
      [
        [10, ok('v1')],
        [110, ok('v1')],
        [120, ok('v1')],
      ] as const,
      100,
    ],
    [
      'from the first request to the first success',
      [
        [70, ok('v1')],
        [80, ok('v1')],
      ] as const,
      70,
    ],
    [
      'from the last success to the last failure',
      [
        [10, ok('v1')],
        [90, bad],
      ] as const,
      80,
    ],
    [
      'failures do not close it',
      [
        [10, ok('v1')],
        [50, bad],
        [100, ok('v1')],
      ] as const,
      90,
    ],
    ['without any success it is all of the time', [[60, bad]] as const, 60],
  ])('the longest gap: %s', (_, ends, gap) => {
    expect(account(ends).figures(1_000).longestGapMs).toBe(gap);
  });

  test('a gap belongs to its route: another route that answers does not hide it', () => {
    const it = account([
      [10, ok('v1')],
      [500, ok('v1')],
    ]);
    for (let at = 0; at <= 500; at += 10) {
      it.send('b/', at, false);
      it.end('b/', ok('v1'), at, 5);
    }
    const figures = it.figures(600);
    expect(figures.longestGapMs).toBe(490);
    expect(figures.routes['b/']?.longestGapMs).toBe(10);
    expect(figures.routes['a/']?.gapAtMs).toBe(10);
  });
});
