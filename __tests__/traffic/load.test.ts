import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startTraffic } from '../../traffic/client.js';
import { startLoad } from '../../traffic/load.js';
import { deadUrl, type Flaky, PATHS, startFlaky } from './flaky.js';

/** On a busy machine processes start slowly. */
jest.setTimeout(60_000);

let flaky: Flaky;
beforeAll(async () => {
  flaky = await startFlaky();
});
afterAll(() => flaky.close());

const route = (path: string) => ({ host: 'app.example', path });

describe('load', () => {
  test('counts every way in which an answer can go wrong, by its kind', async () => {
    const figures = await startLoad({
      router: flaky.url,
      routes: PATHS.map(route),
      rate: 400,
      requests: PATHS.length * 6,
      timeoutMs: 4_000,
      keepAliveShare: 0,
      postShare: 0.3,
    }).ended;
    // Two of six on each path went wrong.
    expect(figures.byKind).toEqual({ reset: 4, cut: 4, status: 4, router: 2, timeout: 4 });
    expect(figures).toMatchObject({ sent: 60, failed: 18, ok: 42, pending: 0 });
    expect(figures.routes['app.example/ok']).toMatchObject({ ok: 6, failed: 0 });
    for (const path of PATHS.slice(1)) {
      expect([path, figures.routes[`app.example${path}`]]).toMatchObject([path, { ok: 4, failed: 2 }]);
    }
    expect(Object.keys(figures.byVersion).sort()).toEqual(['v1', 'v2']);
  });

  test('a connection that is refused is counted as such', async () => {
    const figures = await startLoad({ router: await deadUrl(), routes: [route('/')], rate: 200, requests: 5 })
      .ended;
    expect(figures).toMatchObject({ sent: 5, ok: 0, failed: 5, byKind: { connect: 5 } });
    expect(figures.firstFailures[0]?.reason).toContain('ECONNREFUSED');
  });

  test('an expected status other than 200 is a success, and 200 then is none', async () => {
    const figures = await startLoad({
      router: flaky.url,
      routes: [{ ...route('/ok'), expectStatus: 404 }],
      rate: 200,
      requests: 4,
    }).ended;
    expect(figures).toMatchObject({ ok: 0, failed: 4, byKind: { status: 4 } });
  });

  test('does not wait for answers: an outage costs as many requests as users would have sent', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const router = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const figures = await startLoad({
      router,
      routes: [route('/')],
      rate: 100,
      requests: 40,
      timeoutMs: 1_000,
    }).ended;
    server.closeAllConnections();
    server.close();
    expect(figures).toMatchObject({ sent: 40, failed: 40, byKind: { timeout: 40 } });
    // One after the other they would have taken 40 seconds.
    expect(figures.endedAtMs - figures.startedAtMs).toBeLessThan(20_000);
  });

  test.each([
    [{ routes: [] }, 'at least one route'],
    [{ rate: 0 }, 'rate above 0'],
    [{ router: 'https://127.0.0.1' }, 'must be http'],
  ])('%j is refused', (options, message) => {
    expect(() =>
      startLoad({ router: 'http://127.0.0.1:1', routes: [route('/')], rate: 1, ...options }),
    ).toThrow(message);
  });
});

describe('the traffic client', () => {
  test('sends steadily in a process of its own until it is stopped', async () => {
    const traffic = await startTraffic({ router: flaky.url, routes: [route('/ok')], rate: 100 });
    let seen = await traffic.figures();
    while (seen.ok < 30) seen = await traffic.figures();
    const last = await traffic.stop();
    expect(last).toMatchObject({ failed: 0, pending: 0 });
    expect(last.sent).toBe(last.ok);
    expect(last.ok).toBeGreaterThanOrEqual(30);
    expect(() => process.kill(traffic.pid, 0)).toThrow('ESRCH');
  });

  test('its death is an error, never good figures', async () => {
    const traffic = await startTraffic({ router: flaky.url, routes: [route('/ok')], rate: 50 });
    process.kill(traffic.pid, 'SIGKILL');
    await expect(traffic.stop()).rejects.toThrow('without its figures');
    await expect(startTraffic({ router: flaky.url, routes: [], rate: 50 })).rejects.toThrow(
      'at least one route',
    );
  });
});
