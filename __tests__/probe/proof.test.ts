import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { headerReach, type ProofRequest, proveOnRoute } from '../../src/probe/proof.js';
import { lastAnswerOf, type QuietRequest, UNSEEN_ALLOWANCE_MS } from '../../src/probe/quiet.js';
import {
  CANDIDATE,
  ENDPOINT_FAILURE,
  instancesOf,
  LIVE,
  REFUSED,
  type Scripted,
  type SeenRequest,
  type SmallRouter,
  scene,
  smallRouter,
  UNKNOWN_INSTANCE,
  UNKNOWN_ROUTE,
} from './support.js';

const URL = 'shop.example.com';

describe('headerReach', () => {
  const byHeader = (withIt: Scripted, plain: Scripted) => (request: SeenRequest) =>
    request.wants ? withIt : plain;
  test.each<[string, (request: SeenRequest, count: number) => Scripted, string]>([
    ['the instance is refused', byHeader(UNKNOWN_INSTANCE, {}), 'by-instance'],
    ['refused on a route without destinations', byHeader(UNKNOWN_INSTANCE, UNKNOWN_ROUTE), 'by-instance'],
    ['an older router refuses with 404', byHeader(UNKNOWN_ROUTE, {}), 'by-instance'],
    ['the app answers', () => ({}), 'header-stripped'],
    ["the app's own 404", () => ({ status: 404 }), 'header-stripped'],
    ["the app's own 400", () => ({ status: 400 }), 'header-stripped'],
    ['the router fails to reach the app', () => ENDPOINT_FAILURE, 'header-stripped'],
    ['no such route, and the header may be lost', () => UNKNOWN_ROUTE, 'unknown-route'],
    ['no answer', () => ({ failure: REFUSED }), 'unreachable'],
    ['one of the proxies strips', (_r, count) => (count === 2 ? {} : UNKNOWN_INSTANCE), 'header-stripped'],
    ['once no answer', (_r, count) => (count === 1 ? { failure: REFUSED } : UNKNOWN_INSTANCE), 'by-instance'],
    ['twice no answer', (_r, count) => (count < 3 ? { failure: REFUSED } : {}), 'header-stripped'],
    [
      'one older router does not know the route yet',
      ({ wants }, count) => (wants || count === 5 ? UNKNOWN_ROUTE : {}),
      'unknown-route',
    ],
  ])('%s', async (_what, answer, reach) => {
    const { ctx } = scene(answer);
    expect(await headerReach(ctx, { url: URL, of: { appGuid: LIVE } })).toBe(reach);
  });
});

function proof(more: Partial<ProofRequest> = {}): ProofRequest {
  const instances = instancesOf(CANDIDATE, 2);
  return { routeUrl: URL, instances, path: '/', reach: 'by-instance', deadlineMs: 1_060_000, ...more };
}

