/** What the creation of a deployment refuses and does at once (platform facts A1.1, A1.2). */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULTS } from '../../../../foundry/start.js';
import { type Rollout, rollout } from './rollout.js';

let r: Rollout;
afterEach(() => r.close());

const GUID = expect.stringMatching(/^[0-9a-f-]{36}$/);
const canary = (...weights: unknown[]) => ({
  strategy: 'canary',
  options: { canary: { steps: weights.map((instance_weight) => ({ instance_weight })) } },
});
const WEIGHT = 'Options canary steps instance weight must be';

describe('what is refused, with nothing changed', () => {
  beforeEach(async () => {
    r = await rollout(1);
  });

  const ROWS: [string, object, string][] = [
    [
      'another strategy',
      { strategy: 'blue-green' },
      "Strategy 'blue-green' is not a supported deployment strategy",
    ],
    [
      'droplet and revision',
      { droplet: { guid: 'x' }, revision: { guid: 'x' } },
      "Droplet Cannot set both fields 'droplet' and 'revision'",
    ],
    ['an unknown option', { options: { speed: 1, size: 2 } }, 'Options has unsupported key(s): speed, size'],
    ['an unknown field', { colour: 'red' }, "Unknown field(s): 'colour'"],
    ['options that are a list', { options: [1] }, 'Options must be an object'],
    ['none in flight', { options: { max_in_flight: 0 } }, 'Max in flight must be an integer greater than 0'],
    [
      'half in flight',
      { options: { max_in_flight: 1.5 } },
      'Max in flight must be an integer greater than 0',
    ],
    [
      'text in flight',
      { options: { max_in_flight: '2' } },
      'Max in flight must be an integer greater than 0',
    ],
    [
      'fewer instances than none',
      { options: { web_instances: -1 } },
      'Web instances must be greater than or equal to 0',
    ],
    ['no memory', { options: { memory_in_mb: 0 } }, 'Memory in mb must be greater than 0'],
    ['no disk', { options: { disk_in_mb: 0 } }, 'Disk in mb must be greater than 0'],
    [
      'a log rate below unlimited',
      { options: { log_rate_limit_in_bytes_per_second: -2 } },
      'Log rate limit in bytes per second must be greater than or equal to -1',
    ],
    [
      'canary steps of a rolling one',
      { ...canary(10), strategy: 'rolling' },
      'Options canary are only valid for Canary deployments',
    ],
    [
      'canary steps without a strategy',
      { options: canary(10).options },
      'Options canary are only valid for Canary deployments',
    ],
    [
      'a canary that is a number',
      { strategy: 'canary', options: { canary: 5 } },
      'Options canary must be an object',
    ],
    [
      'steps that are no objects',
      { strategy: 'canary', options: { canary: { steps: [10] } } },
      'Options canary steps must be an array of objects',
    ],
    [
      'a step with another key',
      { strategy: 'canary', options: { canary: { steps: [{ instance_weight: 1, pause: 1 }] } } },
      'Options canary steps has unsupported key(s): pause',
    ],
    ['a weight of none', canary(0, 10), `${WEIGHT} an Integer between 1-100 (inclusive)`],
    ['a weight above all', canary(50, 101), `${WEIGHT} an Integer between 1-100 (inclusive)`],
    ['a weight that is text', canary('5'), `${WEIGHT} an Integer between 1-100 (inclusive)`],
    ['weights that fall', canary(50, 10), `${WEIGHT} sorted in ascending order`],
    [
      'an unknown droplet',
      { droplet: { guid: 'no' } },
      'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
    ],
    ['an unknown revision', { revision: { guid: 'no' } }, 'The revision does not exist'],
    [
      'two things at once',
      { strategy: 'x', options: { max_in_flight: 0 } },
      "Strategy 'x' is not a supported deployment strategy, Max in flight must be an integer greater than 0",
    ],
  ];

  test.each(ROWS)('%s', async (_what, more, text) => {
    expect(await r.refused('POST', '/v3/deployments', r.wanted(more))).toEqual([422, 10008, text]);
    expect((await r.ok('GET', '/v3/deployments')).resources).toEqual([]);
    expect(await r.webs()).toEqual([{ guid: r.app, instances: 1 }]);
  });

  test.each([{}, { relationships: { app: { data: { guid: 'no' } } } }])(
    'an app that is not there: %j',
    async (body) => {
      expect(await r.refused('POST', '/v3/deployments', body)).toEqual([
        422,
        10008,
        'Unable to use app. Ensure that the app exists and you have access to it.',
      ]);
    },
  );

  test('a droplet of another app; an app without any', async () => {
    const other = await r.w.staged('other');
    const text = 'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.';
    const body = r.wanted({ droplet: { guid: other.droplet } });
    expect(await r.refused('POST', '/v3/deployments', body)).toEqual([422, 10008, text]);
    const bare = await r.w.app('bare');
    expect(
      await r.refused('POST', '/v3/deployments', { relationships: { app: { data: { guid: bare } } } }),
    ).toEqual([
      422,
      10008,
      'Invalid droplet. Please specify a droplet in the request or set a current droplet for the app.',
    ]);
  });

  test('a revision while revisions are off, one whose droplet expired, and the one that is deployed', async () => {
    const first = (await r.ok('GET', `/v3/apps/${r.app}/revisions`)).resources[0].guid;
    const body = r.wanted({ revision: { guid: first } });
    expect(await r.refused('POST', '/v3/deployments', body)).toEqual([
      422,
      10008,
      'Unable to rollback. The code and configuration you are rolling back to is the same as the deployed revision.',
    ]);
    for (let i = 0; i < 6; i += 1) {
      const droplet = await r.w.stage(r.pack);
      if (i === 0) await r.ok('POST', '/v3/deployments', r.wanted({ droplet: { guid: droplet } }));
    }
    expect((await r.ok('GET', `/v3/droplets/${r.droplet}`)).state).toBe('EXPIRED');
    expect(await r.refused('POST', '/v3/deployments', body)).toEqual([
      422,
      10008,
      'Unable to deploy this revision, the droplet for this revision no longer exists.',
    ]);
    await r.ok('PATCH', `/v3/apps/${r.app}/features/revisions`, { enabled: false });
    expect(await r.refused('POST', '/v3/deployments', body)).toEqual([
      422,
      10008,
      'Cannot create deployment from a revision for an app without revisions enabled',
    ]);
  });

  test('an expired droplet', async () => {
    for (let i = 0; i < 2; i += 1) await r.w.stage(r.pack);
    const droplet = await r.w.stage(r.pack);
    for (let i = 0; i < 6; i += 1) await r.w.stage(r.pack);
    expect((await r.ok('GET', `/v3/droplets/${droplet}`)).state).toBe('EXPIRED');
    const body = r.wanted({ droplet: { guid: droplet } });
    expect(await r.refused('POST', '/v3/deployments', body)).toEqual([
      422,
      10008,
      'droplet must be in staged state',
    ]);
  });
});

