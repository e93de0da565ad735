/** `strategy: canary`: the new instances are compared with the old ones at each pause, and nobody but who met a bad one noticed. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { liveOf } from './support/deploys.js';
import {
  expectDeployed,
  expectNothingLeft,
  expectNothingMissed,
  type Rolled,
  roll,
  underTraffic,
  versionOf,
} from './support/rolls.js';
import { type AppSettings, settingsOf } from './support/settings.js';
import { spaceOf } from './support/space.js';
import { expectTold, withoutEscapes } from './support/standing.js';
import { startWorld, type VersionOptions, type World, writes } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const APPS = ['good', 'slow', 'bad', 'held'];
const CANARY = { strategy: 'canary' };
const CHANGED = ['env:', '  KEPT: new', '  CAME: given'];
const BEFORE = ['env:', '  KEPT: old', '  GONE: given'];

interface Case extends Rolled {
  name: string;
  guid: string;
  /** Of live before the deploy. */
  before: AppSettings;
}

let world: World;
let good: Promise<Case>;
let slow: Promise<Case>;
let bad: Promise<Case>;
let held: Promise<Case>;

async function deployed(
  name: string,
  how: Partial<VersionOptions> = {},
  inputs: Record<string, string> = {},
): Promise<Case> {
  const { guid } = (await spaceOf(world)).app(name);
  const before = await settingsOf(world, guid);
  const version = { ...versionOf(world, name, 'v2', { instances: 2, more: CHANGED, ...how }), name };
  return { name, guid, before, ...(await roll(world, APPS, version, { ...CANARY, ...inputs })) };
}

/** Whatever fails first is told by the test that waits for it. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  const count = (name: string) => (name === 'good' ? 3 : 2);
  const first = (name: string) => versionOf(world, name, 'v1', { instances: count(name), more: BEFORE });
  const done = await Promise.all(APPS.map((name) => world.deploy(first(name))));
  expect(done.map(({ outputs }) => outputs.result)).toEqual(APPS.map(() => 'deployed'));
  slow = begun(deployed('slow', { onlyAs: 'slow', slowMs: 1_500 }));
  // Without the watch, which would see it as well: it is the comparison that is shown.
  bad = begun(deployed('bad', { failsOnHost: world.url('bad') }, { watch: 'false' }));
  // Two at a time: a slow machine has to answer all their users meanwhile.
  const both = Promise.allSettled([slow, bad]);
  good = begun(both.then(() => deployed('good', { instances: 3 })));
  held = begun(both.then(() => deployed('held', {}, { hold: 'true' })));
}, 300_000);
afterAll(() => world.close());

async function expectReverted({ name, guid, before, result }: Case): Promise<void> {
  if (result.outputs.result !== 'reverted' || result.outputs.error !== 'canary')
    throw new Error(`not reverted:\n${result.shown}`);
  expect(result.exitCode).toBe(1);
  expect(await settingsOf(world, guid)).toEqual(before);
  expect(await world.meet(world.url(name))).toBe('v1');
  expect(liveOf(result.outputs)).toMatchObject({ app: name, guid, instances: { running: 2, wanted: 2 } });
  await expectNothingLeft(world, name);
  expect((await spaceOf(world)).names).toContain(`${name}-failed-${result.outputs.version}`);
}

test('a good version passes each pause; the shares of the summary are those of the instances', async () => {
  const done = await good;
  await expectDeployed(world, 'good', done);
  expect(await world.meet(world.url('good'))).toBe('v2');
  expect((await spaceOf(world)).app('good').guid).toBe(done.guid);
  expect(liveOf(done.result.outputs)).toMatchObject({ instances: { running: 3, wanted: 3 } });
  // 10 percent of three are one, 50 percent two, and the platform runs one more than three meanwhile.
  expect(done.result.shown).toMatch(/pause 1 of 2: 1 of 4 instances are new, 25 % of the requests/);
  expect(done.result.shown).toMatch(/pause 2 of 2: 2 of 4 instances are new, 50 % of the requests/);
  for (const row of [/1 of 2 \| 1 of 4 \| 25 % \| 0 of 20/, /2 of 2 \| 2 of 4 \| 50 % \| 0 of 40/])
    expect(withoutEscapes(done.result.summary)).toMatch(row);
  const went = done.seen.requests.filter(({ path }) => path.endsWith('/actions/continue'));
  expect(went.map(({ status }) => status)).toEqual([200, 200]);
});

describe('live is as it was before, field by field:', () => {
  test('a version whose instances answer later than those of live', async () => {
    const done = await slow;
    await expectReverted(done);
    expectNothingMissed(done.seen);
    expectTold(done.result, /half of its answers take \d{4,} ms or longer/);
  });

  test('a version that is bad on its real host only, and only those who met it noticed', async () => {
    const done = await bad;
    await expectReverted(done);
    expectTold(
      done.result,
      /The canary is worse than live at pause 1 of 2. instance 0: \d+ of \d+ probes failed/,
    );
    const { figures, problems } = done.seen;
    expect(problems).toEqual([]);
    expect(figures.byKind).toEqual({ status: figures.failed });
    expect(new Set(figures.firstFailures.map(({ version }) => version))).toEqual(new Set(['v2']));
  });
});

test('with hold it stays paused at its first step; another run promotes it, once it was compared again', async () => {
  const first = await held;
  if (first.result.outputs.result !== 'held') throw new Error(first.result.shown);
  expect(first.result.exitCode).toBe(0);
  expectNothingMissed(first.seen);
  const status = await world.run(world.dir, { command: 'status', app: 'held', 'smoke-test': '', drain: '' });
  expect(withoutEscapes(status.summary)).toMatch(
    new RegExp(`held: deploy of ${first.result.outputs.version}, .*paused, by`),
  );
  expect(status.summary).toContain('is held as a canary: its first instances serve');

  const before = (await world.foundry.requests()).length;
  // Of a commit of which nobody knows whether it is a newer one.
  const refused = await world.deploy(versionOf(world, 'held', 'v3', { instances: 2 }), CANARY, {
    env: { GITHUB_SHA: '2'.repeat(40) },
  });
  expect(refused.outputs).toMatchObject({ result: 'refused', error: 'held' });
  expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);

  const promoted = await underTraffic(world, APPS, 'held', () =>
    world.run(world.dir, { command: 'promote', app: 'held', 'smoke-test': '', drain: '' }),
  );
  if (promoted.result.outputs.result !== 'promoted') throw new Error(promoted.result.shown);
  expectNothingMissed(promoted.seen);
  expect(promoted.result.shown).toMatch(/pause 1 of 2: canary 0 of \d+ probes failed/);
  expect(await world.meet(world.url('held'))).toBe('v2');
  expect((await spaceOf(world)).app('held').guid).toBe(first.guid);
  await expectNothingLeft(world, 'held');
  expect(await world.leaks()).toEqual([]);
});