describe('proveOnRoute', () => {
  test('asks every instance six times in a row, over fresh connections', async () => {
    const { ctx, http, tell } = scene(() => ({ status: 404 }));
    expect(await proveOnRoute(ctx, proof({ connectionsInARow: 1 }), tell)).toEqual({
      routeUrl: URL,
      proof: 'every-instance',
      requests: 12,
    });
    for (const index of [0, 1]) {
      expect(http.seen.filter(({ wants }) => wants === `${CANDIDATE}:${index}`)).toHaveLength(6);
    }
    expect(http.seen.every(({ fresh }) => fresh)).toBe(true);
  });

  test('one router that lags behind begins the row anew', async () => {
    const { ctx, tell, told } = scene((_request, count) => (count === 6 ? UNKNOWN_INSTANCE : {}));
    const result = await proveOnRoute(ctx, proof({ instances: instancesOf(CANDIDATE, 1) }), tell);
    expect(result.requests).toBe(12);
    expect(told).toEqual([`${URL}: instance 0 not proven yet: 400 (unknown_route)`]);
  });

  test('a 5xx of the app, several times in a row, is a sign against the version', async () => {
    const { ctx, tell, http } = scene(() => ({ status: 500, body: 'boom' }));
    await expect(
      proveOnRoute(ctx, proof({ instances: instancesOf(CANDIDATE, 1) }), tell),
    ).rejects.toMatchObject({
      name: 'VersionFault',
      code: 'production-proof',
      evidence: expect.arrayContaining(['boom']),
    });
    expect(http.seen).toHaveLength(3);
  });

  test.each<[string, Scripted]>([
    ['an instance that no router knows', UNKNOWN_INSTANCE],
    ['an endpoint that fails', ENDPOINT_FAILURE],
    ['no answer', { failure: REFUSED }],
  ])('%s is waited for until the deadline, and is no sign against the version', async (_what, answer) => {
    const { ctx, clock, tell } = scene(() => answer);
    await expect(proveOnRoute(ctx, proof(), tell)).rejects.toMatchObject({ name: 'DeadlineOver' });
    expect(clock.now()).toBeGreaterThanOrEqual(1_060_000);
    expect(clock.now()).toBeLessThan(1_063_000);
  });

  test('without the header it claims no more than that the route answers', async () => {
    const { ctx, http, tell } = scene(() => ({}));
    const result = await proveOnRoute(ctx, proof({ reach: 'header-stripped' }), tell);
    expect(result).toMatchObject({ proof: 'answered', requests: 12, because: expect.any(String) });
    expect(http.seen.every(({ wants }) => wants === undefined)).toBe(true);
  });

  test('a plain 5xx is borne as long as it may be live that gives it', async () => {
    const now = { ...proof({ reach: 'header-stripped' }) };
    const once = scene((_request, count) => (count < 9 ? { status: 500 } : {}));
    await expect(proveOnRoute(once.ctx, now, once.tell)).resolves.toMatchObject({ proof: 'answered' });
    const ever = scene(() => ({ status: 500 }));
    await expect(proveOnRoute(ever.ctx, now, ever.tell)).rejects.toMatchObject({ name: 'VersionFault' });
  });

  describe('of a version that comes back', () => {
    const returning = (more: Partial<ProofRequest> = {}) =>
      proof({ returns: true, instances: instancesOf(LIVE, 2), ...more });

    test('takes its own 500 as reached: users had that before', async () => {
      const { ctx, tell } = scene(() => ({ status: 500 }));
      await expect(proveOnRoute(ctx, returning(), tell)).resolves.toMatchObject({ proof: 'every-instance' });
    });

    test('waits for what a router says', async () => {
      const { ctx, tell } = scene(() => ENDPOINT_FAILURE);
      await expect(proveOnRoute(ctx, returning(), tell)).rejects.toMatchObject({ name: 'DeadlineOver' });
    });

    test('asks nothing where the bad one beside it may be who answers', async () => {
      const { ctx, http, tell } = scene(() => ({ status: 500 }));
      const asked = returning({ reach: 'header-stripped' });
      await expect(proveOnRoute(ctx, asked, tell)).resolves.toMatchObject({
        proof: 'none',
        because: expect.stringContaining('does not reach the router'),
      });
      expect(http.seen).toEqual([]);
    });
  });

  test('a route where a router has answered is not taken as unreachable a moment later', async () => {
    const { ctx, tell } = scene(({ wants }, count) => {
      if (count <= 6) return UNKNOWN_ROUTE;
      if (count <= 9) return { failure: REFUSED };
      return wants?.endsWith(':99999') ? UNKNOWN_INSTANCE : {};
    });
    const result = await proveOnRoute(ctx, proof({ reach: 'unknown-route' }), tell);
    expect(result).toMatchObject({ proof: 'every-instance' });
  });

  test('what cannot be reached from here is not asked', async () => {
    const { ctx, http, tell } = scene(() => ({}));
    await expect(proveOnRoute(ctx, proof({ reach: 'unreachable' }), tell)).resolves.toMatchObject({
      proof: 'none',
    });
    expect(http.seen).toEqual([]);
  });

  test('a route that was new is tested once routers know it', async () => {
    const { ctx, tell } = scene(({ wants }, count) => {
      if (count <= 12) return UNKNOWN_ROUTE;
      return wants?.endsWith(':99999') ? UNKNOWN_INSTANCE : {};
    });
    await expect(proveOnRoute(ctx, proof({ reach: 'unknown-route' }), tell)).resolves.toMatchObject({
      proof: 'every-instance',
    });
    const never = scene(() => UNKNOWN_ROUTE);
    await expect(proveOnRoute(never.ctx, proof({ reach: 'unknown-route' }), tell)).rejects.toMatchObject({
      name: 'DeadlineOver',
    });
  });
});

