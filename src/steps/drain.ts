import type { AppState } from '../model/cloud.js';
import { DeadlineOver } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import type { HeaderReach } from '../probe/proof.js';
import { lastAnswerOf, UNSEEN_ALLOWANCE_MS } from '../probe/quiet.js';
import { runSmoke } from '../probe/smoke.js';
import { watchWindow } from '../probe/watch.js';
import { keepRunning } from './await-instances.js';
import { heeding, heedWatch } from './heed.js';
import { instancesOf, instancesOn } from './instances.js';
import { reachKnown, reachOf } from './reach.js';
import { isAskable, isRouteless, isTcp } from './routes.js';
import type { Side, Step } from './step.js';
import {
  type AppWorld,
  note,
  routeNamed,
  type StepKind,
  serverOn,
  type World,
  withFewNotes,
} from './world.js';

/** How long a router that has not heard of the change may go on sending requests; afterwards it is told. */
const QUIET_LIMIT_MS = 90_000;

/**
 * After the unmap. Bake and drain count from the last moment at which a router could still send a request to the side that
 * leaves. While live leaves, the checks on production run and the watch may lead back.
 */
export const drain: StepKind<Step & { do: 'drain' }> = {
  title: ({ side }, intent) => {
    const { drainMs, bakeMs, before } = intent;
    if (isRouteless(intent)) {
      if (side === 'candidate') return 'no route leads to the candidate';
      return bakeMs > 0 ? `let the candidate run for ${bakeMs / 1_000} s` : 'look once more';
    }
    if (side === 'live' && !before?.ran) return bakeMs > 0 ? `bake ${bakeMs / 1_000} s` : 'look once more';
    return `drain ${side} ${drainMs / 1_000} s${side === 'live' && bakeMs > 0 ? `, bake ${bakeMs / 1_000} s` : ''}`;
  },
  plan: ({ side }, intent, watchedRoutes) => {
    if (isRouteless(intent))
      return side === 'live'
        ? [
            `GET /v3/processes/<process>/stats of <candidate> and its crash events for ${intent.bakeMs / 1_000} s`,
          ]
        : [];
    return [
      ...(side === 'candidate' || intent.before?.ran ? [untilRefused(side)] : []),
      windowText(side, intent, watchedRoutes),
    ];
  },
  run: async ({ side }, app, world) => {
    // Unless another hand has given live a route meanwhile.
    if (isRouteless(app.intent) && app.found.unmappedAtMs === undefined) {
      return side === 'live' ? keepRunning(app, world, app.intent.bakeMs) : undefined;
    }
    const unmappedAtMs = app.found.unmappedAtMs ?? world.clock.now();
    if (side === 'candidate') return leave(side, app, world, unmappedAtMs);
    await heeding(app, world, async (heeded) => {
      await productionChecks(app, heeded);
      await leave(side, app, heeded, unmappedAtMs);
    });
    heedWatch(app, world);
  },
};

/**
 * Before the apps of the next turn switch: who takes requests there must meet this version alone. It is drained later, with the
 * others.
 */
export const awaitRelease: StepKind<Step & { do: 'await-release' }> = {
  title: ({ side }) => `wait until no router leads to ${side}`,
  plan: ({ side }, intent) =>
    isRouteless(intent) || (side === 'live' && !intent.before?.ran) ? [] : [untilRefused(side)],
  run: async ({ side }, app, world) => {
    const { intent, found } = app;
    if (isRouteless(intent) && found.unmappedAtMs === undefined) return;
    const unmappedAtMs = found.unmappedAtMs ?? world.clock.now();
    if (side === 'live') {
      await heeding(app, world, async (heeded) => {
        await lastMoment(side, app, heeded, unmappedAtMs);
      });
      return;
    }
    try {
      await lastMoment(side, app, world, unmappedAtMs);
    } catch (error) {
      // Whoever goes back does not wait for a router that learns nothing.
      if (!(error instanceof DeadlineOver)) throw error;
      note(world, error.message);
    }
  },
};

function untilRefused(side: Side): string {
  return `GET each production route for the instances of ${side} until every router refuses them`;
}

async function leave(side: Side, app: AppWorld, world: World, unmappedAtMs: number): Promise<void> {
  await watchOn(side, app.intent, world, await lastMoment(side, app, world, unmappedAtMs));
}

async function watchOn(side: Side, intent: Intent, world: World, fromMs: number): Promise<void> {
  const watchedRoutes = world.watchedRoutes();
  const untilMs = fromMs + windowMs(side, intent, watchedRoutes);
  note(
    world,
    `${windowText(side, intent, watchedRoutes)}, until ${new Date(untilMs).toISOString().slice(11, 19)} UTC`,
  );
  const leftMs = untilMs - world.clock.now();
  if (leftMs > 0) await world.clock.sleep(leftMs, world.signal);
}

