/** A platform without route integrity: old instances are sent requests until they have ended, and it is said. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { RouteFigures } from '../../foundry/router/figures.js';
import {
  expectDeployed,
  expectNothingLeft,
  ROLLING,
  type Rolled,
  roll,
  underTraffic,
  versionOf,
} from './support/rolls.js';
import type { VersionOptions } from './support/world.js';
import { startWorld, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(300_000);

const APPS = ['graceful', 'careless'];
const WARNING = /without route integrity.*SIGTERM/;
/** Long enough that whoever asks meets it, and shorter than the platform waits before it kills. */
const STOPS_BADLY_MS = 8_000;
/** After the last old instance has ended the watch goes on: all that it asked for is counted. */
const CARELESS = { ...ROLLING, 'failure-limit': '1000', bake: '10s' };
/**
 * Routers take instances in turn: with twice as many requests as the watch has, each probe would meet the same one of three. With
 * these, hardly two in a row do.
 */
const UNEVEN_RATE = 7;
/** Half of the time after which a probe gives up. */
const LATE_MS = 5_000;
let world: World;
let careless: Promise<Rolled & { answeredBadly: number }>;
const of = (name: string, version: string, more: Partial<VersionOptions> = {}) => ({
  ...versionOf(world, name, version, { instances: 2, ...more }),
  name,
});

/** Answers of 500 that the routers gave on its route so far, whoever asked. */
async function badAnswers(name: string): Promise<number> {
  const all = (await world.foundry.control('GET', 'figures')) as readonly RouteFigures[];
  return all
    .filter(({ host }) => host === world.url(name))
    .reduce((sum, { byStatus }) => sum + (byStatus[500] ?? 0), 0);
}

async function rollCareless() {
  const before = await badAnswers('careless');
  const deploy = () => world.deploy(of('careless', 'v2'), CARELESS);
  const done = await underTraffic(world, APPS, 'careless', deploy, UNEVEN_RATE);
  return { ...done, answeredBadly: (await badAnswers('careless')) - before };
}

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300', '--route-integrity', 'off'] });
  const first = [of('graceful', 'v1'), of('careless', 'v1', { stopsBadlyMs: STOPS_BADLY_MS })];
  const done = await Promise.all(first.map((version) => world.deploy(version)));
  expect(done.map(({ outputs }) => outputs.result)).toEqual(first.map(() => 'deployed'));
  careless = rollCareless();
  careless.catch(() => undefined);
}, 200_000);
afterAll(() => world.close());

test('an app that answers all it has begun loses nothing, and the plan warns', async () => {
  const plan = await world.deploy(of('graceful', 'v2'), { ...ROLLING, plan: 'true' });
  expect(plan.outputs.result).toBe('planned');
  expect(plan.shown).toMatch(WARNING);
  const done = await roll(world, APPS, of('graceful', 'v2'));
  await expectDeployed(world, 'graceful', done);
  expect(done.result.summary).toMatch(WARNING);
});

test('of one that answers badly once it is to end, each failure that the deploy met is reported: with those of the client they are all that there were', async () => {
  const { result, seen, answeredBadly } = await careless;
  expect([result.outputs.result, result.outputs.error]).toEqual(['deployed', '']);
  expect(result.summary).toMatch(WARNING);
  const ofClient = seen.figures.byStatus[500] ?? 0;
  const reported = Number(result.outputs['failed-requests']);
  await expectNothingLeft(world, 'careless');
  // Where the API of a busy machine is silent, too, they say nothing against the version; they are told all the same.
  const [, inconclusive = '0'] = /inconclusive: [^|]*\| (\d+)/.exec(result.summary) ?? [];
  const { failed, latencyMs } = seen.figures;
  // An answer that came too late for who asked is a failure of another sort: on a machine that has no time for them.
  if (failed > ofClient || latencyMs.max > LATE_MS) return;
  expect(reported + Number(inconclusive)).toBe(answeredBadly - ofClient);
  expect([reported, ofClient].filter((count) => count === 0)).toEqual([]);
});
