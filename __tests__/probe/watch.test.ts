import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startWatch } from '../../src/probe/watch.js';
import {
  CANDIDATE,
  ENDPOINT_FAILURE,
  LIVE,
  REFUSED,
  type SmallRouter,
  scene,
  smallRouter,
  UNKNOWN_ROUTE,
} from './support.js';

const routes = (...urls: string[]) => urls.map((url) => ({ url }));
const options = { path: '/', failureLimit: 2, platformAnswers: () => true };

describe('turns', () => {
  test('begin with all routes, and go round them, ten a second, over connections of their own', async () => {
    const { ctx, http, clock, tell } = scene(() => ({}));
    const watch = startWatch(ctx, { ...options, routes: routes('a.d', 'b.d', '*.d') }, tell);
    await watch.firstRound();
    const startMs = http.seen[0]?.atMs ?? 0;
    await clock.sleep(2_000);
    await watch.stop();
    const asked = http.seen.filter(({ atMs }) => atMs < startMs + 1_000);
    expect(asked.map(({ host }) => host).slice(0, 4)).toEqual(['a.d', 'b.d', 'probe-rrrrrrrrrr.d', 'a.d']);
    expect(asked).toHaveLength(3 + 9);
    expect(http.seen.every(({ fresh }) => fresh)).toBe(true);
  });

  test('many routes are seen first without a pause, some at a time, and come round in two seconds', async () => {
    let [open, most] = [0, 0];
    const { ctx, http, clock, tell } = scene(() => ({ afterMs: 20 }));
    const request: typeof http.request = (asked) => {
      open += 1;
      most = Math.max(most, open);
      return http.request(asked).finally(() => {
        open -= 1;
      });
    };
    const urls = Array.from({ length: 40 }, (_, at) => `r${at}.d`);
    const beganMs = clock.now();
    const watch = startWatch({ ...ctx, http: { request } }, { ...options, routes: routes(...urls) }, tell);
    await watch.firstRound();
    expect(clock.now() - beganMs).toBe(80);
    expect(most).toBe(10);
    const already = http.seen.length;
    await clock.sleep(2_030);
    await watch.stop();
    expect(http.seen.length - already).toBe(40);
  });

  test('a route that hangs does not hold up the others, and is not asked twice at a time', async () => {
    const { ctx, http, clock, tell } = scene(({ host }) => (host === 'slow.d' ? { afterMs: 60_000 } : {}));
    const watch = startWatch(ctx, { ...options, routes: routes('slow.d', 'b.d') }, tell);
    await clock.sleep(5_000);
    await watch.stop();
    expect(http.seen.filter(({ host }) => host === 'slow.d')).toHaveLength(1);
    expect(http.seen.filter(({ host }) => host === 'b.d').length).toBeGreaterThan(20);
    expect(watch.figures()).toMatchObject({ failures: 0, failedBefore: 0 });
  });

  test('a failed route is asked again at once until the limit is passed, then in its turn', async () => {
    let broken = false;
    const { ctx, http, clock, tell, told } = scene(() => (broken ? ENDPOINT_FAILURE : {}));
    const watch = startWatch(ctx, { ...options, routes: routes('a.d') }, tell);
    await watch.firstRound();
    const switchedMs = clock.now();
    broken = true;
    await clock.sleep(550);
    const times = http.seen.filter(({ atMs }) => atMs >= switchedMs).map(({ atMs }) => atMs);
    expect(times.slice(1, 4).map((atMs, index) => atMs - (times[index] ?? 0))).toEqual([5, 5, 90]);
    expect(watch.badSign(switchedMs)).toMatchObject({ route: 'a.d' });
    broken = false;
    await clock.sleep(500);
    const figures = await watch.stop();
    expect(figures.failures).toBeGreaterThanOrEqual(3);
    expect(told).toEqual(['a.d failed: 502 (endpoint_failure (EOF))', 'a.d answers again']);
  });
});

