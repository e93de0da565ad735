import { describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '../../src/model/ports.js';
import { bodyKindOf, delayOf, type Outcome, retryAfterMs, verdictOf } from '../../src/platform/verdict.js';

const answered = (status: number, body: 'json' | 'errors' | 'empty' | 'other'): Outcome => ({
  kind: 'answered',
  status,
  body,
});

describe('the verdict on one attempt', () => {
  // [outcome, of a read, of a write]
  test.each([
    [answered(200, 'json'), 'answer', 'answer'],
    [answered(201, 'json'), 'answer', 'answer'],
    [answered(202, 'empty'), 'again', 'answer'],
    [answered(204, 'empty'), 'again', 'answer'],
    [answered(200, 'other'), 'again', 'ambiguous'],
    [answered(302, 'empty'), 'unusable', 'ambiguous'],
    [answered(400, 'errors'), 'refused', 'refused'],
    [answered(403, 'errors'), 'refused', 'refused'],
    [answered(403, 'json'), 'unusable', 'ambiguous'],
    [answered(404, 'errors'), 'refused', 'refused'],
    [answered(404, 'other'), 'again', 'ambiguous'],
    [answered(404, 'empty'), 'again', 'ambiguous'],
    [answered(404, 'json'), 'again', 'ambiguous'],
    [answered(422, 'errors'), 'refused', 'refused'],
    [answered(401, 'errors'), 'renew', 'renew'],
    [answered(401, 'other'), 'renew', 'renew'],
    [answered(429, 'errors'), 'again', 'again'],
    [answered(429, 'other'), 'again', 'again'],
    [answered(500, 'errors'), 'again', 'ambiguous'],
    [answered(502, 'other'), 'again', 'ambiguous'],
    [answered(503, 'errors'), 'again', 'ambiguous'],
    [{ kind: 'lost', connected: true }, 'again', 'ambiguous'],
    [{ kind: 'lost', connected: false }, 'again', 'again'],
  ] as const)('%j: read %s, write %s', (outcome, read, write) => {
    expect(verdictOf('GET', outcome, false)).toBe(read);
    for (const method of ['POST', 'PATCH', 'DELETE']) expect(verdictOf(method, outcome, false)).toBe(write);
  });

  test.each([
    [answered(401, 'errors'), 'refused'],
    [answered(401, 'other'), 'unusable'],
  ] as const)('%j with a new token: %s', (outcome, verdict) => {
    expect(verdictOf('GET', outcome, true)).toBe(verdict);
    expect(verdictOf('POST', outcome, true)).toBe(verdict);
  });
});

test.each([
  [200, '{"a":1}', false, 'json'],
  [200, '{"errors":[]}', false, 'json'],
  [404, '{"errors":[{"code":10010}]}', false, 'errors'],
  [404, '{"error":"no"}', false, 'json'],
  [200, '', false, 'empty'],
  [200, '<html>', false, 'other'],
  [200, '"text"', false, 'other'],
  [200, '{"a":1}', true, 'other'],
])('body of a %i with %s, cut %s: %s', (status, text, cut, kind) => {
  const response: HttpResponse = { status, headers: {}, body: Buffer.from(text), cut, durationMs: 0 };
  expect(bodyKindOf(response).kind).toBe(kind);
});

const NOW_MS = Date.parse('2026-11-20T10:00:00Z');

test.each([
  [0, undefined, 200],
  [1, undefined, 400],
  [20, undefined, 5_000],
  [0, '7', 7_000],
  [0, '0', 200],
  [0, 'Fri, 20 Nov 2026 10:00:09 GMT', 9_000],
  [0, 'soon', 200],
])('attempt %i with Retry-After %s waits %i ms', (attempt, retryAfter, delayMs) => {
  expect(delayOf(attempt, retryAfter, NOW_MS, 0.5)).toBe(delayMs);
});

test('a date that is over asks for no wait', () => {
  expect(retryAfterMs('Fri, 20 Nov 2026 09:00:00 GMT', NOW_MS)).toBe(0);
});
