/** A change of live as a whole, whatever brings the version: look, settle, prepare, switch, or back; and what is told of it. */
import { holderOf } from '../engine/lock.js';
import type { Manifest } from '../manifest/manifest.js';
import { likelySecrets } from '../manifest/secrets.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { Snapshot } from '../model/cloud.js';
import type { WantedRoute } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import type { Watch } from '../probe/watch.js';
import { planOf, titleOf } from '../steps/index.js';
import type { AppWorld, World } from '../steps/world.js';
import { forward } from '../strategies/forward.js';
import { asTakenBack } from '../strategies/settle.js';
import { groups } from '../strategies/work.js';
import { outrun } from './commits.js';
import type { Opened, Ports } from './open.js';
import { type AppOutcome, type Outcome, outcomeOf, outcomeSeen, type PlannedStep } from './outcome.js';
import { titleOfAll } from './pursue.js';
import { forReading } from './reading.js';
import { rollOut } from './roll-out.js';
import { settle } from './settle.js';
import { forgetUnsettled, rememberUnsettled } from './settle-rest.js';
import { type Compare, isUnchanged, leftAlone, tellDrift, tellReasons } from './unchanged.js';
import { watchable, watchRoutes } from './watch-routes.js';
import { worldOf } from './world.js';

/** One app before anything is decided: the routes that are named for it, and what there is. */
export interface Seen {
  named: readonly WantedRoute[];
  snapshot: Snapshot;
}

/** What one command brings to it. */
export interface Change<One extends Seen> {
  /** How it is called when it went well. */
  result: 'deployed' | 'rolled-back';
  owner: string;
  names: readonly string[];
  /** undefined: nothing is pushed. */
  manifest?: Manifest;
  /** Reads what there is for each app. */
  look(world: World): Promise<readonly One[]>;
  /**
   * Throws `Refused` with everything that forbids it.
   * @param rolledBack names of the apps of which this run has just finished an interrupted rollback
   */
  prepare(seen: readonly One[], world: World, rolledBack: readonly string[]): Promise<AppWorld[]>;
  /** Compares each app with live: where all are what is asked for already, nothing is done. Default: nothing is compared. */
  compare?: Compare;
}

/** Throws what keeps it from looking; everything later is in the outcome. */
export async function change<One extends Seen>(
  opened: Opened,
  asked: Change<One>,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const { result, owner, names, manifest, look, prepare, compare } = asked;
  let watch: Watch | undefined;
  const reading = inputs.plan ? forReading(opened.platform) : undefined;
  const signedIn = reading ? { ...opened, platform: reading.platform } : opened;
  const world = worldOf(signedIn, manifest, inputs, context, ports, {
    badSign: (sinceMs) => watch?.badSign(sinceMs),
    unwatch: (url) => watch?.leave(url),
    onSign: (hear) => watch?.onSign(hear) ?? (() => undefined),
    watchedRoutes: () => watch?.routeCount() ?? 0,
  });
  const lookAgain = async () => {
    const seen = await look(world);
    // What live was given by hand is carried over, what a version holds goes live with it, and an app's log lines may quote both.
    const apps = seen.flatMap(({ snapshot: { live, candidate, previous } }) => [
      live,
      candidate,
      ...previous,
    ]);
    for (const secret of apps.flatMap((app) => likelySecrets(app?.env ?? {}))) ports.runner.setSecret(secret);
    return seen;
  };
  const cfVersion = opened.cf.version;
  const figures = async () => (watch ? { watch: await watch.stop() } : {});
  let found: readonly Seen[] = [];
  let apps: AppWorld[] = [];
  try {
    let seen = await lookAgain();
    found = seen;
    if (inputs.plan) {
      const apps = await prepare(
        seen.map((one) => ({ ...one, snapshot: asTakenBack(one.snapshot) })),
        world,
        [],
      );
      const compared = await compare?.(apps, world, reading?.hidden);
      if (compared) tellDrift(compared, world);
      const shown = apps.map((app) => outcomeOf(app, inputs.router));
      if (compared?.every(isUnchanged)) return { result: 'planned', apps: shown, plan: [], cfVersion };
      const plan = planned(apps, inputs.watch ? watchable(seen).length : 0);
      return { result: 'planned', apps: shown, plan, cfVersion };
    }
    watch = inputs.watch ? await watchRoutes(seen, inputs, world) : undefined;
    rememberUnsettled(ports.runner, { owner, apps: names });
    const left = seen.filter(({ snapshot }) => holderOf(snapshot));
    const rolledBack: string[] = [];
    for (const { snapshot } of left) {
      const settled = await settle(snapshot.name, owner, world);
      if (settled && 'error' in settled) {
        found = seen.map((one) => (one.snapshot === snapshot ? { ...one, snapshot: settled.snapshot } : one));
        throw settled.error;
      }
      if (!settled) continue;
      ports.listener.tell({ type: 'warning', text: settled.told });
      rolledBack.push(...settled.rolledBack);
    }
    if (left.length > 0) seen = await lookAgain();
    found = seen;
    apps = await prepare(seen, world, rolledBack);
    const compared = await compare?.(apps, world);
    if (compared) tellReasons(compared, world);
    const outcome = compared?.every(isUnchanged)
      ? leftAlone(apps, inputs)
      : await rollOut({ apps, world, result, ...limits(inputs) });
    // Also a way back may have been cut.
    if (!ports.signal.aborted) forgetUnsettled(ports.runner);
    return { ...outcome, ...(await figures()), cfVersion };
  } catch (caught) {
    if (found.length === 0) throw caught;
    const { again, error } = await outrun(caught, apps, world);
    if (again) {
      await watch?.stop();
      return change(opened, asked, inputs, context, ports);
    }
    const changed = world.platform.hasWritten();
    if (!changed) forgetUnsettled(ports.runner);
    const seen = changed ? await lookAgain().catch(() => found) : found;
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

/** What was interrupted is settled before anything else: the plan is for the state after that. */
function planned(apps: readonly AppWorld[], watchedRoutes: number): PlannedStep[] {
  const settling = apps.flatMap(({ snapshot: { name, lock } }): PlannedStep[] => {
    if (!lock) return [];
    const phase = lock.phase ?? 'made';
    const what = ANNOTATION.target in lock.annotations ? 'rollback to' : 'deploy of';
    const title = `settle the interrupted ${what} ${lock.version ?? 'an unknown version'} (${phase}), or wait for it`;
    return [
      {
        app: name,
        title,
        calls: [`GET /v3/apps?names=${lock.name} until its owner is known to be dead`],
      },
    ];
  });
  const work = apps.map(({ intent, snapshot: { candidate: _candidate, lock: _lock, ...snapshot } }) => ({
    app: intent.app,
    work: forward(intent, { ...snapshot, takers: [] }),
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
