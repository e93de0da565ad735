import { describe, expect, test } from '@jest/globals';
import type { SmokeCheck } from '../../src/model/asked.js';
import { HttpFailure } from '../../src/model/errors.js';
import type { Outcome } from '../../src/probe/answer.js';
import { judge, missingAt } from '../../src/probe/expect.js';
import { matches } from '../../src/probe/pattern.js';
import { check } from './support.js';

function answer(status: number, bodyStart = '', routerError?: string): Outcome {
  const at = { startedMs: 0, durationMs: 1, headers: {}, status, bodyStart };
  return routerError === undefined ? at : { ...at, routerError };
}

function none(kind: HttpFailure['kind'], connected: boolean): Outcome {
  return { failure: new HttpFailure('no', kind, connected), startedMs: 0, durationMs: 1 };
}

describe('judge', () => {
  const json = { json: { status: 'UP', checks: [{ name: 'db' }] } };
  test.each<[Partial<SmokeCheck>, Outcome, string]>([
    [{}, answer(200), 'passed'],
    [{}, answer(204), 'passed'],
    [{}, answer(500), 'not-yet'],
    [{}, answer(429), 'not-yet'],
    [{}, answer(404), 'wrong'],
    [{}, answer(302), 'wrong'],
    [{}, answer(404, '', 'unknown_route'), 'not-reached'],
    [{}, answer(400, '', 'unknown_route'), 'not-reached'],
    [{}, answer(502, '', 'endpoint_failure (EOF)'), 'not-yet'],
    [{}, answer(200, '', 'endpoint_failure'), 'not-yet'],
    [{}, none('refused', false), 'not-reached'],
    [{}, none('tls', true), 'not-reached'],
    [{}, none('timeout', true), 'not-yet'],
    // The router's own 404 does not pass for the app's.
    [{ status: [404] }, answer(404, '', 'unknown_route'), 'not-reached'],
    [{ status: [404, 302] }, answer(404), 'passed'],
    [{ status: [302] }, answer(302), 'passed'],
    [{ status: [302] }, answer(200), 'not-yet'],
    [{ body: '^ok$' }, answer(200, 'first\nok\n'), 'passed'],
    [{ body: 'ok' }, answer(200, 'ko'), 'not-yet'],
    [json, answer(200, '{"status":"UP","checks":[{"name":"db","ms":2}],"more":1}'), 'passed'],
    [json, answer(200, '{"status":"DOWN","checks":[{"name":"db"}]}'), 'not-yet'],
    [json, answer(200, 'UP'), 'not-yet'],
  ])('%j of %j: %s', async (more, outcome, verdict) => {
    expect((await judge(check(more), outcome, () => 5_000)).is).toBe(verdict);
  });
});

test.each([
  [{ a: 1 }, { a: 1, b: 2 }, undefined],
  [{ a: 1 }, { b: 2 }, '.a'],
  [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }, '.a.b[1].c'],
  [[1], [1, 2], ''],
  [[], {}, ''],
  [{}, [], ''],
  [null, null, undefined],
  [{ a: null }, {}, '.a'],
  [{ toString: null }, {}, '.toString'],
  [1, '1', ''],
])('%j in %j differs at %j', (wanted, got, at) => {
  expect(missingAt(wanted, got, '')).toBe(at);
});

describe('a pattern', () => {
  test('that backtracks without end is ended, and holds up nothing meanwhile', async () => {
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 20);
    const found = await matches('^(a+)+$', `${'a'.repeat(64)}b`, 400);
    clearInterval(ticking);
    expect(found).toBeUndefined();
    expect(ticks).toBeGreaterThan(3);
  });

  test('has time to look at an answer that came in the last moment', async () => {
    const outcome = { status: 200, headers: {}, bodyStart: 'it works', startedMs: 0, durationMs: 1 };
    const { is, why } = await judge(check({ body: '^welcome' }), outcome, () => 1);
    expect([is, why]).toEqual(['not-yet', 'the body does not match /^welcome/']);
  });

  test('that is none is an error', async () => {
    await expect(matches('(', 'x', 5_000)).rejects.toMatchObject({ name: 'SyntaxError' });
  });
});
