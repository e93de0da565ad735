import { describe, expect, test } from '@jest/globals';
import { Cancelled, HttpFailure, PlatformFault, PlatformRefusal, Refused } from '../../src/model/errors.js';
import { appJson, inTurn, lost, page, ROUTER_404, refusal, routeJson, scripted } from './scripted.js';

const bodyOf = (body: unknown): unknown => JSON.parse(String(body));
const NOT_FOUND = (what: string) => refusal(404, 10010, 'CF-ResourceNotFound', `${what} not found`);

describe('making an app', () => {
  test('sends name, space and labels in one call', async () => {
    const { platform, http } = scripted(inTurn({ status: 201, json: appJson('shop-candidate') }));
    const app = await platform.createApp('space', {
      name: 'shop-candidate',
      labels: { a: 'b' },
      lifecycle: { type: 'buildpack', buildpacks: ['nodejs_buildpack'], stack: 'cflinuxfs4' },
    });
    expect(app?.guid).toBe('guid-of-shop-candidate');
    expect(http.lines).toEqual(['POST /v3/apps']);
    expect(bodyOf(http.requests[0]?.body)).toEqual({
      name: 'shop-candidate',
      lifecycle: { type: 'buildpack', data: { buildpacks: ['nodejs_buildpack'], stack: 'cflinuxfs4' } },
      relationships: { space: { data: { guid: 'space' } } },
      metadata: { labels: { a: 'b' }, annotations: {} },
    });
  });

  test('is undefined when the name is taken', async () => {
    const taken = refusal(422, 10016, 'CF-UniquenessError', "App with the name 'shop' already exists.");
    expect(await scripted(inTurn(taken)).platform.createApp('space', { name: 'shop' })).toBeUndefined();
  });

  test.each([
    ['another 422', refusal(422, 10008, 'CF-UnprocessableEntity', 'Invalid lifecycle'), PlatformRefusal],
    ['a missing role', refusal(403, 10003, 'CF-NotAuthorized', 'You are not authorized'), PlatformRefusal],
    ['a 500', { status: 500, text: '' }, PlatformFault],
  ])('throws for %s: the name may be free', async (_, answer, type) => {
    await expect(scripted(inTurn(answer)).platform.createApp('space', { name: 'shop' })).rejects.toThrow(
      type,
    );
  });
});

test('a change of name and labels is one call, and leaves out what is not changed', async () => {
  const { platform, http } = scripted(inTurn({ json: appJson('shop') }));
  await platform.updateApp('g', { name: 'shop', labels: { role: 'live', phase: null } });
  await platform.updateApp('g', { annotations: { heartbeat: '1' } });
  expect(http.requests.map(({ body }) => bodyOf(body))).toEqual([
    { name: 'shop', metadata: { labels: { role: 'live', phase: null } } },
    { metadata: { annotations: { heartbeat: '1' } } },
  ]);
});

describe('removing what is gone', () => {
  const UNMAPPED = refusal(
    422,
    10008,
    'CF-UnprocessableEntity',
    'Unable to unmap route from destination. Ensure the route has a destination with this guid.',
  );

  test.each([
    ['a destination', UNMAPPED, 'removeDestination'],
    ["a destination's route", NOT_FOUND('Route'), 'removeDestination'],
    ['a route', NOT_FOUND('Route'), 'deleteRoute'],
    ['a route, whose job is left to the platform', NOT_FOUND('Route'), 'askToDeleteRoute'],
    ['an app', NOT_FOUND('App'), 'deleteApp'],
  ] as const)('%s: is done', async (_, answer, call) => {
    const { platform, http } = scripted(inTurn(answer));
    await expect(platform[call]('one', 'two')).resolves.toBeUndefined();
    expect(http.requests).toHaveLength(1);
  });

  test.each([
    ['a 404 of the router', ROUTER_404],
    ['another 422', refusal(422, 10008, 'CF-UnprocessableEntity', 'Something else')],
    ['a missing role', refusal(403, 10003, 'CF-NotAuthorized', 'You are not authorized')],
  ])('%s is no proof of that', async (_, answer) => {
    const { platform } = scripted(inTurn(answer));
    await expect(platform.removeDestination('r', 'd')).rejects.toThrow();
    await expect(platform.deleteRoute('r')).rejects.toThrow(answer.status === 422 ? PlatformRefusal : Error);
  });
});

