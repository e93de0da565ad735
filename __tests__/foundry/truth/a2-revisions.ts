/** Platform facts A2: revisions. */
import { type Json, type Place, row } from './place.js';
import { deploy, environments, fresh, roll, running, setEnv } from './rollout.js';

const revisions = (p: Place, app: string): Promise<Json[]> => p.all(`/v3/apps/${app}/revisions`);
const restart = (p: Place, app: string) => p.ok(`POST /v3/apps/${app}/actions/restart`);
const newest = async (p: Place, app: string) => (await revisions(p, app)).at(-1);

/** A running app is changed and restarted; the description of its newest revision, and how many there are. */
const described = (fact: string, change: (p: Place, app: string) => Promise<unknown>, is: [string, number]) =>
  row(
    'A2 line 3',
    `described: ${fact}`,
    async (p) => {
      const { app } = await running(p);
      await change(p, app);
      await restart(p, app);
      const all = await revisions(p, app);
      return [all.at(-1).description, all.length];
    },
    is,
  );

export const revisionRows = [
  row(
    'A2 line 1',
    'the feature is on by itself, and can be switched off',
    async (p) => {
      const app = await p.app('a');
      const path = `/v3/apps/${app}/features/revisions`;
      const before = (await p.ok(`GET ${path}`)).enabled;
      return [before, (await p.ok(`PATCH ${path}`, { enabled: false })).enabled];
    },
    [true, false],
  ),
  row(
    'A2 line 2',
    'one by the first start; none by a start of what is started, a restart without a change, a stop and a start',
    async (p) => {
      const { app } = await p.staged('a');
      const seen = [(await revisions(p, app)).length];
      for (const act of ['start', 'start', 'restart', 'stop', 'start']) {
        await p.ok(`POST /v3/apps/${app}/actions/${act}`);
        seen.push((await revisions(p, app)).length);
      }
      await deploy(p, app);
      return [...seen, (await revisions(p, app)).length];
    },
    [0, 1, 1, 1, 1, 1, 1],
  ),
  row(
    'A2 line 2',
    'what is set makes none before the next start',
    async (p) => {
      const { app } = await running(p);
      await setEnv(p, app, { A: '1' });
      return (await revisions(p, app)).length;
    },
    1,
  ),
  row(
    'A2 line 3',
    'its fields',
    async (p) => {
      const { app, droplet } = await running(p);
      const { guid, created_at, updated_at, links, ...rest } = await newest(p, app);
      const named = {
        ...rest,
        droplet: rest.droplet.guid === droplet,
        relationships: rest.relationships.app.data.guid === app,
      };
      return [
        named,
        Object.keys(links),
        [guid, created_at, updated_at].every((one) => typeof one === 'string'),
      ];
    },
    [
      {
        version: 1,
        droplet: true,
        processes: { web: { command: null }, worker: { command: null } },
        sidecars: [],
        description: 'Initial revision.',
        relationships: true,
        metadata: { labels: {}, annotations: {} },
        deployable: true,
      },
      ['self', 'app', 'environment_variables'],
      true,
    ],
  ),
  described('variables', (p, app) => setEnv(p, app, { A: '1' }), ['New environment variables deployed.', 2]),
  described('a command', (p, app) => p.ok(`PATCH /v3/apps/${app}/processes/web`, { command: 'x' }), [
    "Custom start command added for 'web' process.",
    2,
  ]),
  described(
    'another command',
    async (p, app) => {
      await p.ok(`PATCH /v3/apps/${app}/processes/web`, { command: 'x' });
      await restart(p, app);
      await p.ok(`PATCH /v3/apps/${app}/processes/web`, { command: 'y' });
    },
    ["Custom start command updated for 'web' process.", 3],
  ),
  described(
    'no command any more',
    async (p, app) => {
      await p.ok(`PATCH /v3/apps/${app}/processes/web`, { command: 'x' });
      await restart(p, app);
      await p.ok(`PATCH /v3/apps/${app}/processes/web`, { command: null });
    },
    ["Custom start command removed for 'web' process.", 3],
  ),
  described(
    'a process type',
    (p) => p.apply('applications: [{name: a, processes: [{type: cron, instances: 0}]}]'),
    ["New process type 'cron' added.", 2],
  ),
  described(
    'a sidecar',
    (p, app) => p.ok(`POST /v3/apps/${app}/sidecars`, { name: 's', command: 'c', process_types: ['web'] }),
    ['Sidecars updated.', 2],
  ),
  row(
    'A2 line 3',
    'described: a droplet, and a way back',
    async (p) => {
      const { app, pack } = await running(p);
      const [first] = await revisions(p, app);
      await roll(p, await deploy(p, app, { droplet: { guid: await p.stage(pack) } }));
      const second = (await newest(p, app)).description;
      await deploy(p, app, { revision: { guid: first.guid } });
      return [second, (await newest(p, app)).description];
    },
    ['New droplet deployed.', 'New droplet deployed. Rolled back to revision 1.'],
  ),
  row(
    'A2 line 3',
    'it is no longer deployable when its droplet expired',
    async (p) => {
      const { app, pack } = await running(p);
      await roll(p, await deploy(p, app, { droplet: { guid: await p.stage(pack) } }));
      const before = (await revisions(p, app)).map((one) => one.deployable);
      for (let more = 0; more < 5; more += 1) await p.stage(pack);
      return [before, (await revisions(p, app)).map((one) => one.deployable)];
    },
    [
      [true, true],
      [false, true],
    ],
  ),
  row(
    'A2 line 4',
    'by version; deployed: two in the middle of a rollout, one after it',
    async (p) => {
      const { app } = await running(p);
      await setEnv(p, app, { A: '1' });
      const made = await deploy(p, app);
      const deployed = async () =>
        (await p.all(`/v3/apps/${app}/revisions/deployed`)).map((one) => one.version);
      const during = await deployed();
      await roll(p, made);
      const second = await p.all(`/v3/apps/${app}/revisions?versions=2`);
      return [during, await deployed(), second.map((one) => one.version)];
    },
    [[1, 2], [2], [2]],
  ),
  row(
    'A2 line 4',
    'its variables are kept from who may not read secrets',
    async (p) => {
      const { app } = await running(p);
      const { guid } = await newest(p, app);
      const read = async (path: string) => (await p.auditor(`GET ${path}`)).status;
      return [
        await read(`/v3/revisions/${guid}`),
        await read(`/v3/revisions/${guid}/environment_variables`),
        await read(`/v3/apps/${app}/env`),
        (await p.ask(`GET /v3/revisions/${guid}/environment_variables`)).status,
      ];
    },
    [200, 403, 403, 200],
  ),
  row(
    'A2 line 5',
    'a way back restores droplet, variables and commands; not memory, instances, checks and routes',
    async (p) => {
      const { app, droplet, pack } = await running(p);
      const [first] = await revisions(p, app);
      await setEnv(p, app, { A: '1' });
      await p.ok(`PATCH /v3/processes/${app}`, { command: 'x', health_check: { type: 'process' } });
      await p.ok(`POST /v3/processes/${app}/actions/scale`, { instances: 2, memory_in_mb: 99 });
      await roll(p, await deploy(p, app, { droplet: { guid: await p.stage(pack) } }));
      await p.route('late', app);
      const made = await deploy(p, app, { revision: { guid: first.guid } });
      const web = await p.ok(`GET /v3/processes/${fresh(made)}`);
      const env = (await p.ok(`GET /v3/apps/${app}/environment_variables`)).var;
      return [
        (await p.ok(`GET /v3/apps/${app}/droplets/current`)).guid === droplet,
        env,
        environments(p).at(-1)?.A,
        web.command,
        [web.memory_in_mb, web.health_check.type],
        (await p.all(`/v3/apps/${app}/routes`)).length,
        made.revision.version,
      ];
    },
    [true, {}, undefined, 'node server.js', [99, 'process'], 1, 3],
  ),
  row(
    'A2 line 6',
    'a hundred revisions are kept, and the numbers go on',
    async (p) => {
      const { app } = await p.staged('a');
      await p.ok(`POST /v3/apps/${app}/actions/start`);
      for (let n = 0; n < 100; n += 1) {
        await setEnv(p, app, { N: String(n) });
        await restart(p, app);
      }
      const kept = await p.all(`/v3/apps/${app}/revisions?per_page=5000`);
      return [kept.length, kept[0].version, kept.at(-1).version];
    },
    [100, 2, 101],
  ),
];
