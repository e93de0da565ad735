/** Platform facts A1.5 (errors of a look) and A1.6: what becomes of a deployment when something else happens. */
import { DEFAULTS, type FoundryOptions } from '../../../foundry/start.js';
import { no, type Place, row, to, within } from './place.js';
import {
  counts,
  current,
  deploy,
  environments,
  errorOf,
  fresh,
  refused,
  roll,
  running,
  setEnv,
  status,
  tick,
} from './rollout.js';

const IN_FLIGHT = 'while a deployment is in flight.';

const quota = (limits: Partial<FoundryOptions['quota']>) => ({ quota: { ...DEFAULTS.quota, ...limits } });
const advice = (causes: string) =>
  `for organization shop. This organization's quota may not be large enough to support ${causes}.`;
const MAX_IN_FLIGHT = 'rolling deployments or your configured max-in-flight';

/** A started web process of 100 MiB each, as staging asks for no room below its minimum. */
async function small(p: Place, instances: number, name = 'a') {
  const made = await p.staged(name);
  await p.ok(`POST /v3/processes/${made.app}/actions/scale`, { instances, memory_in_mb: 100 });
  await p.ok(`POST /v3/apps/${made.app}/actions/start`);
  p.become(made.app);
  return made;
}

const short = (fact: string, options: Partial<FoundryOptions>, text: string) =>
  row(
    'A1.6 row 3',
    `${fact}: refused at once, and everything is as before, the droplet too`,
    () =>
      within(options, async (p) => {
        const { app, pack, droplet } = await small(p, 2);
        const said = await refused(p, app, { droplet: { guid: await p.stage(pack) } });
        const revisions = (await p.all(`/v3/apps/${app}/revisions`)).length;
        return [said, (await current(p, app)) === droplet, await counts(p, app), revisions];
      }),
    [no(text), true, [2], 1],
  );

