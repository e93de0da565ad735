/** Going back to a revision: what a deployment restores, what it leaves, what it refuses (platform facts A2, A1.2). */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Scripted, scripted, until, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
let app: string;
let pack: string;
let droplet: string;

beforeEach(async () => {
  f = await scripted({ tickMs: 20 });
  w = await world(f);
  ({ app, pack, droplet } = await w.staged('a'));
});
afterEach(() => f.close());

const ok = async (method: string, path: string, body?: unknown) => {
  const reply = await f.call(method, path, body);
  expect([path, reply.status, reply.status < 300 ? '' : reply.text]).toEqual([path, reply.status, '']);
  return reply.body;
};
const act = (action: string) => ok('POST', `/v3/apps/${app}/actions/${action}`);
const setEnv = (vars: object) => ok('PATCH', `/v3/apps/${app}/environment_variables`, { var: vars });
const setCommand = (type: string, command: string | null) =>
  ok('PATCH', `/v3/apps/${app}/processes/${type}`, { command });
const setCurrent = (guid: string) =>
  ok('PATCH', `/v3/apps/${app}/relationships/current_droplet`, { data: { guid } });
const revisions = async (): Promise<{ guid: string; version: number; description: string }[]> =>
  (await ok('GET', `/v3/apps/${app}/revisions`)).resources;
const deployed = async () =>
  (await ok('GET', `/v3/apps/${app}/revisions/deployed`)).resources.map(
    (x: { version: number }) => x.version,
  );
const revision = async (version: number) =>
  (await revisions()).find((one) => one.version === version)?.guid ?? 'no';
const rollBack = (guid: string, appGuid = app) =>
  f.call('POST', '/v3/deployments', {
    revision: { guid },
    relationships: { app: { data: { guid: appGuid } } },
  });
const finished = (guid: string) =>
  until(
    () => {
      f.cells.all(app, { state: 'RUNNING', routable: true });
      return f.call('GET', `/v3/deployments/${guid}`);
    },
    (r) => r.body.status.value === 'FINALIZED',
  );
/** Variables and command with which the newest process of a type was started. */
const started = (type: string) => {
  const found = [...f.cells.desired.values()].findLast((p) => p.type === type);
  return { command: found?.command, colour: found?.env.COLOUR };
};

/** Revision 1 has everything of the first version, revision 2 of the second. */
async function twoVersions(): Promise<void> {
  await setEnv({ COLOUR: 'blue' });
  await setCommand('web', 'first web');
  await setCommand('worker', 'first worker');
  const first = { name: 'first', command: 'x', process_types: ['web'] };
  const { guid } = await ok('POST', `/v3/apps/${app}/sidecars`, first);
  await act('start');
  await setEnv({ COLOUR: 'green', MORE: '1' });
  await setCommand('web', 'second web');
  await setCommand('worker', null);
  await ok('DELETE', `/v3/sidecars/${guid}`);
  await ok('POST', `/v3/apps/${app}/sidecars`, { ...first, name: 'second' });
  await setCurrent(await w.stage(pack));
  await act('restart');
}

