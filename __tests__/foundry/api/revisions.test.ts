/** Revisions as the platform makes and shows them (platform facts A2). */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Scripted, scripted, until, type World, world } from '../scripted.js';

interface Revision {
  guid: string;
  version: number;
  description: string;
  deployable: boolean;
  droplet: { guid: string };
  processes: Record<string, { command: string | null }>;
  sidecars: unknown[];
}

let f: Scripted;
let w: World;
let made: Awaited<ReturnType<World['staged']>>;

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
  made = await w.staged('a');
});
afterEach(() => f.close());

const ok = async (method: string, path: string, body?: unknown) => {
  const reply = await f.call(method, path, body);
  expect([path, reply.status, reply.status < 300 ? '' : reply.text]).toEqual([path, reply.status, '']);
  return reply.body;
};
const act = (action: string) => ok('POST', `/v3/apps/${made.app}/actions/${action}`);
const revisions = async (query = ''): Promise<Revision[]> =>
  (await ok('GET', `/v3/apps/${made.app}/revisions${query}`)).resources;
const deployed = async (): Promise<number[]> =>
  (await ok('GET', `/v3/apps/${made.app}/revisions/deployed`)).resources.map((x: Revision) => x.version);
const told = async () => (await revisions()).map((x) => [x.version, x.description]);
const setEnv = (vars: object) => ok('PATCH', `/v3/apps/${made.app}/environment_variables`, { var: vars });
const setCommand = (type: string, command: string | null) =>
  ok('PATCH', `/v3/apps/${made.app}/processes/${type}`, { command });
const setCurrent = (guid: string) =>
  ok('PATCH', `/v3/apps/${made.app}/relationships/current_droplet`, { data: { guid } });
const sidecar = (name: string) =>
  ok('POST', `/v3/apps/${made.app}/sidecars`, { name, command: 'x', process_types: ['web'] });
const apply = async (yaml: string) => {
  const reply = await f.call('POST', `/v3/spaces/${w.spaceGuid}/actions/apply_manifest`, yaml, {
    'content-type': 'application/x-yaml',
  });
  expect((await w.finishJob(reply)).body.state).toBe('COMPLETE');
};

describe('when one is made', () => {
  test('not before the first start, and then as the first one', async () => {
    expect(await revisions()).toEqual([]);
    await act('start');
    expect(await told()).toEqual([[1, 'Initial revision.']]);
  });

  const CHANGES: [string, () => Promise<unknown>, string][] = [
    ['a droplet', async () => setCurrent(await w.stage(made.pack)), 'New droplet deployed.'],
    ['a variable', () => setEnv({ A: '1' }), 'New environment variables deployed.'],
    ['a command', () => setCommand('web', 'x'), "Custom start command added for 'web' process."],
    [
      'a command of a worker',
      () => setCommand('worker', 'x'),
      "Custom start command added for 'worker' process.",
    ],
    [
      'a process type',
      () => apply('applications: [{name: a, processes: [{type: clock}]}]'),
      "New process type 'clock' added.",
    ],
    ['a sidecar', () => sidecar('agent'), 'Sidecars updated.'],
    [
      'several things, told in the order of the alphabet',
      async () => {
        await setCurrent(await w.stage(made.pack));
        await setCommand('web', 'x');
        await setEnv({ A: '1' });
      },
      "Custom start command added for 'web' process. New droplet deployed. New environment variables deployed.",
    ],
  ];

  test.each(CHANGES)('%s, at the next start', async (_what, change, description) => {
    await act('start');
    await change();
    expect(await told()).toHaveLength(1);
    await act('start'); // It is started already: nothing is recorded.
    expect(await told()).toHaveLength(1);
    await act('stop');
    await act('start');
    expect(await told()).toEqual([
      [1, 'Initial revision.'],
      [2, description],
    ]);
  });

  test('at a restart too; a command that is set, changed and removed', async () => {
    await act('start');
    for (const command of ['x', 'y', null]) {
      await setCommand('web', command);
      await act('restart');
    }
    expect((await told()).map(([, text]) => text)).toEqual([
      'Initial revision.',
      "Custom start command added for 'web' process.",
      "Custom start command updated for 'web' process.",
      "Custom start command removed for 'web' process.",
    ]);
  });

  const SAME: [string, () => Promise<unknown>][] = [
    ['nothing', async () => {}],
    [
      'instances and memory',
      () => ok('POST', `/v3/processes/${made.app}/actions/scale`, { instances: 2, memory_in_mb: 99 }),
    ],
    ['a health check', () => ok('PATCH', `/v3/processes/${made.app}`, { health_check: { type: 'process' } })],
    ['a route', () => w.route('a', made.app)],
    ['the name', () => ok('PATCH', `/v3/apps/${made.app}`, { name: 'b' })],
    ['a label', () => ok('PATCH', `/v3/apps/${made.app}`, { metadata: { labels: { a: 'b' } } })],
    [
      'a variable there and back',
      async () => {
        await setEnv({ A: '1' });
        await setEnv({ A: null });
      },
    ],
  ];

  test.each(SAME)('not for %s', async (_what, change) => {
    await act('start');
    await change();
    await act('restart');
    expect(await told()).toEqual([[1, 'Initial revision.']]);
  });

  test('not while they are switched off, and then the difference to the last one', async () => {
    const feature = (enabled: boolean) => ok('PATCH', `/v3/apps/${made.app}/features/revisions`, { enabled });
    await act('start');
    await feature(false);
    await setEnv({ A: '1' });
    await act('restart');
    expect(await told()).toEqual([[1, 'Initial revision.']]);
    expect(await deployed()).toEqual([1]);
    await feature(true);
    await act('restart');
    expect(await told()).toEqual([
      [1, 'Initial revision.'],
      [2, 'New environment variables deployed.'],
    ]);
  });

  test('a start that is refused records nothing', async () => {
    await ok('POST', `/v3/processes/${made.app}/actions/scale`, { memory_in_mb: 2 ** 30 });
    expect((await f.call('POST', `/v3/apps/${made.app}/actions/start`)).status).toBe(422);
    expect(await revisions()).toEqual([]);
  });

  test('a hundred are kept, and their numbers go on', async () => {
    await act('start');
    for (let n = 0; n < 101; n += 1) {
      await setEnv({ N: String(n) });
      await act('restart');
    }
    const versions = (await revisions('?per_page=500')).map((x) => x.version);
    expect([versions.length, versions[0], versions.at(-1)]).toEqual([100, 3, 102]);
  });

  test('they go with their app', async () => {
    await act('start');
    const [first] = await revisions();
    await w.finishJob(await f.call('DELETE', `/v3/apps/${made.app}`));
    expect((await f.call('GET', `/v3/revisions/${first?.guid}`)).status).toBe(404);
  });

  test('the audit log names each', async () => {
    await act('start');
    const [first] = await revisions();
    const { resources } = await ok('GET', '/v3/audit_events?types=audit.app.revision.create');
    expect(resources.map((e: { data: unknown }) => e.data)).toEqual([
      { revision_guid: first?.guid, revision_version: 1 },
    ]);
  });
});

