import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Cancelled } from '../../src/model/errors.js';
import { refusedChecks, runSmoke, type SmokeRequest } from '../../src/probe/smoke.js';
import {
  CANDIDATE,
  check,
  instancesOf,
  REFUSED,
  type SmallRouter,
  scene,
  smallRouter,
  UNKNOWN_INSTANCE,
  UNKNOWN_ROUTE,
} from './support.js';

const request: SmokeRequest = {
  checks: [check()],
  trialUrl: 'trial.example.com',
  instances: instancesOf(CANDIDATE, 2),
  headerReaches: true,
  onlyDestination: true,
};

describe('refusedChecks', () => {
  const url = (address: string, on: 'trial' | 'production' = 'trial') =>
    check({ target: { url: address }, on });
  test.each([
    [check(), false],
    [url('https://shop.example.com/x'), true],
    [url('https://SHOP.example.com:8443/x'), true],
    [url('https://shop.example.com/x', 'production'), false],
    [url('https://a.wild.example.com/'), true],
    [url('https://other.example.com/'), false],
  ])('%#', (one, refused) => {
    expect(refusedChecks([one], ['shop.example.com', '*.wild.example.com'])).toHaveLength(refused ? 1 : 0);
  });
});

describe('a check', () => {
  test('is answered by every instance, several times in a row', async () => {
    const { ctx, http, tell } = scene(() => ({}));
    const { passed } = await runSmoke(ctx, request, tell);
    expect(passed).toEqual([
      { label: 'GET /health', asked: 'trial.example.com/health', shows: 'every-instance', requests: 6 },
    ]);
    expect(http.seen.map(({ wants }) => wants).sort()).toEqual([
      ...Array(3).fill(`${CANDIDATE}:0`),
      ...Array(3).fill(`${CANDIDATE}:1`),
    ]);
    expect(http.seen.every(({ fresh }) => fresh)).toBe(true);
  });

  test('is waited for while a router has not caught up', async () => {
    const { ctx, tell } = scene((_request, count) => (count <= 5 ? UNKNOWN_ROUTE : {}));
    await expect(runSmoke(ctx, request, tell)).resolves.toMatchObject({ passed: [{ requests: 11 }] });
  });

  test('starts to count anew after a failed attempt', async () => {
    const { ctx, tell } = scene((_request, count) => (count === 3 ? { status: 503 } : {}));
    const one = { ...request, instances: instancesOf(CANDIDATE, 1) };
    await expect(runSmoke(ctx, one, tell)).resolves.toMatchObject({ passed: [{ requests: 6 }] });
  });

  test("fails soon on the app's own 404, and shows what came", async () => {
    const { ctx, http, clock, tell } = scene(() => ({
      status: 404,
      headers: { server: 'x' },
      body: 'gone\nfor good',
    }));
    const startMs = clock.now();
    await expect(
      runSmoke(ctx, { ...request, instances: instancesOf(CANDIDATE, 1) }, tell),
    ).rejects.toMatchObject({
      name: 'VersionFault',
      message: 'smoke check "GET /health" did not pass on instance 0: 404, not a 2xx (3 attempts)',
      evidence: ['HTTP 404 after 5 ms', 'server: x', 'gone', 'for good'],
    });
    expect(clock.now() - startMs).toBeLessThan(1_000);
    expect(http.seen).toHaveLength(3);
  });

  test.each([
    ['500', { status: 500 }, 'VersionFault'],
    ['a hang', { afterMs: 60_000 }, 'VersionFault'],
    ['an unknown route', UNKNOWN_ROUTE, 'PlatformFault'],
    ['an unknown instance', UNKNOWN_INSTANCE, 'PlatformFault'],
    ['no connection', { failure: REFUSED }, 'PlatformFault'],
  ])('that only gets %s ends at its deadline', async (_what, answer, name) => {
    const { ctx, clock, tell } = scene(() => answer);
    const startMs = clock.now();
    await expect(runSmoke(ctx, request, tell)).rejects.toMatchObject({ name });
    expect(clock.now() - startMs).toBeGreaterThan(27_000);
    expect(clock.now() - startMs).toBeLessThanOrEqual(30_000);
  });

  test('fails when one instance of several does', async () => {
    const { ctx, tell } = scene(({ wants }) => (wants === `${CANDIDATE}:1` ? { status: 500 } : {}));
    await expect(runSmoke(ctx, request, tell)).rejects.toThrow('instance 1: 500');
  });

  test('ends the questions to all others then', async () => {
    const { ctx, http, clock, tell } = scene(({ wants }) =>
      wants === `${CANDIDATE}:1` ? { status: 404 } : { afterMs: 9_000 },
    );
    const startMs = clock.now();
    await expect(runSmoke(ctx, request, tell)).rejects.toThrow('instance 1: 404');
    expect(clock.now() - startMs).toBeLessThan(1_000);
    const asked = http.seen.length;
    await clock.sleep(60_000);
    expect(http.seen).toHaveLength(asked);
  });

  test('ends with the run', async () => {
    const run = new AbortController();
    const { ctx, clock, tell } = scene(() => ({ status: 500 }), { signal: run.signal });
    const running = runSmoke(ctx, request, tell);
    await clock.sleep(400);
    run.abort(new Cancelled('by a person'));
    await expect(running).rejects.toMatchObject({ name: 'Cancelled' });
  });

  test('what the version did weighs more than what a router did at last', async () => {
    const { ctx, tell } = scene((_request, count) => (count < 5 ? { status: 500 } : { failure: REFUSED }));
    await expect(runSmoke(ctx, request, tell)).rejects.toMatchObject({ name: 'VersionFault' });
  });
});

