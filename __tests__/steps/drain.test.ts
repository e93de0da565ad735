/** The drain over a router whose answers a test writes. */
import { describe, expect, test } from '@jest/globals';
import type { HttpRequest } from '../../src/model/ports.js';
import { perform, planOf } from '../../src/steps/index.js';
import type { World } from '../../src/steps/world.js';
import { check } from '../probe/support.js';
import { candidateAt, ours, route, to, wanted } from '../strategies/support.js';
import { type Answer, appWorld, askedInstance, router, watching, worldOf } from './scripted.js';

const URL = 'shop.apps.example';
const START = 1_000_000;
const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const BEFORE = { guid: 'old', version: 'v1', ran: true, destinations: [] };

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

  test('adds it for internal routes that live had, and for dropped ones that nobody could ask', async () => {
    const { world, run, app } = draining(router('old'));
    const inside = 'shop.apps.internal';
    app.intent = {
      ...app.intent,
      production: [wanted(URL), wanted(inside, { internal: true })],
      before: { ...BEFORE, destinations: [{ url: inside, to: [] }] },
    };
    await run();
    expect(world.told.join('\n')).toContain(`${inside}: when the routers let go cannot be seen`);
    expect(world.clock.now()).toBeGreaterThanOrEqual(START + 25_000 + 30_000);
    const dropped = draining(router('old'));
    dropped.app.intent = { ...dropped.app.intent, dropped: ['gone.apps.internal'] };
    await dropped.run();
    expect(dropped.app.found.quiet?.unseen).toEqual(['gone.apps.internal']);
  });

  test('adds nothing for an internal route that only the new version has', async () => {
    const { run, app } = draining(router('old'));
    app.intent = { ...app.intent, production: [wanted(URL), wanted('a.apps.internal', { internal: true })] };
    await run();
    expect(app.found.quiet).toMatchObject({ unseen: [], allowanceMs: 0 });
  });

  test('asks a dropped route as it was seen to be before live lost it', async () => {
    const { run, app, world } = draining(router('old'));
    app.intent = { ...app.intent, dropped: ['gone.apps.example'] };
    app.found.reach.set('X-Cf-App-Instance gone.apps.example', 'by-instance');
    await run();
    expect(app.found.quiet?.unseen).toEqual([]);
    expect(world.requests.some(({ url }) => url.includes('gone.apps.example'))).toBe(true);
  });

  test('is as long as all watched routes of all apps need, and no longer where none is watched', async () => {
    const many = draining(router('old'), { watchedRoutes: () => 1_000 });
    await many.run();
    expect(many.world.clock.now()).toBeGreaterThanOrEqual(START + 80_000);
    const text = 'watch for 80 s (all 1000 production routes are probed twice in it)';
    expect(many.world.told.join('\n')).toContain(text);
    expect(planOf({ do: 'drain', side: 'live' }, many.app.intent, 1_000)).toContain(text);
    const none = draining(router('old'), { watchedRoutes: () => 0 });
    none.app.intent = { ...none.app.intent, drainMs: 0 };
    await none.run();
    expect(none.world.told.join('\n')).toContain('watch for 0 s,');
  });

  test.each([
    ['while it looks for the last moment', START + 3_000, START + 5_000],
    ['at its last moment', START + 29_000, START + 40_000],
  ])('heeds the watch %s', async (_what, atMs, endedMs) => {
    const watch = watching(START - 5_000);
    const answer = (request: HttpRequest, nowMs: number): Answer => {
      if (nowMs >= atMs) watch.sees();
      return router('old', START + 4_000)(request, nowMs);
    };
    const { world, run, app } = draining(answer, watch);
    app.found.switchedAtMs = START - 5_000;
    // Nobody is asked any more in the window: there the watch itself speaks.
    const { sleep } = world.clock;
    world.clock.sleep = async (ms, signal) => {
      await sleep(ms, signal);
      if (world.clock.now() >= atMs) watch.sees();
      signal?.throwIfAborted();
    };
    await expect(run()).rejects.toMatchObject({ name: 'VersionFault', code: 'watch' });
    expect(world.clock.now()).toBeLessThan(endedMs);
    expect(watch.hearers()).toBe(0);
  });

  test('heeds the watch while checks on production are asked', async () => {
    const watch = watching(START - 5_000);
    const answer = (request: HttpRequest, nowMs: number): Answer => {
      if (nowMs >= START + 2_000) watch.sees();
      return askedInstance(request) === 'new:0' ? { status: 503 } : router('old')(request, nowMs);
    };
    const { run, app, world } = draining(answer, watch);
    app.found.switchedAtMs = START - 5_000;
    app.found.reach.set(`X-Cf-App-Instance ${URL}`, 'by-instance');
    app.intent = { ...app.intent, checks: [check({ on: 'production', withinMs: 60_000 })] };
    await expect(run()).rejects.toMatchObject({ code: 'watch' });
    expect(world.clock.now()).toBeLessThan(START + 5_000);
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
