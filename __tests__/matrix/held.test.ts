/** What another hand does to a deploy while it is held, and what promote says of it. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { act, runAction } from './action.js';
import { type Ask, signIn } from './by-hand.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';

jest.setTimeout(60_000);

const folders = new Folders();
afterAll(() => folders.remove());

const PROMOTE = SCENARIOS.find(({ name }) => name === 'promote') as Scenario;
const guidOf = async (ask: Ask, name: string): Promise<string> =>
  (await ask('GET', `/v3/apps?names=${name}`)).resources[0].guid;

/** @returns how promote ends, and what it wrote */
async function promotedAfter(work: (ask: Ask) => Promise<unknown>) {
  return onPlatform(PROMOTE, folders, async (platform) => {
    const { clock } = platform;
    const { outputs, calls, lines } = await clock.drive(
      (async () => {
        const { ask } = await signIn(platform);
        await work(ask);
        await clock.sleep(10_000);
        return act(platform, commandOf(PROMOTE, folders, 2));
      })(),
    );
    const writes = calls.filter(({ kind, name }) => kind === 'write' && name !== 'POST /oauth/token');
    return { result: outputs.result, error: outputs.error, writes: writes.length, text: lines.join() };
  });
}

test('nothing: it is promoted', async () => {
  expect(await promotedAfter(async () => undefined)).toMatchObject({ result: 'promoted' });
});

test('stopped, or without its trial route: it is started, mapped, proven and promoted', async () => {
  const stopped = await promotedAfter(async (ask) => {
    await ask('POST', `/v3/apps/${await guidOf(ask, 'shop-candidate')}/actions/stop`);
    const { resources } = await ask(
      'GET',
      '/v3/routes?label_selector=cf-zero-downtime.github.io/role=candidate',
    );
    for (const { guid } of resources) await ask('DELETE', `/v3/routes/${guid}`);
  });
  expect(stopped).toMatchObject({ result: 'promoted' });
});

test('a variable was set on live: it would be lost, and nothing is written', async () => {
  const seen = await promotedAfter(async (ask) => {
    const guid = await guidOf(ask, 'shop');
    await ask('PATCH', `/v3/apps/${guid}/environment_variables`, { var: { MORE: 'a-value-of-mine' } });
  });
  expect(seen).toMatchObject({ result: 'refused', error: 'live-changed', writes: 0 });
  expect(seen.text).toContain('variable MORE');
  expect(seen.text).not.toContain('a-value-of-mine');
});

test('the package that it holds is another one than was held: it was never proven, and nothing is written', async () => {
  const seen = await promotedAfter(async (ask) => {
    const guid = await guidOf(ask, 'shop-candidate');
    const annotations = { 'cf-zero-downtime.github.io/package': 'another' };
    await ask('PATCH', `/v3/apps/${guid}`, { metadata: { annotations } });
  });
  expect(seen).toMatchObject({ result: 'refused', error: 'refused', writes: 0 });
  expect(seen.text).toContain('has other bits');
});

test.each([
  ['promote of two apps', 'PATCH /v3/apps/*', 14, 'promoted'],
  ['abort of two apps', 'DELETE /v3/apps/*', 2, 'aborted'],
] as const)(
  'a %s that was killed when one of them had come to its end: the same command again ends the other, and says so of both',
  async (which, name, number, result) => {
    const scenario = SCENARIOS.find((one) => one.name === which) as Scenario;
    await onPlatform(scenario, folders, async (platform, { before }) => {
      const versions = before.apps
        .filter((app) => ['shop', 'web'].includes(app.name))
        .map(({ labels }) => labels['cf-zero-downtime.github.io/version']);
      const trial = { point: { by: 'action' as const, name, number }, harm: 'kill before' as const };
      await runAction(platform, commandOf(scenario, folders, 2), trial);
      await platform.clock.pass(10_000);
      const { apps } = await platform.clock.drive(platform.state());
      const left = apps.filter((app) => /^(shop|web)-candidate$/.test(app.name));
      expect(left.map((app) => app.name)).toEqual(['web-candidate']);
      const { outputs } = await runAction(platform, commandOf(scenario, folders, 3));
      expect(outputs.result).toBe(result);
      const told: { app: string; version: string; 'previous-version': string }[] = JSON.parse(
        outputs.apps ?? '',
      );
      expect(told.map(({ app }) => app)).toEqual(['shop', 'web']);
      expect(new Set(told.map(({ version }) => version)).size).toBe(1);
      if (result === 'promoted') expect(told.map((one) => one['previous-version'])).toEqual(versions);
    });
  },
);
