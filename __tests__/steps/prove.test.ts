/** The proof over a router whose answers a test writes. */
import { describe, expect, test } from '@jest/globals';
import { HttpFailure } from '../../src/model/errors.js';
import type { HttpRequest } from '../../src/model/ports.js';
import { perform, planOf } from '../../src/steps/index.js';
import { reachOf } from '../../src/steps/reach.js';
import type { AppWorld, World } from '../../src/steps/world.js';
import { candidateAt, instance, ours, process, route, to, wanted } from '../strategies/support.js';
import { type Answer, appWorld, askedInstance, REFUSED, router, watching, worldOf } from './scripted.js';

const URL = 'shop.apps.example';
const START = 1_000_000;
const BEFORE = { guid: 'old', version: 'v1', ran: true, destinations: [] };

describe('the proof', () => {
  function proving(
    side: 'live' | 'candidate',
    answer: ReturnType<typeof router>,
    over: Partial<Omit<World, 'clock'>> = {},
  ) {
    const seen = [instance(0, 'RUNNING'), instance(1, 'CRASHED'), instance(2, 'RUNNING')];
    const processes = [process('web', 3, { instancesSeen: seen })];
    const world = worldOf({}, over, answer);
    const app = appWorld(
      {
        live: ours('old', 'live', 'v1', { name: 'shop', processes }),
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

  test('of many routes tells what the first ones wait for, and how many more there were', async () => {
    const urls = Array.from({ length: 6 }, (_, at) => `shop-${at}.apps.example`);
    const late = (request: HttpRequest, atMs: number) =>
      router(atMs < START + 300 ? 'new' : 'nobody')(request, atMs);
    const { app, world } = proving('candidate', late);
    app.snapshot = {
      ...app.snapshot,
      routes: urls.map((url) => route(url, [to('old'), to('new')])),
    };
    await perform({ do: 'prove', side: 'candidate', urls }, app, world);
    const waits = world.told.filter((line) => line.includes('not proven yet'));
    expect(waits).toHaveLength(10);
    // Three instances on each of six routes.
    expect(world.told.at(-1)).toBe('... and 8 more notes like these');
  });

  test('asks of live only those that run: going back brings back what there was', async () => {
    const { run, asked, app } = proving('live', router('nobody'));
    await run();
    expect(asked()).toEqual(['old:0', 'old:2']);
    expect(app.found.proofs).toEqual([]);
  });

  describe('of a live that had just lost the route', () => {
    /** Its router learns of the loss late, and then of the way back. */
    const late = (request: HttpRequest, atMs: number) =>
      router(atMs > START + 300 && atMs < START + 900 ? 'old' : 'nobody')(request, atMs);
    const backAfterMs = async (prepare: (found: AppWorld['found']) => unknown) => {
      const { run, app, world } = proving('live', late);
      prepare(app.found);
      await run();
      return world.clock.now() - START;
    };

    test.each<[string, (found: AppWorld['found']) => unknown, number]>([
      ['to this run', (found) => found.takenFromLive.set(URL, START - 100), 1_900],
      ['perhaps, to another run', () => undefined, 2_000],
      ['to this run, and all routers know', (found) => found.takenFromLive.set(URL, START - 2_000), 0],
      ['never: this run saw it from the beginning', (found) => Object.assign(found, { begun: true }), 0],
    ])('%s', async (_, prepare, waitedMs) => {
      const tookMs = await backAfterMs(prepare);
      expect(tookMs).toBeGreaterThanOrEqual(waitedMs);
      expect(tookMs).toBeLessThan(waitedMs + 300);
    });

    test('in place: of the instances of the version that goes, which it saw from the beginning', async () => {
      const { run, app, world } = proving('live', late);
      app.found.begun = true;
      app.intent = { ...app.intent, inPlace: { maxInFlight: 1 } };
      await run();
      expect(world.clock.now() - START).toBeGreaterThanOrEqual(2_000);
    });

    test('an answer that comes before the loss is learned proves nothing', async () => {
      const forgetful = (request: HttpRequest, atMs: number) =>
        router(atMs > START + 1_500 && atMs < START + 4_000 ? 'old' : 'nobody')(request, atMs);
      const { run, world } = proving('live', forgetful);
      await run();
      expect(world.clock.now()).toBeGreaterThanOrEqual(START + 4_000);
    });
  });

  test('an instance that answers 500 is a sign against the version', async () => {
    const bad = (request: HttpRequest, atMs: number) =>
      askedInstance(request) === 'new:2' ? { status: 500 } : router('nobody')(request, atMs);
    await expect(proving('candidate', bad).run()).rejects.toMatchObject({ code: 'production-proof' });
  });

  test('on a TCP route is that connections stay open, and the routers get their time', async () => {
    const tcp = 'tcp.example:1234';
    const proof = async (kind: 'open' | 'closed', side: 'live' | 'candidate', reach?: 'unreachable') => {
      const { world, app } = proving(side, router('nobody'));
      let made = 0;
      world.probe.connect = async () => {
        made += 1;
        if (kind === 'closed') throw new HttpFailure('closed', 'reset', true);
      };
      const there = route(tcp, [to('old'), to('new')], { port: 1_234, host: '', protocol: 'tcp' });
      app.snapshot = { ...app.snapshot, routes: [there] };
      if (reach) app.found.reach.set(tcp, reach);
      const error = await perform({ do: 'prove', side, urls: [tcp] }, app, world).catch(
        (one: unknown) => one,
      );
      return { error, made, waitedMs: world.clock.now() - START, proofs: app.found.proofs };
    };
    const open = await proof('open', 'candidate');
    expect(open).toMatchObject({ error: undefined, made: 14, proofs: [{ proof: 'answered' }] });
    expect(open.waitedMs).toBeGreaterThanOrEqual(25_000);
    expect(await proof('closed', 'candidate')).toMatchObject({ error: { code: 'production-proof' } });
    // What stayed open for nobody before says nothing.
    expect(await proof('closed', 'candidate', 'unreachable')).toMatchObject({ error: undefined, made: 0 });
  });

  describe('on a TCP route that live had before', () => {
    const tcp = 'tcp.example:1234';
    const had = { ...BEFORE, destinations: [{ url: tcp, to: [] }] };
    async function proof(side: 'live' | 'candidate', connect: () => Promise<void>, reach?: 'unknown-route') {
      const { world, app } = proving(side, router('nobody'));
      world.probe.connect = connect;
      const there = route(tcp, [to('old'), to('new')], { port: 1_234, host: '', protocol: 'tcp' });
      app.snapshot = { ...app.snapshot, routes: [there] };
      app.intent = { ...app.intent, before: had };
      if (reach) app.found.reach.set(tcp, reach);
      await perform({ do: 'prove', side, urls: [tcp] }, app, world);
      return { waitedMs: world.clock.now() - START, proofs: app.found.proofs };
    }
    const refused = async () => {
      throw new HttpFailure('refused', 'refused', false);
    };

    test('the way back is not held up by a version that closes what it is given', async () => {
      let made = 0;
      const everySecond = async () => {
        made += 1;
        if (made % 2 === 0) throw new HttpFailure('closed', 'reset', true);
      };
      await proof('live', everySecond);
    });

    test('what refused this machine before the deploy says nothing', async () => {
      const { proofs, waitedMs } = await proof('candidate', refused, 'unknown-route');
      expect(proofs).toMatchObject([{ proof: 'none' }]);
      expect(waitedMs).toBeGreaterThanOrEqual(25_000);
    });

    test('nor what was closed before, after the deployment that gave live another process', async () => {
      const { world, app } = proving('candidate', router('nobody'));
      const there = route(tcp, [to('old')], { port: 1_234, host: '', protocol: 'tcp' });
      const webOf = (guid: string) => [process('web', 1, { guid, instancesSeen: [instance(0, 'RUNNING')] })];
      const asNow = (guid: string) => ours('old', 'live', 'v1', { name: 'shop', processes: webOf(guid) });
      world.probe.connect = async () => {
        throw new HttpFailure('closed', 'reset', true);
      };
      app.intent = { ...app.intent, before: had, inPlace: { maxInFlight: 1 } };
      await reachOf(tcp, asNow('old'), app, world);
      app.snapshot = { ...app.snapshot, live: asNow('second'), routes: [there] };
      await perform({ do: 'prove', side: 'candidate', urls: [tcp] }, app, world);
      expect(app.found.proofs).toMatchObject([{ proof: 'none' }]);
    });

    test('nor does it to a run that finishes what another one began', async () => {
      const { proofs } = await proof('candidate', refused);
      expect(proofs).toMatchObject([{ proof: 'none' }]);
    });
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
    app.found.reach.set(`X-Cf-App-Instance ${other}`, 'by-instance');
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
    expect(app.found.proofs).toMatchObject([
      { proof: 'none', because: 'an internal route; the routers had 25 s to learn of the candidate' },
    ]);
  });

  test('behind a route service no answer says which version it is of: routers get their time', async () => {
    const { run, app, world } = proving('candidate', router('nobody'));
    const asked: (readonly string[])[] = [];
    world.platform.behindService = async (guids) => {
      asked.push(guids);
      return new Set([`route ${URL}`]);
    };
    app.found.mappedAtMs.candidate.set(URL, START);
    await run();
    expect(asked).toEqual([[`route ${URL}`]]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(START + 25_000);
    expect(app.found.proofs).toMatchObject([
      {
        proof: 'answered',
        because: expect.stringMatching(/^its requests pass a route service; the routers had/),
      },
    ]);
  });

  describe('where no instance can be asked for', () => {
    const stripped = (): Answer => ({});
    const silent = (): Answer => {
      throw new HttpFailure('connection refused', 'refused', false);
    };

    test.each([
      ['the header is stripped', stripped, 'answered'],
      ['nothing answers this machine', silent, 'none'],
    ])('%s: live keeps its routes until every router knows the candidate', async (_what, answer, kind) => {
      const { run, app, world } = proving('candidate', answer);
      app.found.mappedAtMs.candidate.set(URL, START - 10_000);
      await run();
      expect(world.clock.now()).toBeGreaterThanOrEqual(START + 15_000);
      expect(world.clock.now()).toBeLessThan(START + 17_000);
      expect(world.told.join('\n')).toContain('the routers get 25 s to learn of the candidate');
      expect(app.found.proofs).toMatchObject([
        { proof: kind, because: expect.stringContaining('; the routers had 25 s to learn of the candidate') },
      ]);
    });

    test('what another run has mapped may be as new as this proof', async () => {
      const { run, world } = proving('candidate', stripped);
      await run();
      expect(world.clock.now()).toBeGreaterThanOrEqual(START + 25_000);
    });

    test('nobody waits where live has nothing to lose', async () => {
      const gained = proving('candidate', stripped);
      gained.app.snapshot = { ...gained.app.snapshot, routes: [route(URL, [to('new')])] };
      await gained.run();
      expect(gained.world.clock.now()).toBeLessThan(START + 2_000);
      const dead = proving('candidate', stripped);
      dead.app.intent = { ...dead.app.intent, before: { ...BEFORE, ran: false } };
      await dead.run();
      expect(dead.world.clock.now()).toBeLessThan(START + 2_000);
    });

    test('a live that never lost the route is back at once, also beside a bad candidate', async () => {
      const { run, app, world, asked } = proving('live', () => ({ status: 500 }));
      app.found.begun = true;
      await run();
      expect(world.clock.now()).toBe(START);
      expect(asked()).toEqual([]);
    });

    test.each([
      ['was mapped again', true, START - 5_000, 20_000],
      ['was mapped again, its answer was lost', true, undefined, 25_000],
      ['was perhaps mapped again by another run', false, undefined, 25_000],
    ])('a live that %s gets the same while', async (_what, taken, mappedAtMs, waitedMs) => {
      const { run, app, world } = proving('live', () => ({ status: 500 }));
      if (taken) app.found.begun = true;
      if (taken) app.found.takenFromLive.set(URL, 0);
      if (mappedAtMs !== undefined) app.found.mappedAtMs.live.set(URL, mappedAtMs);
      await run();
      expect(world.clock.now()).toBe(START + waitedMs);
      expect(world.told.join('\n')).toContain('the routers get 25 s to learn of the live');
    });

    test('the plan says so', () => {
      const { app } = proving('candidate', stripped);
      const step = { do: 'prove', side: 'candidate', urls: [URL, 'a.internal'] } as const;
      app.intent = { ...app.intent, production: [wanted(URL), wanted('a.internal', { internal: true })] };
      expect(planOf(step, app.intent, 1)).toEqual([
        expect.stringContaining(`GET ${URL}`),
        'wait until 25 s after a.internal was mapped: its instances cannot be asked one by one',
        expect.stringContaining('wait until 25 s after the map'),
      ]);
    });

    test('that it is unreachable is tested again, and not believed where an answer came before', async () => {
      let silentTries = 3;
      const blip = (request: HttpRequest, atMs: number) =>
        silentTries-- > 0 ? silent() : router('nobody')(request, atMs);
      const before = proving('candidate', blip);
      before.app.found.reach.set(`X-Cf-App-Instance ${URL}`, 'unreachable');
      silentTries = 0;
      await before.run();
      expect(before.app.found.proofs).toMatchObject([{ proof: 'every-instance' }]);
      silentTries = 3;
      const later = proving('candidate', blip);
      later.app.found.reach.set(`X-Cf-App-Instance ${URL}`, 'unknown-route');
      await later.run();
      expect(later.app.found.proofs).toMatchObject([{ proof: 'every-instance' }]);
    });
  });

  test('a live that answered 500 before is back when it is reached', async () => {
    const sick = (request: HttpRequest, atMs: number) => {
      const said = router('nobody')(request, atMs);
      return said.status === undefined ? { status: 500 } : said;
    };
    const { run, asked } = proving('live', sick);
    await run();
    expect(asked()).toEqual(['old:0', 'old:2']);
    await expect(proving('candidate', sick).run()).rejects.toMatchObject({ code: 'production-proof' });
  });

  test('an internal route that live had beside the manifest is not asked on the way back', async () => {
    const { app, world } = proving('live', router('nobody'));
    const inside = { ...route('a.apps.internal', [to('old')]), domainGuid: 'inside' };
    const domain = {
      guid: 'inside',
      name: 'apps.internal',
      internal: true,
      protocols: ['http'],
      shared: true,
    };
    app.snapshot = { ...app.snapshot, domains: [domain], routes: [...app.snapshot.routes, inside] };
    app.found.begun = true;
    await perform({ do: 'prove', side: 'live', urls: [inside.url] }, app, world);
    expect(world.requests).toEqual([]);
  });

  test('a bad sign of the watch ends it', async () => {
    const watch = watching(START - 1_000);
    const missing = (request: HttpRequest, atMs: number): Answer => {
      if (atMs >= START + 2_000) watch.sees();
      return askedInstance(request) === 'new:2' ? REFUSED : router('nobody')(request, atMs);
    };
    const { run, app, world } = proving('candidate', missing, watch);
    app.found.switchedAtMs = START - 1_000;
    await expect(run()).rejects.toMatchObject({ name: 'VersionFault', code: 'watch' });
    expect(world.clock.now()).toBeLessThan(START + 5_000);
    expect(watch.hearers()).toBe(0);
    const back = proving('live', router('nobody'), watch);
    back.app.found.switchedAtMs = START - 1_000;
    await back.run();
  });
});
