/** Platform facts A6: quotas and room. */
import { DEFAULTS, type FoundryOptions } from '../../../foundry/start.js';
import { no, type Place, row, within } from './place.js';
import { deploy, refused, running } from './rollout.js';

type Quota = Partial<FoundryOptions['quota']>;
const having = (quota: Quota, see: (p: Place) => Promise<unknown>) =>
  within({ quota: { ...DEFAULTS.quota, ...quota } }, see);

/** An app of so many instances of so many MiB each; not started. */
async function sized(p: Place, instances: number, memory_in_mb: number, name = 'a'): Promise<string> {
  const { app } = await p.staged(name);
  await p.ok(`POST /v3/processes/${app}/actions/scale`, { instances, memory_in_mb });
  return app;
}

const start = (p: Place, app: string) => p.refusal(`POST /v3/apps/${app}/actions/start`);
const scale = (p: Place, app: string, to: object) => p.refusal(`POST /v3/processes/${app}/actions/scale`, to);
const used = async (p: Place, of = `organizations/${p.org}`) => {
  const { usage_summary } = await p.ok(`GET /v3/${of}/usage_summary`);
  return [usage_summary.started_instances, usage_summary.memory_in_mb];
};
const staging = (whose: string, mb = 1024) =>
  no(`${whose}'s memory limit exceeded: staging requires ${mb}M memory`);

