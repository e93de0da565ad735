/** An app that has all that no manifest names, at once: it is the same app after every deploy and after a rollback. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployWatched, rollBackWatched } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { until } from './support/until.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

const PAUSES = 'app-autoscaler.cloudfoundry.org/disable-autoscaling';
const POLICY = { instance_min_count: 1, instance_max_count: 4 };

let world: World;
let token: string;
let wanted: Awaited<ReturnType<typeof belongings>>;

interface Found {
  resources: Record<string, unknown>[];
}

/** Straight to the API: the CLI takes a second for each call, and this makes a hundred. */
async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(path, world.foundry.api), {
    method,
    headers: { authorization: token, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json().catch(() => ({}))) as T;
}

function read<T = Found>(path: string): Promise<T> {
  return call('GET', path);
}

function patch(path: string, body: unknown, method = 'PATCH'): Promise<unknown> {
  return call(method, path, body);
}

const guidOf = async (name: string) => (await spaceOf(world)).app(name).guid;

/** All that an app has beside bits and routes, with no guid of its own in it. */
async function belongings(guid: string) {
  const [bindings, instances, features, sidecars, { var: env }, web, app, policies] = await Promise.all([
    read(`/v3/service_credential_bindings?app_guids=${guid}`),
    read('/v3/service_instances'),
    read(`/v3/apps/${guid}/features`),
    read(`/v3/apps/${guid}/sidecars`),
    read<{ var: object }>(`/v3/apps/${guid}/environment_variables`),
    read<Record<string, unknown>>(`/v3/apps/${guid}/processes/web`),
    read<{ metadata: { labels: Record<string, string>; annotations: Record<string, string> } }>(
      `/v3/apps/${guid}`,
    ),
    read<{ policies: object[] }>(`/networking/v1/external/policies?id=${guid}`),
  ]);
  const nameOf = (binding: Record<string, unknown>) => {
    const { service_instance: of } = binding.relationships as {
      service_instance: { data: { guid: string } };
    };
    return instances.resources.find((one) => one.guid === of.data.guid)?.name;
  };
  const others = (all: Record<string, string>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith('cf-zero-downtime')));
  const bound = bindings.resources.map(async (one) => {
    const told = await read<{ errors?: unknown }>(`/v3/service_credential_bindings/${one.guid}/parameters`);
    const { state } = one.last_operation as { state: string };
    return { service: nameOf(one), name: one.name, state, parameters: told.errors ? 'not told' : told };
  });
  const text = (value: unknown) => JSON.stringify(value).replaceAll(guid, 'OWN');
  return {
    bindings: (await Promise.all(bound)).map(text).sort(),
    features: features.resources.map(({ name, enabled }) => [name, enabled]),
    sidecars: sidecars.resources.map(({ name, command, process_types: types }) => [name, command, types]),
    env,
    command: web.command,
    memory: web.memory_in_mb,
    checks: [web.health_check, web.readiness_health_check],
    labels: others(app.metadata.labels),
    annotations: others(app.metadata.annotations),
    policies: policies.policies.map(text).sort(),
  };
}

const to = (guid: string) => ({ data: { guid } });
const spaceGuid = async () => String((await read('/v3/spaces')).resources[0]?.guid);

function inSpace(name: string, guid: string) {
  return { name, relationships: { space: to(guid) } };
}

async function madeService(name: string, offering: string): Promise<void> {
  const [plan] = (await read(`/v3/service_plans?service_offering_names=${offering}`)).resources;
  const wish = inSpace(name, await spaceGuid());
  const relationships = { ...wish.relationships, service_plan: to(String(plan?.guid)) };
  await patch('/v3/service_instances', { ...wish, type: 'managed', relationships }, 'POST');
  await until(`${name} to be made`, async () => {
    const [made] = (await read(`/v3/service_instances?names=${name}`)).resources;
    return (made?.last_operation as { state?: string } | undefined)?.state === 'succeeded';
  });
}

/** @param how '' makes it, `/delete` takes it away */
async function policy(
  how: string,
  from: string,
  into: string,
  protocol: string,
  port: number,
): Promise<void> {
  const [source, destination] = await Promise.all([guidOf(from), guidOf(into)]);
  const ports = { start: port, end: port };
  const policies = [{ source: { id: source }, destination: { id: destination, protocol, ports } }];
  await patch(`/networking/v1/external/policies${how}`, { policies }, 'POST');
}

