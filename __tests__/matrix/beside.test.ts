/** Another hand changes an app before and while it is deployed, and what the platform itself takes away meanwhile. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { type OneApp, withOneApp, writesOf } from './one-app.js';
import { APP, Folders } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

const ROLLING = { strategy: 'rolling' };
const V2 = { version: 'v2' };
const MINUTE_MS = 60_000;

const deploymentOf = (guid: string, more: object = {}) => ({
  relationships: { app: { data: { guid } } },
  ...more,
});
const CANARY = { strategy: 'canary', options: { canary: { steps: [{ instance_weight: 50 }] } } };

/** Another hand brings the same bits once more. */
const begin = ({ ask, live }: OneApp, more: object = {}) =>
  ask('POST', '/v3/deployments', deploymentOf(live, more)) as Promise<{ guid: string }>;

async function reasonOf({ ask }: OneApp, guid: string): Promise<string> {
  return (await ask('GET', `/v3/deployments/${guid}`)).status.reason;
}

const CHANGES: readonly [string, Record<string, string>, string][] = [
  ['deploy, blue-green', {}, 'deployed'],
  ['deploy, rolling', ROLLING, 'deployed'],
  ['rollback', { command: 'rollback', app: APP, 'smoke-test': '' }, 'rolled-back'],
  ['promote', { command: 'promote', app: APP, 'smoke-test': '' }, 'promoted'],
];

/** There is something to go back to, or to promote. */
async function ready(one: OneApp, { command }: Record<string, string>): Promise<OneApp> {
  if (command === undefined) return one;
  const before = await one.run(
    command === 'rollback' ? V2 : { version: 'v3' },
    command === 'rollback' ? {} : { hold: 'true' },
  );
  expect(before.outputs.error).toBe('');
  const { resources } = await one.ask('GET', `/v3/apps?names=${APP}`);
  return { ...one, live: resources[0].guid };
}

describe("before anything is changed, another hand's deployment", () => {
  test.each(CHANGES)('is waited for as long as it goes on: %s', (_, inputs, result) =>
    withOneApp(folders, {}, async (made) => {
      const one = await ready(made, inputs);
      const { guid } = await begin(one);
      const done = await one.run(V2, inputs);
      expect(done.outputs).toMatchObject({ result, error: '' });
      expect(done.lines.join('\n')).toContain(`Another deployment (${guid})`);
      expect(await reasonOf(one, guid)).toBe('DEPLOYED');
      expect(await one.missed()).toEqual([]);
    }),
  );

  test.each(CHANGES)('is refused when it is paused, and nothing is written: %s', (_, inputs) =>
    withOneApp(folders, {}, async (made) => {
      const one = await ready(made, inputs);
      const { guid } = await begin(one, CANARY);
      await one.until('it is paused', async () => (await reasonOf(one, guid)) === 'PAUSED');
      for (const plan of ['true', 'false']) {
        const done = await one.run(V2, { ...inputs, plan });
        expect(done.outputs).toMatchObject({ result: 'refused', error: 'in-flight' });
        expect(done.lines.join('\n')).toContain(`cf continue-deployment ${APP}`);
        expect(writesOf(done)).toEqual([]);
      }
      expect(await reasonOf(one, guid)).toBe('PAUSED');
    }),
  );

  test('is refused when it is stuck, and nothing is written', () => {
    const quota = roomFor(1_024);
    return withOneApp(folders, { quota }, async (one) => {
      const { guid } = await begin(one);
      quota.totalMemoryMb = 64;
      const done = await one.run(V2, { 'start-timeout': '3m' });
      expect(done.outputs).toMatchObject({ result: 'refused', error: 'in-flight' });
      expect(done.lines.join('\n')).toContain(`cf cancel-deployment ${APP}`);
      expect(writesOf(done)).toEqual([]);
      expect(await reasonOf(one, guid)).toBe('DEPLOYING');
    });
  });

  test('is waited for after its cancel, too, until the old instances run', () =>
    withOneApp(folders, { bootMs: 30_000, instances: 3 }, async (one) => {
      const { guid } = await begin(one);
      await one.until('an old instance is gone', async () => (await one.web()).instances < 3);
      const done = one.run(V2, ROLLING);
      await one.platform.clock.sleep(5_000);
      await one.ask('POST', `/v3/deployments/${guid}/actions/cancel`);
      const { outputs, lines } = await done;
      expect(outputs).toMatchObject({ result: 'deployed', error: '' });
      expect(lines.join('\n')).toMatch(/CANCELED, web instances 3, 2 ready/);
      expect(await one.missed()).toEqual([]);
    }));
});