export const quotaRows = [
  row(
    'A6 line 1',
    'the figures of an organization, null for what is not limited; a space may have none',
    async (p) => {
      const organization = await p.ok(`GET /v3/organizations/${p.org}`);
      const quota = await p.ok(`GET /v3/organization_quotas/${organization.relationships.quota.data.guid}`);
      const space = await p.ok(`GET /v3/spaces/${p.space}`);
      return [quota.apps, quota.routes, Object.keys(quota.domains), space.relationships.quota.data];
    },
    [
      {
        total_memory_in_mb: 1024 * 1024,
        per_process_memory_in_mb: null,
        total_instances: null,
        per_app_tasks: null,
        log_rate_limit_in_bytes_per_second: null,
      },
      { total_routes: 10_000, total_reserved_ports: null },
      ['total_domains'],
      null,
    ],
  ),
  row(
    'A6 line 2',
    'use is told of organization and space, without the log rate',
    async (p) => Object.keys((await p.ok(`GET /v3/spaces/${p.space}/usage_summary`)).usage_summary).sort(),
    [
      'domains',
      'memory_in_mb',
      'per_app_tasks',
      'reserved_ports',
      'routes',
      'service_instances',
      'service_keys',
      'started_instances',
    ],
  ),
  row(
    'A6 line 2',
    'also to who may only read',
    async (p) => (await p.auditor(`GET /v3/organizations/${p.org}/usage_summary`)).status,
    200,
  ),
  row(
    'A6 line 3',
    'what is started counts, crashed or not; what is stopped does not; tasks do',
    async (p) => {
      const app = await sized(p, 2, 100);
      const seen = [await used(p)];
      await start(p, app);
      seen.push(await used(p));
      p.become(app, { state: 'CRASHED', routable: false });
      seen.push(await used(p));
      await p.ok(`POST /v3/apps/${app}/tasks`, { command: 'x', memory_in_mb: 30 });
      seen.push(await used(p));
      await p.ok(`POST /v3/apps/${app}/actions/stop`);
      return [...seen, await used(p, `spaces/${p.space}`)];
    },
    [
      [0, 0],
      [2, 200],
      [2, 200],
      [2, 230],
      [0, 30],
    ],
  ),
  row(
    'A6 line 3',
    'both web processes of a deployment count',
    async (p) => {
      const { app } = await running(p, 2);
      await deploy(p, app);
      return used(p);
    },
    [3, 3072],
  ),
  row(
    'A6 line 4',
    'a stopped app may be scaled to any size; it is held against the quota when it is started',
    () =>
      having({ totalMemoryMb: 300 }, async (p) => {
        const app = await sized(p, 4, 100);
        return [await start(p, app), await scale(p, app, { instances: 3 }), await start(p, app)];
      }),
    [no('memory quota_exceeded'), 202, 200],
  ),
  row(
    'A6 line 4',
    'only what is added counts: over the quota it may still shrink',
    () =>
      having({ totalMemoryMb: 300 }, async (p) => {
        const app = await sized(p, 3, 100);
        await start(p, app);
        return [
          await scale(p, app, { memory_in_mb: 101 }),
          await scale(p, app, { memory_in_mb: 50, instances: 6 }),
        ];
      }),
    [no('memory quota_exceeded'), 202],
  ),
  row(
    'A6 line 4',
    'the number of instances, of all apps together',
    () =>
      having({ totalInstances: 3 }, async (p) => {
        const [one, two] = [await sized(p, 2, 100), await sized(p, 2, 100, 'b')];
        return [await start(p, one), await start(p, two), await scale(p, one, { instances: 3 })];
      }),
    [200, no('app_instance_limit app_instance_limit_exceeded'), 202],
  ),
  row(
    'A6 line 4',
    'the size of one instance',
    () =>
      having({ perProcessMemoryMb: 1024 }, async (p) => {
        const { app } = await running(p);
        return scale(p, app, { memory_in_mb: 1025 });
      }),
    no('memory instance_memory_limit_exceeded'),
  ),
  ...(
    [
      ['as the web process has, 1,024', {}, staging('organization')],
      ['as is asked for, 1,025', { staging_memory_in_mb: 1025 }, staging('organization', 1025)],
      ['less than the least is held against nothing', { staging_memory_in_mb: 1023 }, 201],
    ] as const
  ).map(([fact, more, is]) =>
    row(
      'A6 line 5',
      `staging: as much memory ${fact}`,
      () =>
        having({ totalMemoryMb: 1023 }, async (p) => {
          const { pack } = await p.staged('a');
          return p.refusal('POST /v3/builds', { package: { guid: pack }, ...more });
        }),
      is,
    ),
  ),
  row(
    'A6 line 5',
    'what runs leaves no room for a staging, and a staging that runs takes none',
    () =>
      having({ totalMemoryMb: 1200 }, async (p) => {
        const { pack, app } = await p.staged('a');
        const alone = await p.refusal('POST /v3/builds', { package: { guid: pack } });
        const during = await used(p);
        await p.pass(10_000);
        await scale(p, app, { memory_in_mb: 1024 });
        await start(p, app);
        return [alone, during, await p.refusal('POST /v3/builds', { package: { guid: pack } })];
      }),
    [201, [0, 0], staging('organization')],
  ),
  ...(
    [
      [
        'memory for min(max_in_flight, n) more',
        { totalMemoryMb: 399 },
        { max_in_flight: 2 },
        'memory quota_exceeded',
      ],
      ['and when it fits', { totalMemoryMb: 400 }, { max_in_flight: 2 }, undefined],
      ['max_in_flight above n counts as n', { totalMemoryMb: 400 }, { max_in_flight: 9 }, undefined],
      [
        'instances',
        { totalInstances: 3 },
        { max_in_flight: 2 },
        'app_instance_limit app_instance_limit_exceeded',
      ],
      [
        'with web_instances all of the new ones must fit beforehand',
        { totalMemoryMb: 499 },
        { web_instances: 5 },
        'memory quota_exceeded',
      ],
      [
        'with memory_in_mb the growth of all must fit beforehand',
        { totalMemoryMb: 599 },
        { memory_in_mb: 300 },
        'memory quota_exceeded',
      ],
    ] as const
  ).map(([fact, quota, options, text]) =>
    row(
      'A6 line 6',
      `a deployment of two instances of 100 MiB: ${fact}`,
      () =>
        having(quota, async (p) => {
          const app = await sized(p, 2, 100);
          await start(p, app);
          p.become(app);
          const said = await refused(p, app, { options });
          return Array.isArray(said) ? String(said[2]).split(' for organization')[0] : said;
        }),
      text ?? 201,
    ),
  ),
  row(
    'A6 line 6',
    'routes count, mappings do not',
    () =>
      having({ totalRoutes: 1 }, async (p) => {
        const [one, two] = [await p.app('a'), await p.app('b')];
        const route = await p.route('r', one);
        const mapped = await p.refusal(`POST /v3/routes/${route}/destinations`, {
          destinations: [{ app: { guid: two } }],
        });
        return [mapped, (await p.ok(`GET /v3/spaces/${p.space}/usage_summary`)).usage_summary.routes];
      }),
    [200, 1],
  ),
  row(
    'A6 line 7',
    'before 3.199.0 a space has no summary, and lists of processes and apps are there',
    () =>
      within({ apiVersion: '3.198.0' }, async (p) => {
        await running(p, 2);
        const processes = await p.all(`/v3/processes?space_guids=${p.space}`);
        const [app] = await p.all(`/v3/apps?space_guids=${p.space}`);
        return [
          await p.refusal(`GET /v3/spaces/${p.space}/usage_summary`),
          (await p.ask(`GET /v3/organizations/${p.org}/usage_summary`)).status,
          processes.map((one) => [one.type, one.instances, one.memory_in_mb]),
          app.state,
        ];
      }),
    [
      [404, 10000, 'Unknown request'],
      200,
      [
        ['web', 2, 1024],
        ['worker', 0, 1024],
      ],
      'STARTED',
    ],
  ),
];
