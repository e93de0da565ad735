import type { World } from '../../scripted.js';
import type { Step } from './step.js';

const to = (guid: string) => ({ data: { guid } });

/** Service instances, bindings and a policy for the walk; GUIDs by the names that the steps use. */
export async function makeServices(w: World, app: string, route: string): Promise<Record<string, string>> {
  const { f } = w;
  const first = async (path: string) => (await f.call('GET', path)).body.resources[0].guid as string;
  const plan = await first('/v3/service_plans?service_offering_names=database');
  const space = to(w.spaceGuid);
  await w.finishJob(
    await f.call('POST', '/v3/service_instances', {
      type: 'managed',
      name: 'db',
      parameters: { size: 1 },
      relationships: { space, service_plan: to(plan) },
    }),
  );
  const instance = await first('/v3/service_instances?names=db');
  const gateway = (
    await f.call('POST', '/v3/service_instances', {
      type: 'user-provided',
      name: 'gateway',
      credentials: { key: 'k' },
      route_service_url: 'https://gateway.apps.localhost',
      relationships: { space },
    })
  ).body.guid;
  const routeBinding = await f.call('POST', '/v3/service_route_bindings', {
    relationships: { service_instance: to(gateway), route: to(route) },
  });
  await w.finishJob(
    await f.call('POST', '/v3/service_credential_bindings', {
      type: 'app',
      parameters: { role: 'reader' },
      relationships: { service_instance: to(instance), app: to(app) },
    }),
  );
  await f.call('PATCH', '/v3/feature_flags/service_instance_sharing', { enabled: true });
  return {
    instance,
    gateway,
    plan,
    offering: await first('/v3/service_offerings?names=database'),
    broker: await first('/v3/service_brokers'),
    binding: await first(`/v3/service_credential_bindings?app_guids=${app}`),
    routeBinding: routeBinding.body.guid,
  };
}

const policies = [
  { source: { id: '{app}' }, destination: { id: '{app}', protocol: 'tcp', ports: { start: 1, end: 2 } } },
];
const INSTANCE = '/v3/service_instances/:guid';
const BINDING = '/v3/service_credential_bindings/:guid';
const ROUTE_BINDING = '/v3/service_route_bindings/:guid';
const SHARED = `${INSTANCE}/relationships/shared_spaces`;
const look = (pattern: string, name: string, has: Step['has']): Step => ({
  row: `GET ${pattern}`,
  cites: 'cf-cli 6.2',
  path: pattern.replace(':guid', `{${name}}`),
  status: 200,
  ...(has ? { has } : {}),
});
const marked = { metadata: { labels: { a: 'b' } } };
const mark = (pattern: string, name: string): Step => ({
  row: `PATCH ${pattern}`,
  cites: 'platform A7',
  path: pattern.replace(':guid', `{${name}}`),
  body: marked,
  status: 200,
  has: { 'metadata.labels': { a: 'b' } },
});