describe('the current droplet', () => {
  test('is told with its package', async () => {
    const { platform } = scripted(
      inTurn({
        json: {
          guid: 'd',
          state: 'STAGED',
          created_at: '2026-11-01T00:00:00Z',
          links: { package: { href: 'https://api.example.com/v3/packages/p' } },
        },
      }),
    );
    expect(await platform.currentDroplet('a')).toEqual({
      guid: 'd',
      state: 'STAGED',
      createdAtMs: Date.parse('2026-11-01T00:00:00Z'),
      packageGuid: 'p',
    });
  });

  test('is undefined when there is none, but not when the app is gone', async () => {
    expect(await scripted(inTurn(NOT_FOUND('Droplet'))).platform.currentDroplet('a')).toBeUndefined();
    await expect(scripted(inTurn(NOT_FOUND('App'))).platform.currentDroplet('a')).rejects.toThrow(
      PlatformRefusal,
    );
  });
});

describe('processes', () => {
  const PROCESS = {
    guid: 'p',
    type: 'web',
    command: '[PRIVATE DATA HIDDEN IN LISTS]',
    instances: 3,
    memory_in_mb: 256,
    disk_in_mb: 1_024,
    log_rate_limit_in_bytes_per_second: 1_000,
    health_check: { type: 'http', data: { timeout: 60, invocation_timeout: null, endpoint: '/health' } },
    readiness_health_check: { type: 'process', data: { invocation_timeout: null } },
  };

  test('are typed; a hidden command is not a command', async () => {
    const { log_rate_limit_in_bytes_per_second: _, readiness_health_check: __, ...older } = PROCESS;
    const { platform } = scripted(inTurn(page([PROCESS, { ...older, guid: 'q', command: 'node app' }])));
    expect(await platform.processes('a')).toEqual([
      {
        guid: 'p',
        type: 'web',
        instances: 3,
        memoryMb: 256,
        diskMb: 1_024,
        logRateBps: 1_000,
        healthCheck: { type: 'http', timeoutS: 60, endpoint: '/health' },
        readiness: { type: 'process' },
      },
      {
        guid: 'q',
        type: 'web',
        command: 'node app',
        instances: 3,
        memoryMb: 256,
        diskMb: 1_024,
        logRateBps: -1,
        healthCheck: { type: 'http', timeoutS: 60, endpoint: '/health' },
      },
    ]);
  });

  test('no check, as version 2 of the API wrote it, is what version 3 calls it', async () => {
    const none = { ...PROCESS, health_check: { type: 'none', data: { timeout: null } } };
    const [process] = await scripted(inTurn(page([none]))).platform.processes('a');
    expect(process?.healthCheck).toEqual({ type: 'process' });
  });

  test('instances: what an older platform or a down instance leaves out', async () => {
    const { platform } = scripted(
      inTurn({
        json: {
          resources: [
            { index: 0, state: 'RUNNING', routable: true, uptime: 9 },
            { index: 1, state: 'RUNNING', uptime: 9 },
            {
              index: 2,
              state: 'DOWN',
              routable: null,
              uptime: null,
              details: 'insufficient resources: memory',
            },
            { index: 3, state: 'SOMETHING_NEW', uptime: 1 },
          ],
        },
      }),
    );
    expect(await platform.instances('p')).toEqual([
      { index: 0, state: 'RUNNING', routable: true, uptimeS: 9 },
      { index: 1, state: 'RUNNING', routable: null, uptimeS: 9 },
      { index: 2, state: 'DOWN', routable: null, uptimeS: 0, details: 'insufficient resources: memory' },
      { index: 3, state: 'UNKNOWN', routable: null, uptimeS: 1 },
    ]);
  });

  test('scale sends only what is asked for', async () => {
    const { platform, http } = scripted(inTurn({ status: 202, json: PROCESS }));
    await platform.scale('p', { instances: 3, memoryMb: 128 });
    expect(bodyOf(http.requests[0]?.body)).toEqual({ instances: 3, memory_in_mb: 128 });
  });
});

