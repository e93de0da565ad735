/** What becomes of several apps of one deploy when another hand, or a kill, tears them apart: in the end all are on one version. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { act, runAction } from './action.js';
import { type Ask, signIn } from './by-hand.js';
import { callsOf } from './matrix.js';
import type { Platform } from './platform.js';
import { commandOf, deployed, Folders, PAIR, type Scenario, SHOP, USUAL, url } from './scenarios.js';
import { onPlatform, onPlatformAgain } from './setup.js';
import type { Trial } from './wire.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

const V1 = { version: 'v1' };
const ASKED = { asked: { version: 'v2' }, routes: PAIR, ends: 'deployed' as const };
const DEPLOY: Scenario = {
  ...ASKED,
  name: 'deploy',
  before: (platform, all) => deployed(platform, all, V1, PAIR),
};
const HELD: Scenario = {
  ...ASKED,
  name: 'held',
  before: async (platform, all) => {
    await deployed(platform, all, V1, PAIR);
    await deployed(platform, all, ASKED.asked, PAIR, { hold: 'true' });
  },
};

/** As another user of the space. */
async function remove(ask: Ask, name: string) {
  const { guid } = (await ask('GET', `/v3/apps?names=${name}`)).resources[0];
  await ask('DELETE', `/v3/apps/${guid}`);
}

async function phaseOf(ask: Ask, name: string): Promise<string | undefined> {
  return (await ask('GET', `/v3/apps?names=${name}`)).resources[0]?.metadata.labels[
    'cf-zero-downtime.github.io/phase'
  ];
}

/** Apps of shop, web and api, and the versions that users of each of them meet. */
async function seen({ clock, state, routers }: Platform, users = ['shop', 'web']) {
  await clock.pass(20_000);
  const { apps } = await clock.drive(state());
  const ours = apps
    .map(({ name }) => name)
    .filter((name) => /^(shop|web|api)(-candidate(-lock.*)?)?$/.test(name));
  const met = (user: string) => {
    const { status, headers } = routers.ask(url(user), '/', {});
    return headers['x-app-version'] ?? String(status);
  };
  return {
    apps: ours.sort(),
    met: users.map((user) => [...new Set(Array.from({ length: 12 }, () => met(user)))].sort().join(' ')),
  };
}

test.each<[string, number]>([
  ['blue-green', 2],
  ['rolling', 2],
  ['canary', 4],
])(
  'a candidate of a held deploy (%s) was deleted: promote changes nothing and says what is gone, and abort ends what is left',
  async (strategy, instances) => {
    const settings = { ...USUAL, instances };
    const held: Scenario = {
      ...HELD,
      settings,
      inputs: { strategy },
      before: async (platform, all) => {
        await deployed(platform, all, V1, PAIR, {}, settings);
        await deployed(platform, all, ASKED.asked, PAIR, { hold: 'true', strategy }, settings);
      },
    };
    await onPlatform(held, folders, async (platform) => {
      const { clock } = platform;
      await clock.drive(signIn(platform).then(({ ask }) => remove(ask, 'web-candidate')));
      await clock.pass(10_000);
      const run = (inputs: Record<string, string>, number: number) =>
        runAction(platform, commandOf({ ...held, inputs }, folders, number));
      const promoted = await run({ command: 'promote' }, 3);
      expect(promoted.outputs).toMatchObject({ result: 'refused', error: 'refused' });
      expect(promoted.lines.join()).toMatch(/the new version of web is gone.*command: abort/s);
      expect((await run({ command: 'promote', app: 'shop', manifest: '' }, 4)).outputs.result).toBe(
        'refused',
      );
      expect((await seen(platform)).apps).toEqual(['shop', 'shop-candidate', 'web']);
      const aborted = await run({ command: 'abort' }, 6);
      expect([aborted.outputs.result, aborted.lines.join('\n')]).toEqual(['aborted', expect.any(String)]);
      const { routes } = await clock.drive(platform.state());
      expect(routes.filter((route) => /-candidate-\w{6}\./.test(route.url))).toEqual([]);
      expect((await seen(platform)).apps).toEqual(['shop', 'web']);
    });
  },
);