describe('what it does at once', () => {
  beforeEach(async () => {
    r = await rollout(3);
  });

  test('the droplet is the current one, a clone of the web process has a GUID of its own', async () => {
    const health_check = { type: 'http', data: { endpoint: '/up', timeout: 90, invocation_timeout: 2 } };
    await r.ok('PATCH', `/v3/processes/${r.app}`, {
      command: 'run',
      health_check,
      readiness_health_check: { type: 'http', data: { endpoint: '/ready' } },
      metadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
    });
    const next = await r.w.stage(r.pack);
    const made = await r.deploy({ droplet: { guid: next }, metadata: { labels: { run: '7' } } });
    expect(made).toEqual({
      guid: GUID,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      status: {
        value: 'ACTIVE',
        reason: 'DEPLOYING',
        details: { last_successful_healthcheck: null, last_status_change: expect.any(String) },
      },
      strategy: 'rolling',
      options: { max_in_flight: 1 },
      droplet: { guid: next },
      previous_droplet: { guid: r.droplet },
      new_processes: [{ guid: GUID, type: 'web' }],
      revision: { guid: GUID, version: 2 },
      relationships: { app: { data: { guid: r.app } } },
      metadata: { labels: { run: '7' }, annotations: {} },
      links: {
        self: { href: `${r.f.api}/v3/deployments/${made.guid}` },
        app: { href: `${r.f.api}/v3/apps/${r.app}` },
        cancel: { href: `${r.f.api}/v3/deployments/${made.guid}/actions/cancel`, method: 'POST' },
      },
    });
    expect((await r.ok('GET', `/v3/apps/${r.app}/droplets/current`)).guid).toBe(next);
    const { guid } = made.new_processes[0];
    expect(guid).not.toBe(r.app);
    expect(await r.webs()).toEqual([
      { guid: r.app, instances: 3 },
      { guid, instances: 1 },
    ]);
    const [old, clone] = await Promise.all(
      [r.app, guid].map((process) => r.ok('GET', `/v3/processes/${process}`)),
    );
    const same = [
      'type',
      'command',
      'memory_in_mb',
      'disk_in_mb',
      'health_check',
      'readiness_health_check',
      'metadata',
    ];
    for (const key of same) expect([key, clone[key]]).toEqual([key, old[key]]);
    expect(clone.relationships.revision).toEqual({ data: { guid: made.revision.guid } });
    // The newest one is what the app's address of the process shows.
    expect((await r.ok('GET', `/v3/apps/${r.app}/processes/web`)).guid).toBe(guid);
    expect((await r.ok('GET', `/v3/apps/${r.app}/processes/web/stats`)).resources).toHaveLength(1);
  });

  test('the new process runs with what the app has now, the old one with what it was started with', async () => {
    await r.ok('PATCH', `/v3/apps/${r.app}/environment_variables`, { var: { COLOUR: 'green' } });
    const made = await r.deploy();
    await r.ok('PATCH', `/v3/apps/${r.app}/environment_variables`, { var: { COLOUR: 'red' } });
    const colours = [...r.f.cells.desired.values()]
      .filter((p) => p.type === 'web')
      .map((p) => p.env.COLOUR ?? null);
    expect(colours).toEqual([null, 'green']);
    expect((await r.ok('GET', `/v3/apps/${r.app}/revisions/deployed`)).resources).toHaveLength(2);
    expect(made.revision.version).toBe(2);
  });

  test.each([
    [{}, 1],
    [{ max_in_flight: 2 }, 2],
    [{ max_in_flight: 9 }, 3],
    [{ max_in_flight: 9, web_instances: 5 }, 5],
    [{ max_in_flight: 9, web_instances: 2 }, 2],
  ])('%j: the new process begins with %i', async (options, instances) => {
    await r.deploy({ options });
    expect(await r.counts()).toEqual([3, instances]);
  });

  test('sizes of the options are those of the new process alone', async () => {
    const made = await r.deploy({
      options: {
        memory_in_mb: 99,
        disk_in_mb: 88,
        log_rate_limit_in_bytes_per_second: 77,
        web_instances: null,
        canary: null,
      },
    });
    expect(made.options).toEqual({
      max_in_flight: 1,
      memory_in_mb: 99,
      disk_in_mb: 88,
      log_rate_limit_in_bytes_per_second: 77,
    });
    const sizes = ({ memory_in_mb, disk_in_mb, log_rate_limit_in_bytes_per_second }: never) => [
      memory_in_mb,
      disk_in_mb,
      log_rate_limit_in_bytes_per_second,
    ];
    expect(sizes((await r.ok('GET', `/v3/processes/${made.new_processes[0].guid}`)) as never)).toEqual([
      99, 88, 77,
    ]);
    expect(sizes((await r.ok('GET', `/v3/processes/${r.app}`)) as never)).toEqual([1024, 1024, -1]);
  });

  test('every route of the app serves instances of both', async () => {
    const route = await r.w.route('shop', r.app);
    const made = await r.deploy();
    const { guid } = made.new_processes[0];
    const behind = () =>
      r.f.record(route)?.endpoints.map((e) => `${e.processGuid === guid ? 'new' : 'old'} ${e.index}`);
    expect(behind()).toEqual(['old 0', 'old 1', 'old 2']);
    r.run(guid);
    expect(behind()).toEqual(['old 0', 'old 1', 'old 2', 'new 0']);
  });

  test('no revision is made when nothing differs; an app without revisions shows none', async () => {
    expect((await r.deploy()).revision.version).toBe(1);
    await r.ok('PATCH', `/v3/apps/${r.app}/features/revisions`, { enabled: false });
    const [shown] = (await r.ok('GET', `/v3/deployments?app_guids=${r.app}`)).resources;
    expect(shown.revision).toBeNull();
  });

  test('a rollback restores variables and command, and is a new revision', async () => {
    const set = (COLOUR: string) =>
      r.ok('PATCH', `/v3/apps/${r.app}/environment_variables`, { var: { COLOUR } });
    await set('green');
    await r.ok('PATCH', `/v3/processes/${r.app}`, { command: 'second' });
    await r.roll((await r.deploy()).guid);
    const first = (await r.ok('GET', `/v3/apps/${r.app}/revisions?versions=1`)).resources[0].guid;
    const made = await r.deploy({ revision: { guid: first } });
    expect(made.revision.version).toBe(3);
    const { guid } = made.new_processes[0];
    expect((await r.ok('GET', `/v3/processes/${guid}`)).command).toBe('node server.js');
    const started = [...r.f.cells.desired].find(([key]) => key.startsWith(guid))?.[1];
    expect([started?.command, started?.env.COLOUR]).toEqual(['node server.js', undefined]);
    expect((await r.ok('GET', `/v3/apps/${r.app}/environment_variables`)).var).toEqual({});
    const events = (await r.ok('GET', '/v3/audit_events?types=audit.app.deployment.create')).resources;
    expect(events.at(-1).data).toEqual(
      expect.objectContaining({ deployment_guid: made.guid, type: 'rollback' }),
    );
  });
});

