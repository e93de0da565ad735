/** cf v6: `strategy: zdt-push` by its `v3-zdt-push`, and blue-green through it. Side by side, each app under its own traffic. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult, RunOptions } from '../../runner/index.js';
import { cf6Cli } from '../../runner/tools.js';
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
import { type AppSettings, settingsOf } from './support/settings.js';
import { label, spaceOf } from './support/space.js';
import { expectTold } from './support/standing.js';
import { startWorld, type VersionOptions, type World } from './support/world.js';

/** Each deploy is a whole one: the real CLI looks every three seconds. */
jest.setTimeout(400_000);

const APPS = ['good', 'crashes', 'cancelled', 'killed', 'green'];
const ZDT = { strategy: 'zdt-push' };
const BEFORE = ['env:', '  KEPT: old', '  GONE: given'];
/** What cf v6's own push would leave out of a manifest, too. */
const CHANGED = [
  'env:',
  '  KEPT: new',
  'readiness-health-check-type: http',
  'readiness-health-check-http-endpoint: /health',
  'metadata:',
  '  labels:',
  '    team: shop',
];

interface Case extends Rolled {
  name: string;
  guid: string;
  /** Of live before the deploy. */
  before: AppSettings;
}

let world: World;
let again: Promise<ActionResult>;
let planned: Promise<ActionResult>;
const cases = new Map<string, Promise<Case>>();

/** All by v6. */
const byV6 = (run: Partial<RunOptions> = {}): Partial<RunOptions> => ({
  ...run,
  env: { ...run.env, CF_CLI: cf6Cli() },
});
/** Two where a cancel has instances of both versions to sort out. */
const instancesOf = (name: string) => (name === 'crashes' || name === 'cancelled' ? 2 : 1);
const second = (name: string, how: Partial<VersionOptions> = {}) => ({
  ...versionOf(world, name, 'v2', { instances: instancesOf(name), more: CHANGED, ...how }),
  name,
});

function begin(name: string, work: (name: string) => Promise<ActionResult>): void {
  const done = (async (): Promise<Case> => {
    const { guid } = (await spaceOf(world)).app(name);
    const before = await settingsOf(world, guid);
    return { name, guid, before, ...(await underTraffic(world, APPS, name, () => work(name))) };
  })();
  done.catch(() => undefined);
  cases.set(name, done);
}

async function caseOf(name: string): Promise<Case> {
  const found = await cases.get(name);
  if (!found) throw new Error(`no case of ${name}`);
  return found;
}

/** Once, at the first line that says so. */
function atLine(line: RegExp, act: () => unknown): (text: string) => void {
  let acted = false;
  return (text) => {
    if (acted || !line.test(text)) return;
    acted = true;
    act();
  };
}

/** The CLI has begun the deployment, and nobody has given it its labels yet; the next deploy, by a newer cf, finds it. */
async function killed(name: string): Promise<ActionResult> {
  const workspace = await world.workspace(second(name, { bootMs: 1_500 }));
  let pid = 0;
  const dead = await world.run(
    workspace,
    ZDT,
    byV6({
      post: false,
      onStart: (started) => {
        pid = started;
      },
      onLine: atLine(/Waiting for app to start/, () => process.kill(pid, 'SIGKILL')),
    }),
  );
  expect(dead.signal).toBe('SIGKILL');
  return world.run(workspace, ROLLING);
}

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  const first = APPS.map((name) =>
    versionOf(world, name, 'v1', { instances: instancesOf(name), more: BEFORE }),
  );
  const done = await Promise.all(
    first.map((version) => world.deploy(version, {}, version.name === 'green' ? byV6() : {})),
  );
  expect(done.map(({ outputs }) => outputs.result)).toEqual(APPS.map(() => 'deployed'));
  expect(done.at(-1)?.outputs['cf-version']).toBe('6.53.0');
  await Promise.all(APPS.map((name) => world.cf('set-env', name, 'BY_HAND', 'stays')));

  begin('good', (name) => world.deploy(second(name), ZDT, byV6()));
  begin('crashes', (name) => world.deploy(second(name, { onlyAs: name, failStart: true }), ZDT, byV6()));
  begin('cancelled', (name) => {
    const onLine = atLine(/deployment deploying, /, () => {
      world.cf('cancel-deployment', name).catch(() => undefined);
    });
    return world.deploy(second(name, { onlyAs: name, bootMs: 4_000 }), ZDT, byV6({ onLine }));
  });
  begin('killed', killed);
  begin('green', (name) => world.deploy(second(name), {}, byV6()));
  await Promise.allSettled(cases.values());
  again = world.deploy(second('good'), ZDT, byV6());
  planned = world.deploy(versionOf(world, 'green', 'v3'), { ...ZDT, plan: 'true' });
  await Promise.allSettled([again, planned]);
}, 400_000);
afterAll(() => world.close());