const IN_TURN = { order: 'shop before web' };
test.each<[string, string, Record<string, string>]>([
  ['proven', 'shop', {}],
  ['switching', 'shop', {}],
  ['serving', 'shop', {}],
  ['serving', 'web', IN_TURN],
])('the candidate of shop is deleted when %s is what %s says, %j: all go back', (phase, app, order) =>
  onPlatformAgain(DEPLOY, folders, async (platform) => {
    const scenario = { ...DEPLOY, inputs: { ...order, bake: '60s' } };
    const done = await platform.clock.drive(
      (async () => {
        const running = act(platform, commandOf(scenario, folders, 2));
        const { ask } = await signIn(platform);
        while ((await phaseOf(ask, `${app}-candidate`)) !== phase) await platform.clock.sleep(3);
        await remove(ask, 'shop-candidate');
        return running;
      })(),
    );
    expect([done.outputs.result, done.lines.join('\n')]).toEqual(['reverted', expect.any(String)]);
    expect(await seen(platform)).toEqual({ apps: ['shop', 'web'], met: ['v1', 'v1'] });
    expect((await runAction(platform, commandOf(DEPLOY, folders, 3))).outputs.result).toBe('deployed');
    expect(await seen(platform)).toEqual({ apps: ['shop', 'web'], met: ['v2', 'v2'] });
  }),
);

test.each([['switching'], ['serving']])(
  'it is deleted at %s, and the run was killed: whoever settles takes the other one back',
  (phase) =>
    onPlatformAgain(DEPLOY, folders, async (platform) => {
      const name = 'PATCH /v3/apps/*';
      const calls = await callsOf(DEPLOY, folders);
      const at = calls.filter((call) => call.name === name && call.step.includes(`mark as ${phase}`)).at(-1);
      const trial: Trial = { point: { by: 'action', name, number: at?.number ?? 0 }, harm: 'kill after' };
      expect(await runAction(platform, commandOf(DEPLOY, folders, 2), trial)).toMatchObject({
        reached: true,
      });
      await platform.clock.drive(signIn(platform).then(({ ask }) => remove(ask, 'shop-candidate')));
      const restart = { ...DEPLOY, inputs: { command: 'restart', app: 'web', manifest: '' } };
      const done = await runAction(platform, commandOf(restart, folders, 3));
      expect([done.outputs.result, done.lines.join('\n')]).toEqual(['restarted', expect.any(String)]);
      expect(await seen(platform)).toEqual({ apps: ['shop', 'web'], met: ['v1', 'v1'] });
    }),
);

test.each(['blue-green', 'rolling'])(
  'an app that is new has switched (%s), and the run is killed before the one after it: whoever settles goes back',
  async (strategy) => {
    const routes = { api: [url('api')], ...SHOP };
    const inputs = { strategy, order: 'api before shop' };
    const before: Scenario['before'] = (platform, all) => deployed(platform, all, V1, SHOP);
    const scenario: Scenario = { ...ASKED, name: 'one is new', before, routes, inputs };
    const name = 'PATCH /v3/apps/*';
    const calls = await callsOf(scenario, folders);
    const at = calls.find((call) => call.name === name && call.step.includes('mark as released'));
    const trial: Trial = { point: { by: 'action', name, number: at?.number ?? 0 }, harm: 'kill after' };
    await onPlatformAgain(scenario, folders, async (platform) => {
      expect(await runAction(platform, commandOf(scenario, folders, 2), trial)).toMatchObject({
        reached: true,
      });
      expect(await seen(platform, ['api', 'shop'])).toMatchObject({ met: ['v2', 'v1'] });
      const restart = { ...scenario, inputs: { command: 'restart', app: 'shop', manifest: '' } };
      const done = await runAction(platform, commandOf(restart, folders, 3));
      expect([done.outputs.result, done.lines.join('\n')]).toEqual(['restarted', expect.any(String)]);
      expect(await seen(platform, ['api', 'shop'])).toEqual({ apps: ['shop'], met: ['404', 'v1'] });
    });
  },
);

test('a rollback without app takes each app to its own version from before; one that only one of them has is refused', () =>
  onPlatformAgain(DEPLOY, folders, async (platform) => {
    const deploy = await runAction(platform, commandOf(DEPLOY, folders, 2));
    const guids = JSON.parse(deploy.outputs.apps ?? '').map(
      (app: Record<string, string>) => app['previous-app-guid'],
    );
    expect(guids).toEqual([deploy.outputs['previous-app-guid'], expect.any(String)]);
    const run = (inputs: Record<string, string>, number: number) =>
      runAction(
        platform,
        commandOf({ ...DEPLOY, inputs: { command: 'rollback', ...inputs } }, folders, number),
      );
    const named = await run({ to: guids[0] }, 3);
    expect(named.outputs).toMatchObject({ result: 'refused', error: 'no-target' });
    expect(await seen(platform)).toEqual({ apps: ['shop', 'web'], met: ['v2', 'v2'] });
    expect((await run({ order: 'shop before web' }, 4)).outputs.result).toBe('rolled-back');
    expect(await seen(platform)).toEqual({ apps: ['shop', 'web'], met: ['v1', 'v1'] });
    expect((await run({ app: 'web', manifest: '' }, 5)).outputs.result).toBe('rolled-back');
    expect(await seen(platform)).toEqual({ apps: ['shop', 'web'], met: ['v1', 'v2'] });
  }));