beforeAll(async () => {
  world = await startWorld();
  await Promise.all([
    world.foundry.control('POST', 'seed', { apps: 2, prefix: 'neighbour' }),
    world.deploy({ version: 'v1' }),
  ]);
  const live = await guidOf('shop');
  token = (await world.cf('oauth-token')).trim();
  await Promise.all([
    madeService('db', 'database'),
    madeService('jobs', 'queue'),
    madeService('post', 'mail'),
    madeService('scaler', 'app-autoscaler'),
    patch(
      '/v3/service_instances',
      { ...inSpace('legacy', await spaceGuid()), type: 'user-provided' },
      'POST',
    ),
  ]);
  const bound = { db: { name: 'main', parameters: { role: 'reader' } }, scaler: { parameters: POLICY } };
  for (const { guid, name } of (await read('/v3/service_instances')).resources as {
    guid: string;
    name: string;
  }[]) {
    const relationships = { app: to(live), service_instance: to(guid) };
    const more = bound[name as keyof typeof bound];
    await patch('/v3/service_credential_bindings', { type: 'app', ...more, relationships }, 'POST');
  }
  await until('every binding to be made', async () => {
    const { resources } = await read(`/v3/service_credential_bindings?app_guids=${live}`);
    const states = resources.map((one) => (one.last_operation as { state: string }).state);
    return states.length === 5 && states.every((state) => state === 'succeeded');
  });
  await policy('', 'shop', 'neighbour-1', 'tcp', 8_443);
  await policy('', 'neighbour-2', 'shop', 'udp', 5_000);
  await patch(`/v3/apps/${live}/environment_variables`, { var: { BY_HAND: 'yes' } });
  await patch(`/v3/apps/${live}/features/ssh`, { enabled: false });
  await patch(`/v3/apps/${live}/features/revisions`, { enabled: false });
  await patch(
    `/v3/apps/${live}/sidecars`,
    { name: 'agent', command: './agent', process_types: ['web'], memory_in_mb: 8 },
    'POST',
  );
  const labels = { team: 'shop' };
  await patch(`/v3/apps/${live}`, { metadata: { labels, annotations: { note: 'set by hand' } } });
  await patch(`/v3/processes/${live}`, {
    command: 'exec node demo/server.js',
    health_check: { type: 'http', data: { endpoint: '/health', timeout: 77, invocation_timeout: 5 } },
    readiness_health_check: { type: 'http', data: { endpoint: '/health' } },
  });
  wanted = await belongings(live);
});
afterAll(() => world.close());

/** What no app of a deploy that is over may have. */
async function expectNoTrace() {
  const { apps } = await read<{ apps: never }>('/v3/apps').then((found) => ({
    apps: (found as unknown as Found).resources as { guid: string; metadata: { labels: object } }[],
  }));
  for (const { metadata } of apps) expect(metadata.labels).not.toHaveProperty([PAUSES]);
  const { policies } = await read<{ policies: { source: { id: string }; destination: { id: string } }[] }>(
    '/networking/v1/external/policies',
  );
  const known = apps.map(({ guid }) => guid);
  for (const { source, destination } of policies) {
    expect(known).toContain(source.id);
    expect(known).toContain(destination.id);
  }
}

test('there is something of each kind', () => {
  expect(wanted.bindings).toHaveLength(5);
  expect(wanted.policies).toHaveLength(2);
  expect(wanted.sidecars).toHaveLength(1);
  expect(wanted).toMatchObject({
    command: 'exec node demo/server.js',
    labels: { team: 'shop' },
    features: expect.arrayContaining([
      ['ssh', false],
      ['revisions', false],
    ]),
  });
});

test('a deploy carries all of it, tells what, and pauses the autoscaler while two versions serve', async () => {
  const { result } = await deployWatched(world, { version: 'v2' });
  const live = await guidOf('shop');
  expect(await belongings(live)).toEqual(wanted);
  for (const what of [
    'binding to service instance db',
    'sidecar agent',
    'label team',
    'app feature ssh off',
  ]) {
    expect(result.shown).toContain(what);
  }
  expect(result.summary).toContain('Carried from live, not in the manifest');
  expect(result.shown).toMatch(/The broker does not tell the parameters of the binding to post of shop/);
  expect(result.shown).toContain('pause the autoscaler of live');
  await expectNoTrace();
});

test('the next one carries it on, but for what its manifest has taken over', async () => {
  const more = [
    'env:',
    '  BY_HAND: named',
    'services:',
    '  - name: legacy',
    'metadata:',
    '  labels: {team: other}',
  ];
  await deployWatched(world, { version: 'v3', more });
  expect(await belongings(await guidOf('shop'))).toEqual({
    ...wanted,
    env: { BY_HAND: 'named' },
    labels: { team: 'other' },
  });
  await expectNoTrace();
});

test('a rollback brings back the version with its own, and with what live was given since', async () => {
  await policy('', 'shop', 'neighbour-2', 'tcp', 9_000);
  await policy('/delete', 'shop', 'neighbour-1', 'tcp', 8_443);
  const { policies } = await belongings(await guidOf('shop'));
  await rollBackWatched(world, 'shop');
  expect(await world.meet()).toBe('v2');
  expect(await belongings(await guidOf('shop'))).toEqual({ ...wanted, policies });
  await expectNoTrace();
});
