/** `deploy`: a new version goes live, or everything is as it was. */
import { loadManifest } from '../manifest/load.js';
import type { Manifest } from '../manifest/manifest.js';
import { likelySecrets } from '../manifest/secrets.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { Snapshot } from '../model/cloud.js';
import { Cancelled } from '../model/errors.js';
import { ownerLabel } from '../platform/names.js';
import type { Watch } from '../probe/watch.js';
import { planOf, titleOf } from '../steps/index.js';
import type { AppWorld } from '../steps/world.js';
import { blueGreen } from '../strategies/blue-green.js';
import { groups } from '../strategies/work.js';
import { type Opened, open, type Ports } from './open.js';
import { type AppOutcome, type Outcome, outcomeOf, outcomeSeen, type PlannedStep } from './outcome.js';
import { lookUp, type Preparation, prepare } from './prepare.js';
import { titleOfAll } from './pursue.js';
import { rollOut } from './roll-out.js';
import { settle } from './settle.js';
import { forgetUnsettled, rememberUnsettled } from './settle-rest.js';
import { watchable, watchRoutes } from './watch-routes.js';
import { worldOf } from './world.js';

/**
 * Throws what forbids the deploy before anything could be read of the apps (`InputError`, `Refused`, `PlatformFault`); everything
 * later is in the outcome.
 */
export async function deploy(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const manifest = await loadManifest(inputs, context.workspace);
  for (const secret of manifest.secrets) ports.runner.setSecret(secret);
  const opened = await open(inputs, context, ports);
  try {
    return await deployOn(opened, manifest, inputs, context, ports);
  } finally {
    await opened.close();
  }
}

async function deployOn(
  opened: Opened,
  manifest: Manifest,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
  const token = () => ports.random.token(6);
  const preparation: Preparation = { inputs, context, apps: manifest.apps, owner, token, word: token() };
  let watch: Watch | undefined;
  const world = worldOf(opened, manifest, inputs, context, ports, {
    badSign: (sinceMs) => watch?.badSign(sinceMs),
    unwatch: (url) => watch?.leave(url),
    onSign: (hear) => watch?.onSign(hear) ?? (() => undefined),
    watchedRoutes: () => watch?.routeCount() ?? 0,
  });
  const look = async () => {
    const seen = await lookUp(preparation, world);
    // What live was given by hand is carried over, and an app's log lines may quote it.
    for (const secret of seen.flatMap(({ snapshot }) => likelySecrets(snapshot.live?.env ?? {})))
      ports.runner.setSecret(secret);
    return seen;
  };
  const cfVersion = opened.cf.version;
  const figures = async () => (watch ? { watch: await watch.stop() } : {});
  let found = await look();
  try {
    if (inputs.plan) {
      const apps = await prepare(preparation, found, world);
      const shown = apps.map((app) => outcomeOf(app, inputs.router));
      return {
        result: 'planned',
        apps: shown,
        plan: planned(apps, inputs.watch ? watchable(found).length : 0),
        cfVersion,
      };
    }
    watch = inputs.watch ? await watchRoutes(found, inputs, world) : undefined;
    rememberUnsettled(ports.runner, { owner, apps: manifest.apps.map(({ name }) => name) });
    const left = found.filter(({ snapshot }) => snapshot.candidate);
    for (const { app } of left) {
      const settled = await settle(app.name, owner, world);
      if (settled && 'error' in settled) {
        found = found.map((one) => (one.app === app ? { ...one, snapshot: settled.snapshot } : one));
        throw settled.error;
      }
      if (settled) ports.listener.tell({ type: 'warning', text: settled.told });
    }
    if (left.length > 0) found = await look();
    const apps = await prepare(preparation, found, world);
    const outcome = await rollOut({ apps, world, ...limits(inputs) });
    if (!(outcome.error instanceof Cancelled)) forgetUnsettled(ports.runner);
    return { ...outcome, ...(await figures()), cfVersion };
  } catch (error) {
    const changed = world.platform.hasWritten();
    if (!changed) forgetUnsettled(ports.runner);
    const seen = changed ? await look().catch(() => found) : found;
    return {
      result: changed ? 'failed' : 'refused',
      error,
      apps: seen.map(({ snapshot }) => notDeployed(snapshot, inputs)),
      ...(await figures()),
      cfVersion,
    };
  }
}

/** There is no version of this run yet. */
function notDeployed(snapshot: Snapshot, { router }: Inputs): AppOutcome {
  const { version: _, ...seen } = outcomeSeen(snapshot, router);
  return seen;
}

function limits({ timeoutMs, router }: Inputs) {
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(router ? { router } : {}) };
}

/** A deploy that was interrupted is settled before anything else: the plan is for the state after that. */
function planned(apps: readonly AppWorld[], watchedRoutes: number): PlannedStep[] {
  const settling = apps.flatMap(({ snapshot: { name, candidate } }): PlannedStep[] => {
    if (!candidate) return [];
    const phase = candidate.phase ?? 'made';
    const title = `settle the interrupted deploy of ${candidate.version ?? 'an unknown version'} (${phase}), or wait for it`;
    return [
      {
        app: name,
        title,
        calls: [`GET /v3/apps?names=${candidate.name} until its owner is known to be dead`],
      },
    ];
  });
  const work = apps.map(({ intent, snapshot: { candidate: _, ...snapshot } }) => ({
    app: intent.app,
    work: blueGreen(intent, snapshot),
  }));
  // As the log groups them: with many routes, a step for each would bury the others.
  const steps = groups(work).flatMap((group) =>
    apps.flatMap(({ intent }): PlannedStep[] => {
      const own = [...group.steps, ...group.after].flatMap(({ app, step }) =>
        app === intent.app ? [step] : [],
      );
      if (own.length === 0) return [];
      const title = titleOfAll(own.map((step) => titleOf(step, intent)));
      return [{ app: intent.app, title, calls: own.flatMap((step) => planOf(step, intent, watchedRoutes)) }];
    }),
  );
  return [...settling, ...steps];
}