describe('a rollback', () => {
  test('restores droplet, variables and sidecars at once, commands with each start', async () => {
    await twoVersions();
    const { body } = await rollBack(await revision(1));
    expect(body).toMatchObject({ droplet: { guid: droplet }, revision: { version: 3 } });
    expect((await ok('GET', `/v3/apps/${app}/droplets/current`)).guid).toBe(droplet);
    expect((await ok('GET', `/v3/apps/${app}/environment_variables`)).var).toEqual({ COLOUR: 'blue' });
    const sidecars = (await ok('GET', `/v3/apps/${app}/sidecars`)).resources;
    expect(sidecars.map((s: { name: string }) => s.name)).toEqual(['first']);
    expect(started('web')).toEqual({ command: 'first web', colour: 'blue' });
    // The worker goes on as it is until the new web process has taken over.
    expect(started('worker')).toEqual({ command: 'node worker.js', colour: 'green' });
    await finished(body.guid);
    expect(started('worker')).toEqual({ command: 'first worker', colour: 'blue' });
    expect((await ok('GET', `/v3/apps/${app}/processes/worker`)).command).toBe('first worker');
  });

  test('is a new revision that says what it is; both are deployed until it is over', async () => {
    await twoVersions();
    const { body } = await rollBack(await revision(1));
    const changed = [
      "Custom start command added for 'worker' process.",
      "Custom start command updated for 'web' process.",
      'New droplet deployed.',
      'New environment variables deployed.',
      'Sidecars updated.',
      'Rolled back to revision 1.',
    ];
    expect((await revisions())[2]).toMatchObject({ version: 3, description: changed.join(' ') });
    expect(await deployed()).toEqual([2, 3]);
    await finished(body.guid);
    expect(await deployed()).toEqual([3]);
  });

  test('leaves count, memory, health check and routes', async () => {
    await act('start');
    await w.route('a', app);
    await ok('POST', `/v3/processes/${app}/actions/scale`, { instances: 2, memory_in_mb: 99 });
    await ok('PATCH', `/v3/processes/${app}`, { health_check: { type: 'process' } });
    await setEnv({ COLOUR: 'green' });
    await act('restart');
    const { body } = await rollBack(await revision(1));
    await finished(body.guid);
    const [web] = (await ok('GET', `/v3/apps/${app}/processes?types=web`)).resources;
    expect(web).toMatchObject({ instances: 2, memory_in_mb: 99, health_check: { type: 'process' } });
    expect(web.guid).not.toBe(app);
    expect((await ok('GET', `/v3/apps/${app}/routes`)).resources).toHaveLength(1);
  });

  test('of a stopped app is a start with the old commands, and one revision', async () => {
    await twoVersions();
    await act('stop');
    const { body } = await rollBack(await revision(1));
    expect(body.status).toMatchObject({ value: 'FINALIZED', reason: 'DEPLOYED' });
    expect(started('web')).toEqual({ command: 'first web', colour: 'blue' });
    expect((await revisions()).map((one) => one.version)).toEqual([1, 2, 3]);
  });

  test('that was cancelled cannot be repeated: its revision is the newest one', async () => {
    await twoVersions();
    const { body } = await rollBack(await revision(1));
    await ok('POST', `/v3/deployments/${body.guid}/actions/cancel`);
    await finished(body.guid);
    const again = await rollBack(await revision(1));
    expect([again.status, again.body.errors[0].detail]).toEqual([422, SAME]);
    // Variables are not given back by a cancel.
    expect((await ok('GET', `/v3/apps/${app}/environment_variables`)).var).toEqual({ COLOUR: 'blue' });
  });
});

const SAME =
  'Unable to rollback. The code and configuration you are rolling back to is the same as the deployed revision.';
const GONE = 'Unable to deploy this revision, the droplet for this revision no longer exists.';

describe('refused, with nothing changed', () => {
  const CASES: [string, () => Promise<string>, string][] = [
    [
      'revisions are off',
      async () => {
        const guid = await revision(1);
        await ok('PATCH', `/v3/apps/${app}/features/revisions`, { enabled: false });
        return guid;
      },
      'Cannot create deployment from a revision for an app without revisions enabled',
    ],
    ['no such revision', async () => 'no', 'The revision does not exist'],
    ['the newest one', () => revision(2), SAME],
    [
      'its droplet has expired',
      async () => {
        for (let n = 0; n < 6; n += 1) await w.stage(pack);
        return revision(1);
      },
      GONE,
    ],
    [
      'its droplet was deleted',
      async () => {
        await w.finishJob(await f.call('DELETE', `/v3/droplets/${droplet}`));
        return revision(1);
      },
      GONE,
    ],
    [
      'a revision of another app',
      async () => {
        const other = await w.staged('b');
        await ok('POST', `/v3/apps/${other.app}/actions/start`);
        return (await ok('GET', `/v3/apps/${other.app}/revisions`)).resources[0].guid;
      },
      'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
    ],
  ];

  test.each(CASES)('%s', async (_what, prepare, text) => {
    await twoVersions();
    const guid = await prepare();
    const before = await state();
    const reply = await rollBack(guid);
    expect([reply.status, reply.body.errors]).toEqual([
      422,
      [{ code: 10008, title: 'CF-UnprocessableEntity', detail: text }],
    ]);
    expect(await state()).toEqual(before);
  });

  async function state() {
    return {
      droplet: (await ok('GET', `/v3/apps/${app}/droplets/current`)).guid,
      env: (await ok('GET', `/v3/apps/${app}/environment_variables`)).var,
      sidecars: (await ok('GET', `/v3/apps/${app}/sidecars`)).resources,
      revisions: await revisions(),
      deployments: (await ok('GET', `/v3/deployments?app_guids=${app}`)).resources,
      desired: [...f.cells.desired.keys()],
    };
  }
});

test('a deployment that changes nothing makes no revision', async () => {
  await act('start');
  const body = { relationships: { app: { data: { guid: app } } } };
  const made = await ok('POST', '/v3/deployments', body);
  expect(made.revision.version).toBe(1);
  await finished(made.guid);
  expect(await revisions()).toHaveLength(1);
  expect(await deployed()).toEqual([1]);
});
