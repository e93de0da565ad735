/** Platform facts A1.1: what a deployment shows. */
import { expect } from '@jest/globals';
import { row } from './place.js';
import { canary, deploy, fresh, roll, running, tick } from './rollout.js';

export const shown = [
  row(
    'A1.1 line 1',
    'the fields of a rolling deployment, without canary and without an error',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      return [Object.keys(made).sort(), Object.keys(made.status).sort(), made.status.details, made.options];
    },
    [
      [
        'created_at',
        'droplet',
        'guid',
        'links',
        'metadata',
        'new_processes',
        'options',
        'previous_droplet',
        'relationships',
        'revision',
        'status',
        'strategy',
        'updated_at',
      ],
      ['details', 'reason', 'value'],
      {
        last_successful_healthcheck: null,
        last_status_change: expect.stringMatching(/^2026-11-21T08:00:\d\dZ$/),
      },
      { max_in_flight: 1 },
    ],
  ),
  row(
    'A1.1 line 2',
    'status.canary is of canaries alone, options.canary there only with steps, else the total is 1',
    async (p) => {
      const { app } = await running(p, 4);
      const plain = await deploy(p, app, { strategy: 'canary' });
      const stepped = await deploy(p, app, canary(10, 50));
      return [plain, stepped].map((d) => [d.status.canary, d.options]);
    },
    [
      [{ steps: { current: 1, total: 1 } }, { max_in_flight: 1 }],
      [
        { steps: { current: 1, total: 2 } },
        { max_in_flight: 1, canary: { steps: [{ instance_weight: 10 }, { instance_weight: 50 }] } },
      ],
    ],
  ),
  row(
    'A1.1 line 2',
    'the revision is null when revisions are off, also afterwards',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      await p.ok(`PATCH /v3/apps/${app}/features/revisions`, { enabled: false });
      const later = await p.ok(`GET /v3/deployments/${made.guid}`);
      return [made.revision.version, later.revision, (await deploy(p, app)).revision];
    },
    [1, null, null],
  ),
  row(
    'A1.1 line 3',
    'cancel is linked while it can be cancelled, continue while it is paused only',
    async (p) => {
      const { app } = await running(p, 2);
      const made = await deploy(p, app, canary(50));
      const linked = async () =>
        Object.keys((await p.ok(`GET /v3/deployments/${made.guid}`)).links).filter((name) =>
          name.startsWith('c'),
        );
      const seen = [await linked()];
      await roll(p, made, 'ACTIVE/PAUSED');
      seen.push(await linked());
      await p.ok(`POST /v3/deployments/${made.guid}/actions/cancel`);
      seen.push(await linked());
      await tick(p);
      seen.push(await linked());
      return seen;
    },
    [['cancel'], ['cancel', 'continue'], ['cancel'], []],
  ),
  row(
    'A1.1 line 4',
    'new_processes names the new web process alone',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      const webs = await p.all(`/v3/apps/${app}/processes?types=web`);
      return [
        made.new_processes.length,
        made.new_processes[0].type,
        webs.findIndex((w) => w.guid === fresh(made)),
      ];
    },
    [1, 'web', 1],
  ),
  ...(
    [
      ['app_guids=no', 0],
      ['states=DEPLOYING', 1],
      ['states=DEPLOYED', 0],
      ['status_values=ACTIVE', 1],
      ['status_values=FINALIZED', 0],
      ['status_reasons=DEPLOYING', 1],
      ['status_reasons=CANCELED', 0],
      ['label_selector=run%3D7', 1],
      ['label_selector=run%3D8', 0],
      ['created_ats[lt]=2026-11-21T08:00:00Z', 0],
      ['updated_ats[gte]=2026-11-21T08:00:00Z', 1],
      ['per_page=5000', 1],
      ['order_by=-created_at', 1],
    ] as const
  ).map(([query, count]) =>
    row(
      'A1.1 line 5',
      `the list by ${query}`,
      async (p) => {
        const { app } = await running(p);
        await deploy(p, app, { metadata: { labels: { run: '7' } } });
        return (await p.all(`/v3/deployments?${query}`)).length;
      },
      count,
    ),
  ),
  row(
    'A1.1 line 5',
    'more than 5,000 a page, and a filter that there is not, are refused',
    async (p) => [
      (await p.ask('GET /v3/deployments?per_page=5001')).body.errors[0],
      (await p.ask('GET /v3/deployments?names=a')).body.errors[0].code,
    ],
    [
      {
        code: 10005,
        title: 'CF-BadQueryParameter',
        detail: 'The query parameter is invalid: Per page must be between 1 and 5000',
      },
      10005,
    ],
  ),
  row(
    'A1.1 line 6',
    'a hundred inactive ones are kept of an app',
    async (p) => {
      const { app } = await p.staged('a');
      const first = await deploy(p, app);
      for (let more = 0; more < 100; more += 1) {
        await p.ok(`POST /v3/apps/${app}/actions/stop`);
        await deploy(p, app);
      }
      const kept = await p.all('/v3/deployments?per_page=5000');
      return [kept.length, kept.some((d) => d.guid === first.guid)];
    },
    [100, false],
  ),
];