test('a route that nobody shall serve any more is let go: it counts for nothing, what was counted stays', async () => {
  let given = true;
  const { ctx, http, clock, tell, told } = scene(({ host }) =>
    host === 'gone.d' && !given ? UNKNOWN_ROUTE : {},
  );
  const watch = startWatch(ctx, { ...options, routes: routes('a.d', 'gone.d') }, tell);
  await watch.firstRound();
  watch.leave('gone.d');
  given = false;
  const leftMs = clock.now();
  await clock.sleep(2_000);
  const figures = await watch.stop();
  expect(figures).toMatchObject({ failures: 0, longestGapMs: 0 });
  expect(watch.badSign()).toBeUndefined();
  expect(told).toEqual([]);
  const after = http.seen.filter(({ atMs }) => atMs > leftMs);
  expect(after.every(({ host }) => host === 'a.d')).toBe(true);
  expect(after.length).toBeGreaterThan(5);
});

test('a route that comes to be there counts at once: it is asked until every router has shown it', async () => {
  let there = false;
  const { ctx, http, clock, tell } = scene(({ host }) => (host === 'new.d' && !there ? UNKNOWN_ROUTE : {}));
  const others = Array.from({ length: 20 }, (_, index) => `r${index}.d`);
  const watch = startWatch(ctx, { ...options, routes: routes('new.d', ...others) }, tell);
  await watch.firstRound();
  there = true;
  const sinceMs = clock.now();
  await clock.sleep(2_500);
  const seen = http.seen.filter(({ host, atMs }) => host === 'new.d' && atMs >= sinceMs);
  expect(seen.length).toBeGreaterThanOrEqual(6);
  there = false;
  await clock.sleep(2_500);
  expect(watch.badSign(sinceMs)).toMatchObject({ route: 'new.d' });
  await watch.stop();
});

test('a route that failed before and heals is told, and watched like any other', async () => {
  let broken = true;
  const { ctx, clock, tell, told } = scene(() => (broken ? { status: 500 } : {}));
  const watch = startWatch(ctx, { ...options, routes: routes('a.d') }, tell);
  await watch.firstRound();
  broken = false;
  await clock.sleep(300);
  broken = true;
  await clock.sleep(300);
  expect(watch.badSign()).toMatchObject({ route: 'a.d' });
  await expect(watch.stop()).resolves.toMatchObject({ failingBefore: ['a.d'] });
  expect(told).toContain('a.d answers now: what fails there from here on counts');
});

test('whoever waits hears of a sign in the moment in which it comes', async () => {
  let broken = false;
  const { ctx, clock, tell } = scene(() => (broken ? { status: 500 } : {}));
  const watch = startWatch(ctx, { ...options, routes: routes('a.d') }, tell);
  await watch.firstRound();
  let heard = 0;
  const end = watch.onSign(() => {
    heard += 1;
  });
  await clock.sleep(1_000);
  expect(heard).toBe(0);
  broken = true;
  await clock.sleep(300);
  expect(heard).toBeGreaterThan(0);
  end();
  const before = heard;
  await clock.sleep(1_000);
  expect(heard).toBe(before);
  await watch.stop();
});

test('a route that was let go takes no turn', async () => {
  const { ctx, http, clock, tell } = scene(() => ({}));
  const watch = startWatch(ctx, { ...options, routes: routes('a.d', 'b.d', 'a.d') }, tell);
  await watch.firstRound();
  expect(watch.routeCount()).toBe(2);
  watch.leave('b.d');
  expect(watch.routeCount()).toBe(1);
  const sinceMs = clock.now();
  await clock.sleep(1_000);
  expect(http.seen.filter(({ host, atMs }) => host === 'a.d' && atMs > sinceMs).length).toBeGreaterThan(8);
  await watch.stop();
});

