import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { RateLimit } from '../../../foundry/api/rate-limit.js';
import { request, type Scripted, scripted } from '../scripted.js';

let f: Scripted;
beforeEach(async () => {
  f = await scripted();
});
afterEach(() => f.close());

const limit = (rule: object) => request(`${f.api}/__foundry/rate-limit`, 'POST', rule);
const remaining = async (path = '/v3/apps') =>
  (await f.call('GET', path)).headers.get('x-ratelimit-remaining');

test('without a rule no answer tells of a limit', async () => {
  expect(await remaining()).toBeNull();
});

test('what is left is told in tenths, rounded down, and the reset in epoch seconds', async () => {
  await limit({ limit: 20, window_ms: 60_000 });
  const answer = await f.call('GET', '/v3/apps');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-ratelimit-limit')).toBe('20');
  expect(answer.headers.get('x-ratelimit-remaining')).toBe('18');
  expect([await remaining(), await remaining()]).toEqual(['18', '16']);
  expect(Number(answer.headers.get('x-ratelimit-reset')) * 1_000).toBeGreaterThan(Date.now());
});

test('one call too many is refused as the platform does', async () => {
  await limit({ limit: 10, window_ms: 60_000, used: 9 });
  expect((await f.call('GET', '/v3/apps')).status).toBe(200);
  const answer = await f.call('POST', '/v3/apps', { name: 'a' });
  expect(answer.status).toBe(429);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
  expect(JSON.parse(answer.text).errors).toEqual([
    { code: 10013, title: 'CF-RateLimitExceeded', detail: 'Rate Limit Exceeded' },
  ]);
});

test('the next period has all of them, for each caller by itself', () => {
  let nowMs = 0;
  const rate = new RateLimit({ now: () => nowMs });
  rate.set({ limit: 10, windowMs: 60_000, used: 9 });
  const left = (guid: string) => {
    const taken = rate.take('/v3/apps', { guid, name: guid, type: 'user' });
    return taken?.answer ? taken.answer.headers?.['retry-after'] : taken?.headers['x-ratelimit-remaining'];
  };
  expect([left('a'), left('a'), left('b')]).toEqual(['0', '60', '0']);
  nowMs = 60_000;
  expect([left('a'), left('b')]).toEqual(['9', '9']);
});

test('the root is never counted, errors are', async () => {
  await limit({ limit: 10, window_ms: 60_000, used: 9 });
  expect((await f.call('GET', '/v3/apps/none')).headers.get('x-ratelimit-remaining')).toBe('0');
  expect((await f.call('GET', '/')).status).toBe(200);
  expect((await f.call('GET', '/v3')).status).toBe(200);
  expect((await f.call('GET', '/v3/apps')).status).toBe(429);
});

test('a rule that is none is refused', async () => {
  expect((await limit({ limit: 'many' })).status).toBe(400);
});
