/** Platform facts A1.1 and A1.2: what a deployment shows, refuses and does at once. */
import { expect } from '@jest/globals';
import { type Place, to } from './place.js';
import {
  canary,
  counts,
  current,
  deploy,
  fresh,
  refused,
  roll,
  running,
  setEnv,
  status,
  tick,
} from './rollout.js';
import { row as rowOf } from './table.js';

const row = rowOf<Place>;
const no = (text: string) => [422, 10008, text];

/** A running app is asked for a deployment that is refused; nothing of it is left. */
const refusal = (source: string, fact: string, more: object, text: string) =>
  row(
    source,
    fact,
    async (p) => {
      const { app } = await running(p);
      const said = await refused(p, app, more);
      return { said, deployments: (await p.all('/v3/deployments')).length, counts: await counts(p, app) };
    },
    { said: no(text), deployments: 0, counts: [1] },
  );

const weights = 'Options canary steps instance weight must be';

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

export const refusals = [
  row(
    'A1.2 line 1',
    'it is answered with 201, and not to an auditor',
    async (p) => {
      const { app } = await running(p);
      const { id, secret } = await p.ok('GET /__foundry/auditor');
      const form = `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`;
      const { access_token } = (await p.ask('POST /oauth/token', form)).body;
      const body = { relationships: { app: to(app) } };
      const mine = await p.ask('POST /v3/deployments', body);
      const theirs = await p.ask('POST /v3/deployments', body, { authorization: `bearer ${access_token}` });
      return [mine.status, theirs.status, theirs.body.errors[0].code];
    },
    [201, 403, 10003],
  ),
  refusal(
    'A1.2 row 1',
    'a strategy that is none of the two',
    { strategy: 'blue-green' },
    "Strategy 'blue-green' is not a supported deployment strategy",
  ),
  row(
    'A1.2 row 1',
    'rolling is the default',
    async (p) => (await deploy(p, (await running(p)).app)).strategy,
    'rolling',
  ),
  refusal(
    'A1.2 row 2',
    'droplet and revision',
    { droplet: { guid: 'x' }, revision: { guid: 'y' } },
    "Droplet Cannot set both fields 'droplet' and 'revision'",
  ),
  refusal(
    'A1.2 row 3',
    'an unknown option',
    { options: { max_surge: 1 } },
    'Options has unsupported key(s): max_surge',
  ),
  ...[0, -1, 1.5, '2'].map((max_in_flight) =>
    refusal(
      'A1.2 row 4',
      `max_in_flight ${JSON.stringify(max_in_flight)}`,
      { options: { max_in_flight } },
      'Max in flight must be an integer greater than 0',
    ),
  ),
  refusal(
    'A1.2 row 5',
    'canary options of a rolling one',
    { ...canary(10), strategy: 'rolling' },
    'Options canary are only valid for Canary deployments',
  ),
  refusal('A1.2 row 6', 'a weight of 0', canary(0), `${weights} an Integer between 1-100 (inclusive)`),
  refusal('A1.2 row 6', 'a weight of 101', canary(101), `${weights} an Integer between 1-100 (inclusive)`),
  refusal('A1.2 row 6', 'half a weight', canary(1.5), `${weights} an Integer between 1-100 (inclusive)`),
  refusal('A1.2 row 6', 'weights that fall', canary(50, 20), `${weights} sorted in ascending order`),
  refusal(
    'A1.2 row 6',
    'a step that is no object',
    { strategy: 'canary', options: { canary: { steps: [10] } } },
    'Options canary steps must be an array of objects',
  ),
  refusal(
    'A1.2 row 6',
    'a step with another key',
    { strategy: 'canary', options: { canary: { steps: [{ instance_weight: 5, wait: 1 }] } } },
    'Options canary steps has unsupported key(s): wait',
  ),
  row(
    'A1.2 row 6',
    'equal weights are taken',
    async (p) => {
      const { app } = await running(p);
      return refused(p, app, canary(20, 20));
    },
    201,
  ),
  row(
    'A1.2 row 7',
    'an app that there is not',
    (p) => refused(p, 'no'),
    no('Unable to use app. Ensure that the app exists and you have access to it.'),
  ),
  row(
    'A1.2 row 8',
    'a revision while revisions are off',
    async (p) => {
      const { app } = await running(p);
      const [{ guid }] = (await p.all(`/v3/apps/${app}/revisions`)) as [{ guid: string }];
      await p.ok(`PATCH /v3/apps/${app}/features/revisions`, { enabled: false });
      return refused(p, app, { revision: { guid } });
    },
    no('Cannot create deployment from a revision for an app without revisions enabled'),
  ),
  refusal('A1.2 row 9', 'an unknown revision', { revision: { guid: 'no' } }, 'The revision does not exist'),
  row(
    'A1.2 row 10',
    'a revision whose droplet expired',
    async (p) => {
      const { app, pack } = await running(p);
      const [{ guid }] = (await p.all(`/v3/apps/${app}/revisions`)) as [{ guid: string }];
      await roll(p, await deploy(p, app, { droplet: { guid: await p.stage(pack) } }));
      for (let more = 0; more < 5; more += 1) await p.stage(pack);
      return refused(p, app, { revision: { guid } });
    },
    no('Unable to deploy this revision, the droplet for this revision no longer exists.'),
  ),
  row(
    'A1.2 row 11',
    'no droplet anywhere',
    async (p) => refused(p, await p.app('bare')),
    no('Invalid droplet. Please specify a droplet in the request or set a current droplet for the app.'),
  ),
  row(
    'A1.2 row 12',
    'the droplet of another app',
    async (p) => {
      const { app } = await running(p);
      return refused(p, app, { droplet: { guid: (await p.staged('b')).droplet } });
    },
    no('Unable to assign current droplet. Ensure the droplet exists and belongs to this app.'),
  ),
  refusal(
    'A1.2 row 12',
    'an unknown droplet',
    { droplet: { guid: 'no' } },
    'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
  ),
  row(
    'A1.2 row 13',
    'back to what is deployed',
    async (p) => {
      const { app } = await running(p);
      const [{ guid }] = (await p.all(`/v3/apps/${app}/revisions`)) as [{ guid: string }];
      return refused(p, app, { revision: { guid } });
    },
    no(
      'Unable to rollback. The code and configuration you are rolling back to is the same as the deployed revision.',
    ),
  ),
];