describe('what one shows', () => {
  test('what it remembers, not what the app has now', async () => {
    await setEnv({ A: '1' });
    await setCommand('worker', 'own');
    await sidecar('agent');
    await act('start');
    await setEnv({ A: '2' });
    await setCommand('worker', null);
    const [first] = await revisions();
    expect(first?.droplet).toEqual({ guid: made.droplet });
    expect(first?.processes).toEqual({ web: { command: null }, worker: { command: 'own' } });
    expect(first?.sidecars).toEqual([
      { name: 'agent', command: 'x', memory_in_mb: null, process_types: ['web'] },
    ]);
    expect((await ok('GET', `/v3/revisions/${first?.guid}/environment_variables`)).var).toEqual({ A: '1' });
  });

  test('deployed: of what is started alone', async () => {
    expect(await deployed()).toEqual([]);
    await act('start');
    await setEnv({ A: '1' });
    expect(await deployed()).toEqual([1]);
    await act('restart');
    expect(await deployed()).toEqual([2]);
    await act('stop');
    expect(await deployed()).toEqual([]);
  });

  test('each process names the one that it was started with', async () => {
    const of = async () => (await ok('GET', `/v3/processes/${made.app}`)).relationships.revision;
    expect(await of()).toBeNull();
    await act('start');
    const [first] = await revisions();
    await setEnv({ A: '1' });
    expect(await of()).toEqual({ data: { guid: first?.guid } });
    await act('restart');
    expect(await of()).toEqual({ data: { guid: (await revisions())[1]?.guid } });
  });

  test('deployable ends when the droplet is deleted', async () => {
    await act('start');
    await setCurrent(await w.stage(made.pack));
    await w.finishJob(await f.call('DELETE', `/v3/droplets/${made.droplet}`));
    await act('restart');
    expect((await revisions()).map((x) => x.deployable)).toEqual([false, true]);
  });

  test('deployable ends when the droplet is the sixth newest beside the current one', async () => {
    await act('start');
    for (let n = 0; n < 5; n += 1) {
      await setCurrent(await w.stage(made.pack));
      expect((await revisions())[0]?.deployable).toBe(true);
    }
    // Of the six beside the current one it is the oldest.
    await w.stage(made.pack);
    expect((await revisions())[0]?.deployable).toBe(false);
    expect((await ok('GET', `/v3/droplets/${made.droplet}`)).state).toBe('EXPIRED');
  });

  const PAGES: [string, number[]][] = [
    ['', [1, 2, 3]],
    ['?order_by=-created_at', [3, 2, 1]],
    ['?versions=1,3', [1, 3]],
    ['?versions=9', []],
    ['?per_page=2&page=2', [3]],
    ['?label_selector=keep=yes', [2]],
  ];

  test('the list: filters, order, pages', async () => {
    await act('start');
    for (const A of ['1', '2']) {
      await setEnv({ A });
      await act('restart');
    }
    const second = (await revisions())[1];
    await ok('PATCH', `/v3/revisions/${second?.guid}`, { metadata: { labels: { keep: 'yes' } } });
    for (const [query, versions] of PAGES) {
      expect([query, (await revisions(query)).map((x) => x.version)]).toEqual([query, versions]);
    }
  });

  test.each([
    ['/v3/apps/APP/revisions?deployable=true', 'Deployable must be a boolean'],
    ['/v3/apps/APP/revisions?states=STAGED', "Unknown query parameter(s): 'states'"],
    ['/v3/apps/APP/revisions/deployed?versions=1', "Unknown query parameter(s): 'versions'"],
    ['/v3/apps/APP/revisions/deployed?label_selector=a', "Unknown query parameter(s): 'label_selector'"],
  ])('%s is refused', async (path, text) => {
    const reply = await f.call('GET', path.replace('APP', made.app));
    expect([reply.status, reply.body.errors[0].code]).toEqual([400, 10005]);
    expect(reply.body.errors[0].detail).toContain(text);
  });

  test('nothing but metadata is changed by hand', async () => {
    await act('start');
    const [first] = await revisions();
    const reply = await f.call('PATCH', `/v3/revisions/${first?.guid}`, { version: 7 });
    expect([reply.status, reply.body.errors[0].detail]).toEqual([422, "Unknown field(s): 'version'"]);
  });
});

