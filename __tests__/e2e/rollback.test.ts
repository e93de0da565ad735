/** Back to a version that was live before, under traffic, and what a rollback takes over from today. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { deployWatched, rollBackWatched } from './support/deploys.js';
import { areServed } from './support/served.js';
import { label, type SpaceApp, spaceOf, variablesOf } from './support/space.js';
import { expectReverted, expectTold, standingOf, withoutEscapes } from './support/standing.js';
import { until } from './support/until.js';
import { startWorld, type VersionOptions, type World, writes } from './support/world.js';

jest.setTimeout(300_000);

/** The first two cannot be told apart by less than a whole one. */
const COMMITS: Readonly<Record<string, string>> = {
  v1: `${'a'.repeat(39)}1`,
  v2: `${'a'.repeat(39)}2`,
  v3: 'c'.repeat(40),
};

let world: World;

function of(version: string) {
  return { run: { env: { GITHUB_SHA: COMMITS[version] ?? '' } } };
}

async function up(version: VersionOptions, inputs = {}): Promise<ActionResult> {
  const { name = 'shop' } = version;
  const routes = [world.url(name)];
  const result = await world.deploy({ routes, ...version }, inputs, of(version.version).run);
  if (result.outputs.result !== 'deployed') throw new Error(result.shown);
  return result;
}

/** The app with three versions: each one's name on the platform, and its app. */
const KEEP = { 'keep-previous': '3' };
const versions: Record<string, string> = {};
const guids: Record<string, string> = {};
/** The app whose live has changed by hand since. */
const KEPT = 'kept';
/** In the manifest of the version that goes live again, which no run of today reads. */
const SECRET = 's3cr3t-of-the-kept-version';
let target: SpaceApp;

async function threeVersions(): Promise<void> {
  for (const version of ['v1', 'v2', 'v3']) {
    const { outputs } = await up({ version }, KEEP);
    versions[version] = outputs.version ?? '';
    guids[version] = outputs['app-guid'] ?? '';
  }
}

async function changedByHand(): Promise<void> {
  const version = (name: string, env: string[]) =>
    up({ version: name, name: KEPT, more: ['env:', ...env.map((line) => `  ${line}`)] });
  await version('v1', ['COLOUR: one', `API_TOKEN: ${SECRET}`]);
  await world.cf('set-env', KEPT, 'THEN', 'by-hand');
  await version('v2', ['COLOUR: two', 'SHAPE: round']);
  await world.cf('unset-env', KEPT, 'THEN');
  await world.cf('set-env', KEPT, 'SINCE', 'by-hand');
  await world.cf('scale', KEPT, '-i', '2');
  await world.cf('map-route', KEPT, world.foundry.apps_domain, '--hostname', 'kept-since');
  const space = await spaceOf(world);
  target = space.app(space.names.find((name) => name.startsWith('kept-previous-')) ?? '');
}

beforeAll(async () => {
  world = await startWorld();
  await Promise.all([threeVersions(), changedByHand()]);
});
afterAll(() => world.close());

