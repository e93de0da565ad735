import { setTimeout as sleep } from 'node:timers/promises';
import { deleteOld, push, rollingPush, scriptedBlueGreen } from '../baselines.js';
import type { Sample } from '../figure.js';
import { type RunningLoad, startLoad } from '../k6.js';
import type { Lab } from '../lab.js';
import { type Context, inLab, type Series } from './series.js';

const APP = 'shop';

type Way = (lab: Lab, context: Context) => Promise<unknown>;

/** Deploys in a row under steady requests; what counts is how many of them all failed. */
const soak =
  (way: Way, deploysOf: (context: Context) => number, side: 'ours' | 'instead'): Series =>
  (context) => {
    const { routerLagMs } = context.settings.soak;
    return inLab(
      context,
      async (lab) => {
        await push(await lab.shell(await lab.workspace([appOf(lab)])), lab.foundry);
        // The routers learn of a first route one after the other.
        await sleep(routerLagMs * 2, undefined, { signal: context.signal });
        const sample = await underLoad(lab, context, async () => {
          for (let turn = 1; turn <= deploysOf(context); turn += 1) {
            context.signal.throwIfAborted();
            const start = performance.now();
            await way(lab, context);
            context.say(`${turn}/${deploysOf(context)} ${Math.round(performance.now() - start)} ms`);
          }
        });
        return { ours: [], instead: [], [side]: [sample] };
      },
      ['--propagation', String(routerLagMs)],
    );
  };

export const SOAK: Readonly<Record<string, Series>> = {
  'soak-ours': soak(
    async (lab, { settings }) =>
      lab.deploy(await lab.workspace([appOf(lab)]), 'deployed', {
        drain: `${settings.soak.drainMs / 1_000}s`,
      }),
    ({ settings }) => settings.soak.deploys,
    'ours',
  ),
  'soak-script': soak(
    async (lab, { settings }) => {
      const { drainMs } = settings.soak;
      const trialHost = `${APP}-trial`;
      const workspace = await lab.workspace([appOf(lab)]);
      const onTrial = { name: `${APP}-green`, routes: [lab.url(trialHost)] };
      const greenManifest = await lab.manifest(workspace, 'green.yml', onTrial);
      const asked = { app: APP, greenManifest, trialHost, hosts: [APP], drainMs };
      const shell = await lab.shell(workspace);
      await scriptedBlueGreen(shell, lab.foundry, asked);
      await deleteOld(shell, APP);
    },
    ({ settings }) => settings.soak.insteadDeploys,
    'instead',
  ),
  'soak-rolling-push': soak(
    async (lab) => rollingPush(await lab.shell(await lab.workspace([appOf(lab)])), lab.foundry, 1),
    ({ settings }) => settings.soak.insteadDeploys,
    'instead',
  ),
};

async function underLoad(lab: Lab, context: Context, act: () => Promise<void>): Promise<Sample> {
  const { rate, slowRate, slowMs, limitMs, routerLagMs } = context.settings.soak;
  const load = { host: lab.url(APP), router: lab.foundry.router, slowMs, limitMs };
  const half = { ...load, rate: rate / 2, slowRate: slowRate / 2 };
  const loads: RunningLoad[] = [];
  const start = performance.now();
  try {
    for (const keepAlive of [true, false])
      loads.push(await startLoad({ ...half, keepAlive }, lab.dir, context.signal));
    await act();
    // What the last deploy did to requests under way is seen when these have ended.
    await sleep(slowMs + routerLagMs, undefined, { signal: context.signal });
  } catch (error) {
    await Promise.allSettled(loads.map((one) => one.stop()));
    throw error;
  }
  const accounts = await Promise.all(loads.map((one) => one.stop()));
  for (const line of accounts.flatMap(({ failures }) => failures)) context.say(line);
  const sum = (of: 'sent' | 'failed') => accounts.reduce((all, account) => all + account[of], 0);
  context.say(`${sum('failed')} of ${sum('sent')} requests failed`);
  return { ms: performance.now() - start, sent: sum('sent'), failed: sum('failed') };
}

function appOf(lab: Lab) {
  return { name: APP, routes: [lab.url(APP)] };
}
