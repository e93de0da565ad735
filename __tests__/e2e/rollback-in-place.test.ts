/** `command: rollback` to what live itself had before: by rolling deploys of ours, and by plain pushes where the platform has revisions. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { liveOf } from './support/deploys.js';
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
import { expectTold } from './support/standing.js';
import { startWorld, type World, writes } from './support/world.js';

/** Each rollback is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const APPS = ['shop', 'stranger'];
const COMMITS = { v1: '1'.repeat(40), v2: '2'.repeat(40) };

let world: World;
let shop: Promise<void>;
let stranger: Promise<void>;

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  shop = ours();
  stranger = nobodys();
  // Whatever fails first is told by the test that waits for it.
  for (const one of [shop, stranger]) one.catch(() => undefined);
}, 120_000);
afterAll(() => world.close());

async function back(app: string, to?: string): Promise<Rolled> {
  const inputs = { command: 'rollback', app, ...(to === undefined ? {} : { to }) };
  const done = await underTraffic(world, APPS, app, () => world.run(world.dir, inputs));
  const { outputs, shown, exitCode, orphans } = done.result;
  if (outputs.result !== 'rolled-back') throw new Error(`not rolled back:\n${shown}`);
  expect([exitCode, outputs.error, outputs['failed-requests']]).toEqual([0, '', '0']);
  expect(orphans).toEqual([]);
  expectNothingMissed(done.seen);
  await expectNothingLeft(world, app);
  const space = await spaceOf(world);
  expect(outputs['app-guid']).toBe(space.app(app).guid);
  expect(outputs['deployment-guid']).toMatch(/^[0-9a-f-]{36}$/);
  expect(space.names.filter((name) => name.startsWith(app))).toEqual([app]);
  expect(label(space.app(app), 'version')).toBe(outputs.version);
  return done;
}

/** @returns the number of the revision that runs, as `cf revisions` shows it */
async function newestRevision(guid: string): Promise<number> {
  const page = JSON.parse(await world.cf('curl', `/v3/apps/${guid}/revisions?order_by=-created_at`));
  return page.resources[0].version;
}

async function ours(): Promise<void> {
  const of = (version: 'v1' | 'v2', more: string[]) =>
    world.deploy(versionOf(world, 'shop', version, { instances: 2, more: ['env:', ...more] }), ROLLING, {
      env: { GITHUB_SHA: COMMITS[version] },
    });
  const first = await of('v1', ['  MODE: one', '  GONE: given']);
  await world.cf('set-env', 'shop', 'BY_HAND', 'then');
  const second = await of('v2', ['  MODE: two', '  CAME: given']);
  for (const { outputs, shown } of [first, second]) if (outputs.result !== 'deployed') throw new Error(shown);
  const { guid } = (await spaceOf(world)).app('shop');
  const revision = await newestRevision(guid);
  await world.cf('set-env', 'shop', 'BY_HAND', 'now');

  const old = await back('shop');
  expect(old.result.outputs).toMatchObject({
    version: first.outputs.version,
    'app-guid': guid,
    'previous-version': second.outputs.version,
  });
  expect(liveOf(old.result.outputs)).toMatchObject({
    commit: COMMITS.v1,
    instances: { running: 2, wanted: 2 },
  });
  expect(await world.meet(world.url('shop'))).toBe('v1');
  const settings = await settingsOf(world, guid);
  expect(settings.variables).toEqual({ MODE: 'one', GONE: 'given', BY_HAND: 'now' });
  expect(settings.processes).toMatchObject({ web: { instances: 2 } });
  expect(writes(old.seen.requests).filter(({ path }) => /^\/v3\/(builds|packages)/.test(path))).toEqual([]);

  // What was left is not deployed again unasked, and everybody is told what there is to go back to.
  const withdrawn = await of('v2', ['  MODE: two', '  CAME: given']);
  expect(withdrawn.outputs).toMatchObject({ result: 'refused', error: 'withdrawn' });
  const status = await world.run(world.dir, { command: 'status', app: 'shop' });
  expect(status.shown).toContain(`${second.outputs.version}, commit ${COMMITS.v2}`);
  const before = (await world.foundry.requests()).length;
  const plan = await world.run(world.dir, { command: 'rollback', app: 'shop', plan: 'true' });
  expect(plan.outputs).toMatchObject({ result: 'planned', error: '' });
  expect(plan.shown).toContain(
    `Can be rolled back to: ${second.outputs.version}, commit ${COMMITS.v2}, revision v${revision}`,
  );
  const calls = (JSON.parse(plan.outputs.plan as string) as { calls: string[] }[]).flatMap(
    (step) => step.calls,
  );
  expect(calls.join('\n')).toMatch(/POST \/v3\/deployments/);
  expect(calls.join('\n')).not.toMatch(/cf push|apply-manifest|\/v3\/builds/);
  const meanwhile = writes((await world.foundry.requests()).slice(before));
  expect(meanwhile.filter(({ path }) => path.includes(guid))).toEqual([]);

  const again = await back('shop');
  expect(again.result.outputs).toMatchObject({ version: second.outputs.version });
  expect(await world.meet(world.url('shop'))).toBe('v2');
  expect((await settingsOf(world, guid)).variables).toEqual({ MODE: 'two', CAME: 'given', BY_HAND: 'now' });
}

async function nobodys(): Promise<void> {
  for (const version of ['v1', 'v2']) {
    const workspace = await world.workspace(versionOf(world, 'stranger', version));
    await world.cf('push', '-f', `${workspace}/manifest.yml`, '-p', workspace);
  }
  const { guid } = (await spaceOf(world)).app('stranger');
  const revision = await newestRevision(guid);
  const done = await back('stranger');
  expect(done.result.outputs).toMatchObject({ 'app-guid': guid, 'previous-app-guid': '' });
  expect(await world.meet(world.url('stranger'))).toBe('v1');
  const { droplet } = await settingsOf(world, guid);
  await back('stranger', `v${revision}`);
  expect(await world.meet(world.url('stranger'))).toBe('v2');

  // What the platform has no more cannot be meant, and nothing is changed.
  await world.cf('curl', '-X', 'DELETE', `/v3/droplets/${String(droplet)}`);
  const before = await settingsOf(world, guid);
  const refused = await world.run(world.dir, { command: 'rollback', app: 'stranger' });
  expect(refused.outputs).toMatchObject({ result: 'refused', error: 'droplet-gone' });
  expectTold(refused, /has its droplet .* no more/);
  expect(await settingsOf(world, guid)).toEqual(before);
}

test('back and forth on one GUID, by default and by the number of a revision, with what was set by hand of today', () =>
  shop);

test('an app that was never deployed this way goes back to its revision before; a droplet that is gone is refused', () =>
  stranger);
