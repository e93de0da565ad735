/** Rolling deploys whose run ends in the middle: killed, and finished by the same command; cancelled, and taken back. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { RunOptions } from '../../runner/index.js';
import {
  expectNothingLeft,
  expectNothingMissed,
  ROLLING,
  type Rolled,
  underTraffic,
  versionOf,
} from './support/rolls.js';
import { settingsOf } from './support/settings.js';
import { label, spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const APPS = ['killed', 'baking', 'cancelled'];
const ROLLS = /deployment deploying, /;

let world: World;
let killed: Promise<Rolled>;
let baking: Promise<Rolled>;
let cancelled: Promise<Rolled & { before: unknown; guid: string }>;

const first = (name: string) =>
  versionOf(world, name, 'v1', { instances: 2, more: ['env:', '  KEPT: old', '  GONE: given'] });
/** Slow enough that a test can be in the middle of it. */
const second = (name: string) =>
  versionOf(world, name, 'v2', { instances: 2, bootMs: 1_500, more: ['env:', '  KEPT: new'] });

/** The run is killed without a word at this line, and its post step never comes; then the same command runs again. */
async function killAt(name: string, line: RegExp, inputs: Record<string, string> = {}): Promise<Rolled> {
  const workspace = await world.workspace(second(name));
  return underTraffic(world, APPS, name, async () => {
    let pidOfRun = 0;
    const run: Partial<RunOptions> = {
      post: false,
      onStart: (pid) => {
        pidOfRun = pid;
      },
      onLine: (text) => {
        if (line.test(text)) process.kill(pidOfRun, 'SIGKILL');
      },
    };
    const dead = await world.run(workspace, { ...ROLLING, ...inputs }, run);
    expect(dead.signal).toBe('SIGKILL');
    expect((await spaceOf(world)).names).toContain(`${name}-candidate`);
    return world.run(workspace, ROLLING);
  });
}

async function cancelInTheMiddle(name: string) {
  const { guid } = (await spaceOf(world)).app(name);
  const before = await settingsOf(world, guid);
  const cancelling = new AbortController();
  const run: Partial<RunOptions> = {
    signal: cancelling.signal,
    onLine: (text) => {
      if (ROLLS.test(text)) cancelling.abort();
    },
  };
  const done = await underTraffic(world, APPS, name, () => world.deploy(second(name), ROLLING, run));
  return { ...done, before, guid };
}

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  const done = await Promise.all(APPS.map((name) => world.deploy(first(name))));
  expect(done.map(({ outputs }) => outputs.result)).toEqual(APPS.map(() => 'deployed'));
  killed = killAt('killed', ROLLS);
  baking = killAt('baking', /^##\[group\].*bake/, { bake: '15s' });
  cancelled = cancelInTheMiddle('cancelled');
  await Promise.allSettled([killed, baking, cancelled]);
}, 400_000);
afterAll(() => world.close());

test.each([
  ['in the middle of the deployment', 'killed', () => killed],
  ['while it was watched', 'baking', () => baking],
])('killed %s: the same command finishes it, and finds live as it was asked for', async (_, name, done) => {
  const { result, seen } = await done();
  expect([result.exitCode, result.outputs.error]).toEqual([0, '']);
  expect(result.shown).toMatch(/was finished first/);
  expect(result.outputs.result).toBe('unchanged');
  expectNothingMissed(seen);
  const app = (await spaceOf(world)).app(name);
  expect(label(app, 'version')).toBe(result.outputs.version);
  expect(await world.meet(world.url(name))).toBe('v2');
  expect((await settingsOf(world, app.guid)).variables).toEqual({ KEPT: 'new' });
  await expectNothingLeft(world, name);
});

test('cancelled in the middle: the deployment is turned around at once, and the post step puts back the rest', async () => {
  const { result, seen, before, guid } = await cancelled;
  // By its own code, in the runner's time.
  expect([result.exitCode, result.signal]).toEqual([1, null]);
  expect(result.outputs.error).toBe('cancelled');
  expect(result.shown).toMatch(/is cancelled: the platform brings the instances from before back/);
  expect(result.post?.exitCode).toBe(0);
  expect(await settingsOf(world, guid)).toEqual(before);
  expect(await world.meet(world.url('cancelled'))).toBe('v1');
  expectNothingMissed(seen);
  await expectNothingLeft(world, 'cancelled');
});