describe('an app with three versions', () => {
  /** By the names that the tests give them. */
  const previous = (...names: string[]) => names.map((name) => `shop-previous-${versions[name]}`).sort();
  const keptOf = (names: readonly string[]) => names.filter((name) => name.startsWith('shop-previous-'));

  async function expectRefused(
    inputs: Record<string, string>,
    error: string,
    says: RegExp,
    more: { deploy?: string } = {},
  ): Promise<void> {
    const before = (await world.foundry.requests()).length;
    const live = await standingOf(world);
    const result = more.deploy
      ? await world.deploy({ version: more.deploy }, inputs, of(more.deploy).run)
      : await world.run(world.dir, { command: 'rollback', app: 'shop', ...inputs });
    if (result.outputs.error !== error) throw new Error(`not refused (${error}):\n${result.shown}`);
    expect([result.exitCode, result.outputs.result]).toEqual([1, 'refused']);
    expectTold(result, says);
    expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);
    expect(await standingOf(world)).toEqual(live);
  }

  test('a plan tells what can be rolled back to, and changes nothing', async () => {
    const before = (await world.foundry.requests()).length;
    const plan = await world.run(world.dir, { command: 'rollback', app: 'shop', plan: 'true' });
    expect([plan.exitCode, plan.outputs.result]).toEqual([0, 'planned']);
    const told = withoutEscapes(plan.summary);
    expect(told).toContain(`${versions.v2}, commit ${COMMITS.v2}, app ${guids.v2}, and it is the one that`);
    expect(told).toContain(`${versions.v1}, commit ${COMMITS.v1}, app ${guids.v1}.`);
    const calls = (JSON.parse(plan.outputs.plan ?? '') as { calls: string[] }[]).flatMap((one) => one.calls);
    expect(calls.join('\n')).not.toMatch(/cf push|builds|packages/);
    expect(calls.join('\n')).toMatch(/POST \/v3\/routes\/<shop\.\S+>\/destinations candidate/);
    expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);
  });

  test('refused: what fits no version, or two', async () => {
    await expectRefused({ to: '1234567' }, 'no-target', /"1234567" is none of/);
    await expectRefused({ to: 'aaaaaaa' }, 'no-target', /"aaaaaaa" means several versions/);
  });

  test('by default to the version before; what it leaves is not deployed again; twice toggles', async () => {
    const staged = (await world.foundry.requests()).length;
    const { result, space } = await rollBackWatched(world, 'shop', { run: { env: { GITHUB_ACTOR: 'ann' } } });
    expect(result.outputs).toMatchObject({
      version: versions.v2,
      'app-guid': guids.v2,
      'previous-version': versions.v3,
      'previous-app-guid': guids.v3,
    });
    expect(await world.meet()).toBe('v2');
    expect(keptOf(space.names)).toEqual(previous('v1', 'v3'));
    expect(space.app(`shop-previous-${versions.v3}`).state).toBe('STOPPED');
    const made = (await world.foundry.requests()).slice(staged).filter(({ method }) => method === 'POST');
    expect(made.filter(({ path }) => /^\/v3\/(packages|builds|droplets)/.test(path))).toEqual([]);

    const why = /commit c{40} was taken from live by a rollback \(ann, /;
    await expectRefused({ 'keep-previous': '3' }, 'withdrawn', why, { deploy: 'v3' });

    const again = await rollBackWatched(world, 'shop');
    expect(again.result.outputs).toMatchObject({ version: versions.v3, 'app-guid': guids.v3 });
    expect(await world.meet()).toBe('v3');
  });

  test('to a commit, and to a version; the commit that was left is deployed with force', async () => {
    const first = await rollBackWatched(world, 'shop', { inputs: { to: COMMITS.v1 ?? '' } });
    expect(first.result.outputs).toMatchObject({ version: versions.v1, 'app-guid': guids.v1 });
    expect(keptOf(first.space.names)).toEqual(previous('v2', 'v3'));

    // The same command again: it is at its end already.
    const before = (await world.foundry.requests()).length;
    const same = await world.run(world.dir, { command: 'rollback', app: 'shop', to: COMMITS.v1 ?? '' });
    expect([same.exitCode, same.outputs.result]).toEqual([0, 'rolled-back']);
    expect(same.shown).toContain('nothing to do');
    expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);

    const forced = await deployWatched(
      world,
      { version: 'v3' },
      { inputs: { ...KEEP, force: 'true' }, ...of('v3') },
    );
    expect(keptOf(forced.space.names)).toEqual(previous('v1', 'v2', 'v3'));

    const back = await rollBackWatched(world, 'shop', { inputs: { to: versions.v2 ?? '' } });
    expect(back.result.outputs).toMatchObject({ version: versions.v2, 'app-guid': guids.v2 });
    expect(await world.meet()).toBe('v2');
  });
});

describe('what is taken over from today', () => {
  const both = () => ({ apps: [KEPT], routes: [world.url(KEPT), world.url('kept-since')] });

  test('a version that fails its smoke now is previous again, and live was not touched', async () => {
    const before = await standingOf(world, KEPT);
    await until('its new route', () => areServed(world, both().routes));
    const watch = await world.watch(both());
    const inputs = { command: 'rollback', app: KEPT, 'smoke-test': '/missing' };
    const result = await world.run(world.dir, inputs);
    const seen = await watch.end();
    expect(seen.figures.firstFailures).toEqual([]);
    expect(seen.problems).toEqual([]);
    await expectReverted(world, result, 'smoke', before);
    const space = await spaceOf(world);
    expect(space.app(target.name)).toMatchObject({ guid: target.guid, state: 'STOPPED' });
    expect(Object.values(space.serving).flat()).not.toContain(target.name);
    expect(await world.leaks()).toEqual([]);
    expect(result.masks).toContain(SECRET);
    const told = withoutEscapes(result.summary);
    expect(told).toContain('Taken over from live, set by hand: variables SINCE.');
    expect(told).toContain('Removed, as live has them no more: variables THEN.');
  });

  test('scale, variables and routes of today; what the manifest of the version named is the version’s own', async () => {
    // Another hand has left it on a production route: it must not be started there unproven.
    await world.cf('map-route', target.name, world.foundry.apps_domain, '--hostname', KEPT);
    const { seen, space } = await rollBackWatched(world, KEPT, {
      inputs: { to: target.guid },
      watch: both(),
    });
    const live = space.app(KEPT);
    expect(live.guid).toBe(target.guid);
    expect(label(live, 'role')).toBe('live');
    expect(live.processes.find(({ type }) => type === 'web')?.wanted).toBe(2);
    const { COLOUR, SHAPE, SINCE, THEN } = await variablesOf(world, live.guid);
    expect([COLOUR, SHAPE, SINCE, THEN]).toEqual(['one', undefined, 'by-hand', undefined]);
    for (const host of [KEPT, 'kept-since']) {
      expect(space.serving[world.url(host)]).toEqual([KEPT]);
      expect(await world.meet(world.url(host))).toBe('v1');
    }
    const calls = writes(seen.requests).map(({ method, path }) => `${method} ${path}`);
    const takenOff = calls.findIndex((call) => /^DELETE \/v3\/routes\/[^/]+\/destinations/.test(call));
    expect(takenOff).toBeGreaterThan(-1);
    expect(takenOff).toBeLessThan(calls.indexOf(`POST /v3/apps/${target.guid}/actions/start`));
  });
});