describe('routes', () => {
  const at = (host: string, path = '') => ({ host, domainGuid: 'domain', path, port: null });

  test('many are looked up in one call, and only the very ones are told', async () => {
    const { platform, http } = scripted(
      inTurn(
        page([
          routeJson('r1', 'shop'),
          routeJson('r2', 'shop', [], { path: '/api' }),
          routeJson('r3', 'admin', [], {
            relationships: { space: { data: { guid: 'other' } }, domain: { data: { guid: 'other' } } },
          }),
        ]),
      ),
    );
    const found = await platform.findRoutes(undefined, [at('Shop'), at('admin'), at('none')]);
    expect(found.map(({ guid }) => guid)).toEqual(['r1']);
    expect(http.lines).toEqual([
      'GET /v3/routes?per_page=5000&domain_guids=domain&hosts=Shop,shop,admin,none',
    ]);
  });

  test('an apex route is looked up by its empty host', async () => {
    const { platform, http } = scripted(inTurn(page([routeJson('r', '')])));
    expect((await platform.findRoute('space', at('')))?.guid).toBe('r');
    expect(http.lines).toEqual(['GET /v3/routes?per_page=5000&domain_guids=domain&space_guids=space&hosts=']);
  });

  test('one on TCP is looked up by its port, and made at any where none is named', async () => {
    const tcp = (guid: string, port: number) => routeJson(guid, '', [], { port, protocol: 'tcp' });
    const { platform, http } = scripted(
      inTurn(page([tcp('r1', 1_234), tcp('r2', 1_235)]), { json: tcp('r3', 1_300) }),
    );
    const named = (port: number) => ({ ...at(''), port });
    const found = await platform.findRoutes('space', [named(1_234), named(0)]);
    expect(found.map(({ guid, port }) => [guid, port])).toEqual([['r1', 1_234]]);
    expect(http.lines).toEqual([
      'GET /v3/routes?per_page=5000&domain_guids=domain&space_guids=space&ports=1234',
    ]);
    expect(await platform.createRoute('space', named(0))).toMatchObject({ guid: 'r3', port: 1_300 });
    expect(bodyOf(http.requests[1]?.body)).not.toHaveProperty('port');
  });

  test('of apps: each once, with its destinations', async () => {
    const { platform } = scripted(inTurn(page([routeJson('r', 'shop', ['a', 'b'])])));
    const routes = await platform.routesOfApps(Array.from({ length: 150 }, (_, index) => `app${index}`));
    expect(routes).toHaveLength(1);
    expect(routes[0]?.destinations).toEqual([
      { guid: 'r-0', appGuid: 'a', processType: 'web', port: null, protocol: 'http1' },
      { guid: 'r-1', appGuid: 'b', processType: 'web', port: null, protocol: 'http1' },
    ]);
  });

  test('destinations are inserted, with port and protocol only where they are named', async () => {
    const { platform, http } = scripted(inTurn({ json: { destinations: [] } }));
    await platform.insertDestinations('r', [
      { appGuid: 'a', processType: 'web', port: null, protocol: null },
      { appGuid: 'a', processType: 'admin', port: 9_000, protocol: 'http2' },
    ]);
    expect(http.lines).toEqual(['POST /v3/routes/r/destinations']);
    expect(bodyOf(http.requests[0]?.body)).toEqual({
      destinations: [
        { app: { guid: 'a', process: { type: 'web' } } },
        { app: { guid: 'a', process: { type: 'admin' } }, port: 9_000, protocol: 'http2' },
      ],
    });
  });

  test('an apex route is made without host and path', async () => {
    const { platform, http } = scripted(inTurn({ status: 201, json: routeJson('r', '') }));
    await platform.createRoute('space', { ...at(''), labels: { role: 'live' } });
    expect(bodyOf(http.requests[0]?.body)).toEqual({
      relationships: { space: { data: { guid: 'space' } }, domain: { data: { guid: 'domain' } } },
      metadata: { labels: { role: 'live' }, annotations: {} },
    });
  });
});

