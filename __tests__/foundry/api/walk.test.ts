/** Every route of the route table: its status, the shape of its answer, its error body. `cites` names the fact. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiRows } from '../../../foundry/api/rows.js';
import { controlRows } from '../../../foundry/control/rows.js';
import { uaaRows } from '../../../foundry/uaa/uaa.js';
import { type Reply, type Scripted, scripted, type World, world } from '../scripted.js';
import { steps } from './walk/index.js';
import { makeServices } from './walk/services.js';

const allRows = [
  ...apiRows,
  ...uaaRows(undefined as never, undefined as never, undefined as never, () => ''),
  ...controlRows(undefined as never),
];

describe('every route of the foundry', () => {
  let f: Scripted;
  let w: World;
  const known: Record<string, string> = {};

  beforeAll(async () => {
    f = await scripted({ tickMs: 3_600_000, apiVersion: '3.211.0' });
    w = await world(f);
    const made = await w.staged('first');
    const route = await w.route('first', made.app);
    Object.assign(known, made, {
      route,
      space: w.spaceGuid,
      org: w.orgGuid,
      domain: w.domainGuid,
      password: f.password,
    });
    known.other = (
      await f.call('POST', '/v3/spaces', {
        name: 'test',
        relationships: { organization: { data: { guid: w.orgGuid } } },
      })
    ).body.guid;
    await f.call('PATCH', '/v3/feature_flags/route_sharing', { enabled: true });
    known.destination = (await f.call('GET', `/v3/routes/${route}`)).body.destinations[0].guid;
    known.quota = (await f.call('GET', '/v3/organization_quotas')).body.resources[0].guid;
    known.event = (await f.call('GET', '/v3/audit_events')).body.resources[0].guid;
    known.job = new URL(
      (await f.call('POST', `/v3/apps/${made.app}/actions/clear_buildpack_cache`)).headers.get('location') ??
        '',
    ).pathname
      .split('/')
      .at(-1) as string;
    const other = await w.staged('revised');
    await f.call('POST', `/v3/processes/${other.app}/actions/scale`, { instances: 0 });
    await f.call('POST', `/v3/apps/${other.app}/actions/start`);
    known.revised = other.app;
    known.revision = (await f.call('GET', `/v3/apps/${other.app}/revisions`)).body.resources[0].guid;
    const sidecar = { name: 'brought', command: './brought', process_types: ['web'] };
    known.sidecar = (await f.call('POST', `/v3/apps/${other.app}/sidecars`, sidecar)).body.guid;
    const deployed = await w.staged('deployed');
    await f.call('POST', `/v3/processes/${deployed.app}/actions/scale`, { instances: 0 });
    await f.call('POST', `/v3/apps/${deployed.app}/actions/start`);
    known.deployed = deployed.app;
    known.deployment = (
      await f.call('POST', '/v3/deployments', { relationships: { app: { data: { guid: deployed.app } } } })
    ).body.guid;
    Object.assign(known, await makeServices(w, made.app, route));
    known.segment = (await f.call('POST', '/v3/isolation_segments', { name: 'apart' })).body.guid;
    known.task = (await f.call('POST', `/v3/apps/${made.app}/tasks`, { name: 't', command: 'x' })).body.guid;
    known.worker = (await f.call('GET', `/v3/apps/${made.app}/processes/worker`)).body.guid;
  });

  afterAll(() => f.close());

  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_all, name: string) => known[name] ?? `no ${name}`);

  async function ask(
    row: string,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply> {
    const method = row.split(' ')[0] ?? '';
    const filled =
      body === undefined || typeof body === 'string' || body instanceof FormData
        ? body
        : JSON.parse(fill(JSON.stringify(body)));
    return f.call(method, fill(path), filled, headers);
  }

  test('the walk leaves out no route, and walks none that is not there', () => {
    const walked = new Set(steps.map((s) => s.row));
    expect([...walked].sort()).toEqual(allRows.map((r) => `${r.method} ${r.pattern}`).sort());
  });

  test.each(steps.map((s) => [`${s.row}${s.note ? ` (${s.note})` : ''} [${s.cites}]`, s] as const))(
    '%s',
    async (_name, step) => {
      const path = step.path ?? step.row.split(' ')[1] ?? '';
      const reply = await ask(step.row, path, step.body, step.headers);
      expect({ status: reply.status, text: reply.status === step.status ? '' : reply.text }).toEqual({
        status: step.status,
        text: '',
      });
      if (step.status === 202 && !step.has) {
        expect(reply.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v3\/jobs\/[0-9a-f-]{36}$/);
      }
      if (step.error) {
        const [code, title, detail] = step.error;
        expect(reply.body).toEqual({ errors: [{ code, title, detail: fill(detail) }] });
      }
      if (step.has) {
        for (const [place, wanted] of Object.entries(step.has)) {
          const found =
            place === '' ? reply.body : place.split('.').reduce((at, key) => at?.[key], reply.body);
          expect({ place, found }).toEqual({ place, found: wanted });
        }
      }
      if (step.exact) expect(Object.keys(reply.body).sort()).toEqual([...step.exact].sort());
      if (step.list) {
        expect(reply.body.pagination).toEqual({
          total_results: step.list.total ?? expect.any(Number),
          total_pages: expect.any(Number),
          first: { href: expect.any(String) },
          last: { href: expect.any(String) },
          next: null,
          previous: null,
        });
        const of = step.list.of;
        if (of) expect(Object.keys(reply.body.resources[0]).sort()).toEqual([...of].sort());
      }
    },
  );

  test.each(allRows.filter((r) => !r.open).map((r) => [r.method, r.pattern] as const))(
    '%s %s needs a token (platform A7)',
    async (method, pattern) => {
      const path = pattern.replace(/:\w+/g, 'x');
      const none = await fetch(f.api + path, { method });
      expect(none.status).toBe(401);
      expect(await none.json()).toEqual({
        errors: [{ code: 10002, title: 'CF-NotAuthenticated', detail: 'Authentication error' }],
      });
      const wrong = await fetch(f.api + path, { method, headers: { authorization: 'bearer no' } });
      expect(wrong.status).toBe(401);
      expect(await wrong.json()).toEqual({
        errors: [{ code: 1000, title: 'CF-InvalidAuthToken', detail: 'Invalid Auth Token' }],
      });
    },
  );

  test.each([
    ['GET', '/v3/nothing'],
    ['DELETE', '/v3/deployments/x'],
    ['GET', '/v2/nothing'],
    ['PUT', '/v3/apps'],
    ['GET', '/v3/apps/x/y/z/w'],
    ['POST', '/v3/service_brokers'],
  ])('%s %s is an unknown request (cf-cli 6)', async (method, path) => {
    const reply = await f.call(method, path);
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual({
      errors: [{ code: 10000, title: 'CF-NotFound', detail: 'Unknown request' }],
    });
  });

  test.each([
    ['GET', '/v3/apps/no', 'App'],
    ['PATCH', '/v3/apps/no', 'App'],
    ['DELETE', '/v3/apps/no', 'App'],
    ['POST', '/v3/apps/no/actions/start', 'App'],
    ['GET', '/v3/apps/no/env', 'App'],
    ['GET', '/v3/apps/no/processes', 'App'],
    ['GET', '/v3/apps/no/droplets/current', 'App'],
    ['GET', '/v3/apps/no/features/revisions', 'App'],
    ['GET', '/v3/apps/no/manifest', 'App'],
    ['GET', '/v3/processes/no', 'Process'],
    ['GET', '/v3/processes/no/stats', 'Process'],
    ['GET', '/v3/routes/no', 'Route'],
    ['DELETE', '/v3/routes/no', 'Route'],
    ['POST', '/v3/routes/no/destinations', 'Route'],
    ['GET', '/v3/packages/no', 'Package'],
    ['GET', '/v3/builds/no', 'Build'],
    ['GET', '/v3/droplets/no', 'Droplet'],
    ['GET', '/v3/apps/no/revisions', 'App'],
    ['GET', '/v3/apps/no/revisions/deployed', 'App'],
    ['GET', '/v3/revisions/no', 'Revision'],
    ['GET', '/v3/sidecars/no', 'Sidecar'],
    ['GET', '/v3/deployments/no', 'Deployment'],
    ['PATCH', '/v3/deployments/no', 'Deployment'],
    ['POST', '/v3/deployments/no/actions/cancel', 'Deployment'],
    ['POST', '/v3/deployments/no/actions/continue', 'Deployment'],
    ['POST', '/v3/apps/no/sidecars', 'App'],
    ['PATCH', '/v3/revisions/no', 'Revision'],
    ['GET', '/v3/revisions/no/environment_variables', 'Revision'],
    ['GET', '/v3/jobs/no', 'Job'],
    ['GET', '/v3/spaces/no', 'Space'],
    ['GET', '/v3/organizations/no', 'Organization'],
    ['GET', '/v3/domains/no', 'Domain'],
    ['GET', '/v3/audit_events/no', 'Event'],
    ['GET', '/v3/feature_flags/no', 'Feature flag'],
    ['GET', '/v3/organization_quotas/no', 'Organization quota'],
  ])('%s %s: %s not found (cf-cli 6)', async (method, path, what) => {
    const reply = await f.call(method, path, method === 'GET' || method === 'DELETE' ? undefined : {});
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual({
      errors: [{ code: 10010, title: 'CF-ResourceNotFound', detail: `${what} not found` }],
    });
  });

  test('a body that is no JSON is refused (platform A7)', async () => {
    const reply = await f.call('POST', '/v3/apps', '{"name":', { 'content-type': 'application/json' });
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]).toEqual({
      code: 1001,
      title: 'CF-MessageParseError',
      detail: 'Request invalid due to parse error: invalid request body',
    });
  });

  test('every answer carries its date', async () => {
    const { headers } = await f.call('GET', '/v3/apps');
    expect(Math.abs(Date.parse(headers.get('date') ?? '') - Date.now())).toBeLessThan(5000);
  });
});
