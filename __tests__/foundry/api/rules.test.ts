/** What the platform refuses and what its acts do, in all rooms of the API. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULTS } from '../../../foundry/start.js';
import { request, type Scripted, scripted, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
const to = (guid: string) => ({ data: { guid } });

async function begin(options: Parameters<typeof scripted>[0] = {}): Promise<void> {
  f = await scripted(options);
  w = await world(f);
}
afterEach(() => f.close());

const apply = async (yaml: string) =>
  f.call('POST', `/v3/spaces/${w.spaceGuid}/actions/apply_manifest`, yaml, {
    'content-type': 'application/x-yaml',
  });
const diff = async (yaml: string) =>
  (
    await f.call('POST', `/v3/spaces/${w.spaceGuid}/manifest_diff`, yaml, {
      'content-type': 'application/x-yaml',
    })
  ).body.diff;
const appOf = async (name: string) => (await f.call('GET', `/v3/apps?names=${name}`)).body.resources[0];
const routesOf = async (guid: string) =>
  (await f.call('GET', `/v3/apps/${guid}/routes`)).body.resources.map((r: { url: string }) => r.url);

describe('names', () => {
  beforeEach(() => begin());

  test('of two creations at once exactly one wins', async () => {
    const body = { name: 'lock', relationships: { space: to(w.spaceGuid) } };
    const replies = await Promise.all(Array.from({ length: 8 }, () => f.call('POST', '/v3/apps', body)));
    expect(replies.map((r) => r.status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 422)]);
    expect(new Set(replies.filter((r) => r.status === 422).map((r) => r.body.errors[0].code))).toEqual(
      new Set([10016]),
    );
  });

  test('a name that only looks alike is free', async () => {
    await w.app('shop');
    expect(await w.app('Shop')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('start', () => {
  beforeEach(() => begin());

  test('an app without a droplet is not started', async () => {
    const app = await w.app('a');
    for (const action of ['start', 'restart']) {
      const reply = await f.call('POST', `/v3/apps/${app}/actions/${action}`);
      expect([reply.status, reply.body.errors[0].detail]).toEqual([
        422,
        'Assign a droplet before starting this app.',
      ]);
    }
  });

  test('starting what is started changes nothing', async () => {
    const { app } = await w.staged('a');
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    const before = f.cells.calls.length;
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    expect(f.cells.calls.length).toBe(before);
  });

  test('the droplet brings its process types, the web process has the GUID of the app', async () => {
    const { app } = await w.staged('a');
    const { body } = await f.call('GET', `/v3/apps/${app}/processes`);
    const found = body.resources.map((p: { type: string; instances: number; guid: string }) => [
      p.type,
      p.instances,
      p.guid === app,
    ]);
    expect(found).toEqual([
      ['web', 1, true],
      ['worker', 0, false],
    ]);
  });

  test('a stopped app keeps its routes and its instances are DOWN', async () => {
    const { app } = await w.staged('a');
    await w.route('a', app);
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    await f.call('POST', `/v3/apps/${app}/actions/stop`);
    expect(await routesOf(app)).toEqual(['a.apps.localhost']);
    const { body } = await f.call('GET', `/v3/processes/${app}/stats`);
    expect(body.resources).toEqual([
      {
        type: 'web',
        index: 0,
        state: 'DOWN',
        routable: false,
        uptime: 0,
        isolation_segment: null,
        details: null,
      },
    ]);
  });
});

describe('quota', () => {
  const quota = (limits: Partial<typeof DEFAULTS.quota>) =>
    begin({ quota: { ...DEFAULTS.quota, ...limits } });

  test('memory', async () => {
    await quota({ totalMemoryMb: 100 });
    const { app } = await w.staged('a');
    const scale = (memory: number, instances: number) =>
      f.call('POST', `/v3/processes/${app}/actions/scale`, { memory_in_mb: memory, instances });
    expect((await scale(64, 5)).status).toBe(202);
    const refused = await f.call('POST', `/v3/apps/${app}/actions/start`);
    expect([refused.status, refused.body.errors[0].detail]).toEqual([422, 'memory quota_exceeded']);
    expect((await f.call('GET', `/v3/apps/${app}`)).body.state).toBe('STOPPED');
    expect(f.cells.calls).toEqual([]);
    await scale(50, 2);
    expect((await f.call('POST', `/v3/apps/${app}/actions/start`)).status).toBe(200);
    const more = await scale(50, 3);
    expect([more.status, more.body.errors[0].detail]).toEqual([422, 'memory quota_exceeded']);
    expect((await f.call('GET', `/v3/processes/${app}`)).body.instances).toBe(2);
    expect((await scale(50, 1)).status).toBe(202);
  });

  test('instances', async () => {
    await quota({ totalInstances: 1 });
    const { app } = await w.staged('a');
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    const reply = await f.call('POST', `/v3/processes/${app}/actions/scale`, { instances: 2 });
    expect([reply.status, reply.body.errors[0].detail]).toEqual([
      422,
      'app_instance_limit app_instance_limit_exceeded',
    ]);
  });

  test('routes', async () => {
    await quota({ totalRoutes: 1 });
    await w.route('a');
    const reply = await f.call('POST', '/v3/routes', {
      host: 'b',
      relationships: { space: to(w.spaceGuid), domain: to(w.domainGuid) },
    });
    expect(reply.body.errors[0].detail).toBe("Routes quota exceeded for organization 'shop'.");
  });

  test('ports of TCP routes', async () => {
    await quota({ totalReservedPorts: 0 });
    const [domain] = (await f.call('GET', '/v3/domains?names=tcp.localhost')).body.resources;
    const reply = await f.call('POST', '/v3/routes', {
      relationships: { space: to(w.spaceGuid), domain: to(domain.guid) },
    });
    expect(reply.body.errors[0].detail).toBe("Reserved route ports quota exceeded for organization 'shop'.");
    expect((await w.route('a')).length).toBeGreaterThan(0);
  });

  test('service instances that a broker makes', async () => {
    await quota({ totalServiceInstances: 0 });
    const [plan] = (await f.call('GET', '/v3/service_plans')).body.resources;
    const make = (more: object) => f.call('POST', '/v3/service_instances', { name: 'db', ...more });
    const space = { space: to(w.spaceGuid) };
    const managed = await make({ type: 'managed', relationships: { ...space, service_plan: to(plan.guid) } });
    expect(managed.body.errors[0]).toMatchObject({ code: 60_005, title: 'CF-ServiceInstanceQuotaExceeded' });
    expect((await make({ type: 'user-provided', relationships: space })).status).toBe(201);
  });

  test('tasks, of all apps together', async () => {
    await quota({ perAppTasks: 1 });
    const [one, two] = [(await w.staged('a')).app, (await w.staged('b')).app];
    const run = (app: string) => f.call('POST', `/v3/apps/${app}/tasks`, { command: 'make' });
    expect((await run(one)).status).toBe(202);
    const reply = await run(two);
    expect([reply.status, reply.body.errors[0].detail]).toEqual([422, 'app_task_limit quota exceeded']);
  });
});

describe('destinations', () => {
  beforeEach(() => begin());

  test('at most a hundred', async () => {
    const route = await w.route('a');
    await request(`${f.api}/__foundry/seed`, 'POST', { apps: 101 });
    const apps = (await f.call('GET', '/v3/apps?per_page=200')).body.resources;
    const destinations = apps.map((a: { guid: string }) => ({ app: { guid: a.guid } }));
    const insert = (list: unknown[]) =>
      f.call('POST', `/v3/routes/${route}/destinations`, { destinations: list });
    expect((await insert(destinations.slice(0, 100))).status).toBe(200);
    const reply = await insert(destinations.slice(100));
    expect(reply.body.errors[0].detail).toBe('Routes can be mapped to at most 100 destinations.');
    expect((await insert([])).status).toBe(422);
  });

  test('an app of another space is refused', async () => {
    const space = (
      await f.call('POST', '/v3/spaces', { name: 'other', relationships: { organization: to(w.orgGuid) } })
    ).body.guid;
    const app = (await f.call('POST', '/v3/apps', { name: 'x', relationships: { space: to(space) } })).body
      .guid;
    const route = await w.route('a');
    const reply = await f.call('POST', `/v3/routes/${route}/destinations`, {
      destinations: [{ app: { guid: app } }],
    });
    expect(reply.body.errors[0].detail).toBe(
      "Routes destinations must be in either the route's space or the route's shared spaces",
    );
  });

  test('a replace keeps the GUID of what stays', async () => {
    const [a, b] = [await w.app('a'), await w.app('b')];
    const route = await w.route('r', a);
    const before = (await f.call('GET', `/v3/routes/${route}`)).body.destinations[0].guid;
    const body = { destinations: [{ app: { guid: b } }, { app: { guid: a } }] };
    const after = (await f.call('PATCH', `/v3/routes/${route}/destinations`, body)).body.destinations;
    expect(after.find((d: { app: { guid: string } }) => d.app.guid === a).guid).toBe(before);
    expect(
      (await f.call('PATCH', `/v3/routes/${route}/destinations`, { destinations: [] })).body.destinations,
    ).toEqual([]);
  });

  test('deleting an app leaves its routes', async () => {
    const app = await w.app('a');
    const route = await w.route('r', app);
    await w.finishJob(await f.call('DELETE', `/v3/apps/${app}`));
    expect((await f.call('GET', `/v3/routes/${route}`)).body.destinations).toEqual([]);
  });
});

describe('routes of the organization', () => {
  beforeEach(() => begin());

  test('apex and wildcard are legal on a domain of its own, and a host is lower case', async () => {
    const own = (await f.call('GET', '/v3/domains?names=shop.localhost')).body.resources[0].guid;
    const make = async (host?: string) =>
      (
        await f.call('POST', '/v3/routes', {
          host,
          relationships: { space: to(w.spaceGuid), domain: to(own) },
        })
      ).body;
    expect((await make()).url).toBe('shop.localhost');
    expect((await make('*')).url).toBe('*.shop.localhost');
    expect((await make('WWW')).url).toBe('www.shop.localhost');
    expect((await make('www')).errors[0].detail).toBe(
      "Route already exists with host 'www' for domain 'shop.localhost'.",
    );
  });

  test('a private domain is not for another organization', async () => {
    const org = (await f.call('POST', '/v3/organizations', { name: 'o2' })).body.guid;
    const space = (
      await f.call('POST', '/v3/spaces', { name: 's2', relationships: { organization: to(org) } })
    ).body.guid;
    const own = (await f.call('GET', '/v3/domains?names=shop.localhost')).body.resources[0].guid;
    const reply = await f.call('POST', '/v3/routes', {
      host: 'x',
      relationships: { space: to(space), domain: to(own) },
    });
    expect(reply.body.errors[0].detail).toBe(
      "Invalid domain. Domain 'shop.localhost' is not available in organization 'o2'.",
    );
  });
});

describe('manifests', () => {
  beforeEach(() => begin());

  test('apply makes the app at once and the rest in the job', async () => {
    const reply = await apply(`
applications:
- name: shop
  memory: 128M
  instances: 2
  env: {A: 1, B: text}
  command: node x.js
  health-check-type: http
  health-check-http-endpoint: /health
  timeout: 30
  readiness-health-check-type: http
  readiness-health-check-http-endpoint: /ready
  stack: cflinuxfs4
  buildpacks: [nodejs_buildpack]
  metadata: {labels: {team: shop}}
  routes:
  - route: shop.apps.localhost
  - route: a.eu.apps.localhost/api
  - route: shop.localhost
  - route: '*.shop.localhost'
  processes:
  - type: worker
    instances: 1
    memory: 1G
`);
    expect((await appOf('shop')).state).toBe('STOPPED');
    const job = await w.finishJob(reply);
    expect([job.body.state, job.body.operation]).toEqual(['COMPLETE', 'space.apply_manifest']);
    const app = await appOf('shop');
    expect(app.metadata.labels).toEqual({ team: 'shop' });
    expect(app.lifecycle.data.buildpacks).toEqual(['nodejs_buildpack']);
    expect(await routesOf(app.guid)).toEqual([
      'shop.apps.localhost',
      'a.eu.apps.localhost/api',
      'shop.localhost',
      '*.shop.localhost',
    ]);
    const web = (await f.call('GET', `/v3/processes/${app.guid}`)).body;
    expect(web).toMatchObject({
      instances: 2,
      memory_in_mb: 128,
      command: 'node x.js',
      health_check: { type: 'http', data: { endpoint: '/health', timeout: 30 } },
      readiness_health_check: { type: 'http', data: { endpoint: '/ready' } },
    });
    expect((await f.call('GET', `/v3/apps/${app.guid}/processes/worker`)).body).toMatchObject({
      instances: 1,
      memory_in_mb: 1024,
    });
    expect((await f.call('GET', `/v3/apps/${app.guid}/environment_variables`)).body.var).toEqual({
      A: '1',
      B: 'text',
    });
  });

  test('routes are added and never removed, but for no-route', async () => {
    const routes = (list: string) => `applications: [{name: a, routes: [${list}]}]`;
    await w.finishJob(await apply(routes('{route: one.apps.localhost}')));
    await w.finishJob(await apply(routes('{route: two.apps.localhost}')));
    const { guid } = await appOf('a');
    expect(await routesOf(guid)).toEqual(['one.apps.localhost', 'two.apps.localhost']);
    await w.finishJob(await apply('applications: [{name: a, no-route: true}]'));
    expect(await routesOf(guid)).toEqual([]);
    expect((await f.call('GET', '/v3/routes')).body.pagination.total_results).toBe(2);
  });

  test('default-route and random-route only where there is none', async () => {
    await w.finishJob(await apply('applications: [{name: a, default-route: true}]'));
    const { guid } = await appOf('a');
    expect(await routesOf(guid)).toEqual(['a.apps.localhost']);
    await w.finishJob(await apply('applications: [{name: a, random-route: true}]'));
    expect(await routesOf(guid)).toEqual(['a.apps.localhost']);
    await w.finishJob(await apply('applications: [{name: b, random-route: true}]'));
    expect((await routesOf((await appOf('b')).guid))[0]).toMatch(/^b-\w+\.apps\.localhost$/);
  });

  test('instances change at once on a running process', async () => {
    const { app } = await w.staged('a');
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    await w.finishJob(await apply('applications: [{name: a, instances: 3, memory: 77M}]'));
    expect(f.cells.calls.at(-1)).toBe('desire web 3');
    expect([...f.cells.desired.values()].find((p) => p.type === 'web')?.memoryMb).toBe(1024);
  });

  test.each([
    [
      'applications: [{name: a, routes: [{route: x.nowhere.example}]}]',
      "The route 'x.nowhere.example' did not match any existing domains.",
    ],
    ['applications: [{name: a, services: [db]}]', "Service instance 'db' not found"],
    [
      'applications: [{name: "no host", default-route: true}]',
      'Failed to create default route from app name',
    ],
  ])('%s fails its job', async (yaml, text) => {
    const job = await w.finishJob(await apply(yaml));
    expect(job.body.state).toBe('FAILED');
    expect(job.body.errors[0].detail).toContain(text);
  });

  test.each([
    ['applications: [{instances: 1}]', 'For application at index 0: Name must not be empty'],
    [
      'applications: [{name: a, memory: 5X}]',
      'For application \'a\': Process "web": Memory must use a supported unit',
    ],
    ['applications: [{name: a, instances: -1}]', 'Instances must be greater than or equal to 0'],
    ['version: 2\napplications: [{name: a}]', 'Unsupported manifest schema version'],
  ])('%s is refused at once', async (yaml, text) => {
    const reply = await apply(yaml);
    expect(reply.status).toBe(422);
    expect(reply.body.errors[0].detail).toContain(text);
    expect((await f.call('GET', '/v3/apps')).body.resources).toEqual([]);
  });

  test('a text that is no YAML is a parse error', async () => {
    expect((await apply('a: [')).body.errors[0].code).toBe(1001);
  });

  test('the difference names what a manifest would change, and nothing else', async () => {
    await w.finishJob(
      await apply('applications: [{name: a, memory: 1G, env: {K: v}, routes: [{route: a.apps.localhost}]}]'),
    );
    expect(
      await diff(
        'applications: [{name: a, memory: 1024M, env: {K: v}, routes: [{route: a.apps.localhost}]}]',
      ),
    ).toEqual([]);
    expect(
      await diff(
        'applications: [{name: a, memory: 2G, env: {K: w, L: x}, routes: [{route: b.apps.localhost}]}]',
      ),
    ).toEqual([
      { op: 'replace', path: '/applications/0/memory', was: '1024M', value: '2G' },
      { op: 'replace', path: '/applications/0/env/K', was: 'v', value: 'w' },
      { op: 'add', path: '/applications/0/env/L', value: 'x' },
      { op: 'add', path: '/applications/0/routes/0', value: { route: 'b.apps.localhost' } },
    ]);
  });

  test('a generated manifest applies to the same', async () => {
    await w.finishJob(
      await apply('applications: [{name: a, memory: 64M, env: {K: v}, routes: [{route: a.apps.localhost}]}]'),
    );
    const { guid } = await appOf('a');
    const { text } = await f.call('GET', `/v3/apps/${guid}/manifest`);
    expect(text).toContain('memory: 64M');
    expect(await diff(text)).toEqual([]);
    expect((await w.finishJob(await apply(text))).body.state).toBe('COMPLETE');
  });
});

describe('environment variables', () => {
  beforeEach(() => begin());

  test.each([
    ['PORT', 'Var cannot set PORT'],
    ['VCAP_X', 'Var cannot start with VCAP_'],
  ])('%s is refused', async (name, text) => {
    const app = await w.app('a');
    const reply = await f.call('PATCH', `/v3/apps/${app}/environment_variables`, { var: { [name]: '1' } });
    expect([reply.status, reply.body.errors[0].detail]).toEqual([422, text]);
  });
});
