/** Behind a proxy that strips `X-Cf-App-Instance` nobody can say which version answered: forward and back wait for the routers. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { expectKept, expectReverted, expectTold, type Standing, standingOf } from './support/standing.js';
import { type StrippingProxy, strippingProxy } from './support/stripping-proxy.js';
import { expectOnlyItsOwnFaults, turnBadLater } from './support/turning-bad.js';
import { type Seen, startWorld, type VersionOptions, type World } from './support/world.js';

jest.setTimeout(300_000);

/** Most of a deploy is waiting: each of these has its one new version at the same time. */
const APPS = ['shop', 'cafe', 'bank', 'post'];
/** What the deploys wait for ends long after the slowest router has learned of a change. */
const PROPAGATION = '2500';

interface Case {
  live: Standing;
  result: ActionResult;
  seen: Seen;
}

let world: World;
let proxy: StrippingProxy;
let turned: () => Promise<string | undefined>;
const cases = new Map<string, Promise<Case>>();

async function turn(
  name: string,
  version: VersionOptions,
  inputs: Record<string, string>,
  onLine?: (line: string) => void,
): Promise<Case> {
  const url = world.url(name);
  const live = await standingOf(world, name);
  const routes = APPS.map((app) => world.url(app));
  const watch = await world.watch({ apps: APPS, routes, traffic: [url] });
  const result = await world.deploy({ name, routes: [url], ...version }, inputs, onLine ? { onLine } : {});
  return { live, result, seen: await watch.end() };
}

async function caseOf(app: string): Promise<Case> {
  const found = await cases.get(app);
  if (!found) throw new Error(`no case of ${app}`);
  return found;
}

beforeAll(async () => {
  world = await startWorld({ flags: ['--propagation', PROPAGATION] });
  proxy = await strippingProxy(world.foundry.router);
  await Promise.all(
    APPS.map(async (name) => {
      const sick: Partial<VersionOptions> = name === 'post' ? { health: '500' } : {};
      const version = { version: 'v1', name, routes: [world.url(name)], ...sick };
      const { outputs } = await world.deploy(version, { 'smoke-test': '/' });
      expect(outputs.result).toBe('deployed');
    }),
  );
  const router = proxy.url;
  cases.set('shop', turn('shop', { version: 'v2' }, { router }));
  // One failed request of the watch is enough: live still answers every second one.
  const strict = { router, 'failure-limit': '0' };
  cases.set('cafe', turn('cafe', { version: 'v2', failsOnHost: world.url('cafe') }, strict));
  const { onLine, told } = turnBadLater(world);
  turned = told;
  cases.set('bank', turn('bank', { version: 'v2', turnsBad: true }, { router }, onLine));
  const bad = { version: 'v2', failsOnHost: world.url('post') };
  cases.set('post', turn('post', bad, { watch: 'false' }));
  await Promise.allSettled(cases.values());
}, 300_000);
afterAll(async () => {
  await proxy.close();
  await world.close();
});

describe('where the header is stripped', () => {
  test('live keeps its route until every router knows the new version, and it is said', async () => {
    const { result, seen } = await caseOf('shop');
    expect([result.outputs.error, result.outputs.result]).toEqual(['', 'deployed']);
    expect(seen.figures.firstFailures).toEqual([]);
    expect(seen.figures.failed).toBe(0);
    expect(seen.problems).toEqual([]);
    expect(result.log).toMatch(/answered only: .*; the routers get 25 s to learn of the candidate/);
    expect(result.summary).toContain('the routers had 25 s to learn of the candidate');
    expect(result.outputs['failed-requests']).toBe('0');
    expect(await world.meet()).toBe('v2');
  });

  test('a bad version beside live is taken away, though live cannot be told from it', async () => {
    const { result, live, seen } = await caseOf('cafe');
    await expectReverted(world, result, 'watch', live);
    await expectKept(world, result, 'cafe');
    expectOnlyItsOwnFaults(seen);
    expect(await world.meet(world.url('cafe'))).toBe('v1');
  });

  test('a version that turns bad keeps its route until every router knows live again', async () => {
    const { result, live, seen } = await caseOf('bank');
    expect(await turned()).toBe('v2');
    await expectReverted(world, result, 'watch', live, { remapped: true });
    await expectKept(world, result, 'bank');
    expectOnlyItsOwnFaults(seen);
    expect(result.log).toContain('the routers get 25 s to learn of the live');
    expect(await world.meet(world.url('bank'))).toBe('v1');
  });
});

test('a live that answered 500 before the deploy is brought back as it was', async () => {
  const { result, live, seen } = await caseOf('post');
  await expectReverted(world, result, 'production-proof', live);
  await expectKept(world, result, 'post');
  expectOnlyItsOwnFaults(seen);
  expectTold(result, /instance 0 answers 500 on the production route post\./);
  expect(await world.meet(world.url('post'))).toBe('v1');
});

test('and no run tells a secret', async () => {
  await Promise.allSettled(cases.values());
  expect(await world.leaks()).toEqual([]);
});
