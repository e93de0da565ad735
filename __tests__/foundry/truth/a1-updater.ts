/** Platform facts A1.5: what the updater does at each look. */
import { row } from './place.js';
import {
  canary,
  counts,
  deploy,
  environments,
  fresh,
  roll,
  running,
  setEnv,
  status,
  tick,
} from './rollout.js';

/** What the updater does at its next look when the new instances are as said. */
const look = (
  source: string,
  fact: string,
  options: object,
  states: readonly ['RUNNING' | 'UNREADY' | 'STARTING' | 'CRASHED' | 'DOWN', ...string[]],
  after: number[],
) =>
  row(
    source,
    fact,
    async (p) => {
      const { app } = await running(p, 4);
      const made = await deploy(p, app, { options });
      for (const [index, state] of states.entries()) {
        const shown = state === 'UNREADY' ? 'RUNNING' : (state as 'RUNNING');
        p.become(fresh(made), { state: shown, routable: state === 'RUNNING' }, index);
      }
      await tick(p);
      return counts(p, app);
    },
    after,
  );

export const updater = [
  row(
    'A1.5 line 1',
    'it looks every five seconds, and nothing happens in between',
    async (p) => {
      const { app } = await running(p, 3);
      const made = await deploy(p, app);
      const times: number[] = [];
      for (const left of [2, 1]) {
        p.become(fresh(made));
        while ((await counts(p, app))[0] !== left) await p.pass(100);
        times.push(p.clock.now());
      }
      return (times[1] ?? 0) - (times[0] ?? 0);
    },
    5_000,
  ),
  row(
    'A1.5 line 1',
    'a paused canary is not looked at',
    async (p) => {
      const { app } = await running(p, 3);
      const made = await deploy(p, app, canary(1, 50));
      await roll(p, made, 'ACTIVE/PAUSED');
      const before = await counts(p, app);
      await tick(p, 20);
      return [before, await counts(p, app), await status(p, made)];
    },
    [[3, 1], [3, 1], 'ACTIVE/PAUSED'],
  ),
  look('A1.5 line 2', 'RUNNING and routable counts', {}, ['RUNNING'], [3, 2]),
  look('A1.5 line 2', 'STARTING does not', {}, ['STARTING'], [4, 1]),
  look('A1.5 line 2', 'RUNNING but not routable is starting', {}, ['UNREADY'], [4, 1]),
  look('A1.5 line 2', 'CRASHED is unhealthy', {}, ['CRASHED'], [4, 1]),
  look('A1.5 line 2', 'DOWN is unhealthy', {}, ['DOWN'], [4, 1]),
  look(
    'A1.5 line 3',
    'with two in flight one that starts is no hindrance',
    { max_in_flight: 2 },
    ['RUNNING', 'STARTING'],
    [3, 3],
  ),
  look('A1.5 line 3', 'two that start are one', { max_in_flight: 2 }, ['STARTING', 'STARTING'], [4, 2]),
  look(
    'A1.5 line 3',
    'an unhealthy one stops the growth, but what runs still takes the place of old ones',
    { max_in_flight: 2 },
    ['RUNNING', 'CRASHED'],
    [3, 2],
  ),
  row(
    'A1.5 line 4',
    'where nothing can be done nothing is written, the last error stays',
    async (p) => {
      const { app } = await running(p, 2);
      const made = await deploy(p, app);
      const before = (await p.ok(`GET /v3/deployments/${made.guid}`)).updated_at;
      await tick(p, 3);
      return (await p.ok(`GET /v3/deployments/${made.guid}`)).updated_at === before;
    },
    true,
  ),
  row(
    'A1.5 line 5',
    'the old process goes down first, to the target without what is routable; last_successful_healthcheck is the look',
    async (p) => {
      const { app } = await running(p, 3);
      const made = await deploy(p, app);
      const counted = await roll(p, made);
      const { details } = (await p.ok(`GET /v3/deployments/${made.guid}`)).status;
      return [counted, typeof details.last_successful_healthcheck];
    },
    [[[3, 1], [2, 2], [1, 3], [3]], 'string'],
  ),
  row(
    'A1.5 line 5',
    'oldest first; an interim process that reaches none is destroyed, the original one stays',
    async (p) => {
      const { app } = await running(p, 2);
      const first = await deploy(p, app);
      p.become(fresh(first));
      await tick(p);
      const second = await deploy(p, app);
      return [await counts(p, app), await roll(p, second)];
    },
    [
      [1, 2, 1],
      [[1, 2, 1], [0, 1, 2], [2]],
    ],
  ),
  row(
    'A1.5 line 6',
    'at the end workers are restarted, also those of none, with the commands of the revision',
    async (p) => {
      const { app } = await running(p);
      const [worker] = await p.all(`/v3/apps/${app}/processes?types=worker`);
      await p.ok(`POST /v3/processes/${worker.guid}/actions/scale`, { instances: 1 });
      await setEnv(p, app, { COLOUR: 'green' });
      const made = await deploy(p, app);
      p.become(fresh(made));
      const during = environments(p, 'worker').map((env) => env.COLOUR);
      const before = (await p.ok(`GET /v3/processes/${worker.guid}`)).version;
      await tick(p);
      const after = (await p.ok(`GET /v3/processes/${worker.guid}`)).version;
      return [
        during,
        environments(p, 'worker').map((env) => env.COLOUR),
        before === after,
        await status(p, made),
      ];
    },
    [[undefined], ['green'], false, 'FINALIZED/DEPLOYED'],
  ),
  row(
    'A1.5 line 7',
    'never more than wanted and in flight, never fewer that run than wanted',
    async (p) => {
      const { app } = await running(p, 5);
      const made = await deploy(p, app, { options: { max_in_flight: 2 } });
      const seen = await roll(p, made);
      return [Math.max(...seen.map((c) => c.reduce((a, b) => a + b, 0))), seen.at(-1)];
    },
    [7, [5]],
  ),
  ...(
    [
      [1, 1, 10],
      [20, 2, 9],
      [45, 5, 6],
      [80, 8, 3],
      [100, 10, 0],
    ] as const
  ).map(([weight, fresh, old]) =>
    row(
      'A1.5 line 8',
      `a canary step of ${weight} % of ten: ${fresh} and ${old}`,
      async (p) => {
        const { app } = await running(p, 10);
        const made = await deploy(p, app, {
          strategy: 'canary',
          options: { max_in_flight: 10, ...canary(weight).options },
        });
        await roll(p, made, 'ACTIVE/PAUSED');
        return counts(p, app);
      },
      [old, fresh],
    ),
  ),
  row(
    'A1.5 line 8',
    'without steps: one beside all',
    async (p) => {
      const { app } = await running(p, 4);
      const made = await deploy(p, app, { strategy: 'canary', options: { max_in_flight: 9 } });
      await roll(p, made, 'ACTIVE/PAUSED');
      return counts(p, app);
    },
    [4, 1],
  ),
];