describe('a stopped app is started, not rolled', () => {
  beforeEach(async () => {
    r = await rollout(2);
    await r.ok('POST', `/v3/apps/${r.app}/actions/stop`);
  });

  test.each(['rolling', 'canary'])('%s', async (strategy) => {
    const next = await r.w.stage(r.pack);
    const options = { web_instances: 4, memory_in_mb: 64 };
    const made = await r.deploy({ strategy, droplet: { guid: next }, options });
    expect([made.status.value, made.status.reason, made.new_processes]).toEqual([
      'FINALIZED',
      'DEPLOYED',
      [],
    ]);
    expect(Object.keys(made.links)).toEqual(['self', 'app']);
    const app = await r.ok('GET', `/v3/apps/${r.app}`);
    expect([app.state, app.relationships.current_droplet.data.guid]).toEqual(['STARTED', next]);
    expect(await r.webs()).toEqual([{ guid: r.app, instances: 4 }]);
    expect((await r.ok('GET', `/v3/processes/${r.app}`)).memory_in_mb).toBe(64);
  });
});

describe('quota', () => {
  const begin = async (limits: Partial<(typeof DEFAULTS)['quota']>) => {
    r = await rollout(2, { quota: { ...DEFAULTS.quota, ...limits } });
  };
  const ADVICE =
    "for organization acme. This organization's quota may not be large enough to support rolling deployments or your configured max-in-flight.";

  const ROWS: [string, Partial<(typeof DEFAULTS)['quota']>, object, string][] = [
    ['memory', { totalMemoryMb: 2048 }, {}, 'memory quota_exceeded'],
    ['memory for all in flight', { totalMemoryMb: 3 * 1024 }, { max_in_flight: 2 }, 'memory quota_exceeded'],
    ['instances', { totalInstances: 2 }, {}, 'app_instance_limit app_instance_limit_exceeded'],
    [
      'memory, as if the running process were changed already',
      { totalMemoryMb: 4 * 1024 },
      { web_instances: 5 },
      'memory quota_exceeded',
    ],
  ];
  test.each(ROWS)('%s: refused with a hint, nothing is changed', async (_what, limits, options, text) => {
    await begin(limits);
    const { name } = await r.ok('GET', `/v3/organizations/${r.w.orgGuid}`);
    const next = await r.w.stage(r.pack);
    const body = r.wanted({ droplet: { guid: next }, options });
    expect(await r.refused('POST', '/v3/deployments', body)).toEqual([
      422,
      10008,
      `${text} ${ADVICE.replace('acme', name)}`,
    ]);
    expect((await r.ok('GET', `/v3/apps/${r.app}/droplets/current`)).guid).toBe(r.droplet);
    expect(await r.webs()).toEqual([{ guid: r.app, instances: 2 }]);
    expect((await r.ok('GET', '/v3/deployments')).resources).toEqual([]);
    expect((await r.ok('GET', `/v3/apps/${r.app}/revisions`)).resources).toHaveLength(1);
  });

  test('the size of one instance and the log rate are refused without a hint', async () => {
    await begin({ perProcessMemoryMb: 1024, logRateBps: null });
    const options = { memory_in_mb: 1025 };
    expect(await r.refused('POST', '/v3/deployments', r.wanted({ options }))).toEqual([
      422,
      10008,
      'memory instance_memory_limit_exceeded',
    ]);
  });

  test('what fits exactly is taken', async () => {
    await begin({ totalMemoryMb: 3 * 1024, totalInstances: 3 });
    expect((await r.roll((await r.deploy()).guid)).at(-1)).toEqual([2]);
  });
});

describe('API versions', () => {
  test.each([
    ['3.172.0', { options: { max_in_flight: 2 } }, "Unknown field(s): 'options'"],
    ['3.172.0', { strategy: 'canary' }, "Strategy 'canary' is not a supported deployment strategy"],
    ['3.188.0', canary(10), 'Options has unsupported key(s): canary'],
    ['3.189.0', { options: { web_instances: 2 } }, 'Options has unsupported key(s): web_instances'],
    ['3.190.0', { options: { memory_in_mb: 2 } }, 'Options has unsupported key(s): memory_in_mb'],
  ])('%s is too old for %j', async (apiVersion, more, text) => {
    r = await rollout(1, { apiVersion });
    expect(await r.refused('POST', '/v3/deployments', r.wanted(more))).toEqual([422, 10008, text]);
  });

  test('an old one shows neither options nor the time of the last change', async () => {
    r = await rollout(1, { apiVersion: '3.160.0' });
    const made = await r.deploy();
    expect(made.options).toBeUndefined();
    expect(made.status).toEqual({
      value: 'ACTIVE',
      reason: 'DEPLOYING',
      details: { last_successful_healthcheck: null },
    });
  });
});