describe('the first round', () => {
  test('tells apart what was failing before, and what was not there yet', async () => {
    const { ctx, tell, told } = scene(({ host }) =>
      host === 'bad.d' ? { status: 500 } : host === 'new.d' ? UNKNOWN_ROUTE : {},
    );
    const watch = startWatch(ctx, { ...options, routes: routes('bad.d', 'new.d', 'good.d') }, tell);
    await watch.firstRound();
    const figures = await watch.stop();
    expect(figures).toMatchObject({ failures: 0, failingBefore: ['bad.d'] });
    expect(figures.failedBefore).toBeGreaterThanOrEqual(6);
    expect(watch.badSign()).toBeUndefined();
    expect(told).toEqual(['bad.d was failing before this run began: 500']);
  });

  test('without routes is over at once; one that is cut off ends', async () => {
    const { ctx, tell } = scene(() => ({ afterMs: 60_000 }));
    await expect(startWatch(ctx, { ...options, routes: [] }, tell).firstRound()).resolves.toBeUndefined();
    const cut = startWatch(ctx, { ...options, routes: routes('a.d') }, tell);
    await cut.stop();
    await expect(cut.firstRound()).rejects.toThrow('the watch has ended');
  });
});

test('failures while the platform is silent too are inconclusive', async () => {
  let broken = false;
  const { ctx, clock, tell } = scene(() => (broken ? { failure: REFUSED } : {}));
  const platformAnswers = () => (broken ? Promise.reject(new Error('no answer')) : true);
  const watch = startWatch(
    ctx,
    { ...options, platformAnswers, silenceMs: 3_000, routes: routes('a.d') },
    tell,
  );
  await watch.firstRound();
  broken = true;
  await clock.sleep(2_500);
  expect(watch.badSign()).toBeUndefined();
  expect(watch.figures()).toMatchObject({ failures: 0 });
  expect(watch.figures().inconclusive).toBeGreaterThan(10);
  await clock.sleep(1_500);
  expect(watch.badSign()).toMatchObject({ route: 'a.d' });
  await watch.stop();
});

test('an aborted run ends the watch', async () => {
  const run = new AbortController();
  const { ctx, http, clock, tell } = scene(() => ({}), { signal: run.signal });
  const watch = startWatch(ctx, { ...options, routes: routes('a.d') }, tell);
  await watch.firstRound();
  run.abort(new Error('cancelled'));
  const asked = http.seen.length;
  await clock.sleep(5_000);
  expect(http.seen).toHaveLength(asked);
  await expect(watch.stop()).resolves.toMatchObject({ failures: 0 });
});

describe('with a router', () => {
  let router: SmallRouter;
  beforeEach(async () => {
    router = await smallRouter();
  });
  afterEach(() => router.close());

  test('a switch without a gap shows both versions and no failure; a lost route is a sign', async () => {
    router.routes.set('shop.localhost', new Map([[LIVE, 1]]));
    const watch = startWatch(
      router.ctx,
      { ...options, perSecond: 100, routes: routes('shop.localhost') },
      () => undefined,
    );
    await watch.firstRound();
    router.routes.set(
      'shop.localhost',
      new Map([
        [LIVE, 1],
        [CANDIDATE, 1],
      ]),
    );
    await until(() => (watch.figures().byVersion['22222222'] ?? 0) >= 3);
    router.routes.set('shop.localhost', new Map([[CANDIDATE, 1]]));
    expect(watch.figures()).toMatchObject({ failures: 0, longestGapMs: 0 });
    expect(watch.figures().byVersion['11111111']).toBeGreaterThan(0);
    router.routes.set('shop.localhost', new Map());
    await until(() => watch.badSign() !== undefined);
    const figures = await watch.stop();
    expect(figures.failures).toBeGreaterThanOrEqual(3);
    expect(figures.longestGapMs).toBeGreaterThan(0);
    expect(router.clients.size).toBeGreaterThan(5);
  });
});

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 10));
}
