import { hostOf } from '../probe/address.js';
import type { ProbeContext } from '../probe/context.js';
import { type HeaderReach, headerReach } from '../probe/proof.js';
import { runSmoke } from '../probe/smoke.js';
import { instancesOn } from './instances.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, note, routeNamed, type StepKind, type World } from './world.js';

/** The smoke checks on the trial route, by every instance; and what the production routes will let us see is tested. */
export const smoke: StepKind<Step & { do: 'smoke' }> = {
  title: (_step, { checks }) => `smoke checks (${checks.filter(({ on }) => on === 'trial').length})`,
  plan: (_step, { checks, trials }) =>
    checks
      .filter(({ on }) => on === 'trial')
      .map(({ label, method }) => `${method} ${label} on ${trials[0]?.route.url}, by every instance`),
  run: async (_step, app, world) => {
    const { intent } = app;
    const candidate = appOn('candidate', app);
    const trial = routeNamed(intent.trials[0]?.route.url ?? '', app);
    await reachOfProduction(app, world);
    const reach = await reachOf(world.probe, trial.url, intent.probePath, candidate.guid);
    app.found.smoke = await runSmoke(
      world.probe,
      {
        checks: intent.checks,
        trialUrl: trial.url,
        instances: instancesOn(trial, candidate),
        headerReaches: reach === 'by-instance',
        onlyDestination: trial.destinations.every(({ appGuid }) => appGuid === candidate.guid),
        productionHosts: intent.production.map(({ url }) => hostOf(url)),
      },
      (text) => note(world, text),
    );
  },
};

/** Before the switch: a route that cannot be seen now could not be seen before the deploy either. */
async function reachOfProduction(app: AppWorld, { probe }: World): Promise<void> {
  const { intent, snapshot, found } = app;
  const seen = intent.production.filter(({ internal }) => !internal);
  await Promise.all(
    seen.map(async ({ url }) => {
      found.reach.set(url, await headerReach(probe, about(url, intent.probePath, snapshot.live?.guid)));
    }),
  );
}

const ROUTER_WAIT_MS = 30_000;

/** A route that was made a moment ago is not known to every router yet. */
async function reachOf(ctx: ProbeContext, url: string, path: string, appGuid: string): Promise<HeaderReach> {
  const deadlineMs = ctx.clock.now() + ROUTER_WAIT_MS;
  for (;;) {
    const reach = await headerReach(ctx, about(url, path, appGuid));
    if (reach !== 'unknown-route' || ctx.clock.now() >= deadlineMs) return reach;
    await ctx.clock.sleep(300, ctx.signal);
  }
}

function about(url: string, path: string, appGuid: string | undefined) {
  return { url, path, ...(appGuid === undefined ? {} : { appGuid }) };
}

/** A command of the user's, on the runner, with the trial route's address. */
export const smokeScript: StepKind<Step & { do: 'smoke-script' }> = {
  title: () => 'smoke-script',
  plan: (_step, { smokeScript: command }) => [`run ${command ?? ''}`],
  run: async (_step, app, { runScript, signal }) => {
    const { intent } = app;
    const { guid } = appOn('candidate', app);
    await runScript({
      command: intent.smokeScript ?? '',
      trialUrl: intent.trials[0]?.route.url ?? '',
      appName: intent.app,
      appGuid: guid,
      signal,
    });
  },
};