export const reactions = [
  row(
    'A1.6 row 1',
    'a crash of the new instance: DEPLOYING for ever, no error, no check that went well, the old one serves',
    async (p) => {
      const { app } = await running(p);
      await p.route('shop', app);
      const made = await deploy(p, app);
      p.become(fresh(made), { state: 'CRASHED', routable: false });
      await p.pass(3_600_000);
      const shown = await p.ok(`GET /v3/deployments/${made.guid}`);
      const { last_successful_healthcheck: health, error } = shown.status.details;
      return [await status(p, made), health, error, await counts(p, app), await p.visit('shop')];
    },
    ['ACTIVE/DEPLOYING', null, undefined, [1, 1], 200],
  ),
  short('memory', quota({ totalMemoryMb: 250 }), `memory quota_exceeded ${advice(MAX_IN_FLIGHT)}`),
  short(
    'instances',
    quota({ totalInstances: 2 }),
    `app_instance_limit app_instance_limit_exceeded ${advice(MAX_IN_FLIGHT)}`,
  ),
  short(
    'memory before 3.197.0',
    { ...quota({ totalMemoryMb: 250 }), apiVersion: '3.196.0' },
    `memory quota_exceeded ${advice('rolling deployments')}`,
  ),
  row(
    'A1.6 row 3',
    'the log rate: refused without advice',
    () =>
      within(quota({ logRateBps: 100 }), async (p) => {
        const { app } = await p.staged('a');
        for (const { guid } of await p.all(`/v3/apps/${app}/processes`))
          await p.ok(`POST /v3/processes/${guid}/actions/scale`, { log_rate_limit_in_bytes_per_second: 60 });
        await p.ok(`POST /v3/apps/${app}/actions/start`);
        return refused(p, app);
      }),
    no('log_rate_limit exceeds organization log rate quota'),
  ),
  row(
    'A1.6 row 4',
    'room that somebody takes later: the error is shown, the state stays, and it goes on when there is room',
    () =>
      within(quota({ totalMemoryMb: 600 }), async (p) => {
        const { app } = await small(p, 3);
        const made = await deploy(p, app, { options: { memory_in_mb: 200 } });
        const other = await small(p, 1, 'b');
        p.become(fresh(made));
        await tick(p);
        const seen = async () => [await status(p, made), await counts(p, app), await errorOf(p, made)];
        const held = await seen();
        await p.ok(`POST /v3/apps/${other.app}/actions/stop`);
        await tick(p);
        return [held, await seen()];
      }),
    [
      ['ACTIVE/DEPLOYING', [3, 1], 'memory quota_exceeded'],
      ['ACTIVE/DEPLOYING', [2, 2], undefined],
    ],
  ),
  ...(
    [
      ['3.191.0', undefined],
      ['3.192.0', 'memory quota_exceeded'],
    ] as const
  ).map(([apiVersion, shown]) =>
    row(
      'A1.5 line 9',
      `what went wrong at a look is shown since 3.192.0: ${apiVersion}`,
      () =>
        within({ ...quota({ totalMemoryMb: 600 }), apiVersion }, async (p) => {
          const { app } = await small(p, 3);
          const made = await deploy(p, app, { options: { memory_in_mb: 200 } });
          await small(p, 1, 'b');
          p.become(fresh(made));
          await tick(p);
          return [await status(p, made), await errorOf(p, made)];
        }),
      ['ACTIVE/DEPLOYING', shown],
    ),
  ),
  row(
    'A1.6 row 5',
    'no room on any cell: DOWN with the reason, and no progress',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      p.become(fresh(made), { state: 'DOWN', routable: false, details: 'insufficient resources: memory' });
      await tick(p, 3);
      const [{ state, details }] = (await p.all(`/v3/processes/${fresh(made)}/stats`)) as [
        { state: string; details: string },
      ];
      return [state, details, await status(p, made), await counts(p, app)];
    },
    ['DOWN', 'insufficient resources: memory', 'ACTIVE/DEPLOYING', [1, 1]],
  ),
  row(
    'A1.6 row 6',
    'a second one supersedes the first, whose process goes after the original one',
    async (p) => {
      const { app } = await running(p, 2);
      const first = await deploy(p, app);
      p.become(fresh(first));
      const second = await deploy(p, app);
      return [await status(p, first), await roll(p, second)];
    },
    ['FINALIZED/SUPERSEDED', [[2, 1, 1], [0, 1, 2], [2]]],
  ),
  ...(['scale', 'update'] as const).map((what) =>
    row(
      'A1.6 row 7',
      `the web process takes no ${what}, a worker does; neither the old nor the new one`,
      async (p) => {
        const { app } = await running(p);
        const made = await deploy(p, app);
        const [worker] = await p.all(`/v3/apps/${app}/processes?types=worker`);
        const change = (guid: string) =>
          what === 'scale'
            ? p.refusal(`POST /v3/processes/${guid}/actions/scale`, { instances: 2 })
            : p.refusal(`PATCH /v3/processes/${guid}`, { command: 'x' });
        return [await change(app), await change(fresh(made)), await change(worker.guid)];
      },
      [
        no(`Cannot ${what} this process ${IN_FLIGHT}`),
        no(`Cannot ${what} this process ${IN_FLIGHT}`),
        what === 'scale' ? 202 : 200,
      ],
    ),
  ),
  row(
    'A1.6 row 7',
    'while it is being cancelled it can be scaled',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      await p.ok(`POST /v3/deployments/${made.guid}/actions/cancel`);
      return p.refusal(`POST /v3/processes/${app}/actions/scale`, { instances: 2 });
    },
    202,
  ),
  row(
    'A1.6 row 8',
    'another droplet is refused',
    async (p) => {
      const { app, droplet } = await running(p);
      await deploy(p, app);
      return p.refusal(`PATCH /v3/apps/${app}/relationships/current_droplet`, to(droplet));
    },
    no(
      'Unable to assign current droplet while the app has a deployment in progress. Wait for the deployment to complete or cancel it.',
    ),
  ),
  ...(
    [
      ['instances: 2', 'scale'],
      ['health-check-type: process', 'update'],
    ] as const
  ).map(([line, what]) =>
    row(
      'A1.6 row 9',
      `a manifest with ${line}: its job fails with the same words`,
      async (p) => {
        const { app } = await running(p);
        await deploy(p, app);
        const job = await p.apply(`applications: [{name: a, ${line}}]`);
        return [job.state, job.errors[0].code, job.errors[0].detail];
      },
      ['FAILED', 10008, `For application 'a': Cannot ${what} this process ${IN_FLIGHT}`],
    ),
  ),
  row(
    'A1.6 row 10',
    'a stop is not held back; it stays DEPLOYING and goes on when the app is started',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      await p.ok(`POST /v3/apps/${app}/actions/stop`);
      await tick(p, 3);
      const stopped = await status(p, made);
      await p.ok(`POST /v3/apps/${app}/actions/start`);
      await roll(p, made);
      return [stopped, await status(p, made)];
    },
    ['ACTIVE/DEPLOYING', 'FINALIZED/DEPLOYED'],
  ),
  row(
    'A1.6 row 11',
    'a restart restarts old and new at once: a gap',
    async (p) => {
      const { app } = await running(p);
      await p.route('shop', app);
      const made = await deploy(p, app);
      p.become(fresh(made));
      await p.ok(`POST /v3/apps/${app}/actions/restart`);
      const states = await Promise.all(
        [app, fresh(made)].map(async (guid) => (await p.all(`/v3/processes/${guid}/stats`))[0].state),
      );
      return [states, await p.visit('shop')];
    },
    [['STARTING', 'STARTING'], 404],
  ),
  row(
    'A1.6 row 12',
    'the app can be deleted, by a job, and its deployments go with it',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      const reply = await p.ask(`DELETE /v3/apps/${app}`);
      const job = await p.job(reply);
      return [reply.status, job.state, await p.refusal(`GET /v3/deployments/${made.guid}`)];
    },
    [202, 'COMPLETE', [404, 10010, 'Deployment not found']],
  ),
  row(
    'A1.6 row 13',
    'a variable that is set in the middle reaches nothing of it, not even what is restarted at its end',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      await setEnv(p, app, { COLOUR: 'late' });
      await roll(p, made);
      const [revision] = await p.all(`/v3/apps/${app}/revisions/deployed`);
      const { var: vars } = await p.ok(`GET /v3/revisions/${revision.guid}/environment_variables`);
      return [
        environments(p, 'worker').map((env) => env.COLOUR),
        environments(p).map((env) => env.COLOUR),
        vars,
      ];
    },
    [[undefined], [undefined], {}],
  ),
  row(
    'A1.6 row 14',
    'a rename is allowed',
    async (p) => {
      const { app } = await running(p);
      await deploy(p, app);
      return (await p.ok(`PATCH /v3/apps/${app}`, { name: 'b' })).name;
    },
    'b',
  ),
  ...(
    [
      ['3.172.0', { strategy: 'canary' }, no("Strategy 'canary' is not a supported deployment strategy")],
      ['3.172.0', { options: { max_in_flight: 1 } }, no("Unknown field(s): 'options'")],
      ['3.173.0', { strategy: 'canary' }, 201],
      [
        '3.188.0',
        { strategy: 'canary', options: { canary: {} } },
        no('Options has unsupported key(s): canary'),
      ],
      ['3.189.0', { strategy: 'canary', options: { canary: {} } }, 201],
      ['3.189.0', { options: { web_instances: 1 } }, no('Options has unsupported key(s): web_instances')],
      ['3.190.0', { options: { web_instances: 1 } }, 201],
      ['3.190.0', { options: { memory_in_mb: 9 } }, no('Options has unsupported key(s): memory_in_mb')],
      ['3.191.0', { options: { memory_in_mb: 9, disk_in_mb: 9 } }, 201],
    ] as const
  ).map(([apiVersion, more, said]) =>
    row(
      'A1.6 line 1',
      `${apiVersion} with ${JSON.stringify(more)}`,
      () => within({ apiVersion }, async (p) => refused(p, (await running(p)).app, more)),
      said,
    ),
  ),
  ...(
    [
      ['3.169.0', false],
      ['3.170.0', true],
    ] as const
  ).map(([apiVersion, has]) =>
    row(
      'A1.6 line 1',
      `${apiVersion}: last_status_change ${has}`,
      () =>
        within({ apiVersion }, async (p) => {
          const made = await deploy(p, (await running(p)).app);
          return 'last_status_change' in made.status.details;
        }),
      has,
    ),
  ),
];
