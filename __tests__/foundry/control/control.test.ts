import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ShiftedClock } from '../../../foundry/control/shifted-clock.js';
import { readFlags } from '../../../foundry/flags.js';
import type { Clock } from '../../../foundry/ports.js';
import { DEFAULTS } from '../../../foundry/start.js';
import { request, type Scripted, type ScriptedCells, scripted, type World, world } from '../scripted.js';

describe('faults', () => {
  let f: Scripted;
  let w: World;
  beforeEach(async () => {
    f = await scripted();
    w = await world(f);
  });
  afterEach(() => f.close());

  const fault = (body: unknown) => request(`${f.api}/__foundry/faults`, 'POST', body);
  const statuses = async (count: number, path = '/v3/apps') => {
    const seen: number[] = [];
    for (let i = 0; i < count; i += 1) seen.push((await f.call('GET', path)).status);
    return seen;
  };

  test('after and times count the hits', async () => {
    await fault({ method: 'get', path: '^/v3/apps', status: 500, after: 1, times: 2 });
    expect(await statuses(5)).toEqual([200, 500, 500, 200, 200]);
  });

  test('a fault holds for its path and method only, until it is deleted', async () => {
    await fault({ method: 'POST', path: '^/v3/apps', status: 503 });
    expect(await statuses(1)).toEqual([200]);
    const body = { name: 'a', relationships: { space: { data: { guid: w.spaceGuid } } } };
    expect((await f.call('POST', '/v3/apps', body)).status).toBe(503);
    expect((await f.call('GET', '/v3/apps')).body.resources).toEqual([]);
    await request(`${f.api}/__foundry/faults`, 'DELETE');
    expect((await f.call('POST', '/v3/apps', body)).status).toBe(201);
  });

  test('what stands before the API speaks plain text, and too many requests too', async () => {
    await fault({ path: 'apps', status: 502 });
    const bad = await f.call('GET', '/v3/apps');
    expect(bad.headers.get('content-type')).toContain('text/plain');
    expect(bad.headers.get('x-cf-routererror')).toBe('endpoint_failure');
    await fault({ path: 'spaces', status: 429 });
    const many = await f.call('GET', '/v3/spaces');
    expect(many.headers.get('retry-after')).toBe('1');
    expect(JSON.parse(many.text).errors[0].code).toBe(10013);
  });

  test('a body of its own', async () => {
    const page = { pagination: { next: { href: 'x' } }, resources: [] };
    await fault({ path: 'apps', status: 200, body: page });
    expect((await f.call('GET', '/v3/apps')).body).toEqual(page);
  });

  test('a reset is not done, a lost answer is', async () => {
    const body = (name: string) => ({ name, relationships: { space: { data: { guid: w.spaceGuid } } } });
    await fault({ method: 'POST', path: '^/v3/apps$', reset: true, times: 1 });
    await expect(f.call('POST', '/v3/apps', body('reset'))).rejects.toThrow('fetch failed');
    await fault({ method: 'POST', path: '^/v3/apps$', lost: true, times: 1 });
    await expect(f.call('POST', '/v3/apps', body('lost'))).rejects.toThrow('fetch failed');
    const names = (await f.call('GET', '/v3/apps')).body.resources.map((a: { name: string }) => a.name);
    expect(names).toEqual(['lost']);
  });

  test('a delayed answer is the true one', async () => {
    await fault({ path: 'apps', delay_ms: 80, times: 1 });
    const began = performance.now();
    expect((await f.call('GET', '/v3/apps')).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(70);
  });

  test.each(['before', 'after'] as const)('kill %s the call is done', async (when) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    await fault({ path: 'apps', kill: { pid: child.pid, when } });
    expect((await f.call('GET', '/v3/apps')).status).toBe(200);
    expect((await exited)[1]).toBe('SIGKILL');
  });

  test('every request is remembered with its status, those of the control are not', async () => {
    await fault({ path: 'nothing', reset: true });
    await f.call('GET', '/v3/apps?names=a');
    await f.call('GET', '/v3/nothing').catch(() => {});
    const { body } = await request(`${f.api}/__foundry/requests`, 'GET');
    expect(body.at(-2)).toMatchObject({
      method: 'GET',
      path: '/v3/apps?names=a',
      status: 200,
      ms: expect.any(Number),
    });
    expect(body.at(-1)).toMatchObject({ method: 'GET', path: '/v3/nothing', status: 0 });
    expect(body.every((r: { path: string }) => !r.path.startsWith('/__foundry'))).toBe(true);
  });

  test.each([
    [{ path: '(' }, 'Invalid regular expression'],
    [{ times: 'x' }, 'times is no number'],
    [{ kill: {} }, 'kill needs a pid'],
  ])('%j is refused', async (body, text) => {
    const reply = await fault(body);
    expect([reply.status, reply.text.includes(text)]).toEqual([400, true]);
  });
});