export const services: readonly Step[] = [
  { row: 'GET /v3/service_offerings', cites: 'cf-cli 6.2', status: 200, list: {} },
  look('/v3/service_offerings/:guid', 'offering', { name: 'database' }),
  {
    row: 'GET /v3/service_plans',
    cites: 'cf-cli 6.2',
    path: '/v3/service_plans?names=small&include=service_offering',
    status: 200,
    list: { total: 2 },
  },
  look('/v3/service_plans/:guid', 'plan', { name: 'small' }),
  {
    row: 'GET /v3/service_brokers',
    cites: 'cf-cli 6.2',
    status: 200,
    has: { 'resources.0.name': 'marketplace' },
  },
  look('/v3/service_brokers/:guid', 'broker', { name: 'marketplace' }),
  {
    row: 'GET /v3/service_instances',
    cites: 'cf-cli 6.2',
    path: '/v3/service_instances?space_guids={space}&type=managed&fields[service_plan.service_offering]=guid,name',
    status: 200,
    list: { total: 1 },
    has: { 'included.service_offerings.0.name': 'database' },
  },
  {
    row: 'POST /v3/service_instances',
    cites: 'platform A3',
    body: { type: 'user-provided', name: 'db', relationships: { space: to('{space}') } },
    status: 422,
    error: [10008, 'CF-UnprocessableEntity', 'The service instance name is taken: db.'],
  },
  look(INSTANCE, 'instance', { type: 'managed', 'last_operation.state': 'succeeded' }),
  mark(INSTANCE, 'instance'),
  look(`${INSTANCE}/parameters`, 'instance', { '': { size: 1 } }),
  look(`${INSTANCE}/credentials`, 'gateway', { '': { key: 'k' } }),
  {
    row: `POST ${SHARED}`,
    cites: 'platform A7',
    path: '/v3/service_instances/{instance}/relationships/shared_spaces',
    body: { data: [{ guid: 'nowhere' }] },
    status: 422,
    error: [
      10008,
      'CF-UnprocessableEntity',
      "Unable to share service instance db with spaces ['nowhere']. Ensure the spaces exist and that you have access to them.",
    ],
  },
  look(SHARED, 'instance', { data: [] }),
  look(`${SHARED}/usage_summary`, 'instance', { usage_summary: [] }),
  {
    row: `DELETE ${SHARED}/:space`,
    cites: 'platform A7',
    path: '/v3/service_instances/{instance}/relationships/shared_spaces/x',
    status: 204,
  },
  {
    row: 'GET /v3/service_credential_bindings',
    cites: 'cf-cli 6.2',
    path: '/v3/service_credential_bindings?app_guids={app}&include=service_instance',
    status: 200,
    list: { total: 1 },
    has: { 'included.service_instances.0.name': 'db' },
  },
  {
    row: 'POST /v3/service_credential_bindings',
    cites: 'cf-cli 6.2',
    body: { type: 'app', relationships: { service_instance: to('{instance}'), app: to('{app}') } },
    status: 422,
    error: [10008, 'CF-UnprocessableEntity', 'The app is already bound to the service instance'],
  },
  look(BINDING, 'binding', { type: 'app', 'last_operation.state': 'succeeded' }),
  mark(BINDING, 'binding'),
  look(`${BINDING}/details`, 'binding', undefined),
  look(`${BINDING}/parameters`, 'binding', { '': { role: 'reader' } }),
  {
    row: 'GET /v3/service_route_bindings',
    cites: 'cf-cli 6.2',
    path: '/v3/service_route_bindings?include=service_instance&route_guids={route}',
    status: 200,
    list: { total: 1 },
  },
  {
    row: 'POST /v3/service_route_bindings',
    cites: 'cf-cli 6.2',
    body: { relationships: { service_instance: to('{instance}'), route: to('{route}') } },
    status: 422,
    error: [10008, 'CF-UnprocessableEntity', 'This service instance does not support route binding'],
  },
  look(ROUTE_BINDING, 'routeBinding', { route_service_url: 'https://gateway.apps.localhost' }),
  mark(ROUTE_BINDING, 'routeBinding'),
  {
    row: `GET ${ROUTE_BINDING}/parameters`,
    cites: 'cf-cli 6.2',
    path: '/v3/service_route_bindings/{routeBinding}/parameters',
    status: 400,
  },
  {
    row: 'PATCH /v3/feature_flags/:name',
    cites: 'platform A7',
    path: '/v3/feature_flags/route_sharing',
    body: { enabled: true },
    status: 200,
    has: { enabled: true },
  },
  {
    row: 'POST /networking/v1/external/policies',
    cites: 'cf-cli 6.1',
    body: { policies },
    status: 200,
    has: { '': {} },
  },
  {
    row: 'GET /networking/v1/external/policies',
    cites: 'cf-cli 6.1',
    path: '/networking/v1/external/policies?id={app}',
    status: 200,
    has: { total_policies: 1 },
  },
  {
    row: 'POST /networking/v1/external/policies/delete',
    cites: 'cf-cli 6.1',
    body: { policies },
    status: 200,
    has: { '': {} },
  },
  {
    row: 'POST /__foundry/broker',
    cites: 'design 7',
    body: { act: 'bind', service: 'nobody', fails: 'x' },
    status: 204,
  },
  { row: 'DELETE /__foundry/broker', cites: 'design 7', status: 204 },
  {
    row: `DELETE ${ROUTE_BINDING}`,
    cites: 'cf-cli 6.2',
    path: '/v3/service_route_bindings/{routeBinding}',
    status: 204,
  },
  {
    row: `DELETE ${BINDING}`,
    cites: 'cf-cli 6.2',
    path: '/v3/service_credential_bindings/{binding}',
    status: 202,
  },
  {
    row: `DELETE ${INSTANCE}`,
    cites: 'cf-cli 6.2',
    path: '/v3/service_instances/{gateway}',
    status: 204,
  },
];
