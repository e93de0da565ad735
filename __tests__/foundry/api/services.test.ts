/** Service instances and bindings as the platform has them, also what its brokers do wrong. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Reply, request, type Scripted, scripted, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
const to = (guid: string) => ({ data: { guid } });

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
});
afterEach(() => f.close());

const planOf = async (offering: string) =>
  (await f.call('GET', `/v3/service_plans?service_offering_names=${offering}`)).body.resources[0].guid;
const managed = async (name: string, offering: string, parameters?: object) =>
  f.call('POST', '/v3/service_instances', {
    type: 'managed',
    name,
    ...(parameters ? { parameters } : {}),
    relationships: { space: to(w.spaceGuid), service_plan: to(await planOf(offering)) },
  });
const guidOf = async (name: string) =>
  (await f.call('GET', `/v3/service_instances?names=${name}`)).body.resources[0].guid;
const made = async (name: string, offering: string) => {
  const job = await w.finishJob(await managed(name, offering));
  expect(job.body).toMatchObject({ state: 'COMPLETE', operation: 'service_instance.create' });
  return guidOf(name);
};
const userProvided = async (name: string, more: object = {}) =>
  f.call('POST', '/v3/service_instances', {
    type: 'user-provided',
    name,
    relationships: { space: to(w.spaceGuid) },
    ...more,
  });
const bind = (instance: string, app: string, more: object = {}) =>
  f.call('POST', '/v3/service_credential_bindings', {
    type: 'app',
    relationships: { service_instance: to(instance), app: to(app) },
    ...more,
  });
const bindingsOf = async (app: string) =>
  (await f.call('GET', `/v3/service_credential_bindings?app_guids=${app}`)).body.resources;
const disorder = (fault: object) => request(`${f.api}/__foundry/broker`, 'POST', fault);
const detail = (reply: Reply) => [reply.status, reply.body.errors[0].detail];
const servicesSeen = (app: string) => {
  const process = [...f.cells.desired.values()].find((p) => p.appGuid === app);
  return JSON.parse(process?.env.VCAP_SERVICES ?? 'null');
};

describe('an instance', () => {
  test('of a broker that works on is created, polled for and told about', async () => {
    const accepted = await managed('jobs', 'queue');
    expect([accepted.status, accepted.headers.get('location')]).toEqual([
      202,
      expect.stringContaining('/v3/jobs/'),
    ]);
    const instance = await guidOf('jobs');
    const path = new URL(accepted.headers.get('location') ?? '').pathname;
    expect((await f.call('GET', path)).body.state).toBe('PROCESSING');
    expect((await w.finishJob(accepted)).body.state).toBe('COMPLETE');
    const { body } = await f.call('GET', `/v3/service_instances/${instance}`);
    expect(body).toMatchObject({ type: 'managed', name: 'jobs', last_operation: { state: 'succeeded' } });
  });

  test('that is not ready is not bound', async () => {
    await disorder({ act: 'provision', service: 'database', never: true });
    await managed('db', 'database');
    const bound = await bind(await guidOf('db'), await w.app('a'));
    expect(detail(bound)).toEqual([422, 'There is an operation in progress for the service instance']);
  });

  test('has a name of its own, parameters where the broker tells them, and goes with its bindings', async () => {
    const instance = await made('db', 'database');
    expect(detail(await managed('db', 'database'))).toEqual([422, 'The service instance name is taken: db.']);
    expect((await f.call('GET', `/v3/service_instances/${instance}/parameters`)).body).toEqual({});
    const mail = await made('mail', 'mail');
    expect((await f.call('GET', `/v3/service_instances/${mail}/parameters`)).body.errors[0].code).toBe(
      120004,
    );
    const app = await w.app('a');
    await w.finishJob(await bind(instance, app));
    await w.finishJob(await f.call('DELETE', `/v3/service_instances/${instance}`));
    expect((await f.call('GET', `/v3/service_instances/${instance}`)).status).toBe(404);
    expect(await bindingsOf(app)).toEqual([]);
  });

  test('that could not be made stays as failed until it is made again', async () => {
    await disorder({ act: 'provision', service: 'db', times: 1, fails: 'out of disks' });
    const job = await w.finishJob(await managed('db', 'database'));
    expect([job.body.state, job.body.errors[0].code]).toEqual(['FAILED', 10009]);
    expect(job.body.errors[0].detail).toContain('out of disks');
    const failed = await guidOf('db');
    expect(detail(await bind(failed, await w.app('a')))).toEqual([422, 'Service instance not found']);
    expect(await made('db', 'database')).not.toBe(failed);
  });
});

describe('a binding', () => {
  test('brings its service to instances started after it, with its own name', async () => {
    const { app } = await w.staged('a');
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    expect(servicesSeen(app)).toEqual({});
    const instance = await made('db', 'database');
    const job = await w.finishJob(
      await bind(instance, app, { name: 'main', parameters: { role: 'reader' } }),
    );
    expect(job.body.state).toBe('COMPLETE');
    const [binding] = await bindingsOf(app);
    expect(binding).toMatchObject({ name: 'main', type: 'app', last_operation: { state: 'succeeded' } });
    expect((await f.call('GET', `${pathOf(binding)}/parameters`)).body).toEqual({ role: 'reader' });
    expect(servicesSeen(app)).toEqual({});
    f.cells.desired.clear();
    await f.call('POST', `/v3/apps/${app}/actions/restart`);
    const { credentials } = (await f.call('GET', `${pathOf(binding)}/details`)).body;
    expect(servicesSeen(app)).toEqual({
      database: [
        expect.objectContaining({
          name: 'main',
          instance_name: 'db',
          plan: 'small',
          tags: ['sql'],
          credentials,
        }),
      ],
    });
    const env = (await f.call('GET', `/v3/apps/${app}/env`)).body;
    expect(env.system_env_json.VCAP_SERVICES.database[0].binding_guid).toBe(binding.guid);
  });

  test('of a user-provided instance is there at once, knows no parameters and follows its credentials', async () => {
    const { body } = await userProvided('legacy', { credentials: { url: 'x' } });
    const { app } = await w.staged('a');
    expect(detail(await bind(body.guid, app, { parameters: { a: 1 } }))).toEqual([
      422,
      'Binding parameters are not supported for user-provided service instances',
    ]);
    const bound = await bind(body.guid, app);
    expect(bound.status).toBe(201);
    expect((await f.call('GET', `${pathOf(bound.body)}/parameters`)).body.errors[0].code).toBe(90007);
    await f.call('PATCH', `/v3/service_instances/${body.guid}`, { credentials: { url: 'y' } });
    await f.call('POST', `/v3/apps/${app}/actions/start`);
    expect(servicesSeen(app)['user-provided'][0]).toMatchObject({
      name: 'legacy',
      credentials: { url: 'y' },
    });
    expect((await f.call('DELETE', pathOf(bound.body))).status).toBe(204);
  });

  test('is refused twice, under a taken name, and across spaces', async () => {
    const [db, legacy] = [await made('db', 'database'), (await userProvided('legacy')).body.guid];
    const app = await w.app('a');
    await w.finishJob(await bind(db, app, { name: 'main' }));
    expect(detail(await bind(db, app))).toEqual([422, 'The app is already bound to the service instance']);
    expect(detail(await bind(legacy, app, { name: 'main' }))[1]).toContain(
      "The app already has a binding with name 'main'",
    );
    const other = await f.call('POST', '/v3/spaces', {
      name: 'test',
      relationships: { organization: to(w.orgGuid) },
    });
    const away = await f.call('POST', '/v3/apps', {
      name: 'b',
      relationships: { space: to(other.body.guid) },
    });
    expect(detail(await bind(db, away.body.guid))).toEqual([
      422,
      'The service instance and the app are in different spaces',
    ]);
  });

  test('that fails stays as failed and is replaced by the next one', async () => {
    const db = await made('db', 'database');
    const app = await w.app('a');
    await disorder({ act: 'bind', service: 'database', times: 1, fails: 'no more users' });
    const failed = await w.finishJob(await bind(db, app));
    expect(failed.body.errors[0]).toEqual({
      code: 10009,
      title: 'CF-UnableToPerform',
      detail: 'bind could not be completed: Service broker error: no more users',
    });
    const [before] = await bindingsOf(app);
    expect(before.last_operation).toMatchObject({ type: 'create', state: 'failed' });
    expect((await f.call('GET', `${pathOf(before)}/details`)).status).toBe(404);
    const env = await f.call('GET', `/v3/apps/${app}/env`);
    expect(env.body.system_env_json).toEqual({ VCAP_SERVICES: {} });
    expect((await w.finishJob(await bind(db, app))).body.state).toBe('COMPLETE');
    expect((await bindingsOf(app)).map((b: { guid: string }) => b.guid)).not.toContain(before.guid);
  });

  test('that never ends is in progress until it is deleted', async () => {
    const db = await made('db', 'database');
    const app = await w.app('a');
    await disorder({ act: 'bind', never: true });
    const reply = await bind(db, app);
    const path = new URL(reply.headers.get('location') ?? '').pathname;
    const seen: string[] = [];
    while (seen.at(-1) !== 'POLLING') seen.push((await f.call('GET', path)).body.state);
    const [binding] = await bindingsOf(app);
    expect(binding.last_operation).toMatchObject({ type: 'create', state: 'in progress' });
    await w.finishJob(await f.call('DELETE', pathOf(binding)));
    let { state } = (await f.call('GET', path)).body;
    while (state === 'POLLING') ({ state } = (await f.call('GET', path)).body);
    expect([state, await bindingsOf(app)]).toEqual(['FAILED', []]);
  });

  test('whose broker works on holds up the deletion of its app', async () => {
    const queue = await made('jobs', 'queue');
    const app = await w.app('a');
    const begun = await bind(queue, app);
    let state = '';
    const path = new URL(begun.headers.get('location') ?? '').pathname;
    while (state !== 'COMPLETE') ({ state } = (await f.call('GET', path)).body);
    const refused = await w.finishJob(await f.call('DELETE', `/v3/apps/${app}`));
    expect(refused.body.errors[0]).toMatchObject({
      code: 90008,
      detail: 'An operation for the service binding between app a and service instance jobs is in progress.',
    });
    expect((await f.call('GET', `/v3/apps/${app}`)).status).toBe(200);
    // What is being unbound is not brought any more.
    const env = await f.call('GET', `/v3/apps/${app}/env`);
    expect(env.body.system_env_json).toEqual({ VCAP_SERVICES: {} });
    while ((await bindingsOf(app)).length > 0);
    expect((await w.finishJob(await f.call('DELETE', `/v3/apps/${app}`))).body.state).toBe('COMPLETE');
  });
});

test('a manifest binds by name, waits for brokers, and says which service failed', async () => {
  await made('db', 'database');
  await made('jobs', 'queue');
  const app = await w.app('a');
  const apply = async (services: string) =>
    w.finishJob(
      await f.call(
        'POST',
        `/v3/spaces/${w.spaceGuid}/actions/apply_manifest`,
        `applications: [{name: a, services: ${services}}]`,
        { 'content-type': 'application/x-yaml' },
      ),
    );
  await disorder({ act: 'bind', service: 'jobs', times: 1, fails: 'full' });
  const failed = await apply('[{name: db, binding_name: main, parameters: {role: owner}}, jobs]');
  expect(failed.body.errors[0].detail).toContain("For service 'jobs': ");
  expect((await bindingsOf(app))[0]).toMatchObject({ name: 'main', last_operation: { state: 'succeeded' } });
  expect((await apply('[db, jobs]')).body.state).toBe('COMPLETE');
  expect((await bindingsOf(app)).length).toBe(2);
  const { text } = await f.call('GET', `/v3/apps/${app}/manifest`);
  expect(text).toMatch(/services:\n\s+- db\n\s+- jobs\n/);
  const unknown = await apply('[nothing]');
  expect(unknown.body.errors[0].detail).toContain("Service instance 'nothing' not found");
});

test('either of two features takes the place of VCAP_SERVICES, never both', async () => {
  const { app } = await w.staged('a');
  const set = (name: string) => f.call('PATCH', `/v3/apps/${app}/features/${name}`, { enabled: true });
  expect((await f.call('GET', `/v3/apps/${app}/features`)).body.resources.length).toBe(4);
  expect((await set('service-binding-k8s')).body.enabled).toBe(true);
  expect((await set('file-based-vcap-services')).status).toBe(422);
  await f.call('POST', `/v3/apps/${app}/actions/start`);
  const [process] = f.cells.desired.values();
  expect([process?.env.VCAP_SERVICES, process?.env.SERVICE_BINDING_ROOT]).toEqual([
    undefined,
    '/etc/cf-service-bindings',
  ]);
});

function pathOf({ guid }: { guid: string }): string {
  return `/v3/service_credential_bindings/${guid}`;
}
