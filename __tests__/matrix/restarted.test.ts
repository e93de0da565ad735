/** What is live is started once more, or built anew: what it is afterwards, and what a later deploy or rollback makes of it. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { type OneApp, withOneApp } from './one-app.js';
import { inSpace, removeWorkspaces } from './preview-space.js';
import { APP, Folders, USUAL } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => {
  folders.remove();
  removeWorkspaces();
});

const V1 = { version: 'v1' };
const AGAIN = { app: APP, manifest: '' };

test.each<[string, Record<string, string>]>([
  ['started once more', { command: 'restart' }],
  ['started once more beside live', { command: 'restart', strategy: 'blue-green' }],
  ['built anew', { command: 'restage' }],
])('bits that another hand gave live are not taken for those of its deploy when they are %s', (_, how) =>
  withOneApp(folders, {}, async (one) => {
    const droplet = await one.build({ version: 'v2' });
    await one.ask('PATCH', `/v3/apps/${one.live}/relationships/current_droplet`, { data: { guid: droplet } });
    await one.ask('POST', `/v3/apps/${one.live}/actions/restart`);
    await one.platform.clock.sleep(60_000);
    expect(one.met()).toEqual(new Set(['v2']));
    const done = await one.run(V1, { ...AGAIN, ...how });
    expect(done.outputs).toMatchObject({ result: 'restarted', error: '' });
    expect(one.met()).toEqual(new Set(['v2']));
    expect((await one.run(V1)).outputs).toMatchObject({ result: 'deployed', error: '' });
    expect(one.met()).toEqual(new Set(['v1']));
  }),
);

test('nor when live goes back to them', () =>
  withOneApp(folders, {}, async (one) => {
    const droplet = await one.build({ version: 'v2' });
    await one.ask('PATCH', `/v3/apps/${one.live}/relationships/current_droplet`, { data: { guid: droplet } });
    await one.ask('POST', `/v3/apps/${one.live}/actions/restart`);
    await one.platform.clock.sleep(60_000);
    const done = await one.run({ version: 'v3' }, { strategy: 'rolling' });
    expect(done.outputs).toMatchObject({ result: 'deployed', error: '' });
    expect((await one.run(V1, { ...AGAIN, command: 'rollback' })).outputs.result).toBe('rolled-back');
    expect(one.met()).toEqual(new Set(['v2']));
    expect((await one.run(V1, { force: '' })).outputs).toMatchObject({ result: 'deployed', error: '' });
    expect(one.met()).toEqual(new Set(['v1']));
  }));

/** Of the app that is called so now. */
async function variables({ ask }: OneApp): Promise<unknown> {
  const { guid } = (await ask('GET', `/v3/apps?names=${APP}`)).resources[0];
  return (await ask('GET', `/v3/apps/${guid}/environment_variables`)).var;
}

test.each(['rolling', 'blue-green'])(
  'what a restart (%s) was given is gone behind it, and there again with it',
  (strategy) =>
    withOneApp(folders, {}, async (one) => {
      await one.ask('PATCH', `/v3/apps/${one.live}/environment_variables`, { var: { BY_HAND: 'one' } });
      await one.ask('POST', `/v3/apps/${one.live}/actions/restart`);
      await one.platform.clock.sleep(60_000);
      const before = await variables(one);
      const env = 'CREDENTIAL: two\nBY_HAND: two';
      const done = await one.run(V1, { ...AGAIN, command: 'restart', strategy, env });
      expect(done.outputs.result).toBe('restarted');
      const then = await variables(one);
      expect(then).toMatchObject({ MODE: 'v1', CREDENTIAL: 'two', BY_HAND: 'two' });
      const back = async () => (await one.run(V1, { ...AGAIN, command: 'rollback' })).outputs.result;
      expect(await back()).toBe('rolled-back');
      expect(await variables(one)).toEqual(before);
      expect(await back()).toBe('rolled-back');
      expect(await variables(one)).toEqual(then);
    }),
);

test.each(['restart', 'restage'])(
  '%s beside live is refused where the new app would lack a process',
  (command) =>
    withOneApp(folders, {}, async (one) => {
      const more = ['  processes:', '  - type: extra', '    command: node extra.js', '    instances: 2'];
      expect((await one.run({ version: 'v2' }, {}, { ...USUAL, more })).outputs.result).toBe('deployed');
      const beside = await one.run(V1, { ...AGAIN, command, strategy: 'blue-green' });
      expect(beside.outputs.result).toBe('refused');
      expect(beside.lines.join('\n')).toContain('shop has the process extra by its manifest alone');
      expect((await one.run(V1, { ...AGAIN, command })).outputs.result).toBe('restarted');
    }),
);

test.each(['rolling', 'blue-green'])('a preview stays one when it is started once more (%s)', (strategy) =>
  inSpace(async ({ run, ask, apps }) => {
    await run({});
    const done = await run({ command: 'restart', inputs: { app: 'shop-pr-12', strategy } });
    expect(done.outputs).toMatchObject({ result: 'restarted', error: '' });
    const [live] = (await ask('GET', '/v3/apps?names=shop-pr-12')).resources;
    const named = (kind: Record<string, string>) => Object.keys(kind).map((key) => key.split('/').at(-1));
    expect(Object.values(live.metadata.labels)).toContain('preview');
    expect(named(live.metadata.labels)).toEqual(expect.arrayContaining(['number', 'repository', 'expires']));
    expect(named(live.metadata.annotations)).toEqual(expect.arrayContaining(['preview-id', 'pull-request']));
    expect((await run({ command: 'preview-delete' })).outputs.result).toBe('deleted');
    expect(await apps()).toEqual([]);
  }),
);
