import type { AppState } from '../model/cloud.js';
import { hostOf } from '../probe/address.js';
import type { HeaderReach } from '../probe/proof.js';
import { runSmoke } from '../probe/smoke.js';
import { instancesOn } from './instances.js';
import { reachOf } from './reach.js';
import { isAskable } from './routes.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, note, routeNamed, type StepKind, type World } from './world.js';

/** The smoke checks on the trial route, by every instance; and what the production routes will let us see is tested. */
export const smoke: StepKind<Step & { do: 'smoke' }> = {
  title: (_step, { checks }) => `smoke checks (${checks.filter(({ on }) => on === 'trial').length})`,
  plan: (_step, { checks, trials: [first] }) =>
    checks
      .filter(({ on }) => first && on === 'trial')
      .map(({ label, method }) => `${method} ${label} on ${first?.route.url}, by every instance`),
  run: async (_step, app, world) => {
    const { intent } = app;
    const candidate = appOn('candidate', app);
    await reachOfProduction(app, world);
    const [first] = intent.trials;
    // Nobody outside can ask it by HTTP: its own health checks, and that its instances stay up, have to do.
    if (!first) return;
    const trial = routeNamed(first.route.url, app);
    const reach = await reachOfTrial(trial.url, candidate, app, world);
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

/** Before the switch, while live shows what each route lets us see. */
async function reachOfProduction(app: AppWorld, world: World): Promise<void> {
  const { intent, snapshot } = app;
  const outside = intent.production.filter(isAskable);
  await Promise.all(outside.map(({ url }) => reachOf(url, snapshot.live, app, world)));
}

const ROUTER_WAIT_MS = 30_000;

/** A route that was made a moment ago is not known to every router yet. */
async function reachOfTrial(
  url: string,
  candidate: AppState,
  app: AppWorld,
  world: World,
): Promise<HeaderReach> {
  const { clock, signal } = world;
  const deadlineMs = clock.now() + ROUTER_WAIT_MS;
  for (;;) {
    const reach = await reachOf(url, candidate, app, world);
    if (reach !== 'unknown-route' || clock.now() >= deadlineMs) return reach;
    await clock.sleep(300, signal);
  }
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
