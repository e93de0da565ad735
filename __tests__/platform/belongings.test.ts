import { describe, expect, test } from '@jest/globals';
import { PlatformFault, PlatformRefusal, Refused } from '../../src/model/errors.js';
import { appJson, inTurn, page, ROUTER_404, refusal, scripted } from './scripted.js';

const NOT_FOUND = (what: string) => refusal(404, 10010, 'CF-ResourceNotFound', `${what} not found`);

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

  const UNKNOWN = refusal(404, 10000, 'CF-NotFound', 'Unknown request');

  test('sidecars are none on a platform that knows no such thing', async () => {
    expect(await scripted(inTurn(UNKNOWN)).platform.sidecars('a')).toEqual([]);
    await expect(scripted(inTurn(NOT_FOUND('App'))).platform.sidecars('a')).rejects.toThrow(PlatformRefusal);
  });

  test.each(['bindings', 'serviceBindings'] as const)(
    '%s that a platform does not list may be there all the same',
    async (call) => {
      await expect(scripted(inTurn(UNKNOWN)).platform[call]('a')).rejects.toThrow(
        /service_credential_bindings/,
      );
      await expect(scripted(inTurn(UNKNOWN)).platform[call]('a')).rejects.toThrow(Refused);
      await expect(scripted(inTurn(NOT_FOUND('App'))).platform[call]('a')).rejects.toThrow(PlatformRefusal);
    },
  );

  test('of a binding its last operation is told', async () => {
    const binding = {
      guid: 'b1',
      name: 'main',
      last_operation: { type: 'delete', state: 'in progress', description: 'soon' },
      relationships: { service_instance: { data: { guid: 'i1' } } },
    };
    const { platform } = scripted((_, url) =>
      page(url.pathname === '/v3/service_instances' ? [{ guid: 'i1', name: 'db' }] : [binding]),
    );
    const told = { operation: 'delete', state: 'in progress', description: 'soon' };
    expect(await platform.serviceBindings('a')).toEqual([
      { guid: 'b1', instance: 'db', instanceGuid: 'i1', name: 'main', ...told },
    ]);
  });

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

  const POLICY = { source: 'a', destination: 'b', protocol: 'tcp', start: 8_080, end: 8_090 };
  const networkPolicyUrl = 'https://net.example.com/networking/v1/external/';

  test('policies name apps by guid; those of others are left out', async () => {
    const other = { ...POLICIES.json.policies[0], source: { id: 'c' } };
    const json = { policies: [...POLICIES.json.policies, other] };
    const { platform, http } = scripted(inTurn({ json }), { networkPolicyUrl });
    expect(await platform.policies('a')).toEqual([POLICY]);
    expect(http.requests[0]?.url).toBe('https://net.example.com/networking/v1/external/policies?id=a');
  });

  test('policies are added and removed as the server reads them, none without a call', async () => {
    const { platform, http } = scripted(inTurn({ json: {} }, { json: {} }), { networkPolicyUrl });
    await platform.addPolicies([]);
    await platform.addPolicies([POLICY]);
    await platform.removePolicies([POLICY]);
    const body = { policies: POLICIES.json.policies };
    expect(
      http.requests.map(({ url, body: sent }) => [new URL(url).pathname, JSON.parse(String(sent))]),
    ).toEqual([
      ['/networking/v1/external/policies', body],
      ['/networking/v1/external/policies/delete', body],
    ]);
  });

  test('a policy that is refused is a clear no', async () => {
    const { platform } = scripted(inTurn({ status: 403, json: { error: 'no' } }), { networkPolicyUrl });
    await expect(platform.addPolicies([POLICY])).rejects.toThrow(PlatformRefusal);
  });

  test('parameters of a binding, and a broker that tells none', async () => {
    const told = scripted(inTurn({ json: { mode: 'fast' } })).platform;
    expect(await told.bindingParameters('b')).toEqual({ mode: 'fast' });
    const silent = {
      status: 502,
      json: {
        errors: [{ code: 90_007, title: 'CF-ServiceFetchBindingParametersNotSupported', detail: 'no' }],
      },
    };
    for (const status of [400, 502]) {
      const { platform, http } = scripted(() => ({ ...silent, status }));
      expect(await platform.bindingParameters('b')).toBeUndefined();
      expect(http.requests).toHaveLength(1);
    }
  });

  test.each([
    [
      'a broker that cannot be asked now',
      refusal(502, 10001, 'CF-ServiceBrokerBadResponse', 'no'),
      PlatformFault,
    ],
    ['no answer of the API', ROUTER_404, PlatformFault],
    ['a binding that is gone', NOT_FOUND('Service credential binding'), PlatformRefusal],
    [
      'a broker that is at it',
      refusal(409, 90_008, 'CF-AsyncServiceBindingOperationInProgress', 'no'),
      PlatformRefusal,
    ],
  ])('%s is no broker that tells none', async (_, answer, error) => {
    await expect(scripted(() => answer).platform.bindingParameters('b')).rejects.toThrow(error);
  });

  test('a broker that answers the second time tells', async () => {
    const busy = refusal(503, 10001, 'CF-ServiceBrokerBadResponse', 'no');
    const { platform } = scripted(inTurn(busy, { json: { mode: 'fast' } }));
    expect(await platform.bindingParameters('b')).toEqual({ mode: 'fast' });
  });

  test('variables that version 2 of the API left as numbers, switches and lists are what instances get', async () => {
    const left = { A: 'a', N: 3, F: 1.5, B: false, E: null, O: { k: [1, 'x'] }, L: [] };
    const { platform } = scripted(inTurn({ json: { var: left } }));
    expect(await platform.environment('a')).toEqual({
      ...{ A: 'a', N: '3', F: '1.5', B: 'false', E: '', O: '{"k":[1,"x"]}', L: '[]' },
    });
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
    [
      'nobody behind the address that the root names: the API answers there as version 2 does',
      inTurn({
        status: 404,
        json: { code: 10_000, description: 'Unknown request', error_code: 'CF-NotFound' },
      }),
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

  test('the newest request is the newest line of a router, however far back', async () => {
    const lines = (count: number, fromNs: number, source: string) =>
      Array.from({ length: count }, (_, number) => ({
        timestamp: String(fromNs - number),
        tags: { source_type: source },
        log: { payload: '' },
      }));
    const page = (batch: unknown) => ({ json: { envelopes: { batch } } });
    const own = page(lines(1_000, 9_000_000_000, 'APP/PROC/WEB'));
    const mixed = [...lines(3, 8_000_000_000, 'APP/PROC/WEB'), ...lines(2, 7_000_000_000, 'RTR')];
    const { platform, http } = scripted(inTurn(own, page(mixed)), LOG_CACHE);
    expect(await platform.lastRequestMs('a')).toBe(7_000);
    expect(http.requests[1]?.url).toContain('limit=1000&end_time=8999999001');
    expect(
      await scripted(inTurn(page(lines(9, 9e9, 'STG'))), LOG_CACHE).platform.lastRequestMs('a'),
    ).toBeUndefined();
    expect(
      await scripted(inTurn({ status: 503, text: '' }), LOG_CACHE).platform.lastRequestMs('a'),
    ).toBeUndefined();
    expect(await scripted(inTurn(), {}).platform.lastRequestMs('a')).toBeUndefined();
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

describe('what a deploy in place takes back', () => {
  const sidecar = (guid: string, origin: string) => ({
    guid,
    name: guid,
    command: 'run',
    process_types: ['web'],
    memory_in_mb: null,
    origin,
  });

  test('sidecars of the user are told whole; those of a buildpack come and go with the droplet', async () => {
    const { platform } = scripted(inTurn(page([sidecar('mine', 'user'), sidecar('agent', 'buildpack')])));
    expect(await platform.userSidecars('a')).toEqual([
      { guid: 'mine', name: 'mine', command: 'run', processTypes: ['web'], memoryMb: null },
    ]);
  });

  test('bindings have a GUID, and go with the job that the platform names; one that is gone is removed', async () => {
    const jobs = { json: { guid: 'j', state: 'COMPLETE', errors: [] } };
    const taken = { status: 202, headers: { location: 'https://api.example.com/v3/jobs/j' } };
    const { platform, http } = scripted((_, url) => (url.pathname.startsWith('/v3/jobs') ? jobs : taken));
    await platform.removeBinding('b');
    expect(http.lines).toEqual(['DELETE /v3/service_credential_bindings/b', 'GET /v3/jobs/j']);
    await scripted(inTurn(NOT_FOUND('Binding'))).platform.removeBinding('b');
  });

  test('process settings: what is not named stays, null is the default of the platform', async () => {
    const { platform, http } = scripted(inTurn({ json: {} }));
    const healthCheck = { type: 'http', endpoint: '/up', timeoutS: null };
    await platform.updateProcess('p', { command: null, healthCheck });
    await platform.updateProcess('p', { readiness: { type: 'process' } });
    expect(http.requests.map(({ body }) => JSON.parse(String(body)))).toEqual([
      { command: null, health_check: { type: 'http', data: { timeout: null, endpoint: '/up' } } },
      { readiness_health_check: { type: 'process', data: {} } },
    ]);
  });

  test('no buildpack is said in a change of the lifecycle', async () => {
    const { platform, http } = scripted(inTurn({ json: appJson('shop') }));
    await platform.updateApp('a', { lifecycle: { type: 'buildpack', buildpacks: [], stack: 'cflinuxfs4' } });
    expect(JSON.parse(String(http.requests[0]?.body))).toEqual({
      lifecycle: { type: 'buildpack', data: { buildpacks: [], stack: 'cflinuxfs4' } },
    });
  });
});
