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

describe('belongings', () => {
  test('bindings are told by the name of the service instance', async () => {
    const binding = (guid: string, instance: string) => ({
      guid,
      name: null,
      relationships: { service_instance: { data: { guid: instance } } },
    });
    const bindings = page([binding('b1', 'i1'), binding('b2', 'i2')]);
    const db = { guid: 'i1', name: 'db' };
    const withInstances = (...instances: unknown[]) =>
      scripted((_, url) => (url.pathname === '/v3/service_instances' ? page(instances) : bindings)).platform;
    expect(await withInstances({ guid: 'i2', name: 'queue' }, db).bindings('a')).toEqual(['db', 'queue']);
    await expect(withInstances(db).bindings('a')).rejects.toThrow(PlatformFault);
  });

  test.each(['bindings', 'sidecars'] as const)(
    '%s are none on a platform that knows no such thing',
    async (call) => {
      const unknown = refusal(404, 10000, 'CF-NotFound', 'Unknown request');
      expect(await scripted(inTurn(unknown)).platform[call]('a')).toEqual([]);
      await expect(scripted(inTurn(NOT_FOUND('App'))).platform[call]('a')).rejects.toThrow(PlatformRefusal);
    },
  );

  const POLICIES = {
    json: {
      total_policies: 1,
      policies: [
        {
          source: { id: 'a' },
          destination: { id: 'b', protocol: 'tcp', ports: { start: 8_080, end: 8_090 } },
        },
      ],
    },
  };

  test('policies name the apps', async () => {
    const { platform, http } = scripted(
      (_, url) => (url.pathname.endsWith('/policies') ? POLICIES : page([appJson('shop', { guid: 'a' })])),
      { networkPolicyUrl: 'https://net.example.com/networking/v1/external' },
    );
    expect(await platform.policies('a')).toEqual(['shop -> b:8080-8090/tcp']);
    expect(http.requests[0]?.url).toBe('https://net.example.com/networking/v1/external/policies?id=a');
  });

  test.each([
    ['no address', inTurn(POLICIES), {}],
    [
      'no right to read',
      inTurn(refusal(403, 10003, 'CF-NotAuthorized', 'no')),
      { networkPolicyUrl: 'https://n.example.com' },
    ],
    [
      'no scope',
      inTurn({ status: 403, json: { error: 'provided scopes do not include allowed scopes' } }),
      { networkPolicyUrl: 'https://n.example.com' },
    ],
  ])('policies are unknown with %s', async (_, script, options) => {
    expect(await scripted(script, options).platform.policies('a')).toBeUndefined();
  });

  test('features by name', async () => {
    const { platform } = scripted(
      inTurn({
        json: {
          resources: [
            { name: 'ssh', enabled: true },
            { name: 'revisions', enabled: false },
          ],
        },
      }),
    );
    expect(await platform.features('a')).toEqual({ ssh: true, revisions: false });
  });
});

test('policies that could not be asked for are no unknown ones', async () => {
  const { platform } = scripted(inTurn(ROUTER_404), { networkPolicyUrl: 'https://n.example.com' });
  await expect(platform.policies('a')).rejects.toThrow(PlatformFault);
});

describe('signs', () => {
  test('crashes: newest first, none from before', async () => {
    const crash = (guid: string, createdAt: string, index: number) => ({
      guid,
      created_at: createdAt,
      type: 'audit.app.process.crash',
      data: { index, reason: 'CRASHED', exit_status: 137, exit_description: 'out of memory' },
    });
    const { platform, http } = scripted(
      inTurn(
        page([
          crash('1', '2026-11-20T09:59:59Z', 0),
          crash('2', '2026-11-20T10:00:00Z', 1),
          crash('3', '2026-11-20T10:00:05Z', 2),
        ]),
      ),
    );
    const crashes = await platform.crashes('a', Date.parse('2026-11-20T10:00:00.700Z'));
    expect(crashes.map(({ index }) => index)).toEqual([2, 1]);
    expect(crashes[0]).toEqual({
      atMs: Date.parse('2026-11-20T10:00:05Z'),
      index: 2,
      reason: 'CRASHED',
      exitStatus: 137,
      exitDescription: 'out of memory',
    });
    expect(http.lines[0]).toContain('created_ats[gte]=2026-11-20T10:00:00Z');
  });

  const LOG_CACHE = { logCacheUrl: 'https://log-cache.example.com' };

  test('log lines: decoded, oldest first, from the root of the host', async () => {
    const envelope = (timestamp: string, text: string) => ({
      timestamp,
      instance_id: '1',
      tags: { source_type: 'APP/PROC/WEB' },
      log: { payload: Buffer.from(text).toString('base64'), type: 'OUT' },
    });
    const { platform, http } = scripted(
      inTurn({
        json: {
          envelopes: {
            batch: [
              envelope('1000002000000', 'zwölf'),
              { timestamp: '1', gauge: {} },
              envelope('1000001000000', 'one'),
            ],
          },
        },
      }),
      LOG_CACHE,
    );
    expect(await platform.recentLogs('a', 5_000)).toEqual([
      { atMs: 1_000_001, source: 'APP/PROC/WEB', instance: '1', text: 'one' },
      { atMs: 1_000_002, source: 'APP/PROC/WEB', instance: '1', text: 'zwölf' },
    ]);
    expect(http.requests[0]?.url).toBe(
      'https://log-cache.example.com/api/v1/read/a?descending=true&envelope_types=LOG&limit=1000',
    );
  });

  test.each([
    ['does not answer', inTurn({ status: 503, text: '' }), LOG_CACHE],
    ['refuses', inTurn(refusal(404, 10010, 'CF-ResourceNotFound', 'App not found')), LOG_CACHE],
    ['answers nonsense', inTurn({ json: { envelopes: { batch: [{ timestamp: 5, log: {} }] } } }), LOG_CACHE],
    ['has no address', inTurn({ json: {} }), {}],
  ])('log lines are none when the log cache %s', async (_, script, options) => {
    expect(await scripted(script, options).platform.recentLogs('a', 10)).toEqual([]);
  });
});
