/** How a canary and live are asked side by side: by name, in turn, often enough, and what counts as a failure. */
import { describe, expect, test } from '@jest/globals';
import { type CanaryRequest, LEAST_PROBES, probeCanary } from '../../src/probe/canary.js';
import {
  check,
  ENDPOINT_FAILURE,
  type Scripted,
  type SeenRequest,
  scene,
  UNKNOWN_INSTANCE,
} from './support.js';

const APP = '11111111-1111-4111-8111-111111111111';
const ROUTE = 'shop.example.com';
const HEADER = 'X-CF-Process-Instance';

function of(processGuid: string, count: number) {
  return Array.from({ length: count }, (_, index) => ({ appGuid: APP, processGuid, index }));
}

const wanted = ({ headers }: SeenRequest) => headers?.[HEADER] ?? '';
const isNew = (request: SeenRequest) => wanted(request).startsWith('new:');

async function probing(
  answer: (request: SeenRequest, atMs: number) => Scripted,
  over: Partial<CanaryRequest> = {},
  signal?: AbortSignal,
) {
  const { ctx, http, clock, told, tell } = scene((request, _, time) => answer(request, time.now()), {
    ...(signal ? { signal } : {}),
  });
  const request = {
    checks: [],
    path: '/',
    routes: [ROUTE],
    canary: of('new', 1),
    live: of('old', 2),
    bakeMs: 0,
  };
  const beganMs = clock.now();
  const verdict = await probeCanary(ctx, { ...request, ...over }, tell);
  return { verdict, seen: http.seen, tookMs: clock.now() - beganMs, told };
}

const count = (seen: readonly SeenRequest[], who: string) => seen.filter((one) => wanted(one) === who).length;

test('each new instance is asked often enough, and as many old ones beside it in turn', async () => {
  const { verdict, seen } = await probing(() => ({}), { canary: of('new', 2), live: of('old', 3) });
  expect(verdict).toMatchObject({ canary: { probes: 40, errors: 0 }, live: { probes: 40, errors: 0 } });
  expect(verdict.bad).toBeUndefined();
  expect(['new:0', 'new:1'].map((who) => count(seen, who))).toEqual([LEAST_PROBES, LEAST_PROBES]);
  for (const who of ['old:0', 'old:1', 'old:2']) expect(count(seen, who)).toBeGreaterThanOrEqual(13);
  expect(seen.every(({ fresh, host, path }) => fresh && host === ROUTE && path === '/')).toBe(true);
});

test('it lasts as long as is asked for, and no instance is flooded meanwhile', async () => {
  const { tookMs, seen } = await probing(() => ({}), { bakeMs: 60_000 });
  expect(tookMs).toBeGreaterThanOrEqual(60_000);
  expect(tookMs).toBeLessThan(65_000);
  expect(count(seen, 'new:0')).toBeLessThan(40);
});

test('checks that only read are asked in turn, whatever they are on, and on each route', async () => {
  const checks = [
    check({ on: 'trial' }),
    check({ label: 'order', method: 'POST', target: { path: '/orders' } }),
    check({ label: 'page', target: { path: '/page' }, on: 'production' }),
    check({ label: 'other', target: { url: 'https://other.example.com/' } }),
  ];
  const routes = [ROUTE, 'www.example.com'];
  const { seen, verdict } = await probing(() => ({}), { checks, routes, live: [] });
  const asked = new Set(seen.map(({ host, path, method }) => `${method} ${host}${path}`));
  expect([...asked].sort()).toEqual(routes.flatMap((host) => [`GET ${host}/health`, `GET ${host}/page`]));
  expect(verdict.live).toEqual({ probes: 0, errors: 0 });
});

describe('what counts as a failure of the canary', () => {
  test.each<[string, Scripted, Partial<CanaryRequest>, boolean]>([
    ['500 of the app', { status: 500 }, {}, true],
    ['502 of the router', ENDPOINT_FAILURE, {}, true],
    ['404 where nothing is checked', { status: 404 }, {}, false],
    ['404 where a check wants a 2xx', { status: 404 }, { checks: [check()] }, true],
    ['another body than a check wants', { body: 'out' }, { checks: [check({ body: 'fine' })] }, true],
  ])('%s', async (_name, answer, over, isBad) => {
    const { verdict } = await probing((request) => (isNew(request) ? answer : { body: 'fine' }), over);
    expect(verdict.bad !== undefined).toBe(isBad);
    expect(verdict.live.errors).toBe(0);
  });
});

test('a canary of which nothing comes but failures is not asked for the whole time', async () => {
  const { verdict, tookMs, seen, told } = await probing(
    (request) => (isNew(request) ? { status: 500 } : {}),
    { bakeMs: 600_000 },
  );
  expect(verdict.bad).toMatch(/^instance 0: 5 of 5 probes failed \(500/);
  expect(tookMs).toBeLessThan(15_000);
  expect(count(seen, 'new:0')).toBe(5);
  expect(told).toHaveLength(1);
});

test('a slow canary is seen', async () => {
  const { verdict } = await probing((request) => ({ afterMs: isNew(request) ? 900 : 20 }));
  expect(verdict.bad).toMatch(/half of its answers take 900 ms or longer, of live's 20 ms/);
});

describe('an instance that the router does not know', () => {
  test('yet: it says nothing, and it is asked until it is known', async () => {
    const { verdict, seen, tookMs } = await probing((request, atMs) =>
      isNew(request) && atMs < 1_000_000 + 20_000 ? UNKNOWN_INSTANCE : {},
    );
    expect(verdict).toMatchObject({ canary: { probes: 20, errors: 0 } });
    expect(tookMs).toBeGreaterThanOrEqual(20_000);
    expect(count(seen, 'new:0')).toBeGreaterThan(40);
  });

  test('when each router must: it fails', async () => {
    const { verdict } = await probing((request) => (isNew(request) ? UNKNOWN_INSTANCE : {}));
    expect(verdict.bad).toMatch(/the router does not know it/);
  });

  test('of live any more: it is not compared with', async () => {
    const { verdict } = await probing((request) => (wanted(request) === 'old:1' ? UNKNOWN_INSTANCE : {}));
    expect(verdict).toMatchObject({ live: { probes: 10, errors: 0 } });
    expect(verdict.bad).toBeUndefined();
  });
});

test('it ends with the reason of its signal', async () => {
  const ending = new AbortController();
  const work = probing(
    (_, atMs) => {
      if (atMs > 1_002_000) ending.abort(new Error('the watch has seen enough'));
      return {};
    },
    { bakeMs: 60_000 },
    ending.signal,
  );
  await expect(work).rejects.toThrow('the watch has seen enough');
});
