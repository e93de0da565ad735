import type { AppState, Route } from '../model/cloud.js';
import { hostOf } from '../probe/address.js';
import { CONNECTIONS_IN_A_ROW } from '../probe/context.js';
import type { HeaderReach } from '../probe/proof.js';
import { runSmoke } from '../probe/smoke.js';
import { staysOpen } from '../probe/tcp.js';
import { checksInside, isInsideCheck } from './inside.js';
import { instancesOn } from './instances.js';
import { reachOf } from './reach.js';
import { isOutside, isTcp } from './routes.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, note, type StepKind, trialRoute, type World } from './world.js';

/** How long connections to a trial route may take to stay open: routers have to learn of it first. */
const OPEN_WAIT_MS = 45_000;

/**
 * The smoke checks on the trial route, by every instance; on a trial route on TCP connections have to stay open first. And what the
 * production routes will let us see is tested.
 */
export const smoke: StepKind<Step & { do: 'smoke' }> = {
  title: (_step, { checks }) => `smoke checks (${checks.filter(({ on }) => on === 'trial').length})`,
  plan: (_step, { checks, trials }) => [
    ...trials.filter(({ route }) => isTcp(route)).map(({ route }) => `TCP connections to ${route.url}`),
    ...checks
      .filter(({ on }) => trials[0] && on === 'trial')
      .map(
        ({ label, method }) =>
          `${method} ${label} on ${trials[0]?.route.url}, by every instance${trials[0]?.route.internal ? ', asked by a task: POST /v3/apps/<candidate>/tasks' : ''}`,
      ),
  ],
  run: async (_step, app, world) => {
    const { intent } = app;
    const candidate = appOn('candidate', app);
    await reachOfProduction(app, world);
    for (const one of intent.trials.filter(({ route }) => isTcp(route)))
      await opensOn(trialRoute(one, app), candidate, app, world);
    const [first] = intent.trials;
    // Nobody outside can ask it by HTTP: its own health checks, and that its instances stay up, have to do.
    if (!first) return;
    const trial = trialRoute(first, app);
    if (first.route.internal) {
      const passed = await checksInside(intent.checks.filter(isInsideCheck), trial, candidate, world);
      const urls = intent.checks.filter(({ target }) => 'url' in target);
      const elsewhere = { checks: urls, trialUrl: trial.url, instances: [], headerReaches: false };
      const others = await runSmoke(world.probe, { ...elsewhere, onlyDestination: true }, (text) =>
        note(world, text),
      );
      app.found.smoke = { passed: [...passed, ...others.passed] };
      return;
    }
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
  const outside = intent.production.filter(isOutside);
  await Promise.all(outside.map(({ url }) => reachOf(url, snapshot.live, app, world)));
}

/** Routers spread connections over the instances: so many meet each one of them, as nothing names an instance on TCP. */
async function opensOn(trial: Route, candidate: AppState, app: AppWorld, world: World): Promise<void> {
  const instances = instancesOn(trial, candidate).length;
  await reachOfTrial(trial.url, candidate, app, world);
  const asked = {
    url: trial.url,
    inARow: Math.max(1, instances) * CONNECTIONS_IN_A_ROW,
    deadlineMs: world.clock.now() + OPEN_WAIT_MS,
    code: 'smoke' as const,
  };
  const made = await staysOpen(world.probe, asked, (text) => note(world, text));
  note(world, `${trial.url}: ${made} connections stayed open`);
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
    const [first] = intent.trials;
    await runScript({
      command: intent.smokeScript ?? '',
      // Nobody outside can do anything with an internal one.
      trialUrl: first && !first.route.internal ? trialRoute(first, app).url : '',
      appName: intent.app,
      appGuid: guid,
      signal,
    });
  },
};
