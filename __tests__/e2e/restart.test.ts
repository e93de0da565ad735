/** Live started once more: with a rotated credential, with bits that are built anew; and what is built once and promoted. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { liveOf } from './support/deploys.js';
import {
  expectDeployed,
  expectNothingLeft,
  expectNothingMissed,
  ROLLING,
  type Rolled,
  underTraffic,
  versionOf,
} from './support/rolls.js';
import { settingsOf } from './support/settings.js';
import { label, spaceOf, variablesOf } from './support/space.js';
import { expectReverted, expectTold, standingOf } from './support/standing.js';
import { startWorld, type World, writes } from './support/world.js';

/** Each one is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const APPS = ['shop', 'api', 'lot'];
const COMMIT = '1'.repeat(40);
const PASSWORDS = { one: 'first-pass-word', two: 'second-pass-word', wrong: 'wrong-pass-word' };
const SHOP = {
  instances: 2,
  more: ['services:', '  - db'],
  bound: { service: 'db', passwords: [PASSWORDS.one, PASSWORDS.two] },
};

let world: World;
let shop: Promise<void>;
let promoted: Promise<void>;

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  await world.cf('cups', 'db', '-p', JSON.stringify({ password: PASSWORDS.one }));
  shop = startedOnceMore();
  promoted = builtOnce();
  // Whatever fails first is told by the test that waits for it.
  for (const one of [shop, promoted]) one.catch(() => undefined);
}, 120_000);
afterAll(() => world.close());

const rotate = (password: string) => world.cf('uups', 'db', '-p', JSON.stringify({ password }));

/** What live answers on its production route. */
function answerOf(path: string, app = 'shop'): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host: world.url(app) }, agent: false };
    const asked = request(world.foundry.router + path, options, (answer) => resolve(text(answer)));
    asked.once('error', reject).end();
  });
}

async function again(
  command: 'restart' | 'restage',
  inputs: Readonly<Record<string, string>> = {},
): Promise<Rolled> {
  const done = await underTraffic(world, APPS, 'shop', () =>
    world.run(world.dir, { command, app: 'shop', ...inputs }),
  );
  const { outputs, shown, exitCode, orphans } = done.result;
  if (outputs.result !== 'restarted') throw new Error(`not restarted:\n${shown}`);
  expect([exitCode, outputs.error, outputs['failed-requests'], orphans]).toEqual([0, '', '0', []]);
  expectNothingMissed(done.seen);
  await expectNothingLeft(world, 'shop');
  const space = await spaceOf(world);
  expect(outputs['app-guid']).toBe(space.app('shop').guid);
  expect(label(space.app('shop'), 'version')).toBe(outputs.version);
  expect(outputs.version).toMatch(/-1111111$/);
  expect(liveOf(outputs)).toMatchObject({ commit: COMMIT, instances: { running: 2, wanted: 2 } });
  return done;
}

const pushes = ({ seen }: Rolled) => writes(seen.requests).filter(({ path }) => /\/upload$/.test(path));
const sameBits = async (): Promise<ActionResult> =>
  world.deploy(versionOf(world, 'shop', 'v1', SHOP), ROLLING, { env: { GITHUB_SHA: COMMIT } });

