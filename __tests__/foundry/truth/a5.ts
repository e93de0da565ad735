/** Platform facts A5: checks and instances as the API shows them. */
import { no, type Place, RUNNING, row, within } from './place.js';
import { deploy, fresh, running } from './rollout.js';

const web = async (p: Place, guid: string) => {
  const { health_check: health, readiness_health_check: ready } = await p.ok(`GET /v3/processes/${guid}`);
  return { health, ready };
};
const stats = (p: Place, guid: string) => p.all(`/v3/processes/${guid}/stats`);

export const checkRows = [
  row(
    'A5 line 1',
    'defaults: port for web, process for others, and no readiness check',
    async (p) => {
      const { app } = await p.staged('a');
      const [worker] = await p.all(`/v3/apps/${app}/processes?types=worker`);
      const of = async (guid: string) => {
        const { health, ready } = await web(p, guid);
        return [health.type, health.data, ready.type, ready.data];
      };
      return [await of(app), await of(worker.guid)];
    },
    ['port', 'process'].map((type) => [
      type,
      { timeout: null, invocation_timeout: null, interval: null },
      'process',
      { invocation_timeout: null, interval: null },
    ]),
  ),
  row(
    'A5 line 1',
    'a type that there is not, and the endpoint of http that is / by itself',
    async (p) => {
      const app = await p.app('a');
      const set = (health_check: object) => p.refusal(`PATCH /v3/processes/${app}`, { health_check });
      return [
        await set({ type: 'tcp' }),
        await set({ type: 'http' }),
        (await web(p, app)).health.data.endpoint,
      ];
    },
    [no('Health check type must be "port", "process", or "http"'), 200, '/'],
  ),
  row(
    'A5 line 1',
    'readiness is there since 3.144.0',
    () =>
      within({ apiVersion: '3.143.0' }, async (p) => {
        const app = await p.app('a');
        const body = { readiness_health_check: { type: 'http' } };
        return [(await web(p, app)).ready, await p.refusal(`PATCH /v3/processes/${app}`, body)];
      }),
    [undefined, no("Unknown field(s): 'readiness_health_check'")],
  ),
  row(
    'A5 line 2',
    'a start-up time of at least 1 and at most 180 seconds',
    async (p) => {
      const app = await p.app('a');
      const set = (timeout: number) =>
        p.refusal(`PATCH /v3/processes/${app}`, { health_check: { data: { timeout } } });
      return [await set(180), await set(181), await set(0)];
    },
    [
      200,
      no('health_check_timeout Maximum exceeded: max 180s'),
      no('Health check data Timeout must be greater than or equal to 1'),
    ],
  ),
  row(
    'A5 line 2',
    'without a word the cells get 60 s to start, 1 s for a check, one every 30 s',
    async (p) => {
      await running(p);
      const [started] = [...p.cells.desired.values()].filter(({ type }) => type === 'web');
      return started?.healthCheck;
    },
    { type: 'port', timeoutS: 60, invocationTimeoutS: 1, intervalS: 30 },
  ),
  row(
    'A5 line 3',
    'another check takes effect at the next start, and in the clone of a deployment',
    async (p) => {
      const { app } = await running(p);
      const known = () =>
        [...p.cells.desired.values()].filter(({ type }) => type === 'web').map((one) => one.healthCheck.type);
      await p.ok(`PATCH /v3/processes/${app}`, { health_check: { type: 'http' } });
      const before = known();
      await deploy(p, app);
      return [before, known()];
    },
    [['port'], ['port', 'http']],
  ),
  row(
    'A5 line 4',
    'STARTING, RUNNING, CRASHED, DOWN, STOPPING; DOWN has only what is known without an instance',
    async (p) => {
      const { app } = await running(p);
      const seen = [];
      for (const state of ['STARTING', 'RUNNING', 'CRASHED', 'STOPPING', 'DOWN'] as const) {
        p.become(app, { state, routable: state === 'RUNNING' });
        const [one] = await stats(p, app);
        seen.push(one.state === 'DOWN' ? [one.state, Object.keys(one).sort()] : [one.state, one.routable]);
      }
      return seen;
    },
    [
      ['STARTING', false],
      ['RUNNING', true],
      ['CRASHED', false],
      ['STOPPING', false],
      ['DOWN', ['details', 'index', 'isolation_segment', 'routable', 'state', 'type', 'uptime']],
    ],
  ),
  row(
    'A5 line 4',
    'every index of a stopped app is DOWN',
    async (p) => {
      const { app } = await running(p, 2);
      await p.ok(`POST /v3/apps/${app}/actions/stop`);
      return (await stats(p, app)).map((one) => [one.index, one.state]);
    },
    [
      [0, 'DOWN'],
      [1, 'DOWN'],
    ],
  ),
  row(
    'A5 line 4',
    'routable is there since 3.151.0',
    () =>
      within({ apiVersion: '3.150.0' }, async (p) => {
        const [one] = await stats(p, (await running(p)).app);
        return [one.state, 'routable' in one];
      }),
    ['RUNNING', false],
  ),
  row(
    'A5 line 5',
    'RUNNING and not routable is not traffic, and no progress of a deployment',
    async (p) => {
      const { app } = await running(p);
      await p.route('r', app);
      const made = await deploy(p, app);
      p.become(fresh(made), { state: 'RUNNING', routable: false });
      const at = await p.visit('r', { 'x-cf-process-instance': fresh(made) });
      await p.pass(10_000);
      const { value } = (await p.ok(`GET /v3/deployments/${made.guid}`)).status;
      p.become(fresh(made), RUNNING);
      return [at, value, await p.visit('r', { 'x-cf-process-instance': fresh(made) })];
    },
    [400, 'ACTIVE', 200],
  ),
  ...(
    [
      ['3.210.0', 404, 400],
      ['3.211.0', 200, 200],
    ] as const
  ).map(([apiVersion, light, embedded]) =>
    row(
      'A5 line 6',
      `the light list of instances with ${apiVersion}`,
      () =>
        within({ apiVersion }, async (p) => {
          const { app } = await running(p);
          return [
            (await p.ask(`GET /v3/processes/${app}/process_instances`)).status,
            (await p.ask('GET /v3/processes?embed=process_instances')).status,
          ];
        }),
      [light, embedded],
    ),
  ),
];
