/** `strategy: rolling`: live keeps its GUID, the platform replaces its instances, and nobody misses an answer. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { manifestOf, writeAppVersion } from '../../demo/app.js';
import { liveOf } from './support/deploys.js';
import {
  expectDeployed,
  expectNothingMissed,
  ROLLING,
  type Rolled,
  roll,
  underTraffic,
  versionOf,
} from './support/rolls.js';
import { type AppSettings, settingsOf } from './support/settings.js';
import { label, type SpaceApp, spaceOf } from './support/space.js';
import { startWorld, type VersionOptions, type World, writes } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const APPS = ['one', 'three', 'mixed', 'asleep', 'fresh', 'busy', 'web', 'api'];

let world: World;
const of = (name: string, version: string, more: Partial<VersionOptions> = {}) => ({
  ...versionOf(world, name, version, more),
  name,
});

interface Told {
  before: SpaceApp;
  startedMs: number;
  now: SpaceApp;
  done: Rolled;
  settings: AppSettings;
}

async function told(
  version: VersionOptions & { name: string },
  inputs?: Record<string, string>,
): Promise<Told> {
  const before = (await spaceOf(world)).app(version.name);
  const startedMs = Date.now();
  const done = await roll(world, APPS, version, inputs);
  await expectDeployed(world, version.name, done);
  const now = (await spaceOf(world)).app(version.name);
  return { before, startedMs, now, done, settings: await settingsOf(world, before.guid) };
}

/** Whatever fails first is told by the test that waits for it. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

let one: Promise<Told>;
let three: Promise<Told>;
let mixed: Promise<void>;
let busy: Promise<void>;
let both: Promise<void>;

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  const first = [
    of('one', 'v1'),
    of('three', 'v1', { instances: 3, more: ['env:', '  KEPT: old', '  GONE: given'] }),
    of('mixed', 'v1'),
    of('asleep', 'v1'),
    of('busy', 'v1', { instances: 2 }),
    of('web', 'v1'),
    of('api', 'v1'),
  ];
  const done = await Promise.all(first.map((version) => world.deploy(version)));
  expect(done.map(({ outputs }) => outputs.result)).toEqual(first.map(() => 'deployed'));
  await world.cf('set-env', 'three', 'BY_HAND', 'stays');
  await world.cf('stop', 'asleep');
  const health = ['health-check-type: http', 'health-check-http-endpoint: /health'];
  one = begun(told(of('one', 'v2')));
  three = begun(
    told(of('three', 'v2', { instances: 3, more: ['env:', '  KEPT: new', '  CAME: given', ...health] }), {
      'max-in-flight': '2',
      env: 'FROM_INPUT: "yes"',
    }),
  );
  mixed = begun(inTurn());
  busy = begun(besideOthers());
  both = begun(oneManifest());
}, 200_000);
afterAll(() => world.close());

/** Started after that moment, each of them. */
function allNewSince(app: SpaceApp, sinceMs: number): boolean {
  const instances = app.processes.flatMap((process) => process.instances);
  return instances.length > 0 && instances.every((instance) => instance.sinceMs > sinceMs);
}

