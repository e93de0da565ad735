import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Change } from '../../../foundry/state/history.js';
import { request, type Scripted, scripted, until, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;

const history = async (): Promise<Change[]> => (await request(`${f.api}/__foundry/history`, 'GET')).body;

async function begin(options: Parameters<typeof scripted>[0] = {}): Promise<void> {
  f = await scripted(options);
  w = await world(f);
}

async function started(name: string, instances = 1): Promise<{ app: string; route: string }> {
  const { app } = await w.staged(name);
  const route = await w.route(name, app);
  await f.call('POST', `/v3/processes/${app}/actions/scale`, { instances });
  await f.call('POST', `/v3/apps/${app}/actions/start`);
  return { app, route };
}

const web = () => [...f.cells.desired.values()].findLast((p) => p.type === 'web');
const indexes = (route: string) => f.record(route)?.endpoints.map((e) => e.index);

describe('routes and instances', () => {
  beforeEach(() => begin());
  afterEach(() => f.close());

  test('a route reaches an instance from when it runs and is routable until it does not', async () => {
    const { app, route } = await started('a', 2);
    expect(indexes(route)).toEqual([]);
    f.cells.all(app, { state: 'RUNNING', routable: false });
    expect(indexes(route)).toEqual([]);
    f.cells.all(app, { state: 'RUNNING', routable: true });
    expect(indexes(route)).toEqual([0, 1]);
    expect(f.record(route)).toMatchObject({ host: 'a.apps.localhost', path: '' });
    expect(f.record(route)?.endpoints[1]).toMatchObject({
      appGuid: app,
      appName: 'a',
      port: 58_081,
      processType: 'web',
    });
    f.cells.all(app, { routable: false });
    expect(indexes(route)).toEqual([]);
    f.cells.all(app, { routable: true });
    f.cells.all(app, { state: 'CRASHED', routable: false });
    expect(indexes(route)).toEqual([]);
  });

  test.each(['actions/stop', 'actions/restart'])(
    '%s: the route goes before the instances do',
    async (action) => {
      const { app, route } = await started('a');
      f.cells.all(app, { state: 'RUNNING', routable: true });
      let toldAtRetire: unknown;
      const retire = f.cells.retire.bind(f.cells);
      f.cells.retire = (guid) => {
        toldAtRetire ??= f.record(route)?.endpoints;
        return retire(guid);
      };
      await f.call('POST', `/v3/apps/${app}/${action}`);
      expect(toldAtRetire).toEqual([]);
    },
  );

  test('an unmapped route loses the app at once, a deleted one is withdrawn', async () => {
    const { app, route } = await started('a');
    f.cells.all(app, { state: 'RUNNING', routable: true });
    const [destination] = (await f.call('GET', `/v3/routes/${route}`)).body.destinations;
    expect((await f.call('DELETE', `/v3/routes/${route}/destinations/${destination.guid}`)).status).toBe(204);
    expect(indexes(route)).toEqual([]);
    await w.finishJob(await f.call('DELETE', `/v3/routes/${route}`));
    expect(f.told.at(-1)).toBe(`withdraw ${route}`);
  });

  test('two apps on one route are both reached; a replace is one act', async () => {
    const { app, route } = await started('a');
    const second = await started('b');
    f.cells.all(app, { state: 'RUNNING', routable: true });
    f.cells.all(second.app, { state: 'RUNNING', routable: true });
    const insert = { destinations: [{ app: { guid: second.app } }] };
    await f.call('POST', `/v3/routes/${route}/destinations`, insert);
    expect(f.record(route)?.endpoints.map((e) => e.appGuid)).toEqual([app, second.app]);
    const before = f.told.length;
    await f.call('PATCH', `/v3/routes/${route}/destinations`, insert);
    expect(f.told.length).toBe(before + 1);
    expect(f.record(route)?.endpoints.map((e) => e.appGuid)).toEqual([second.app]);
  });

  test('a destination on a new port is reached only after a restart', async () => {
    const { app } = await started('a');
    f.cells.all(app, { state: 'RUNNING', routable: true });
    const other = await w.route('other');
    await f.call('POST', `/v3/routes/${other}/destinations`, {
      destinations: [{ app: { guid: app }, port: 9000 }],
    });
    expect(f.record(other)?.endpoints).toEqual([]);
    await f.call('POST', `/v3/apps/${app}/actions/restart`);
    expect(web()?.ports).toEqual([8080, 9000]);
    f.cells.all(app, { state: 'RUNNING', routable: true });
    expect(f.record(other)?.endpoints.map((e) => e.port)).toEqual([59_000]);
  });

  test('an internal route never reaches a router', async () => {
    const { app } = await started('a');
    const internal = (await f.call('GET', '/v3/domains?names=apps.internal')).body.resources[0].guid;
    const made = await f.call('POST', '/v3/routes', {
      host: 'a',
      relationships: { space: { data: { guid: w.spaceGuid } }, domain: { data: { guid: internal } } },
    });
    await f.call('POST', `/v3/routes/${made.body.guid}/destinations`, {
      destinations: [{ app: { guid: app } }],
    });
    expect(f.record(made.body.guid)).toBeUndefined();
  });

  test('VCAP_APPLICATION is made at the start and survives rename and route changes', async () => {
    const { app } = await started('a');
    await f.call('PATCH', `/v3/apps/${app}`, { name: 'z' });
    await w.route('more', app);
    const [process] = [...f.cells.desired.values()];
    expect(process?.vcapApplication).toMatchObject({
      application_name: 'a',
      application_uris: ['a.apps.localhost'],
      application_id: app,
      space_name: 'production',
      organization_name: 'shop',
      cf_api: f.api,
    });
    await f.call('POST', `/v3/apps/${app}/actions/restart`);
    const now = web();
    expect(now?.vcapApplication).toMatchObject({
      application_name: 'z',
      application_uris: ['a.apps.localhost', 'more.apps.localhost'],
    });
  });

  test('a variable reaches the app at its next start', async () => {
    const { app } = await started('a');
    await f.call('PATCH', `/v3/apps/${app}/environment_variables`, { var: { COLOUR: 'green' } });
    expect([...f.cells.desired.values()][0]?.env.COLOUR).toBeUndefined();
    await f.call('POST', `/v3/apps/${app}/actions/restart`);
    expect(web()?.env.COLOUR).toBe('green');
  });

  test('a crash is an event of the app', async () => {
    const { app } = await started('a');
    const [process] = [...f.cells.desired.values()];
    f.cells.events.crashed({
      processGuid: process?.processGuid ?? '',
      appGuid: app,
      index: 0,
      instanceGuid: 'i',
      reason: 'CRASHED',
      exitStatus: 3,
      exitDescription: 'APP/PROC/WEB: Exited with status 3',
      crashCount: 1,
    });
    const path = `/v3/audit_events?types=audit.app.process.crash&target_guids=${app}`;
    const [event] = (await f.call('GET', path)).body.resources;
    expect(event).toMatchObject({
      type: 'audit.app.process.crash',
      target: { guid: app, type: 'app' },
      data: { index: 0, reason: 'CRASHED', exit_status: 3, process_type: 'web' },
    });
  });

  test('the history tells every name, destination and instance with its time', async () => {
    const began = Date.now();
    const { app, route } = await started('a');
    f.cells.all(app, { state: 'RUNNING', routable: true });
    await f.call('PATCH', `/v3/apps/${app}`, { name: 'z' });
    await w.finishJob(await f.call('DELETE', `/v3/apps/${app}`));
    const told = (await until(history, (h) => h.some((c) => c.kind === 'app' && c.change === 'deleted'))).map(
      (c) => {
        expect(c.atMs).toBeGreaterThanOrEqual(began - 1);
        if (c.kind === 'instance') return `instance ${c.index} ${c.state} ${c.routable}`;
        if (c.kind === 'name') return `name ${c.from} ${c.to}`;
        if (c.kind === 'applied') return 'applied';
        return `${c.kind} ${c.change}`;
      },
    );
    expect(told).toEqual([
      'app created',
      'route created',
      'destination added',
      'app started',
      'instance 0 STARTING false',
      'instance 0 RUNNING true',
      'name a z',
      'destination removed',
      'instance 0 GONE false',
      'app deleted',
    ]);
    expect(await history()).toContainEqual(
      expect.objectContaining({
        kind: 'destination',
        change: 'added',
        routeGuid: route,
        appGuid: app,
        port: 8080,
      }),
    );
  });
});

describe('scale down', () => {
  afterEach(() => f.close());

  test('with route integrity the route goes first', async () => {
    await begin({ propagationMs: 60_000 });
    const { app, route } = await started('a', 3);
    f.cells.all(app, { state: 'RUNNING', routable: true });
    await f.call('POST', `/v3/processes/${app}/actions/scale`, { instances: 1 });
    expect(indexes(route)).toEqual([0]);
    expect(f.cells.calls).not.toContain('desire web 1');
    await request(`${f.api}/__foundry/advance`, 'POST', { ms: 60_000 });
    expect(f.cells.calls).toContain('desire web 1');
  });

  test('without it the route stays until the instance is gone', async () => {
    await begin({ routeIntegrity: false });
    const { app, route } = await started('a', 2);
    f.cells.all(app, { state: 'RUNNING', routable: true });
    f.cells.desire = (process) => {
      // The surplus instance is on its way out.
      f.cells.desired.set(process.processGuid, process);
      f.cells.all(app, { state: 'STOPPING', routable: true });
    };
    await f.call('POST', `/v3/processes/${app}/actions/scale`, { instances: 1 });
    expect(indexes(route)).toEqual([1]);
  });
});