async function expectBefore({ name, guid, before, result, seen }: Case): Promise<void> {
  expect(await settingsOf(world, guid)).toEqual(before);
  expect(await world.meet(world.url(name))).toBe('v1');
  expect(liveOf(result.outputs)).toMatchObject({ app: name, guid, instances: { running: 2, wanted: 2 } });
  await expectNothingLeft(world, name);
  expectNothingMissed(seen);
}

test('a good version: proven, built once more, rolled; live keeps its GUID, and no request failed', async () => {
  const good = await caseOf('good');
  const { name, guid, result } = good;
  await expectDeployed(world, name, good);
  const now = (await spaceOf(world)).app(name);
  const settings = await settingsOf(world, guid);
  expect(now.guid).toBe(guid);
  expect(label(now, 'version')).toBe(result.outputs.version);
  expect(result.outputs).toMatchObject({ 'app-guid': guid, 'droplet-guid': settings.droplet });
  expect(result.outputs['deployment-guid']).toMatch(/^[0-9a-f-]{36}$/);
  expect(settings.variables).toEqual({ KEPT: 'new', BY_HAND: 'stays' });
  expect(await world.meet(world.url(name))).toBe('v2');
  expect(result.summary).toMatch(/is built twice: what is proven is one droplet/);
  expect(result.shown).toContain('Staging package for app good');
  expect(result.shown).not.toContain('already registered');
  await expectNothingLeft(world, name);
});

test('the same version again is unchanged', async () => {
  const { outputs, shown } = await again;
  if (outputs.result !== 'unchanged') throw new Error(`not unchanged:\n${shown}`);
});

test('a version that crashes in live: back to what was before, field by field', async () => {
  const crashes = await caseOf('crashes');
  const { outputs, shown } = crashes.result;
  if (outputs.result !== 'reverted' || outputs.error !== 'start') throw new Error(`not reverted:\n${shown}`);
  expectTold(crashes.result, /crashed \d+ times/);
  await expectBefore(crashes);
});

test('cancelled by another client: a failure that says so', async () => {
  const cancelled = await caseOf('cancelled');
  const { outputs, shown } = cancelled.result;
  if (outputs.result !== 'reverted' || outputs.error !== 'live-changed')
    throw new Error(`not reverted:\n${shown}`);
  expectTold(cancelled.result, /was cancelled, and not by this run/);
  await expectBefore(cancelled);
});

test('killed before the deployment had its labels: the next deploy knows it all the same', async () => {
  const { name, guid, result, seen } = await caseOf('killed');
  expect([result.exitCode, result.outputs.error]).toEqual([0, '']);
  expect(result.shown).toMatch(/was (finished|taken back) first/);
  expectNothingMissed(seen);
  expect(await world.meet(world.url(name))).toBe('v2');
  expect((await settingsOf(world, guid)).variables).toEqual({ KEPT: 'new', BY_HAND: 'stays' });
  await expectNothingLeft(world, name);
});

test('blue-green through v6: with all that the manifest says', async () => {
  const green = await caseOf('green');
  await expectDeployed(world, green.name, green);
  const now = (await spaceOf(world)).app(green.name);
  expect(now.guid).not.toBe(green.guid);
  const settings = await settingsOf(world, now.guid);
  expect(settings.variables).toEqual({ KEPT: 'new', BY_HAND: 'stays' });
  expect(settings).toMatchObject({
    labels: { team: 'shop' },
    processes: { web: { readiness_health_check: { type: 'http', data: { endpoint: '/health' } } } },
  });
  await expectNothingLeft(world, green.name);
});

test('with a newer cf it is rolling, which is said once', async () => {
  const { outputs, shown } = await planned;
  expect(outputs.result).toBe('planned');
  expect(shown.match(/zdt-push is the same as rolling here/g)).toHaveLength(1);
  expect(outputs.plan).toContain('POST /v3/deployments');
  expect(outputs.plan).not.toContain('v3-zdt-push');
});

test('no secret is shown', async () => {
  await Promise.allSettled(cases.values());
  expect(await world.leaks()).toEqual([]);
});