test('sidecars of a manifest are added once, and changed by the next one', async () => {
  const yaml = (command: string) =>
    `applications: [{name: a, sidecars: [{name: agent, command: ${command}, process_types: [web], memory: 8M}]}]`;
  await apply(yaml('x'));
  await apply(yaml('y'));
  const { resources } = await ok('GET', `/v3/processes/${made.app}/sidecars`);
  expect(resources).toMatchObject([{ name: 'agent', command: 'y', memory_in_mb: 8, origin: 'user' }]);
  const worker = (await ok('GET', `/v3/apps/${made.app}/processes/worker`)).guid;
  expect((await ok('GET', `/v3/processes/${worker}/sidecars`)).resources).toEqual([]);
});

describe('sidecars of a buildpack', () => {
  test('come with the droplet, and go with the next one', async () => {
    const names = async () =>
      (await ok('GET', `/v3/apps/${made.app}/sidecars`)).resources.map(
        (s: { name: string; origin: string }) => [s.name, s.origin],
      );
    await sidecar('own');
    f.sidecars.push({ name: 'brought', command: 'x', memoryMb: 8, processTypes: ['web'] });
    await setCurrent(await w.stage(made.pack));
    expect(await names()).toEqual([
      ['own', 'user'],
      ['brought', 'buildpack'],
    ]);
    f.sidecars.pop();
    await setCurrent(await w.stage(made.pack));
    expect(await names()).toEqual([['own', 'user']]);
  });

  test('one with the name of a sidecar of the user is refused, and nothing is changed', async () => {
    await sidecar('agent');
    f.sidecars.push({ name: 'agent', command: 'x', memoryMb: null, processTypes: ['web'] });
    const guid = await w.stage(made.pack);
    const path = `/v3/apps/${made.app}/relationships/current_droplet`;
    const reply = await f.call('PATCH', path, { data: { guid } });
    expect([reply.status, reply.body.errors[0].detail]).toEqual([
      422,
      "Buildpack defined sidecar 'agent' conflicts with an existing user-defined sidecar. Consider renaming 'agent'.",
    ]);
    expect((await ok('GET', path)).data).toEqual({ guid: made.droplet });
  });

  test('a copy of the droplet has none: what it is given to loses them', async () => {
    f.sidecars.push({ name: 'brought', command: 'x', memoryMb: null, processTypes: ['web'] });
    await setCurrent(await w.stage(made.pack));
    const [{ guid: source }] = (await ok('GET', `/v3/apps/${made.app}/droplets?current=true`)).resources;
    const copy = await ok('POST', `/v3/droplets?source_guid=${source}`, {
      relationships: { app: { data: { guid: made.app } } },
    });
    await until(
      () => f.call('GET', `/v3/droplets/${copy.guid}`),
      (r) => r.body.state === 'STAGED',
    );
    await setCurrent(copy.guid);
    expect((await ok('GET', `/v3/apps/${made.app}/sidecars`)).resources).toEqual([]);
  });
});