describe('a deployment of another hand that begins in mid-work is a failure that says so, and stays theirs:', () => {
  test.each([
    ['blue-green', {}, 'made'],
    ['blue-green', { bake: '5m' }, 'serving'],
    ['rolling', ROLLING, 'made'],
    ['rolling', { ...ROLLING, bake: '5m' }, 'serving'],
  ])('%s %j, once it is %s', (_, inputs, phase) =>
    withOneApp(folders, {}, async (one) => {
      const droplet = { guid: await one.build({ version: 'theirs' }) };
      const done = one.run(V2, inputs);
      await one.untilPhase(phase);
      const { guid } = await begin(one, { droplet });
      const { outputs, lines } = await done;
      expect(outputs).toMatchObject({ result: 'failed', error: 'live-changed' });
      expect(lines.join('\n')).toMatch(/Another hand (began a deployment|brought another droplet)/);
      await one.until('theirs is at its end', async () => (await reasonOf(one, guid)) !== 'DEPLOYING');
      expect(await reasonOf(one, guid)).toBe('DEPLOYED');
      expect(await one.missed()).toEqual([]);
      await one.platform.clock.sleep(5_000);
      expect(one.met()).toEqual(new Set(['theirs']));
      // The next one finds nothing in its way.
      expect((await one.run({ version: 'v3' }, ROLLING)).outputs).toMatchObject({ result: 'deployed' });
      expect(one.met()).toEqual(new Set(['v3']));
    }),
  );
});

describe('rolling', () => {
  test('18 instances that start slowly, a token that ends again and again, and never one less that is ready', () =>
    withOneApp(folders, { instances: 18, bootMs: 50_000, tokenTtlMs: 3 * MINUTE_MS }, async (one) => {
      const startedMs = one.platform.clock.now();
      const inputs = { ...ROLLING, 'start-timeout': '5m' };
      const { outputs, calls } = await one.run(V2, inputs);
      expect(outputs).toMatchObject({ result: 'deployed', error: '', 'app-guid': one.live });
      // No native push lives so long: it cancels itself after its start timeout, whatever goes on.
      expect(one.platform.clock.now() - startedMs).toBeGreaterThan(15 * MINUTE_MS);
      expect(calls.filter(({ name }) => name === 'POST /oauth/token').length).toBeGreaterThan(4);
      expect((await one.web()).instances).toBe(18);
      expect(one.met()).toEqual(new Set(['v2']));
      expect(await one.missed()).toEqual([]);
      expect(await one.fewestReady()).toBe(18);
    }));

  // 3 of live, the candidate, and one more while they are replaced.
  const NEEDED_MB = 5 * 64;

  test('a quota that has just the room for it is enough', () =>
    withOneApp(folders, { instances: 3, quota: roomFor(NEEDED_MB) }, async (one) => {
      expect((await one.run(V2, ROLLING)).outputs).toMatchObject({ result: 'deployed', error: '' });
      expect(await one.missed()).toEqual([]);
    }));

  test('a quota that is one instance short: refused, and nothing is written', () =>
    withOneApp(folders, { instances: 3, quota: roomFor(NEEDED_MB - 1) }, async (one) => {
      const done = await one.run(V2, ROLLING);
      expect(done.outputs).toMatchObject({ result: 'refused', error: 'quota' });
      expect(writesOf(done)).toEqual([]);
      expect(one.met()).toEqual(new Set(['v1']));
    }));

  test.each([
    ['before the deployment', async () => undefined, 'platform-10008'],
    [
      'in the middle of it',
      async (one: OneApp) => one.until('it goes on', async () => (await one.web()).instances < 3),
      'no-room',
    ],
  ])('room that is taken away %s: live is as it was, and the platform is quoted', (_, meanwhile, error) => {
    const quota = roomFor(NEEDED_MB);
    return withOneApp(folders, { instances: 3, bootMs: 10_000, quota }, async (one) => {
      const settings = await one.settings();
      const done = one.run(V2, ROLLING, { env: { MODE: 'other' } });
      await one.untilPhase('switching');
      await meanwhile(one);
      quota.totalMemoryMb = NEEDED_MB - 64;
      const { outputs, lines } = await done;
      expect(outputs).toMatchObject({ result: 'reverted', error });
      expect(lines.join('\n')).toMatch(/memory.*quota_exceeded/);
      expect(await one.settings()).toEqual(settings);
      expect(one.met()).toEqual(new Set(['v1']));
    });
  });

  test('the droplet from before is gone, so the platform does not cancel: a person has to look, and another deployment is the way out', () =>
    withOneApp(folders, { instances: 2 }, async (one) => {
      const { droplet } = await dropletOf(one);
      const done = one.run({ version: 'v2', crashes: true, badAs: APP }, ROLLING);
      await one.until('its deployment is there', async () => (await one.deployments()).length > 0);
      await one.ask('DELETE', `/v3/droplets/${droplet}`);
      const { outputs, lines } = await done;
      expect(outputs).toMatchObject({ result: 'failed' });
      expect(lines.join('\n')).toMatch(/does not cancel the deployment/);
      expect(one.met()).toEqual(new Set(['v1']));
      expect((await one.run({ version: 'v3' }, ROLLING)).outputs).toMatchObject({ result: 'failed' });

      const theirs = await begin(one, { droplet: { guid: await one.build({ version: 'theirs' }) } });
      await one.until('theirs is at its end', async () => (await reasonOf(one, theirs.guid)) === 'DEPLOYED');
      expect((await one.run({ version: 'v3' }, ROLLING)).outputs).toMatchObject({ result: 'deployed' });
      expect(one.met()).toEqual(new Set(['v3']));
      expect(await one.missed()).toEqual([]);
    }));
});

