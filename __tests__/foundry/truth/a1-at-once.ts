/** Platform facts A1.2: what a deployment does at once. */
import { row } from './place.js';
import { canary, counts, current, deploy, fresh, roll, running, setEnv, status, tick } from './rollout.js';

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
