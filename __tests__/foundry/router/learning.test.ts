import { afterEach, describe, expect, test } from '@jest/globals';
import type { Endpoint } from '../../../foundry/ports.js';
import { createCounter } from '../../../foundry/router/figures.js';
import { APP, manualClock, OTHER_APP, type Town, town } from './harness.js';

let t: Town | undefined;

afterEach(async () => {
  await t?.close();
  t = undefined;
});

const ports = (endpoints: readonly Endpoint[]) => endpoints.map(({ port }) => port);

function endpoint(port: number): Endpoint {
  return {
    appGuid: APP,
    processGuid: 'p',
    processType: 'web',
    index: 0,
    instanceGuid: `i${port}`,
    port,
    appName: 'shop',
  };
}

async function slowTown(seed: number, clock = manualClock()) {
  t = await town({ clock, routers: 3, propagationMs: 1000, seed });
  return { clock, town: t };
}

describe('routers learn', () => {
  test('each at a time of its own, at most the propagation later, the same for the same seed', async () => {
    const times: number[][] = [];
    for (const seed of [7, 7, 8]) {
      const { clock, town: one } = await slowTown(seed);
      one.route([endpoint(1)]);
      expect((await one.ask('/')).status).toBe(404);
      clock.advance(1000);
      times.push([...one.applied].sort((a, b) => a.router - b.router).map(({ atMs }) => atMs));
      await one.close();
      t = undefined;
    }
    const [first, again, other] = times;
    expect(first).toHaveLength(3);
    expect(new Set(first).size).toBe(3);
    for (const at of first ?? []) expect(at).toBeLessThanOrEqual(1000);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('a later record overtakes an earlier one and is not taken back by it', async () => {
    const { clock, town: one } = await slowTown(3);
    for (let port = 1; port <= 20; port += 1) one.route([endpoint(port)]);
    clock.advance(1000);
    for (const router of [0, 1, 2]) {
      const seen = one.applied
        .filter((each) => each.router === router)
        .flatMap(({ record }) => ports(record.endpoints));
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.at(-1)).toBe(20);
      expect(seen.length).toBeLessThan(20);
    }
  });

  test('a withdrawn route is gone from every router, whatever was under way', async () => {
    const { clock, town: one } = await slowTown(5);
    const here = await one.backend((_, response) => void response.end('here'));
    one.route([here]);
    clock.advance(1000);
    expect((await one.ask('/')).status).toBe(200);
    one.route([here]);
    one.routers.withdraw('route');
    clock.advance(1000);
    for (let i = 0; i < 3; i += 1) expect((await one.ask('/')).status).toBe(404);
    expect(one.applied.slice(-1)[0]?.record).toMatchObject({ routeGuid: 'route', endpoints: [] });
  });

  test('each new connection goes to the next router, a kept one stays', async () => {
    const { clock, town: one } = await slowTown(5);
    one.route([await one.backend((_, response) => void response.end('here'))]);
    while (one.applied.length === 0) clock.advance(10);
    expect(one.applied).toHaveLength(1);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await one.ask('/')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.slice(0, 3)).toEqual(statuses.slice(3));
  });
});

describe('figures', () => {
  test('count by status and app; the gap is between successes', () => {
    const clock = manualClock();
    const counter = createCounter(clock);
    const route = { routeGuid: 'r', host: 'h', path: '', endpoints: [] };
    counter.count({ route, status: 200, app: APP });
    clock.advance(100);
    counter.count({ route, status: 502 });
    clock.advance(100);
    counter.count({ route, status: 'cut', app: APP });
    clock.advance(100);
    counter.count({ route, status: 404, app: OTHER_APP });
    clock.advance(50);
    counter.count({ route, status: 200, app: OTHER_APP });
    clock.advance(900);
    counter.count({ route: undefined, status: 404 });
    expect(counter.figures()).toEqual([
      {
        routeGuid: 'r',
        host: 'h',
        path: '',
        requests: 5,
        byStatus: { 200: 2, 404: 1, 502: 1, cut: 1 },
        byApp: { [APP]: 2, [OTHER_APP]: 2 },
        longestGapMs: 300,
      },
      { routeGuid: '', host: '', path: '', requests: 1, byStatus: { 404: 1 }, byApp: {}, longestGapMs: 0 },
    ]);
    counter.reset();
    expect(counter.figures()).toEqual([]);
  });
});
