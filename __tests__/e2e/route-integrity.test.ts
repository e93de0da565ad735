/** A platform without route integrity: old instances are sent requests until they have ended, and it is said. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { expectDeployed, ROLLING, roll, versionOf } from './support/rolls.js';
import { startWorld, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(300_000);

const APPS = ['graceful'];
const WARNING = /without route integrity.*SIGTERM/;
let world: World;
const of = (name: string, version: string) => ({
  ...versionOf(world, name, version, { instances: 2 }),
  name,
});

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300', '--route-integrity', 'off'] });
  const { outputs } = await world.deploy(of('graceful', 'v1'));
  expect(outputs.result).toBe('deployed');
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