export const atOnce = [
  row(
    'A1.2 line 2',
    'the droplet is the current one before anything runs, and a revision is made',
    async (p) => {
      const { app, pack, droplet } = await running(p);
      const next = await p.stage(pack);
      const made = await deploy(p, app, { droplet: { guid: next } });
      return [
        (await current(p, app)) === next,
        made.previous_droplet.guid === droplet,
        made.revision.version,
      ];
    },
    [true, true, 2],
  ),
  row(
    'A1.2 line 2',
    'what is the same as the newest revision is that one',
    async (p) => (await deploy(p, (await running(p)).app)).revision.version,
    1,
  ),
  row(
    'A1.2 line 2',
    'the new process is a clone: command, sizes, checks, labels and annotations',
    async (p) => {
      const { app } = await running(p);
      await p.ok(`POST /v3/processes/${app}/actions/scale`, { memory_in_mb: 77, disk_in_mb: 88 });
      await p.ok(`PATCH /v3/processes/${app}`, {
        command: 'mine',
        health_check: {
          type: 'http',
          data: { endpoint: '/up', timeout: 99, invocation_timeout: 2, interval: 9 },
        },
        readiness_health_check: { type: 'http', data: { endpoint: '/ready' } },
        metadata: { labels: { l: '1' }, annotations: { a: '2' } },
      });
      const made = await deploy(p, app);
      const facts = async (guid: string) => {
        const { command, memory_in_mb, disk_in_mb, health_check, readiness_health_check, metadata } =
          await p.ok(`GET /v3/processes/${guid}`);
        return JSON.stringify([
          command,
          memory_in_mb,
          disk_in_mb,
          health_check,
          readiness_health_check,
          metadata,
        ]);
      };
      const [old, clone] = [await facts(app), await facts(fresh(made))];
      return [
        clone === old,
        clone.includes('"mine",77,88'),
        clone.includes('/ready'),
        clone.includes('"l":"1"'),
      ];
    },
    [true, true, true, true],
  ),
  ...(
    [
      [{}, 1],
      [{ options: { max_in_flight: 3 } }, 3],
      [{ options: { max_in_flight: 9 } }, 4],
      [{ options: { max_in_flight: 9, web_instances: 6 } }, 6],
      [{ ...canary(50), options: { ...canary(50).options, max_in_flight: 9 } }, 2],
    ] as const
  ).map(([more, instances]) =>
    row(
      'A1.2 line 2',
      `it begins with min(max_in_flight, desired or canary target): ${JSON.stringify(more)}`,
      async (p) => {
        const { app } = await running(p, 4);
        await deploy(p, app, more);
        return counts(p, app);
      },
      [4, instances],
    ),
  ),
  row(
    'A1.2 line 2',
    'the original count is that of the deployment before that is still active',
    async (p) => {
      const { app } = await running(p, 3);
      const first = await deploy(p, app, { options: { max_in_flight: 3 } });
      p.become(fresh(first));
      await tick(p);
      const second = await deploy(p, app);
      await p.ok(`POST /v3/deployments/${second.guid}/actions/cancel`);
      await tick(p);
      return counts(p, app);
    },
    [3],
  ),
  ...['rolling', 'canary'].map((strategy) =>
    row(
      'A1.2 line 3',
      `a stopped app is not rolled: ${strategy} is over at once, and sizes go to the process that is there`,
      async (p) => {
        const { app } = await p.staged('a');
        const made = await deploy(p, app, { strategy, options: { web_instances: 3, memory_in_mb: 64 } });
        const web = await p.ok(`GET /v3/processes/${app}`);
        return [
          await status(p, made),
          made.new_processes,
          (await p.ok(`GET /v3/apps/${app}`)).state,
          web.instances,
          web.memory_in_mb,
        ];
      },
      ['FINALIZED/DEPLOYED', [], 'STARTED', 3, 64],
    ),
  ),
  row(
    'A1.2 line 4',
    'the first web process has the GUID of the app; after a deployment it has one of its own, and the first is gone',
    async (p) => {
      const { app } = await running(p);
      const guids = async () =>
        (await p.all(`/v3/apps/${app}/processes?types=web`)).map((w) => w.guid === app);
      const before = await guids();
      await roll(p, await deploy(p, app));
      return [before, await guids(), await p.refusal(`GET /v3/processes/${app}`)];
    },
    [[true], [false], [404, 10010, 'Process not found']],
  ),
  row(
    'A1.2 line 5',
    'two web processes are listed meanwhile, and the newest is what the app calls web',
    async (p) => {
      const { app } = await running(p, 2);
      const made = await deploy(p, app);
      return [await counts(p, app), (await p.ok(`GET /v3/apps/${app}/processes/web`)).guid === fresh(made)];
    },
    [[2, 1], true],
  ),
  row(
    'A1.2 line 6',
    'each route of the app reaches both processes',
    async (p) => {
      const { app } = await running(p);
      await p.route('shop', app);
      const made = await deploy(p, app);
      const at = (guid: string) => p.visit('shop', { 'x-cf-process-instance': `${guid}:0` });
      const before = [await at(app), await at(fresh(made))];
      p.become(fresh(made));
      return [before, [await at(app), await at(fresh(made))]];
    },
    [
      [200, 400],
      [200, 200],
    ],
  ),
  row(
    'A1.2 line 6',
    'also one that is mapped in the middle of it',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      p.become(fresh(made));
      await p.route('late', app);
      return p.visit('late', { 'x-cf-process-instance': fresh(made) });
    },
    200,
  ),
  row(
    'A1.2 line 2',
    'variables that were set before are of the new process, not of what runs',
    async (p) => {
      const { app } = await running(p);
      await setEnv(p, app, { COLOUR: 'green' });
      await deploy(p, app);
      return [...p.cells.desired.values()].filter((one) => one.type === 'web').map((one) => one.env.COLOUR);
    },
    [undefined, 'green'],
  ),
];