describe('an autoscaler', () => {
  const scale = ({ ask, live }: OneApp, instances: number) =>
    ask('POST', `/v3/apps/${live}/processes/web/actions/scale`, { instances });

  test('changes the count while the version is proven: that many are rolled, and stay', () =>
    withOneApp(folders, {}, async (one) => {
      const done = one.run(V2, ROLLING);
      await one.untilPhase('made');
      await scale(one, 4);
      expect((await done).outputs).toMatchObject({ result: 'deployed', error: '' });
      expect((await one.web()).instances).toBe(4);
      expect(await one.missed()).toEqual([]);
    }));

  test('is refused by the platform during the deployment, and what it does while live is watched stays', () =>
    withOneApp(folders, {}, async (one) => {
      const done = one.run(V2, { ...ROLLING, bake: '2m' });
      await one.until('its deployment is there', async () => (await one.deployments()).length > 0);
      await expect(scale(one, 5)).rejects.toThrow(
        'Cannot scale this process while a deployment is in flight',
      );
      await one.untilPhase('serving');
      await scale(one, 5);
      expect((await done).outputs).toMatchObject({ result: 'deployed', error: '' });
      expect((await one.web()).instances).toBe(5);
      expect(await one.missed()).toEqual([]);
    }));
});

async function dropletOf({ ask, live }: OneApp): Promise<{ droplet: string }> {
  const { data } = await ask('GET', `/v3/apps/${live}/relationships/current_droplet`);
  return { droplet: data.guid };
}

/** As much memory, MiB; a test may change it, as an admin does. */
function roomFor(totalMemoryMb: number) {
  const limits = { perProcessMemoryMb: null, totalInstances: null, logRateBps: null, totalRoutes: null };
  const others = { totalReservedPorts: null, totalServiceInstances: null, perAppTasks: null };
  return { ...limits, ...others, totalMemoryMb };
}

describe('live is deleted while its canary is held: the canary is taken away, and the next deploy works', () => {
  const MINE = { MINE: 'a-value-of-mine' };
  const ABORT = { command: 'abort', app: APP, 'smoke-test': '' };
  const held = async (one: OneApp) => {
    expect((await one.run(V2, { strategy: 'canary', hold: 'true' })).outputs.result).toBe('held');
    await one.ask('DELETE', `/v3/apps/${one.live}`);
    await one.until('it is gone', async () => (await named(one, APP)).length === 0);
  };
  const named = async ({ ask }: OneApp, name: string) =>
    (await ask('GET', `/v3/apps?names=${name}`)).resources;

  test('nothing is there instead', () =>
    withOneApp(folders, {}, async (one) => {
      await held(one);
      expect((await one.run(V2, ABORT)).outputs).toMatchObject({ result: 'aborted', error: '' });
      expect((await one.ask('GET', '/v3/apps')).resources).toEqual([]);
      expect((await one.run({ version: 'v3' }, ROLLING)).outputs.result).toBe('deployed');
    }));

  test('another app has its name by then, and keeps all that it has', () =>
    withOneApp(folders, {}, async (one) => {
      await held(one);
      const space = { data: { guid: (await one.ask('GET', '/v3/spaces')).resources[0].guid } };
      const app = { name: APP, environment_variables: MINE, relationships: { space } };
      const { guid } = await one.ask('POST', '/v3/apps', app);
      expect((await one.run(V2, ABORT)).outputs).toMatchObject({ result: 'aborted', error: '' });
      expect((await one.ask('GET', `/v3/apps/${guid}/environment_variables`)).var).toEqual(MINE);
      expect(await one.deployments()).toEqual([]);
      expect((await one.run({ version: 'v3' })).outputs.result).toBe('deployed');
    }));
});

test('a canary that another hand lets go on while it is judged: each pause where it waits then is judged', () =>
  withOneApp(folders, { instances: 4 }, async (one) => {
    const done = one.run(V2, { strategy: 'canary', bake: '1m', 'instance-steps': '25 50 75' });
    await one.untilPhase('switching');
    await one.until('it is paused', async () => (await one.deployments())[0]?.status.reason === 'PAUSED');
    await one.platform.clock.sleep(20_000);
    await one.ask('POST', `/v3/deployments/${(await one.deployments())[0].guid}/actions/continue`);
    const { outputs, lines } = await done;
    expect(outputs).toMatchObject({ result: 'deployed', error: '' });
    const judged = lines.flatMap((line) => /pause (\d) of 3: canary/.exec(line)?.[1] ?? []);
    expect(judged).toEqual(['1', '2', '3']);
  }));
