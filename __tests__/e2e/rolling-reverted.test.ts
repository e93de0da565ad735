/** Rolling deploys that do not come to their end: live is field by field as it was, or as another hand has made it. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { RunOptions } from '../../runner/index.js';
import { shoot } from '../../traffic/request.js';
import { liveOf } from './support/deploys.js';
import { expectNothingLeft, expectNothingMissed, type Rolled, roll, versionOf } from './support/rolls.js';
import { type AppSettings, settingsOf } from './support/settings.js';
import { spaceOf } from './support/space.js';
import { expectTold } from './support/standing.js';
import { startWorld, type VersionOptions, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const APPS = ['crashes', 'sleeps', 'unbuilt', 'turns', 'cancelled', 'replaced'];

interface Case extends Rolled {
  name: string;
  guid: string;
  /** Of live before the deploy. */
  before: AppSettings;
}

let world: World;
const cases = new Map<string, Promise<Case>>();

/** Each changes all that a manifest can change. */
const CHANGED = [
  'env:',
  '  KEPT: new',
  '  CAME: given',
  'health-check-type: http',
  'health-check-http-endpoint: /health',
  'command: node demo/server.js --changed',
  'services:',
  '  - db',
  'metadata:',
  '  labels:',
  '    team: other',
];
const BEFORE = ['env:', '  KEPT: old', '  GONE: given', 'metadata:', '  labels:', '    team: shop'];

const first = (name: string) => versionOf(world, name, 'v1', { instances: 2, more: BEFORE });
const second = (name: string, how: Partial<VersionOptions>) => ({
  ...versionOf(world, name, 'v2', { instances: 2, more: CHANGED, ...how }),
  name,
});

function begin(
  name: string,
  how: Partial<VersionOptions>,
  inputs: Record<string, string> = {},
  run: Partial<RunOptions> = {},
): void {
  const work = async (): Promise<Case> => {
    const { guid } = (await spaceOf(world)).app(name);
    const before = await settingsOf(world, guid);
    return { name, guid, before, ...(await roll(world, APPS, second(name, how), inputs, run)) };
  };
  const done = work();
  done.catch(() => undefined);
  cases.set(name, done);
}

async function caseOf(name: string): Promise<Case> {
  const found = await cases.get(name);
  if (!found) throw new Error(`no case of ${name}`);
  return found;
}

/** Once, at the first line that says so. */
function atLine(
  line: RegExp,
  act: () => Promise<unknown>,
): { onLine: (text: string) => void; acted: () => Promise<unknown> } {
  let acted: Promise<unknown> | undefined;
  const onLine = (text: string) => {
    if (!acted && line.test(text)) {
      acted = act();
      acted.catch(() => undefined);
    }
  };
  return { onLine, acted: async () => acted };
}

const ROLLS = /deployment deploying, /;
let byCancel: ReturnType<typeof atLine>;
let byPush: ReturnType<typeof atLine>;
let bad: ReturnType<typeof atLine>;

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  const done = await Promise.all(APPS.map((name) => world.deploy(first(name))));
  expect(done.map(({ outputs }) => outputs.result)).toEqual(APPS.map(() => 'deployed'));
  await Promise.all(APPS.map((name) => world.cf('set-env', name, 'BY_HAND', 'stays')));

  await world.cf('create-user-provided-service', 'db', '-p', '{"port":"1"}');
  const says = ['opening the shop'];
  begin('crashes', { onlyAs: 'crashes', failStart: true, says });
  begin('sleeps', { onlyAs: 'sleeps', bootMs: 3_600_000 }, { 'start-timeout': '6s' });
  begin('unbuilt', { failStaging: true });
  bad = atLine(/watch for 60 s, until/, () =>
    shoot({
      router: world.foundry.router,
      route: { host: world.url('turns'), path: '/turn-bad' },
      timeoutMs: 5_000,
    }),
  );
  begin('turns', { turnsBad: true }, { bake: '60s' }, { onLine: bad.onLine });
  byCancel = atLine(ROLLS, () => world.cf('cancel-deployment', 'cancelled'));
  begin('cancelled', { onlyAs: 'cancelled', bootMs: 4_000 }, {}, { onLine: byCancel.onLine });
  const other = await world.workspace(versionOf(world, 'replaced', 'v3', { instances: 2 }));
  byPush = atLine(ROLLS, () =>
    // Without a manifest: the platform takes none that names a count while a deployment is under way.
    world.cf('push', 'replaced', '--no-manifest', '-p', other, '--strategy', 'rolling'),
  );
  begin('replaced', { onlyAs: 'replaced', bootMs: 8_000 }, {}, { onLine: byPush.onLine });
}, 300_000);
afterAll(() => world.close());

