/** What is live is started once more, or built anew: what it is afterwards, and what a later deploy or rollback makes of it. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { withOneApp } from './one-app.js';
import { APP, Folders } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

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
