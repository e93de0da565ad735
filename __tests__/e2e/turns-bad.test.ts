/** Versions that are good on their trial route and bad on production: the way back is itself map, prove, unmap. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { expectKept, expectReverted, expectTold, type Standing, standingOf } from './support/standing.js';
import { expectOnlyItsOwnFaults, turnBadLater } from './support/turning-bad.js';
import { type Seen, startWorld, type VersionOptions, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(180_000);

/** Most of a deploy is waiting: each of these has its one bad version at the same time. */
const APPS = ['shop', 'cafe', 'bank'];

interface Case {
  app: string;
  live: Standing;
  result: ActionResult;
  seen: Seen;
}

let world: World;
const cases = new Map<string, Promise<Case>>();
const urls = () => APPS.map((name) => world.url(name));

async function turn(
  app: string,
  live: Standing,
  version: VersionOptions,
  inputs: Record<string, string>,
  onLine?: (line: string) => void,
): Promise<Case> {
  // What the others do in the same space is theirs; traffic goes to this app alone.
  const watch = await world.watch({ apps: APPS, routes: urls(), traffic: [world.url(app)] });
  const deployed = { name: app, routes: [world.url(app)], ...version };
  const result = await world.deploy(deployed, inputs, onLine ? { onLine } : {});
  return { app, live, result, seen: await watch.end() };
}

async function caseOf(app: string): Promise<Case> {
  const found = await cases.get(app);
  if (!found) throw new Error(`no case of ${app}`);
  return found;
}

let turned: () => Promise<string | undefined>;

beforeAll(async () => {
  world = await startWorld();
  await Promise.all(
    APPS.map(async (name) => {
      const { outputs } = await world.deploy({ version: 'v1', name, routes: [world.url(name)] });
      expect(outputs.result).toBe('deployed');
    }),
  );
  const [shop, cafe, bank] = await Promise.all(APPS.map((name) => standingOf(world, name)));
  if (!shop || !cafe || !bank) throw new Error('an app is missing');
  const { onLine, told } = turnBadLater(world);
  turned = told;
  const says = ['opening the shop'];
  cases.set('shop', turn('shop', shop, { version: 'v2', turnsBad: true, says }, { bake: '60s' }, onLine));
  const failsOnHost = world.url('cafe');
  cases.set('cafe', turn('cafe', cafe, { version: 'v2', failsOnHost, says }, { watch: 'false' }));
  const checks = '[{path: /}, {path: /health, on: production, within: 3s}]';
  cases.set('bank', turn('bank', bank, { version: 'v2', health: '500', says }, { 'smoke-test': checks }));
  await Promise.allSettled(cases.values());
}, 180_000);
afterAll(() => world.close());

/** Destinations of live that its production route lost while the bad version was tried. */
async function lost({ app, live }: Case): Promise<number> {
  const changes = await world.foundry.history();
  return changes.filter(
    (change) =>
      change.kind === 'destination' &&
      change.change === 'removed' &&
      change.url === world.url(app) &&
      change.appGuid === live.app.guid,
  ).length;
}

describe('a version that is bad only where users are is taken back:', () => {
  test('it turns bad while it is baked, and the watch sees it', async () => {
    const shop = await caseOf('shop');
    const { result, live, seen } = shop;
    expect(await turned()).toBe('v2');
    await expectReverted(world, result, 'watch', live, { remapped: true });
    await expectKept(world, result, 'shop');
    expectOnlyItsOwnFaults(seen);
    expect(await lost(shop)).toBe(1);
    expectTold(result, /shop\.\S+ fails after the switch: \d+ probes in a row failed, the last with 500/);
    expect(result.summary).toContain('opening the shop');
    expect(Number(result.outputs['failed-requests'])).toBeGreaterThan(2);
    expect(await world.meet()).toBe('v1');
  });

  test('it fails on the production host, and live is not unmapped for it', async () => {
    const cafe = await caseOf('cafe');
    const { result, live, seen } = cafe;
    await expectReverted(world, result, 'production-proof', live);
    await expectKept(world, result, 'cafe');
    expectOnlyItsOwnFaults(seen);
    expect(await lost(cafe)).toBe(0);
    expectTold(result, /instance 0 answers 500 on the production route cafe\./);
    for (const words of ['out of order', 'opening the shop']) expect(result.summary).toContain(words);
    expect(await world.meet(world.url('cafe'))).toBe('v1');
  });

  test('a check on production does not pass', async () => {
    const bank = await caseOf('bank');
    const { result, live, seen } = bank;
    await expectReverted(world, result, 'smoke', live, { remapped: true });
    await expectKept(world, result, 'bank');
    expect(seen.problems).toEqual([]);
    expect(seen.figures).toMatchObject({ failed: 0, byVersion: { v1: {}, v2: {} } });
    expect(await lost(bank)).toBe(1);
    expectTold(result, /"\/health" did not pass on instance 0: 500, not a 2xx/);
    for (const words of ['no connection to the database', 'opening the shop'])
      expect(result.summary).toContain(words);
    expect(result.outputs['failed-requests']).toBe('0');
    expect(await world.meet(world.url('bank'))).toBe('v1');
  });

  test('and no run tells a secret', async () => {
    await Promise.allSettled(cases.values());
    expect(await world.leaks()).toEqual([]);
  });
});