async function startedOnceMore(): Promise<void> {
  const first = await sameBits();
  if (first.outputs.result !== 'deployed') throw new Error(first.shown);
  const api = await world.workspace(versionOf(world, 'api', 'v1'));
  await world.cf('push', '-f', `${api}/manifest.yml`, '-p', api);
  const { guid } = (await spaceOf(world)).app('shop');

  // A credential was rotated: two apps by name, one of which was never deployed this way, and no manifest.
  await rotate(PASSWORDS.two);
  const done = await again('restart', { app: 'shop, api', env: 'MODE: second' });
  expect(done.result.outputs).toMatchObject({
    'app-guid': guid,
    'droplet-guid': first.outputs['droplet-guid'],
    'previous-version': first.outputs.version,
  });
  expect(done.result.outputs['deployment-guid']).toMatch(/^[0-9a-f-]{36}$/);
  const apps = JSON.parse(done.result.outputs.apps ?? '') as { app: string; version: string }[];
  expect(apps.map(({ app }) => app)).toEqual(['shop', 'api']);
  expect(await answerOf('/password')).toBe(PASSWORDS.two);
  expect((await variablesOf(world, guid)).MODE).toBe('second');
  expect(writes(done.seen.requests).filter(({ path }) => /^\/v3\/(builds|packages)/.test(path))).toEqual([]);
  expect((await sameBits()).outputs).toMatchObject({ result: 'unchanged', error: '' });

  // With one that the app cannot start with nothing of live is touched.
  await rotate(PASSWORDS.wrong);
  const before = await standingOf(world);
  const settings = await settingsOf(world, guid);
  const failed = await underTraffic(world, APPS, 'shop', () =>
    world.run(world.dir, { command: 'restart', app: 'shop', env: 'MODE: third' }),
  );
  await expectReverted(world, failed.result, 'start', before);
  expect(await settingsOf(world, guid)).toEqual(settings);
  expectNothingMissed(failed.seen);
  expect(await answerOf('/password')).toBe(PASSWORDS.two);
  await rotate(PASSWORDS.two);

  // Built anew of the package that live keeps, in place and then beside live.
  const stagedBefore = await answerOf('/staged');
  const rolled = await again('restage');
  expect(rolled.result.outputs['app-guid']).toBe(guid);
  const stagedThen = await answerOf('/staged');
  expect(stagedThen).not.toBe(stagedBefore);
  const swapped = await again('restage', { strategy: 'blue-green', env: 'MODE: fourth' });
  expect(swapped.result.outputs['previous-app-guid']).toBe(guid);
  expect(await answerOf('/staged')).not.toBe(stagedThen);
  const anew = (await spaceOf(world)).app('shop').guid;
  expect(await variablesOf(world, anew)).toMatchObject({ MODE: 'fourth' });
  const of = async (one: string) => {
    const { processes, bindings } = await settingsOf(world, one);
    return [processes, (bindings as unknown[]).length];
  };
  expect(await of(anew)).toEqual(await of(guid));
  expect([...pushes(rolled), ...pushes(swapped)]).toEqual([]);
  expect(await world.leaks(...Object.values(PASSWORDS))).toEqual([]);
}

/** One droplet, staged in another space. */
async function builtOnce(): Promise<void> {
  const [org] = JSON.parse(await world.cf('curl', '/v3/organizations')).resources;
  const dev = { name: 'dev', relationships: { organization: { data: { guid: org.guid } } } };
  await world.cf('curl', '-X', 'POST', '/v3/spaces', '-d', JSON.stringify(dev));
  const lot = (version: string) => versionOf(world, 'lot', version);
  const build = await world.deploy(
    { ...lot('v2'), routes: [world.url('lot-dev')], more: ['env:', '  STAGE: dev'] },
    { space: 'dev' },
  );
  if (build.outputs.result !== 'deployed') throw new Error(build.shown);
  const droplet = build.outputs['droplet-guid'] ?? '';
  const first = await world.deploy(lot('v1'), { strategy: 'rolling' });
  if (first.outputs.result !== 'deployed') throw new Error(first.shown);

  // Whatever lies beside the manifest is not what goes live.
  const promote = (inputs: Readonly<Record<string, string>>) =>
    underTraffic(world, APPS, 'lot', () =>
      world.deploy(
        { ...lot('never'), more: ['env:', '  STAGE: production'] },
        { 'droplet-guid': droplet, ...inputs },
      ),
    );
  const rolled = await promote(ROLLING);
  await expectDeployed(world, 'lot', rolled);
  expect(rolled.result.outputs['app-guid']).toBe(first.outputs['app-guid']);
  const swapped = await promote({});
  await expectDeployed(world, 'lot', swapped);
  expect(await world.meet(world.url('lot'))).toBe('v2');
  expect(await variablesOf(world, swapped.result.outputs['app-guid'] ?? '')).toMatchObject({
    STAGE: 'production',
  });
  expect([...pushes(rolled), ...pushes(swapped)]).toEqual([]);

  const before = await standingOf(world, 'lot');
  const unknown = await world.deploy(lot('v3'), { 'droplet-guid': droplet.replace(/^.{8}/, '00000000') });
  expect(unknown.outputs).toMatchObject({ result: 'refused', error: 'droplet-gone' });
  expectTold(unknown, /The droplet 00000000-.* is not there, or the account that signs in may not see it/);
  expect(await standingOf(world, 'lot')).toEqual(before);
}

test('a rotated credential, several apps, one that cannot start, bits built anew in place and beside live', () =>
  shop);

test('a droplet that was built in another space, in place and beside live; one that is not there', () =>
  promoted);