describe('instances and seed', () => {
  let f: Scripted;
  afterEach(() => f.close());

  test('a disturbance reaches the instance; what is not there is 404', async () => {
    f = await scripted();
    const w = await world(f);
    const { app } = await w.staged('a');
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    const disturb = (path: string, body: unknown) =>
      request(`${f.api}/__foundry/instances/${path}`, 'POST', body);
    expect((await disturb('a/0', { unready: true })).status).toBe(204);
    expect((await disturb(`${app}/0`, { hang: true })).status).toBe(204);
    expect(f.cells.calls.slice(-2)).toEqual(['unready 0', 'hang 0']);
    expect((await disturb('a/1', { crash: true })).status).toBe(404);
    expect((await disturb('a/0', { nothing: true })).status).toBe(400);
  });

  test('a seed maps many routes to one app', async () => {
    f = await scripted();
    const w = await world(f);
    const app = await w.app('shop');
    const made = await request(`${f.api}/__foundry/seed`, 'POST', { routes: 50, prefix: 'r', app: 'shop' });
    expect(made.body.routes).toHaveLength(50);
    expect((await f.call('GET', `/v3/apps/${app}/routes`)).body.pagination.total_results).toBe(50);
  });

  test('the state shows instances with process and port', async () => {
    f = await scripted();
    const w = await world(f);
    const { app } = await w.staged('a');
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    f.cells.all(app, { state: 'RUNNING', routable: true, pid: 42 });
    const { body } = await request(`${f.api}/__foundry/state`, 'GET');
    expect(body.apps[0].processes[0].instances[0]).toMatchObject({
      index: 0,
      state: 'RUNNING',
      pid: 42,
      ports: { 8080: 58_080 },
    });
  });
});

describe('the shifted clock', () => {
  function frozen(): Clock {
    return { now: () => 1_000, after: () => ({ cancel: () => {} }) };
  }

  test('timers within the time run in their order, also new ones; now() stays true', () => {
    const clock = new ShiftedClock(frozen());
    const ran: string[] = [];
    clock.after(300, () => ran.push('c'));
    clock.after(100, () => {
      ran.push('a');
      clock.after(100, () => ran.push('b'));
      clock.after(1000, () => ran.push('late'));
    });
    clock.after(301, () => ran.push('d'));
    clock.advance(300);
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(clock.now()).toBe(1_000);
    clock.advance(1);
    expect(ran).toEqual(['a', 'b', 'c', 'd']);
    clock.advance(799);
    expect(ran.at(-1)).toBe('late');
  });

  test('a tick that sets itself again runs as often as it would have', () => {
    const clock = new ShiftedClock(frozen());
    let ticks = 0;
    const tick = () => {
      ticks += 1;
      clock.after(5000, tick);
    };
    clock.after(5000, tick);
    clock.advance(60_000);
    expect(ticks).toBe(12);
  });

  test('a cancelled timer never runs', () => {
    const clock = new ShiftedClock(frozen());
    let ran = false;
    clock
      .after(10, () => {
        ran = true;
      })
      .cancel();
    clock.advance(100);
    expect(ran).toBe(false);
  });
});

describe('flags', () => {
  test('what is left out is the default', () => {
    expect(readFlags([], DEFAULTS)).toEqual(DEFAULTS);
  });

  test('all of them', () => {
    const argv =
      '--port 1 --router-port 2 --latency 3 --tick 4 --job 5 --staging 6 --boot 7 --propagation 8 --routers 3 ' +
      '--route-integrity off --api-version 3.180.0 --token-ttl 90s --refresh-tokens opaque --edge /a.pem --quota memory=512,instances=4,routes=9 --seed 11 --v2 off';
    expect(readFlags(argv.split(' '), DEFAULTS)).toEqual({
      port: 1,
      routerPort: 2,
      latencyMs: 3,
      tickMs: 4,
      jobMs: 5,
      stagingMs: 6,
      bootMs: 7,
      propagationMs: 8,
      routers: 3,
      routeIntegrity: false,
      apiVersion: '3.180.0',
      opaqueRefresh: true,
      edgeFile: '/a.pem',
      tokenTtlMs: 90_000,
      quota: { ...DEFAULTS.quota, totalMemoryMb: 512, totalInstances: 4, totalRoutes: 9 },
      seed: 11,
      v2: false,
    });
  });

  test.each([
    [['--latency', 'soon'], '--latency is no whole number'],
    [['--route-integrity', 'maybe'], '--route-integrity is on or off'],
    [['--token-ttl', 'long'], '--token-ttl is no duration'],
    [['--quota', 'beer=3'], '--quota is a list'],
    [['--unknown', '1'], "Unknown option '--unknown'"],
  ])('%j is refused', (argv, text) => {
    expect(() => readFlags(argv, DEFAULTS)).toThrow(text);
  });
});

describe('start and end', () => {
  test('a port that is taken is said, and everything is ended again', async () => {
    const f = await scripted();
    try {
      let cells: ScriptedCells | undefined;
      await expect(
        scripted({ port: Number(new URL(f.api).port) }, (made) => {
          cells = made;
        }),
      ).rejects.toThrow('EADDRINUSE');
      expect(cells?.calls).toEqual(['close']);
    } finally {
      await f.close();
    }
  });

  test('two foundries do not disturb each other', async () => {
    const [a, b] = await Promise.all([scripted(), scripted()]);
    try {
      await (await world(a)).app('only-here');
      expect((await b.call('GET', '/v3/apps')).body.resources).toEqual([]);
      const foreign = await request(`${b.api}/v3/apps`, 'GET', undefined, {
        authorization: `bearer ${a.token}`,
      });
      expect(foreign.status).toBe(401);
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });
});