test.each<[string, unknown, boolean | undefined]>([
  ['with a TLS proxy', [{ external: 1, external_tls_proxy_port: 61_002 }], true],
  ['without one', [{ external: 1, external_tls_proxy_port: null }], false],
  ['with one at some ports', [{ external_tls_proxy_port: 1 }, { external_tls_proxy_port: null }], false],
  ['none', [], undefined],
  ['not there', undefined, undefined],
  ['hidden', '[PRIVATE DATA HIDDEN]', undefined],
])('ports of an instance, %s', async (_, ports, expected) => {
  const json = { resources: [{ index: 0, state: 'RUNNING', uptime: 9, instance_ports: ports }] };
  const { platform } = scripted(inTurn({ json }));
  expect((await platform.instances('p'))[0]?.hasTlsProxy).toBe(expected);
});

describe('the target', () => {
  const named = (guid: string, name: string) => page([{ guid, name }]);

  test('is found by its exact names', async () => {
    const { platform } = scripted((_, url) =>
      url.pathname === '/v3/organizations' ? named('o', 'shop') : named('s', 'production'),
    );
    expect(await platform.target('shop', 'production')).toEqual({
      orgGuid: 'o',
      org: 'shop',
      spaceGuid: 's',
      space: 'production',
    });
  });

  test('that cannot be seen is refused, and says which part', async () => {
    await expect(scripted(inTurn(page([]))).platform.target('shop', 'x')).rejects.toThrow(Refused);
    const spaceless = scripted((_, url) =>
      url.pathname === '/v3/organizations' ? named('o', 'shop') : page([]),
    );
    await expect(spaceless.platform.target('shop', 'x')).rejects.toThrow(/space "x"/);
  });
});

test('domains: shared is what belongs to no organization', async () => {
  const domain = (name: string, more: object) => ({ guid: name, name, internal: false, ...more });
  const { platform } = scripted(
    inTurn(
      page([
        domain('apps.example.com', {
          supported_protocols: ['http'],
          relationships: { organization: { data: null } },
        }),
        domain('tcp.example.com', {
          supported_protocols: ['tcp'],
          relationships: { organization: { data: null } },
        }),
        domain('shop.example.com', { relationships: { organization: { data: { guid: 'o' } } } }),
      ]),
    ),
  );
  expect(await platform.domains('o')).toEqual([
    {
      guid: 'apps.example.com',
      name: 'apps.example.com',
      internal: false,
      protocols: ['http'],
      shared: true,
    },
    { guid: 'tcp.example.com', name: 'tcp.example.com', internal: false, protocols: ['tcp'], shared: true },
    {
      guid: 'shop.example.com',
      name: 'shop.example.com',
      internal: false,
      protocols: ['http'],
      shared: false,
    },
  ]);
});

test('the API version is asked for once', async () => {
  const { platform, http } = scripted(
    inTurn({ json: { links: { cloud_controller_v3: { href: 'x', meta: { version: '3.200.0' } } } } }),
  );
  expect(await platform.apiVersion()).toBe('3.200.0');
  expect(await platform.apiVersion()).toBe('3.200.0');
  expect(http.requests).toHaveLength(1);
});

test('what many apps ask for at the same time is asked once', async () => {
  const root = { json: { links: { cloud_controller_v3: { meta: { version: '3.200.0' } } } } };
  const { platform, http } = scripted((_, { pathname }) => (pathname === '/' ? root : page([])));
  const ask = () => Promise.all([platform.domains('o'), platform.apiVersion()]);
  await Promise.all([ask(), ask(), ask()]);
  expect(http.lines).toHaveLength(2);
});

test('the domains are asked for once they were told', async () => {
  const { platform, http } = scripted(inTurn({ status: 500, text: '' }, page([])), { readDeadlineMs: 1 });
  await expect(platform.domains('o')).rejects.toThrow(PlatformFault);
  expect(await platform.domains('o')).toEqual([]);
  expect(await platform.domains('o')).toEqual([]);
  expect(http.requests).toHaveLength(2);
});

