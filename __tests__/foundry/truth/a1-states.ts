/** Platform facts A1.3 and A1.4: states, cancel, continue. */
import { no, row } from './place.js';
import {
  canary,
  cancel,
  counts,
  current,
  deploy,
  errorOf,
  fresh,
  proceed,
  roll,
  running,
  setEnv,
  status,
  tick,
} from './rollout.js';

export const states = [
  row(
    'A1.3 line 1',
    'rolling: DEPLOYING, then DEPLOYED; what the older filter calls them',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      const seen = async () => [
        await status(p, made),
        (await p.all('/v3/deployments?states=DEPLOYING')).length,
      ];
      const before = await seen();
      await roll(p, made);
      return [before, await seen()];
    },
    [
      ['ACTIVE/DEPLOYING', 1],
      ['FINALIZED/DEPLOYED', 0],
    ],
  ),
  row(
    'A1.3 line 1',
    'cancelled: CANCELING, and CANCELED at the next look',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      await cancel(p, made);
      const at = await status(p, made);
      await tick(p);
      return [at, await status(p, made)];
    },
    ['ACTIVE/CANCELING', 'FINALIZED/CANCELED'],
  ),
  ...(
    [
      ['rolling', 'DEPLOYED'],
      ['canary', 'CANCELED'],
    ] as const
  ).map(([strategy, state]) =>
    row(
      'A1.3 line 1',
      `a superseded ${strategy} one is FINALIZED/SUPERSEDED, inside ${state}`,
      async (p) => {
        const { app } = await running(p);
        const first = await deploy(p, app, { strategy });
        await deploy(p, app);
        const found = await p.all(`/v3/deployments?states=${state}`);
        return [await status(p, first), found.map((d) => d.guid === first.guid)];
      },
      ['FINALIZED/SUPERSEDED', [true]],
    ),
  ),
  row(
    'A1.3 line 2',
    'there is no FAILED: an hour of crashes is still DEPLOYING',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      p.become(fresh(made), { state: 'CRASHED', routable: false });
      await p.pass(3_600_000);
      return status(p, made);
    },
    'ACTIVE/DEPLOYING',
  ),
  row(
    'A1.3 line 3',
    'a canary: DEPLOYING, PAUSED, after the last step DEPLOYING again, DEPLOYED',
    async (p) => {
      const { app } = await running(p, 2);
      const made = await deploy(p, app, canary(50, 100));
      const seen = [await status(p, made)];
      for (let step = 0; step < 2; step += 1) {
        await roll(p, made, 'ACTIVE/PAUSED');
        seen.push(await status(p, made));
        await proceed(p, made);
        seen.push(await status(p, made));
      }
      await roll(p, made);
      return [...seen, await status(p, made)];
    },
    [
      'ACTIVE/DEPLOYING',
      'ACTIVE/PAUSED',
      'ACTIVE/DEPLOYING',
      'ACTIVE/PAUSED',
      'ACTIVE/DEPLOYING',
      'FINALIZED/DEPLOYED',
    ],
  ),
];

export const cancels = [
  row(
    'A1.4 line 1',
    'cancel is 200 with nothing in it, also a second time',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      return [await cancel(p, made), await cancel(p, made)].map(({ status, text }) => [status, text]);
    },
    [
      [200, ''],
      [200, ''],
    ],
  ),
  row(
    'A1.4 line 1',
    'also of a paused canary',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app, canary(50));
      await roll(p, made, 'ACTIVE/PAUSED');
      return [(await cancel(p, made)).status, await status(p, made)];
    },
    [200, 'ACTIVE/CANCELING'],
  ),
  row(
    'A1.4 line 1',
    'one that is over cannot be cancelled',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app);
      await roll(p, made);
      return p.refusal(`POST /v3/deployments/${made.guid}/actions/cancel`);
    },
    no('Cannot cancel a deployment with status: FINALIZED and reason: DEPLOYED'),
  ),
  row(
    'A1.4 line 1',
    'the previous droplet is the current one at once, the variables stay',
    async (p) => {
      const { app, pack, droplet } = await running(p);
      await setEnv(p, app, { COLOUR: 'green' });
      const made = await deploy(p, app, { droplet: { guid: await p.stage(pack) } });
      await cancel(p, made);
      const { var: vars } = await p.ok(`GET /v3/apps/${app}/environment_variables`);
      return [(await current(p, app)) === droplet, vars];
    },
    [true, { COLOUR: 'green' }],
  ),
  row(
    'A1.4 line 1',
    'when the previous droplet expired it cannot be cancelled, and goes on',
    async (p) => {
      const { app, pack } = await running(p);
      const made = await deploy(p, app, { droplet: { guid: await p.stage(pack) } });
      for (let more = 0; more < 5; more += 1) await p.stage(pack);
      return [await p.refusal(`POST /v3/deployments/${made.guid}/actions/cancel`), await status(p, made)];
    },
    [no('droplet must be in staged state'), 'ACTIVE/DEPLOYING'],
  ),
  row(
    'A1.4 line 2',
    'the oldest process is kept, all others end at once, and its count is the original one before it has the instances',
    async (p) => {
      const { app } = await running(p, 3);
      const made = await deploy(p, app, { options: { max_in_flight: 2 } });
      p.become(fresh(made));
      await tick(p);
      const before = await counts(p, app);
      await cancel(p, made);
      await tick(p);
      const stats = await p.all(`/v3/processes/${app}/stats`);
      return [before, await counts(p, app), stats.map((i) => i.state), await errorOf(p, made)];
    },
    [[1, 3], [3], ['RUNNING', 'STARTING', 'STARTING'], undefined],
  ),
  row(
    'A1.4 line 2',
    'the newest superseded process that runs is kept, not the oldest',
    async (p) => {
      const { app } = await running(p, 2);
      const first = await deploy(p, app);
      p.become(fresh(first));
      const second = await deploy(p, app);
      await cancel(p, second);
      await tick(p);
      const webs = await p.all(`/v3/apps/${app}/processes?types=web`);
      return webs.map((w) => [w.guid === fresh(first), w.instances]);
    },
    [[true, 2]],
  ),
  row(
    'A1.4 line 3',
    'continue is 200 of a paused one, and nothing else can continue',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app, canary(100));
      const early = await proceed(p, made);
      await roll(p, made, 'ACTIVE/PAUSED');
      const paused = await p.ask(`POST /v3/deployments/${made.guid}/actions/continue`);
      await roll(p, made);
      return [early, [paused.status, paused.text], await proceed(p, made)];
    },
    [
      no('Cannot continue a deployment with status: ACTIVE and reason: DEPLOYING'),
      [200, ''],
      no('Cannot continue a deployment with status: FINALIZED and reason: DEPLOYED'),
    ],
  ),
];