describe('lastAnswerOf', () => {
  const START = 1_000_000;
  function quiet(more: Partial<QuietRequest> = {}): QuietRequest {
    const routes = [{ url: URL, reach: 'by-instance' as const }];
    return {
      routes,
      live: instancesOf(LIVE, 2),
      path: '/',
      unmappedAtMs: START,
      deadlineMs: START + 60_000,
      ...more,
    };
  }

  test('counts from the first refusal of an unbroken row of at least the quiet while', async () => {
    const { ctx, http, clock, tell } = scene((_request, _count, time) =>
      time.now() < START + 3_000 ? {} : UNKNOWN_INSTANCE,
    );
    const last = await lastAnswerOf(ctx, quiet(), tell);
    expect(last).toMatchObject({ unseen: [], allowanceMs: 0 });
    expect(last.atMs).toBeGreaterThanOrEqual(START + 3_000);
    expect(clock.now() - last.atMs).toBeGreaterThanOrEqual(2_000);
    const after = http.seen.filter(({ atMs }) => atMs >= START + 3_000);
    expect(after.length).toBeGreaterThanOrEqual(6);
    expect(new Set(after.map(({ wants }) => wants)).size).toBe(2);
  });

  test('one late answer of live begins the while anew', async () => {
    const { ctx, tell, told } = scene((_request, count) => (count === 4 ? {} : UNKNOWN_ROUTE));
    const { atMs } = await lastAnswerOf(ctx, quiet(), tell);
    expect(atMs).toBeGreaterThan(START + 1_200);
    expect(told).toEqual([`${URL}: a router still sends requests to what was unmapped`]);
  });

  test('a failure on the way is no refusal', async () => {
    const { ctx, tell } = scene((_request, count) => (count < 20 ? ENDPOINT_FAILURE : UNKNOWN_INSTANCE));
    expect((await lastAnswerOf(ctx, quiet(), tell)).atMs).toBeGreaterThan(START + 8_000);
  });

  test('a router that keeps sending to live ends the wait with an error', async () => {
    const { ctx, tell } = scene(() => ({}));
    await expect(lastAnswerOf(ctx, quiet(), tell)).rejects.toMatchObject({ name: 'DeadlineOver' });
  });

  test('an allowance stands in for what cannot be seen, and is named', async () => {
    const { ctx, http, tell } = scene(() => ({}));
    const routes = [{ url: URL, reach: 'header-stripped' as const }];
    expect(await lastAnswerOf(ctx, quiet({ routes }), tell)).toEqual({
      atMs: START + UNSEEN_ALLOWANCE_MS,
      unseen: [URL],
      allowanceMs: UNSEEN_ALLOWANCE_MS,
    });
    expect(http.seen).toEqual([]);
  });
});

describe('with a router', () => {
  let router: SmallRouter;
  beforeEach(async () => {
    router = await smallRouter();
  });
  afterEach(() => router.close());

  test('a switch is proven and its end is seen', async () => {
    const url = 'shop.localhost';
    const tell = () => undefined;
    expect(await headerReach(router.ctx, { url })).toBe('by-instance');
    router.routes.set(url, new Map([[LIVE, 2]]));
    expect(await headerReach(router.ctx, { url, of: { appGuid: LIVE } })).toBe('by-instance');
    const proving = proveOnRoute(
      router.ctx,
      proof({ routeUrl: url, deadlineMs: Date.now() + 20_000 }),
      () =>
        void router.routes.set(
          url,
          new Map([
            [LIVE, 2],
            [CANDIDATE, 2],
          ]),
        ),
    );
    expect(await proving).toMatchObject({ proof: 'every-instance' });
    const unmappedAtMs = Date.now();
    const last = await lastAnswerOf(
      router.ctx,
      {
        routes: [{ url, reach: 'by-instance' }],
        live: instancesOf(LIVE, 2),
        path: '/',
        unmappedAtMs,
        deadlineMs: unmappedAtMs + 20_000,
        quietMs: 200,
      },
      () => void router.routes.set(url, new Map([[CANDIDATE, 2]])),
    );
    expect(last.atMs).toBeGreaterThanOrEqual(unmappedAtMs);
    expect(await proveOnRoute(router.ctx, proof({ routeUrl: url, deadlineMs: 0 }), tell)).toMatchObject({
      proof: 'every-instance',
    });
  });
});
