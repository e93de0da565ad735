/** TCP routes, options, route services, destinations of other kinds and routes of other spaces. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Reply, type Scripted, scripted, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
const to = (guid: string) => ({ data: { guid } });

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
});
afterEach(() => f.close());

const domain = async (name: string) =>
  (await f.call('GET', `/v3/domains?names=${name}`)).body.resources[0].guid as string;
const create = async (name: string, more: object = {}) =>
  f.call('POST', '/v3/routes', {
    relationships: { space: to(w.spaceGuid), domain: to(await domain(name)) },
    ...more,
  });
const detail = (reply: Reply) => [reply.status, reply.body.errors[0].detail];
const map = (route: string, ...destinations: object[]) =>
  f.call('POST', `/v3/routes/${route}/destinations`, { destinations });
const running = async (name: string) => {
  const { app } = await w.staged(name);
  await f.call('POST', `/v3/apps/${app}/actions/start`);
  f.cells.all(app, { state: 'RUNNING', routable: true });
  return app;
};
const apply = async (yaml: string) =>
  w.finishJob(
    await f.call('POST', `/v3/spaces/${w.spaceGuid}/actions/apply_manifest`, yaml, {
      'content-type': 'application/x-yaml',
    }),
  );

test('a TCP route has a port of its group, taken or wanted, and nothing else', async () => {
  const any = await create('tcp.localhost');
  expect(any.body).toMatchObject({ protocol: 'tcp', host: '', path: '' });
  expect(any.body.port).toBeGreaterThanOrEqual(1024);
  expect(any.body.url).toBe(`tcp.localhost:${any.body.port}`);
  const same = await create('tcp.localhost', { port: any.body.port });
  expect(detail(same)).toEqual([
    422,
    `Route already exists with port '${any.body.port}' for domain 'tcp.localhost'.`,
  ]);
  expect(detail(await create('tcp.localhost', { port: 80 }))).toEqual([
    422,
    "Port '80' is not available. Try a different port or use a different domain.",
  ]);
  expect(detail(await create('tcp.localhost', { host: 'a' }))).toEqual([
    422,
    'Hosts are not supported for TCP routes.',
  ]);
  expect(detail(await create('apps.localhost', { host: 'a', port: 1024 }))).toEqual([
    422,
    "Routes with protocol 'http' do not support ports.",
  ]);
  const usage = await f.call('GET', `/v3/spaces/${w.spaceGuid}/usage_summary`);
  expect(usage.body.usage_summary).toMatchObject({ routes: 1, reserved_ports: 1 });
  const found = await f.call('GET', `/v3/routes?ports=${any.body.port}`);
  expect(found.body.resources.map((r: { guid: string }) => r.guid)).toEqual([any.body.guid]);
});

test('what the routers hear of a TCP route is its port; its destinations speak tcp', async () => {
  const app = await running('a');
  const { guid, port } = (await create('tcp.localhost')).body;
  expect(detail(await map(guid, { app: { guid: app }, protocol: 'http1' }))).toEqual([
    422,
    "Cannot use 'http1' protocol for tcp routes; valid options are: [tcp].",
  ]);
  const mapped = await map(guid, { app: { guid: app } });
  expect(mapped.body.destinations[0]).toMatchObject({ port: 8080, protocol: 'tcp' });
  expect(f.record(guid)).toMatchObject({ port, endpoints: [{ appGuid: app }] });
});

test('options and route services reach the routers without a new destination', async () => {
  const app = await running('a');
  const route = await w.route('a', app);
  await f.call('PATCH', `/v3/routes/${route}`, { options: { loadbalancing: 'least-connection' } });
  expect(f.record(route)).toMatchObject({ loadBalancing: 'least-connection' });
  const gateway = await f.call('POST', '/v3/service_instances', {
    type: 'user-provided',
    name: 'gateway',
    route_service_url: 'https://gateway.apps.localhost',
    relationships: { space: to(w.spaceGuid) },
  });
  const bind = () =>
    f.call('POST', '/v3/service_route_bindings', {
      relationships: { service_instance: to(gateway.body.guid), route: to(route) },
    });
  const bound = await bind();
  expect([bound.status, (await bind()).body.errors[0].code]).toEqual([201, 130008]);
  expect(f.record(route)?.routeServiceUrl).toBe('https://gateway.apps.localhost');
  await f.call('PATCH', `/v3/routes/${route}`, { options: { loadbalancing: null } });
  expect(f.record(route)?.loadBalancing).toBeUndefined();
  await f.call('DELETE', `/v3/service_route_bindings/${bound.body.guid}`);
  expect(f.record(route)?.routeServiceUrl).toBeUndefined();
  expect((await f.call('GET', `/v3/routes/${route}`)).body.options).toEqual({});
});

test('a route reaches apps of another space only while it is shared with it', async () => {
  const other = await f.call('POST', '/v3/spaces', {
    name: 'test',
    relationships: { organization: to(w.orgGuid) },
  });
  const away = await f.call('POST', '/v3/apps', { name: 'b', relationships: { space: to(other.body.guid) } });
  const route = await w.route('a');
  const path = `/v3/routes/${route}/relationships/shared_spaces`;
  const share = () => f.call('POST', path, { data: [{ guid: other.body.guid }] });
  expect(detail(await share())).toEqual([403, 'Feature Disabled: route_sharing']);
  await f.call('PATCH', '/v3/feature_flags/route_sharing', { enabled: true });
  const foreign = () => map(route, { app: { guid: away.body.guid } });
  expect((await foreign()).status).toBe(422);
  expect((await share()).body.data).toEqual([{ guid: other.body.guid }]);
  expect((await foreign()).status).toBe(200);
  const moved = await f.call('PATCH', `/v3/routes/${route}/relationships/space`, to(other.body.guid));
  expect(moved.status).toBe(200);
  expect((await f.call('GET', path)).body.data).toEqual([{ guid: w.spaceGuid }]);
});

test('a manifest maps every kind of route; another protocol replaces all destinations', async () => {
  const [a, b] = [await running('a'), await w.app('b')];
  const route = await w.route('a', a);
  await map(route, { app: { guid: b } });
  const { guid, port } = (await create('tcp.localhost')).body;
  const job = await apply(`applications:
- name: a
  routes:
  - {route: 'tcp.localhost:${port}'}
  - {route: a.apps.internal}
  - {route: a.apps.localhost, protocol: http2, options: {loadbalancing: least-connection}}
`);
  expect(job.body.errors).toEqual([]);
  const of = async (path: string) => (await f.call('GET', path)).body;
  expect((await of(`/v3/apps/${a}/routes`)).resources.map((r: { url: string }) => r.url)).toEqual([
    'a.apps.localhost',
    `tcp.localhost:${port}`,
    'a.apps.internal',
  ]);
  expect((await of(`/v3/routes/${guid}`)).destinations[0].protocol).toBe('tcp');
  const now = await of(`/v3/routes/${route}`);
  expect(now.options).toEqual({ loadbalancing: 'least-connection' });
  expect(
    now.destinations.map((d: { app: { guid: string }; protocol: string }) => [d.app.guid, d.protocol]),
  ).toEqual([[a, 'http2']]);
});
