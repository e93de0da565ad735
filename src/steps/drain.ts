import { VersionFault } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import type { InstanceRef } from '../probe/context.js';
import { headerReach } from '../probe/proof.js';
import { lastAnswerOf, UNSEEN_ALLOWANCE_MS } from '../probe/quiet.js';
import { runSmoke } from '../probe/smoke.js';
import { watchWindow } from '../probe/watch.js';
import { instancesOn } from './instances.js';
import type { Side, Step } from './step.js';
import {
  type AppWorld,
  appOn,
  droppedOutside,
  note,
  routeNamed,
  type StepKind,
  type World,
} from './world.js';

/** How long a router that has not heard of the change may go on sending requests; afterwards it is told. */
const QUIET_LIMIT_MS = 90_000;
const LOOK_MS = 250;

/**
 * After the unmap. Bake and drain count from the last moment at which a router could still send a request to the side that
 * leaves. While live leaves, the checks on production run and the watch may lead back.
 */
export const drain: StepKind<Step & { do: 'drain' }> = {
  title: ({ side }, { drainMs, bakeMs, before }) => {
    if (side === 'live' && !before?.ran) return bakeMs > 0 ? `bake ${bakeMs / 1_000} s` : 'look once more';
    return `drain ${side} ${drainMs / 1_000} s${side === 'live' && bakeMs > 0 ? `, bake ${bakeMs / 1_000} s` : ''}`;
  },
  plan: ({ side }, intent) => [
    ...(side === 'candidate' || intent.before?.ran
      ? [`GET each production route with X-Cf-App-Instance of ${side} until every router refuses it`]
      : []),
    windowText(side, intent),
  ],
  run: async ({ side }, app, world) => {
    const unmappedAtMs = app.found.unmappedAtMs ?? world.clock.now();
    if (side === 'live') await productionChecks(app, world);
    const lastMs = await lastMoment(side, app, world, unmappedAtMs);
    const untilMs = lastMs + windowMs(side, app.intent);
    note(
      world,
      `${windowText(side, app.intent)}, until ${new Date(untilMs).toISOString().slice(11, 19)} UTC`,
    );
    for (let left = untilMs - world.clock.now(); left > 0; left = untilMs - world.clock.now()) {
      if (side === 'live') heedWatch(app, world);
      await world.clock.sleep(Math.min(left, LOOK_MS), world.signal);
    }
    if (side === 'live') heedWatch(app, world);
  },
};

function windowMs(side: Side, { production, bakeMs, drainMs, before }: Intent): number {
  const drainedMs = side === 'candidate' || before?.ran ? drainMs : 0;
  return side === 'live' ? watchWindow(production.length, bakeMs, drainedMs) : drainedMs;
}

/** Says why, where it is longer than what was asked for. */
function windowText(side: Side, intent: Intent): string {
  const ms = windowMs(side, intent);
  const { production, bakeMs, drainMs } = intent;
  const why =
    production.length > 1 && ms > Math.max(bakeMs, drainMs)
      ? ` (all ${production.length} production routes are probed twice in it)`
      : '';
  return `${side === 'live' ? 'watch' : 'wait'} for ${ms / 1_000} s${why}`;
}

/** Throws `VersionFault` when the availability watch has seen more failures since the switch than are borne. */
export function heedWatch(app: AppWorld, world: World): void {
  const { switchedAtMs } = app.found;
  const sign = switchedAtMs === undefined ? undefined : world.badSign(switchedAtMs);
  if (sign) throw new VersionFault(`${sign.route} fails after the switch: ${sign.why}`, 'watch');
}

async function productionChecks(app: AppWorld, world: World): Promise<void> {
  const { intent, found } = app;
  const checks = intent.checks.filter(({ on }) => on === 'production');
  if (checks.length === 0) return;
  const candidate = appOn('candidate', app);
  const routes = intent.production.filter(({ internal }) => !internal);
  const instances = routes.flatMap(({ url }) => instancesOn(routeNamed(url, app), candidate));
  const { passed } = await runSmoke(
    world.probe,
    {
      checks,
      trialUrl: '',
      instances: instances.filter(
        (one, at) => instances.findIndex(({ index }) => index === one.index) === at,
      ),
      headerReaches: routes.every(({ url }) => found.reach.get(url) === 'by-instance'),
      onlyDestination: false,
      productionUrls: routes.map(({ url }) => url),
    },
    (text) => note(world, text),
  );
  found.smoke = { passed: [...(found.smoke?.passed ?? []), ...passed] };
}

async function lastMoment(side: Side, app: AppWorld, world: World, unmappedAtMs: number) {
  const leaving = leavingInstances(side, app);
  if (leaving.length === 0) return unmappedAtMs;
  const quiet = await lastAnswerOf(
    world.probe,
    {
      routes: await watched(app, world, leaving),
      live: leaving,
      path: app.intent.probePath,
      unmappedAtMs,
      deadlineMs: unmappedAtMs + QUIET_LIMIT_MS,
    },
    (text) => note(world, text),
  );
  if (quiet.unseen.length > 0) {
    note(
      world,
      `${quiet.unseen.join(', ')}: when the routers let go cannot be seen from here, ${UNSEEN_ALLOWANCE_MS / 1_000} s are added`,
    );
  }
  app.found.quiet = quiet;
  return quiet.atMs;
}

/** Instances that were there to answer. A side that did not run has nothing to drain. */
function leavingInstances(side: Side, app: AppWorld): readonly InstanceRef[] {
  const { live, candidate } = app.snapshot;
  const leaver = side === 'live' ? live : candidate;
  if (leaver?.state !== 'STARTED') return [];
  const most = Math.max(0, ...leaver.processes.map(({ instances }) => instances));
  return Array.from({ length: most }, (_, index) => ({ appGuid: leaver.guid, index }));
}

async function watched(app: AppWorld, world: World, leaving: readonly InstanceRef[]) {
  const { intent, found } = app;
  const urls = [
    ...intent.production.filter(({ internal }) => !internal).map(({ url }) => url),
    ...droppedOutside(app),
  ];
  return Promise.all(
    urls.map(async (url) => {
      const appGuid = leaving[0]?.appGuid;
      const known = found.reach.get(url);
      const tested =
        known && known !== 'unknown-route'
          ? known
          : await headerReach(world.probe, { url, path: intent.probePath, ...(appGuid ? { appGuid } : {}) });
      return { url, reach: tested };
    }),
  );
}