describe('live keeps its GUID, all its instances are new, and no request failed:', () => {
  test('one instance', async () => {
    const { before, startedMs, now, done, settings } = await one;
    const { outputs, summary } = done.result;
    expect(now.guid).toBe(before.guid);
    expect(outputs).toMatchObject({
      'app-guid': before.guid,
      'previous-version': label(before, 'version'),
      'previous-app-guid': '',
      'droplet-guid': settings.droplet,
    });
    expect(label(now, 'version')).toBe(outputs.version);
    expect(allNewSince(now, startedMs)).toBe(true);
    expect(await world.meet(world.url('one'))).toBe('v2');
    expect(liveOf(outputs)).toMatchObject({
      app: 'one',
      guid: before.guid,
      version: outputs.version,
      instances: { running: 1, wanted: 1 },
      routes: [{ url: world.url('one'), by: ['one'] }],
    });
    expect(outputs['deployment-guid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(summary).toContain(outputs['deployment-guid'] as string);
    expect((await spaceOf(world)).names.filter((name) => name.startsWith('one'))).toEqual(['one']);
  });

  test('three instances, two at a time, with what manifest and inputs changed; what was set by hand stays', async () => {
    const { before, startedMs, now, done, settings } = await three;
    expect(now.guid).toBe(before.guid);
    expect(now.processes.map(({ wanted }) => wanted)).toEqual([3]);
    expect(allNewSince(now, startedMs)).toBe(true);
    expect(settings.variables).toEqual({ KEPT: 'new', CAME: 'given', BY_HAND: 'stays', FROM_INPUT: 'yes' });
    expect(settings.processes).toMatchObject({
      web: { instances: 3, health_check: { type: 'http', data: { endpoint: '/health' } } },
    });
    const { summary } = done.result;
    expect(summary).toMatch(/Taken from live, the manifest names them no more: variables GONE/);
    expect(summary).toMatch(/command: rollback, app: three/);
  });
});

/** Each way finds what the other one left. */
async function inTurn(): Promise<void> {
  const second = await roll(world, APPS, of('mixed', 'v2'));
  await expectDeployed(world, 'mixed', second);
  const { 'app-guid': guid, version: to = '' } = second.result.outputs;
  const again = await world.deploy(of('mixed', 'v2'), ROLLING);
  expect(again.outputs).toMatchObject({ result: 'unchanged', error: '', 'app-guid': guid });
  const third = await underTraffic(world, APPS, 'mixed', () => world.deploy(of('mixed', 'v3')));
  await expectDeployed(world, 'mixed', third);
  expect(third.result.outputs['previous-app-guid']).toBe(guid);
  const fourth = await roll(world, APPS, of('mixed', 'v4'));
  await expectDeployed(world, 'mixed', fourth);
  expect(fourth.result.outputs['app-guid']).toBe(third.result.outputs['app-guid']);
  expect(await world.meet(world.url('mixed'))).toBe('v4');
  const back = await underTraffic(world, APPS, 'mixed', () =>
    world.run(world.dir, { command: 'rollback', app: 'mixed', to }),
  );
  expect(back.result.outputs).toMatchObject({ result: 'rolled-back', 'app-guid': guid });
  expect(back.seen.figures.firstFailures).toEqual([]);
  expect(await world.meet(world.url('mixed'))).toBe('v2');
}

test('unchanged is seen, blue-green takes over a live that was rolled, rolling one that came by blue-green, and a rollback either', () =>
  mixed);

/** A plain rolling push from another terminal. @returns what the CLI said where it failed */
async function pushed(version: VersionOptions, strategy = 'rolling'): Promise<string> {
  const workspace = await world.workspace(version);
  const args = ['-f', `${workspace}/manifest.yml`, '-p', workspace, '--strategy', strategy, '--no-wait'];
  return world.cf('push', 'busy', ...args).catch((error: Error) => error.message);
}

async function besideOthers(): Promise<void> {
  const two = { instances: 2 };
  // Long enough to be met on a machine of any speed.
  await pushed(of('busy', 'v2', { ...two, bootMs: 10_000 }));
  const waited = await world.deploy(of('busy', 'v3', two), ROLLING);
  expect(waited.shown).toContain('It is waited for as long as it goes on');
  expect(waited.outputs).toMatchObject({ result: 'deployed', error: '' });
  expect(await world.meet(world.url('busy'))).toBe('v3');

  await pushed(of('busy', 'v4', { ...two, failStart: true }));
  const stuck = await world.deploy(of('busy', 'v5', two), { 'start-timeout': '3s' });
  expect(stuck.outputs).toMatchObject({ result: 'refused', error: 'in-flight' });
  expect(stuck.shown).toContain('cf cancel-deployment busy');
  await world.cf('cancel-deployment', 'busy');

  // Being taken back goes on, too.
  const after = await world.deploy(of('busy', 'v5', two), ROLLING);
  expect(after.outputs).toMatchObject({ result: 'deployed', error: '' });

  await pushed(of('busy', 'v6', two), 'canary');
  const paused = await world.run(world.dir, { command: 'rollback', app: 'busy' });
  expect(paused.outputs).toMatchObject({ result: 'refused', error: 'in-flight' });
  expect(paused.shown).toContain('is paused');
}

/** Bits in a folder for each app; `more` are further lines of the second one. */
async function manifestOfBoth(
  version: string,
  second: Partial<VersionOptions>,
  more: string[] = [],
): Promise<string> {
  const dir = await mkdtemp(join(world.dir, 'both-'));
  await writeAppVersion(join(dir, 'web'), { version });
  await writeAppVersion(join(dir, 'api'), { ...second, version });
  const block = (name: string, lines: string[]) =>
    manifestOf({ name, routes: [world.url(name)], more: [`path: ${name}`, ...lines] });
  const text = block('web', []) + block('api', more).replace(/^applications:\n/, '');
  await writeFile(join(dir, 'manifest.yml'), text);
  return dir;
}

/** Both or none, and before anything is changed where one of them cannot. */
async function oneManifest(): Promise<void> {
  const guids = async () => ['web', 'api'].map((name) => space.app(name).guid);
  let space = await spaceOf(world);
  const before = await guids();
  const versions = async () => [await world.meet(world.url('web')), await world.meet(world.url('api'))];

  const cnb = await world.run(await manifestOfBoth('v2', {}, ['lifecycle: cnb']), ROLLING);
  expect(cnb.outputs).toMatchObject({ result: 'refused', error: 'refused' });
  expect(cnb.shown).toMatch(/api has the lifecycle cnb/);

  const bad = await manifestOfBoth('v3', { onlyAs: 'api', failStart: true });
  const reverted = await underTraffic(world, APPS, 'web', () => world.run(bad, ROLLING));
  expect(reverted.result.outputs).toMatchObject({ result: 'reverted', error: 'start' });
  expectNothingMissed(reverted.seen);
  expect(await versions()).toEqual(['v1', 'v1']);

  const good = await manifestOfBoth('v4', {});
  const done = await underTraffic(world, APPS, 'web', () => world.run(good, ROLLING));
  await expectDeployed(world, 'web', done);
  expect(await versions()).toEqual(['v4', 'v4']);
  space = await spaceOf(world);
  expect(await guids()).toEqual(before);
}

test('two apps of one manifest: both are rolled, or neither', () => both);

test("another hand's deployment is waited for as long as it goes on, and refused when it is paused or stuck", () =>
  busy);

test('a live that is stopped, and none at all, are deployed the way of blue-green, and it is said', async () => {
  const both = await Promise.all([
    world.deploy(of('asleep', 'v2'), ROLLING),
    world.deploy(of('fresh', 'v1'), ROLLING),
  ]);
  for (const { outputs, summary, shown } of both) {
    expect(outputs).toMatchObject({ result: 'deployed', error: '', 'deployment-guid': '' });
    expect(summary).toContain('the way of blue');
    expect(shown).toContain('has nothing to roll');
  }
  expect(await world.meet(world.url('asleep'))).toBe('v2');
});

describe('before anything is changed:', () => {
  test('a plan names the calls', async () => {
    await one;
    const { outputs } = await world.deploy(of('one', 'v9'), { ...ROLLING, plan: 'true' });
    const plan = JSON.parse(outputs.plan as string) as { calls: string[] }[];
    const calls = plan.flatMap((step) => step.calls).join('\n');
    expect(calls).toMatch(/POST \/v3\/droplets\?source_guid/);
    expect(calls).toMatch(/apply_manifest/);
    expect(calls).toMatch(/POST \/v3\/deployments/);
  });

  test('what this way cannot deploy is refused by name', async () => {
    // Nobody else is at work any more: whatever is written is of these runs.
    await Promise.allSettled([one, three, mixed, busy, both]);
    const before = (await world.foundry.requests()).length;
    const cnb = await world.deploy(of('one', 'v9', { more: ['lifecycle: cnb'] }), ROLLING);
    expect(cnb.outputs).toMatchObject({ result: 'refused', error: 'refused' });
    expect(cnb.shown).toMatch(/one has the lifecycle cnb.*strategy: blue-green/);
    const gives = await world.deploy(of('one', 'v9', { routes: [], more: ['no-route: true'] }), ROLLING);
    expect(gives.outputs).toMatchObject({ result: 'refused', error: 'refused' });
    expect(gives.shown).toContain('no-route: true');
    const elsewhere = await world.deploy(of('one', 'v9'), { 'max-in-flight': '2' });
    expect(elsewhere.outputs.error).toBe('input');
    expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);
  });
});
