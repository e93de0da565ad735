import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type LongEnd, openLongRequest, openWebsocket, type Websocket } from '../../traffic/long.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

/** The apps of this test differ by their drain alone. Both end at once when they are stopped, as most programs do. */
const APPS = [
  { name: 'patient', drainMs: 25_000 },
  { name: 'hasty', drainMs: 15_000 },
] as const;
const REQUEST_MS = 20_000;
/** From the end of the drain until the platform's signal has ended the process. */
const STOP_MS = 10_000;

let world: World;
const versionOf = (name: string, version: string) => ({
  ...{ name, version, routes: [world.url(name)], stopsAtOnce: true },
});
beforeAll(async () => {
  world = await startWorld();
  const first = await Promise.all(APPS.map(({ name }) => world.deploy(versionOf(name, 'v1'))));
  expect(first.map(({ outputs }) => outputs.result)).toEqual(['deployed', 'deployed']);
});
afterAll(() => world.close());

interface Passed {
  /** The 20-second request, sent to live right before the switch. */
  request: LongEnd;
  websocket: Awaited<Websocket['ended']>;
  /** When the last production route lost live. */
  unmappedAtMs: number;
  shown: string;
}

async function pass({ name, drainMs }: (typeof APPS)[number]): Promise<Passed> {
  const router = world.foundry.router;
  const host = world.url(name);
  const websocket = await openWebsocket(router, { host });
  expect(websocket.version).toBe('v1');
  let request: Promise<LongEnd> | undefined;
  const { outputs, shown } = await world.deploy(
    versionOf(name, 'v2'),
    { drain: `${drainMs / 1_000}s` },
    {
      onLine: (line) => {
        // Nobody but live is on the route yet.
        if (/^##\[group\].*mark as switching/.test(line))
          request ??= openLongRequest(router, { host }, REQUEST_MS);
      },
    },
  );
  expect(outputs.result).toBe('deployed');
  expect(request).toBeDefined();
  const removed = (await world.foundry.history()).filter(
    (entry) => entry.kind === 'destination' && entry.change === 'removed' && entry.url === host,
  );
  expect(removed).toHaveLength(1);
  return {
    request: await (request as Promise<LongEnd>),
    websocket: await websocket.ended,
    unmappedAtMs: removed[0]?.atMs ?? 0,
    shown,
  };
}

test('a request of 20 seconds and a websocket live as long as the drain, and no longer', async () => {
  const routes = APPS.map(({ name }) => world.url(name));
  const watch = await world.watch({ apps: APPS.map(({ name }) => name), routes });
  const [patient, hasty] = (await Promise.all(APPS.map(pass))) as [Passed, Passed];
  const seen = await watch.end();
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);

  expect(patient.request).toMatchObject({ ok: true, status: 200, version: 'v1' });
  expect(patient.request.endedAtMs - patient.request.openedAtMs).toBeGreaterThanOrEqual(REQUEST_MS);
  // Cut in the middle of its answer, and the one who sent it is told so.
  expect(hasty.request).toMatchObject({ ok: false, status: 200, version: 'v1' });
  expect(hasty.request.reason).toMatch(/cut|reset|aborted/i);
  expect(hasty.shown).toContain('drain live 15 s');

  for (const [{ drainMs }, { websocket, unmappedAtMs }] of [
    [APPS[0], patient],
    [APPS[1], hasty],
  ] as const) {
    const drainedAtMs = unmappedAtMs + drainMs;
    expect(websocket.how).toBe('cut');
    expect(websocket.endedAtMs).toBeGreaterThanOrEqual(drainedAtMs);
    expect(websocket.endedAtMs).toBeLessThan(drainedAtMs + STOP_MS);
    // It was in use until then, not only open.
    expect(websocket.lastEchoAtMs).toBeGreaterThan(drainedAtMs - 2_000);
  }
  expect((await spaceOf(world)).leftovers).toEqual([]);
  expect(await world.leaks()).toEqual([]);
});
