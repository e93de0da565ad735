/** Drain and proof over a router whose answers a test writes. */
import { describe, expect, test } from '@jest/globals';
import { VersionFault } from '../../src/model/errors.js';
import type { HttpRequest } from '../../src/model/ports.js';
import { perform } from '../../src/steps/index.js';
import type { World } from '../../src/steps/world.js';
import { candidateAt, instance, ours, process, route, to, wanted } from '../strategies/support.js';
import { type Answer, appWorld, worldOf } from './scripted.js';

const URL = 'shop.apps.example';
const START = 1_000_000;
const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const BEFORE = { guid: 'old', version: 'v1', ran: true, destinations: [] };
const REFUSED: Answer = { status: 400, headers: { 'x-cf-routererror': 'unknown_route' } };

function askedInstance({ headers = {} }: HttpRequest): string | undefined {
  const [, value] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-cf-app-instance') ?? [];
  return value;
}

/** Refuses instances of `gone` from `sinceMs` on, and every index that nobody has. */
function router(gone: string, sinceMs = 0) {
  return (request: HttpRequest, atMs: number): Answer => {
    const [guid, index] = askedInstance(request)?.split(':') ?? [];
    if (Number(index) > 100) return REFUSED;
    return guid === gone && atMs >= sinceMs ? REFUSED : {};
  };
}

function draining(answer: ReturnType<typeof router>, over: Partial<Omit<World, 'clock'>> = {}, live = LIVE) {
  const world = worldOf({}, over, answer);
  const app = appWorld(
    { live, candidate: candidateAt('serving'), routes: [route(URL, [to('new')])] },
    { before: BEFORE, drainMs: 30_000 },
  );
  app.found.unmappedAtMs = START;
  return { world, app, run: () => perform({ do: 'drain', side: 'live' }, app, world) };
}

describe('the drain', () => {
  test('counts from the last moment at which a router could still send a request to live', async () => {
    const { world, run, app } = draining(router('old', START + 4_000));
    await run();
    expect(app.found.quiet?.atMs).toBeGreaterThanOrEqual(START + 4_000);
    expect(world.clock.now()).toBeGreaterThanOrEqual(START + 4_000 + 30_000);
    expect(world.clock.now()).toBeLessThan(START + 4_000 + 30_000 + 3_000);
  });

  test('adds a named allowance where the routers do not heed the header', async () => {
    const { world, run } = draining(() => ({}));
    await run();
    expect(world.clock.now()).toBeGreaterThanOrEqual(START + 25_000 + 30_000);
    expect(world.told.join('\n')).toContain('cannot be seen from here, 25 s are added');
  });

  test('heeds the watch until its last moment', async () => {
    const since: number[] = [];
    const sign = (sinceMs: number) => {
      since.push(sinceMs);
      return world.clock.now() >= START + 29_000 ? { route: URL, why: '3 in a row' } : undefined;
    };
    const { world, run, app } = draining(router('old'), { badSign: (sinceMs) => sign(sinceMs) as never });
    app.found.switchedAtMs = START - 5_000;
    await expect(run()).rejects.toBeInstanceOf(VersionFault);
    await expect(run()).rejects.toMatchObject({ code: 'watch' });
    expect(new Set(since)).toEqual(new Set([START - 5_000]));
    expect(world.clock.now()).toBeGreaterThanOrEqual(START + 29_000);
  });

  test('does not heed the watch while the candidate leaves: there is no further way back', async () => {
    const { world, app } = draining(router('new'), { badSign: () => ({ route: URL, why: 'bad' }) as never });
    await perform({ do: 'drain', side: 'candidate' }, app, world);
    expect(world.clock.now()).toBeGreaterThanOrEqual(START + 30_000);
  });

  test('a live that did not run has nothing to drain', async () => {
    const stopped = { ...LIVE, state: 'STOPPED' as const };
    const { world, run, app } = draining(router('old'), {}, stopped);
    app.intent = { ...app.intent, before: { ...BEFORE, ran: false } };
    await run();
    expect(world.clock.now()).toBeLessThan(START + 30_000);
    expect(world.requests).toEqual([]);
  });
});

describe('the proof', () => {
  function proving(side: 'live' | 'candidate', answer: ReturnType<typeof router>) {
    const seen = [instance(0, 'RUNNING'), instance(1, 'CRASHED'), instance(2, 'RUNNING')];
    const processes = [process('web', 3, { instancesSeen: seen })];
    const world = worldOf({}, {}, answer);
    const app = appWorld(
      {
        live: { ...LIVE, processes },
        candidate: candidateAt('switching', { processes }),
        routes: [route(URL, [to('old'), to('new')])],
      },
      { before: BEFORE },
    );
    const asked = () => {
      const refs = world.requests.map(askedInstance).filter((ref) => ref && Number(ref.split(':')[1]) < 100);
      return [...new Set(refs)].sort();
    };
    return { world, app, asked, run: () => perform({ do: 'prove', side, urls: [URL] }, app, world) };
  }

  test('asks every instance of the candidate, also one that was not running', async () => {
    const { run, asked, app } = proving('candidate', router('nobody'));
    await run();
    expect(asked()).toEqual(['new:0', 'new:1', 'new:2']);
    expect(app.found.proofs).toMatchObject([{ routeUrl: URL, proof: 'every-instance' }]);
  });

  test('asks of live only those that run: going back brings back what there was', async () => {
    const { run, asked, app } = proving('live', router('nobody'));
    await run();
    expect(asked()).toEqual(['old:0', 'old:2']);
    expect(app.found.proofs).toEqual([]);
  });

  test('an instance that answers 500 is a sign against the version', async () => {
    const bad = (request: HttpRequest, atMs: number) =>
      askedInstance(request) === 'new:2' ? { status: 500 } : router('nobody')(request, atMs);
    await expect(proving('candidate', bad).run()).rejects.toMatchObject({ code: 'production-proof' });
  });

  test('the fault on one route ends the proof on the others before it is told', async () => {
    const other = 'www.apps.example';
    const answer = (request: HttpRequest, atMs: number) => {
      if (request.url.includes(other))
        return { status: 404, headers: { 'x-cf-routererror': 'unknown_route' } };
      return askedInstance(request) === 'new:0' ? { status: 500 } : router('nobody')(request, atMs);
    };
    const { world, app } = proving('candidate', answer);
    app.snapshot = { ...app.snapshot, routes: [...app.snapshot.routes, route(other, [to('new')])] };
    app.found.reach.set(other, 'by-instance');
    const proof = perform({ do: 'prove', side: 'candidate', urls: [URL, other] }, app, world);
    await expect(proof).rejects.toMatchObject({ code: 'production-proof' });
    const asked = world.requests.length;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(world.requests).toHaveLength(asked);
  });

  test('an instance that no router knows is no sign against the version', async () => {
    const missing = (request: HttpRequest, atMs: number) =>
      askedInstance(request) === 'new:2' ? REFUSED : router('nobody')(request, atMs);
    await expect(proving('candidate', missing).run()).rejects.toMatchObject({ name: 'DeadlineOver' });
  });

  test('an internal route is not probed, and not called proven', async () => {
    const { run, world, app } = proving('candidate', router('nobody'));
    app.intent = { ...app.intent, production: [wanted(URL, { internal: true })] };
    await run();
    expect(world.requests).toEqual([]);
    expect(app.found.proofs).toMatchObject([{ proof: 'none', because: 'an internal route' }]);
  });
});