function windowMs(side: Side, { bakeMs, drainMs, before }: Intent, watchedRoutes: number): number {
  const drainedMs = side === 'candidate' || before?.ran ? drainMs : 0;
  return side === 'live' ? watchWindow(watchedRoutes, bakeMs, drainedMs) : drainedMs;
}

/** Says why, where it is longer than what was asked for. */
function windowText(side: Side, intent: Intent, watchedRoutes: number): string {
  const ms = windowMs(side, intent, watchedRoutes);
  const { bakeMs, drainMs } = intent;
  const why =
    watchedRoutes > 1 && ms > Math.max(bakeMs, drainMs)
      ? ` (all ${watchedRoutes} production routes are probed twice in it)`
      : '';
  return `${side === 'live' ? 'watch' : 'wait'} for ${ms / 1_000} s${why}`;
}

/** The watched time after the switch where nobody leaves: the old instances are gone already. */
export const bake: StepKind<Step & { do: 'bake' }> = {
  title: (_step, { bakeMs }) => (bakeMs > 0 ? `bake ${bakeMs / 1_000} s` : 'look once more'),
  plan: (_step, intent, watchedRoutes) => [windowText('live', onlyBake(intent), watchedRoutes)],
  run: async (_step, app, world) => {
    await heeding(app, world, async (heeded) => {
      await productionChecks(app, heeded);
      await watchOn('live', onlyBake(app.intent), heeded, heeded.clock.now());
    });
    heedWatch(app, world);
  },
};

function onlyBake(intent: Intent): Intent {
  return { ...intent, drainMs: 0 };
}

async function productionChecks(app: AppWorld, world: World): Promise<void> {
  const { intent, found } = app;
  const checks = intent.checks.filter(({ on }) => on === 'production');
  if (checks.length === 0) return;
  const candidate = serverOn('candidate', app);
  const web = intent.production.filter(isAskable);
  // A check speaks HTTP: where TCP routes are all that there is, it is what the app speaks on them.
  const routes = web.length > 0 ? web : intent.production.filter(isTcp);
  const instances = routes.flatMap(({ url }) => instancesOn(routeNamed(url, app), candidate));
  const { passed } = await runSmoke(
    world.probe,
    {
      checks,
      trialUrl: '',
      instances: instances.filter(
        (one, at) => instances.findIndex(({ index }) => index === one.index) === at,
      ),
      headerReaches: routes.every(({ url }) => reachKnown(url, candidate, app) === 'by-instance'),
      onlyDestination: false,
      productionUrls: routes.map(({ url }) => url),
    },
    (text) => note(world, text),
  );
  found.smoke = { passed: [...(found.smoke?.passed ?? []), ...passed] };
}

async function lastMoment(side: Side, app: AppWorld, world: World, unmappedAtMs: number) {
  const { live, candidate } = app.snapshot;
  const leaver = side === 'live' ? live : candidate;
  // A side that does not run has nothing to drain.
  const leaving = leaver?.state === 'STARTED' ? instancesOf(leaver) : [];
  if (!leaver || leaving.length === 0) return unmappedAtMs;
  const asked = {
    routes: await lookedAt(side, leaver, app, world),
    live: leaving,
    path: app.intent.probePath,
    unmappedAtMs,
    deadlineMs: unmappedAtMs + QUIET_LIMIT_MS,
  };
  const quiet = await withFewNotes(world, (few) => lastAnswerOf(few.probe, asked, (text) => note(few, text)));
  if (quiet.unseen.length > 0) {
    note(
      world,
      `${quiet.unseen.join(', ')}: when the routers let go cannot be seen from here, ${UNSEEN_ALLOWANCE_MS / 1_000} s are added`,
    );
  }
  app.found.quiet = quiet;
  return quiet.atMs;
}

/** Where the side that leaves could be met. What nobody can ask from here has no reach, and the allowance stands in for it. */
async function lookedAt(
  side: Side,
  leaver: AppState,
  app: AppWorld,
  world: World,
): Promise<readonly { url: string; reach: HeaderReach }[]> {
  const { intent } = app;
  const had = new Set(intent.before?.destinations.map(({ url }) => url));
  const production = intent.production.filter(
    (route) => isAskable(route) || side === 'candidate' || had.has(route.url),
  );
  const seen = await Promise.all(
    production.map(async (route) => ({
      url: route.url,
      reach: isAskable(route) ? await reachOf(route.url, leaver, app, world) : ('unreachable' as const),
    })),
  );
  if (side === 'candidate') return seen;
  // Nobody serves them now, so what they let us see was tested before; the snapshot knows them no more.
  return [
    ...seen,
    ...intent.dropped.map((url) => ({
      url,
      reach: reachKnown(url, leaver, app) ?? ('unreachable' as const),
    })),
  ];
}