describe('what a passed check shows', () => {
  const url = { target: { url: 'https://gateway.example.org/x' } };
  test.each([
    ['without the header, only destination', { headerReaches: false }, {}, 'candidate', 12],
    ['by instance, shared', { onlyDestination: false }, {}, 'every-instance', 6],
    ['a foreign host', {}, url, 'nothing', 6],
  ])('%s', async (_what, more, one, shows, requests) => {
    const { ctx, http, tell } = scene(() => ({}));
    const { passed } = await runSmoke(ctx, { ...request, ...more, checks: [check(one)] }, tell);
    expect(passed).toMatchObject([{ shows, requests }]);
    if (shows !== 'every-instance') expect(http.seen.every(({ wants }) => wants === undefined)).toBe(true);
  });
});

describe('where another app answers on the trial route too, and nobody says who did', () => {
  const shared = { ...request, headerReaches: false, onlyDestination: false };

  test('a check is refused before it is asked: it would prove nothing', async () => {
    const { ctx, http, tell } = scene(() => ({}));
    await expect(runSmoke(ctx, shared, tell)).rejects.toMatchObject({ name: 'Refused', code: 'trial-route' });
    expect(http.seen).toEqual([]);
  });

  test('a check elsewhere, or on production, is asked', async () => {
    const { ctx, tell } = scene(() => ({}));
    const checks = [check({ target: { url: 'https://gateway.example.org/x' } })];
    await expect(runSmoke(ctx, { ...shared, checks }, tell)).resolves.toMatchObject({ passed: [{}] });
    const after = { ...shared, checks: [check({ on: 'production' })], productionUrls: ['shop.example.com'] };
    await expect(runSmoke(ctx, after, tell)).resolves.toMatchObject({ passed: [{ shows: 'nothing' }] });
  });
});

test('checks on production are asked on every production route, after the switch only', async () => {
  const { ctx, http, tell } = scene(() => ({}));
  const checks = [check(), check({ on: 'production', target: { path: '/live' } })];
  const productionUrls = ['shop.example.com', 'shop.example.org/api'];
  const { passed } = await runSmoke(ctx, { ...request, checks, productionUrls }, tell);
  expect(passed.map(({ asked }) => asked)).toEqual(['shop.example.com/live', 'shop.example.org/api/live']);
  expect(new Set(http.seen.map(({ url }) => url))).toEqual(
    new Set(['https://shop.example.com/live', 'https://shop.example.org/api/live']),
  );
});

test('a URL of the trial route goes through the router, one of another host does not', async () => {
  const router = { protocol: 'http:' as const, host: '127.0.0.1', port: 8081 };
  const { ctx, http, tell } = scene(() => ({}), { router });
  const urls = ['https://trial.example.com/a', 'https://gateway.example.org/b'];
  const checks = urls.map((url) => check({ target: { url } }));
  await runSmoke(ctx, { ...request, checks }, tell);
  expect(http.seen.find(({ path }) => path === '/a')?.connectTo).toEqual(router);
  expect(http.seen.find(({ path }) => path === '/b')?.connectTo).toBeUndefined();
});

describe('with a router', () => {
  let router: SmallRouter;
  beforeEach(async () => {
    router = await smallRouter();
  });
  afterEach(() => router.close());

  test('each instance is really asked, also when the route comes late', async () => {
    const asked = new Map<number, number>();
    router.app = (_guid, index, _request, response) => {
      asked.set(index, (asked.get(index) ?? 0) + 1);
      response.end('{"status":"UP"}');
    };
    const json = check({ json: { status: 'UP' }, body: 'UP' });
    const run = runSmoke(
      router.ctx,
      { ...request, trialUrl: 'trial.localhost', checks: [json] },
      (text) =>
        text.includes('unknown_route') && router.routes.set('trial.localhost', new Map([[CANDIDATE, 2]])),
    );
    await expect(run).resolves.toMatchObject({ passed: [{ shows: 'every-instance' }] });
    expect(Object.fromEntries(asked)).toEqual({ 0: 3, 1: 3 });
  });
});