describe('whether the API answers', () => {
  const ROOT = { json: { links: { cloud_controller_v3: { href: 'x', meta: { version: '3.200.0' } } } } };

  test('is asked anew each time, in one call, on a connection of its own, without a token', async () => {
    const { platform, http, clock, tokens } = scripted(inTurn(ROOT, lost(false), ROOT));
    await platform.apiVersion();
    expect(await platform.answers()).toBe(false);
    expect(await platform.answers()).toBe(true);
    expect(http.lines).toEqual(['GET /', 'GET /', 'GET /']);
    expect(http.requests.at(-1)).toMatchObject({ fresh: true, timeoutMs: 3_000 });
    expect(http.requests.at(-1)?.headers).not.toHaveProperty('authorization');
    expect([clock.slept, tokens.invalidated]).toEqual([[], 0]);
  });

  test.each([
    ['a router that does not know it', ROUTER_404, false],
    ['a gateway without a platform', { status: 502, text: 'Bad Gateway' }, false],
    ['its own fault', { status: 500, json: { errors: [] } }, false],
    ['a page of somebody else', { status: 200, text: '<html>' }, false],
    ['too many calls', { status: 429, text: '' }, true],
  ])('%s', async (_, answer, answers) => {
    expect(await scripted(inTurn(answer)).platform.answers()).toBe(answers);
  });
});

describe('whether a write was done, or may have been', () => {
  test.each([
    ['a write', { status: 201, json: appJson('shop') }, true],
    ['a write that may have been done', { status: 500, text: '' }, true],
    ['a write whose answer was lost', lost(true), true],
    ['a write that never got there', lost(false), false],
    ['a clear no', refusal(403, 10003, 'CF-NotAuthorized', 'no'), false],
    ['a name that is taken', refusal(422, 10016, 'CF-UniquenessError', 'taken'), false],
  ])('%s', async (_, answer, written) => {
    const { platform } = scripted((request) => (request.method === 'GET' ? page([]) : answer), {
      readDeadlineMs: 1,
    });
    await platform.apps('space');
    expect(platform.hasWritten()).toBe(false);
    await platform.createApp('space', { name: 'shop' }).catch(() => undefined);
    expect(platform.hasWritten()).toBe(written);
  });

  test('a write that was cut by the run itself', async () => {
    const ending = new AbortController();
    const { platform } = scripted(
      () => {
        ending.abort(new Cancelled('SIGINT'));
        return new HttpFailure('aborted', 'aborted', true);
      },
      { signal: ending.signal },
    );
    await expect(platform.stopApp('a')).rejects.toThrow(Cancelled);
    expect(platform.hasWritten()).toBe(true);
  });
});

test('a task is asked for with its sizes, and tells why it failed', async () => {
  const created_at = '2026-05-04T03:02:01Z';
  const task = { guid: 't', name: 'look', state: 'RUNNING', created_at, result: { failure_reason: null } };
  const why = { failure_reason: 'APP/TASK/look: Exited with status 3' };
  const { platform, http } = scripted(
    inTurn({ status: 202, json: task }, { json: { ...task, state: 'FAILED', result: why } }),
  );
  const wanted = { name: 'look', command: 'exit 3', memoryMb: 128, logRateBps: 2_048 };
  expect(await platform.createTask('a', wanted)).toEqual({
    guid: 't',
    name: 'look',
    state: 'RUNNING',
    createdAtMs: Date.parse(created_at),
  });
  expect(await platform.task('t')).toMatchObject({ state: 'FAILED', failure: why.failure_reason });
  expect(http.lines).toEqual(['POST /v3/apps/a/tasks', 'GET /v3/tasks/t']);
  expect(bodyOf(http.requests[0]?.body)).toEqual({
    name: 'look',
    command: 'exit 3',
    memory_in_mb: 128,
    log_rate_limit_in_bytes_per_second: 2_048,
  });
});

test('a task is found by its name alone, and cancelled', async () => {
  const created_at = '2026-05-04T03:02:01Z';
  const task = { guid: 't', name: 'task-v2', state: 'RUNNING', created_at };
  const resources = [task, { ...task, guid: 'u', name: 'task-v3' }];
  const { platform, http } = scripted(
    inTurn(
      { json: { pagination: { total_results: 2, next: null }, resources } },
      { status: 202, json: task },
    ),
  );
  expect((await platform.tasksNamed('a', 'task-v2')).map(({ guid }) => guid)).toEqual(['t']);
  await platform.cancelTask('t');
  expect(http.lines).toEqual([
    expect.stringMatching(/^GET \/v3\/apps\/a\/tasks\?.*names=task-v2/),
    'POST /v3/tasks/t/actions/cancel',
  ]);
});
