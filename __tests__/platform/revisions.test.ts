/** Revisions and copies of droplets, on the foundry. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { createPlatform } from '../../src/platform/client.js';
import { realClock } from '../../src/system/clock.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';
import { type Scripted, scripted, until, type World, world } from '../foundry/scripted.js';

let f: Scripted;
let w: World;
let http: ClosableHttp;
let platform: Platform;
let app: string;
let droplet: string;

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
  http = createHttp({ skipSslValidation: false });
  platform = createPlatform({
    http,
    clock: realClock,
    api: f.api,
    token: async () => `bearer ${f.token}`,
    invalidateToken: () => {},
    readDeadlineMs: 5_000,
  });
  ({ app, droplet } = await w.staged('shop'));
});

afterEach(async () => {
  http.close();
  await f.close();
});

test('revisions come newest first, with what each can still do', async () => {
  expect(await platform.revisions(app)).toEqual([]);
  await platform.setEnvironment(app, { COLOUR: 'blue' });
  await platform.startApp(app);
  await platform.stopApp(app);
  await platform.setEnvironment(app, { COLOUR: 'green' });
  const copy = await copied(app);
  await platform.setCurrentDroplet(app, copy);
  await w.finishJob(await f.call('DELETE', `/v3/droplets/${droplet}`));
  await platform.startApp(app);

  const revisions = await platform.revisions(app);
  expect(revisions).toEqual([
    {
      guid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      version: 2,
      dropletGuid: copy,
      deployable: true,
      description: 'New droplet deployed. New environment variables deployed.',
      createdAtMs: expect.any(Number),
      commands: { web: null, worker: null },
    },
    {
      guid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      version: 1,
      dropletGuid: droplet,
      deployable: false,
      description: 'Initial revision.',
      createdAtMs: expect.any(Number),
      commands: { web: null, worker: null },
    },
  ]);
  const variables = await Promise.all(revisions.map(({ guid }) => platform.revisionEnvironment(guid)));
  expect(variables).toEqual([{ COLOUR: 'green' }, { COLOUR: 'blue' }]);
});

test('the revisions of an app that is gone are not none', async () => {
  await expect(platform.revisions('gone')).rejects.toThrow(PlatformRefusal);
  await expect(platform.revisionEnvironment('gone')).rejects.toMatchObject({ status: 404 });
});

test('a copy of a droplet is COPYING, then STAGED, and has no package', async () => {
  const other = await w.app('other');
  const copy = await platform.copyDroplet(droplet, other);
  expect(copy).toMatchObject({ state: 'COPYING', createdAtMs: expect.any(Number) });
  expect(copy.packageGuid).toBeUndefined();
  await until(
    () => platform.droplet(copy.guid),
    ({ state }) => state === 'STAGED',
  );
  expect(await platform.droplet(droplet)).toMatchObject({ state: 'STAGED', packageGuid: expect.any(String) });
  await platform.setCurrentDroplet(other, copy.guid);
  expect((await platform.currentDroplet(other))?.guid).toBe(copy.guid);
});

test('a copy that is refused tells why; one whose answer is lost is ambiguous, and is sent once', async () => {
  await expect(platform.copyDroplet('gone', app)).rejects.toMatchObject({ status: 404 });
  await expect(platform.droplet('gone')).rejects.toMatchObject({ status: 404 });
  await f.call('POST', '/__foundry/faults', { method: 'POST', path: '^/v3/droplets', times: 1, lost: true });
  const error = await platform.copyDroplet(droplet, app).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformFault);
  expect(error).toMatchObject({ ambiguous: true });
  expect((await f.call('GET', `/v3/apps/${app}/droplets`)).body.resources).toHaveLength(2);
});

async function copied(to: string): Promise<string> {
  const { guid } = await platform.copyDroplet(droplet, to);
  await until(
    () => platform.droplet(guid),
    ({ state }) => state === 'STAGED',
  );
  return guid;
}