async function expectReverted({ name, guid, before, result }: Case, error: string): Promise<void> {
  if (result.outputs.result !== 'reverted' || result.outputs.error !== error)
    throw new Error(`not reverted (${error}):\n${result.shown}`);
  expect(result.exitCode).toBe(1);
  expect(await settingsOf(world, guid)).toEqual(before);
  expect(await world.meet(world.url(name))).toBe('v1');
  const instances = (await spaceOf(world)).app(name).processes.flatMap((process) => process.instances);
  expect(instances.map(({ state }) => state)).toEqual(['RUNNING', 'RUNNING']);
  expect(liveOf(result.outputs)).toMatchObject({ app: name, guid, instances: { running: 2, wanted: 2 } });
  await expectNothingLeft(world, name);
}

describe('live is as it was before, field by field, and nobody noticed:', () => {
  test('a version that passes its smoke test and then crashes', async () => {
    const crashes = await caseOf('crashes');
    await expectReverted(crashes, 'start');
    expectNothingMissed(crashes.seen);
    expectTold(crashes.result, /crashed \d+ times/);
    expect(crashes.result.shown).toContain('cannot start: the configuration names no database');
    const { names } = await spaceOf(world);
    expect(names).toContain(`crashes-failed-${crashes.result.outputs.version}`);
  });

  test('a version that never becomes ready', async () => {
    const sleeps = await caseOf('sleeps');
    await expectReverted(sleeps, 'start');
    expectNothingMissed(sleeps.seen);
  });

  test('a version that cannot be built', async () => {
    const unbuilt = await caseOf('unbuilt');
    await expectReverted(unbuilt, 'staging');
    expectNothingMissed(unbuilt.seen);
  });

  test('another client cancels the deployment', async () => {
    const cancelled = await caseOf('cancelled');
    await byCancel.acted();
    await expectReverted(cancelled, 'live-changed');
    expectNothingMissed(cancelled.seen);
    expectTold(cancelled.result, /was cancelled, and not by this run/);
  });
});

test('a version that turns bad while it is baked is taken back by a deployment of the droplet from before', async () => {
  const turns = await caseOf('turns');
  await bad.acted();
  await expectReverted(turns, 'watch');
  const { figures, problems } = turns.seen;
  expect(problems).toEqual([]);
  // Whatever a user missed, the bad version itself answered it.
  expect(figures.byKind).toEqual({ status: figures.failed });
  expect(new Set(figures.firstFailures.map((failure) => failure.version))).toEqual(new Set(['v2']));
});

test('a push from another terminal replaces the deployment: what it brought stays, and nobody calls that reverted', async () => {
  const { result, seen, guid } = await caseOf('replaced');
  await byPush.acted();
  expect(result.outputs).toMatchObject({ result: 'failed', error: 'live-changed' });
  expect(result.shown).toMatch(/was replaced by another one, and not by this run/);
  expectNothingMissed(seen);
  expect(await world.meet(world.url('replaced'))).toBe('v3');
  expect((await settingsOf(world, guid)).state).toBe('STARTED');
});
