/** A change of live as a whole, whatever brings the version: look, settle, prepare, switch, or back; and what is told of it. */
import { holderOf } from '../engine/lock.js';
import type { Manifest } from '../manifest/manifest.js';
import { likelySecrets } from '../manifest/secrets.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { WantedRoute } from '../model/intent.js';
import type { Result } from '../model/words.js';
import type { Watch } from '../probe/watch.js';
import type { AppWorld, World } from '../steps/world.js';
import { forward } from '../strategies/forward.js';
import { asTakenBack } from '../strategies/settle.js';
import { askingOnce } from './asking-once.js';
import { awaitOthers, tellOthers } from './await-others.js';
import { type Asking, withChanges } from './changed.js';
import { outrun } from './commits.js';
import { endedText, endHeld, type Held, heldAmong } from './held.js';
import { faultOfFirst, type Opened, type Ports } from './open.js';
import { type AppOutcome, type Outcome, outcomeOf, outcomeSeen } from './outcome.js';
import { planned } from './planned.js';
import type { Strategy } from './pursue.js';
import { forReading, tellHidden } from './reading.js';
import { type Done, rollOut } from './roll-out.js';
import { type SettledHeld, settle } from './settle.js';
import { forgetUnsettled, rememberUnsettled } from './settle-rest.js';
import { inTurn, tellTurns, tellUploads } from './turns.js';
import {
  alone,
  type Compare,
  isUnchanged,
  leftAlone,
  onlyChanged,
  tellDrift,
  tellReasons,
} from './unchanged.js';
import { watchable, watchRoutes } from './watch-routes.js';
import { gitHubOf, worldOf } from './world.js';

/** One app before anything is decided: the routes that are named for it, and what there is. */
export interface Seen {
  named: readonly WantedRoute[];
  snapshot: Snapshot;
}

/** What one command brings to it. */
export interface Change<One extends Seen> {
  /** How it is called when it went well. */
  result: Done;
  owner: string;
  names: readonly string[];
  /** undefined: nothing is pushed. */
  manifest?: Manifest;
  /** Reads what there is for each app. */
  look(world: World): Promise<readonly One[]>;
  /**
   * Throws `Refused` with everything that forbids it.
   * @param rolledBack names of the apps of which this run has just finished an interrupted rollback
   * @param settled held deploys that this run has just settled
   */
  prepare(
    seen: readonly One[],
    world: World,
    rolledBack: readonly string[],
    settled: readonly SettledHeld[],
    ended: readonly Held[],
  ): Promise<AppWorld[]>;
  /**
   * `own`: a deploy that is held is what it is about. Else it throws `Refused` where one is there, or lets it be ended first.
   */
  held: 'own' | ((held: Held, world: World) => Promise<void>);
  /** What other hands have under way on live is no matter. */
  leavesLive?: true;
  /** Compares each app with live: where all are what is asked for already, nothing is done. Default: nothing is compared. */
  compare?: Compare;
  /** Throws `Refused` where there is no room for what was prepared. Asked only where something is to be done. Default: nothing is needed. */
  assertRoom?(apps: readonly AppWorld[], seen: readonly One[], world: World): Promise<void>;
  /** The world with what this command alone knows of it. */
  knowing?(world: World): World;
  /** Makes what the version needs beside its app, once it is certain that something is to be done. */
  ready?(): Promise<void>;
  /** Takes the locks of what it is about, where it makes none. */
  take?(apps: readonly AppWorld[], world: World): Promise<void>;
  /** Default: forward. */
  strategy?: Strategy;
  /** Default: forward, and back where that fails. */
  perform?(apps: AppWorld[], world: World): Promise<Outcome>;
}

/** Throws what keeps it from looking; everything later is in the outcome. */
export async function change<One extends Seen>(
  opened: Opened,
  asked: Change<One>,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const { result, owner, names, manifest, look, prepare, take, perform } = asked;
  let watch: Watch | undefined;
  const reading = inputs.plan ? forReading(opened.platform) : undefined;
  const signedIn = reading ? { ...opened, platform: reading.platform } : opened;
  const made = worldOf(signedIn, manifest, inputs, context, ports, {
    badSign: (sinceMs) => watch?.badSign(sinceMs),
    unwatch: (url) => watch?.leave(url),
    onSign: (hear) => watch?.onSign(hear) ?? (() => undefined),
    watchedRoutes: () => watch?.routeCount() ?? 0,
  });
  const world = asked.knowing?.(made) ?? made;
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
  const preparing = (seen: readonly Seen[]) => (asked.compare ? askingOnce(world, snapshotsOf(seen)) : world);
  const cfVersion = opened.cf.version;
  const told = (outcome: Outcome) =>
    withChanges(outcome, snapshotsOf(found), apps, asking(inputs, context, ports));
  const figures = async () => (watch ? { watch: await watch.stop() } : {});
  let found: readonly Seen[] = [];
  let apps: AppWorld[] = [];
  let hasSettled = false;
  const settledHeld: SettledHeld[] = [];
  try {
    let seen = await faultOfFirst(opened.signedIn, lookAgain());
    await opened.signedIn;
    found = seen;
    let ended = await toBeEnded(seen, asked.held, world);
    if (inputs.plan) {
      if (!asked.leavesLive) tellOthers(snapshotsOf(seen), world);
      const once = preparing(seen);
      apps = await prepare(
        seen.map((one) => ({ ...one, snapshot: asTakenBack(one.snapshot) })),
        once,
        [],
        [],
        ended,
      );
      const compared = await asked.compare?.(apps, once, reading?.hidden);
      if (compared) tellDrift(compared, world);
      else if (reading) tellHidden(apps, reading, world);
      const shown = apps.map((app) => outcomeOf(app, inputs.router));
      if (compared?.every(isUnchanged)) return { result: 'planned', apps: shown, plan: [], cfVersion };
      const changed = inTurn(onlyChanged(apps, compared), inputs);
      tellTurns(changed, world);
      if (manifest) tellUploads(changed, opened.session, world);
      await asked.assertRoom?.(changed, seenOf(changed, seen), once);
      const plan = planned(changed, {
        strategy: asked.strategy ?? forward,
        goesOn: asked.held === 'own',
        ended,
        watchedRoutes: inputs.watch ? watchable(seen).length : 0,
      });
      return told({ result: 'planned', apps: shown, plan, cfVersion });
    }
    watch = inputs.watch ? await watchRoutes(seen, inputs, world) : undefined;
    rememberUnsettled(ports.runner, { owner, apps: names });
    const waiting = asked.held === 'own' ? await heldAmong(snapshotsOf(seen), world) : ended;
    const left = seen.filter(({ snapshot }) => holderOf(snapshot) && !isAmong(snapshot, waiting));
    const rolledBack: string[] = [];
    for (const { snapshot } of left) {
      // With the first app of a deploy all of them were settled: what is held again is nobody's.
      if (settledHeld.some(({ intents }) => intents.some(({ app }) => app === snapshot.name))) continue;
      const settled = await settle(snapshot.name, owner, world);
      if (settled && 'error' in settled) {
        found = seen.map((one) => (one.snapshot === snapshot ? { ...one, snapshot: settled.snapshot } : one));
        throw settled.error;
      }
      if (!settled) continue;
      hasSettled = true;
      ports.listener.tell({ type: 'warning', text: settled.told });
      rolledBack.push(...settled.rolledBack);
      if (settled.held) settledHeld.push(settled.held);
    }
    if (left.length > 0) {
      seen = await lookAgain();
      ended = await toBeEnded(seen, asked.held, world);
    }
    // Whatever came while one was waited for is waited for, too.
    while (!asked.leavesLive && (await awaitOthers(snapshotsOf(seen), world))) seen = await lookAgain();
    found = seen;
    const prepared = (how: World) => prepare(seen, how, rolledBack, settledHeld, ended);
    if (ended.length > 0) {
      // What forbids the new deploy is found while the held one is there.
      const silent = { ...world, listener: { tell: () => undefined } };
      await asked.assertRoom?.(await prepared(silent), seen, silent);
      for (const held of ended) {
        ports.listener.tell({ type: 'warning', text: endedText(held) });
        await endHeld(held, owner, world);
      }
      seen = await lookAgain();
      found = seen;
    }
    const once = preparing(seen);
    apps = await prepared(once);
    const compared = await asked.compare?.(apps, once);
    if (compared) tellReasons(compared, world);
    const isAsAsked = compared?.every(isUnchanged) ?? false;
    const unchanged = isAsAsked ? [] : alone(compared);
    if (!isAsAsked) {
      apps = inTurn(onlyChanged(apps, compared), inputs);
      tellTurns(apps, world);
      if (manifest) tellUploads(apps, opened.session, world);
      await asked.assertRoom?.(apps, seenOf(apps, seen), once);
      await asked.ready?.();
      await take?.(apps, world);
    }
    const outcome = isAsAsked
      ? leftAlone(apps, inputs)
      : perform
        ? await perform(apps, world)
        : await rollOut({ apps, world, result, ...limits(inputs) });
    // Also a way back may have been cut.
    if (!ports.signal.aborted || isClean(outcome)) forgetUnsettled(ports.runner);
    const whole = withThese(outcome, leftAlone(unchanged, inputs), names);
    return told({ ...whole, ...(await figures()), cfVersion });
  } catch (caught) {
    if (found.length === 0 && !world.platform.hasWritten()) throw caught;
    const { again, error } = await outrun(caught, apps, world);
    if (again) {
      await watch?.stop();
      return change(opened, asked, inputs, context, ports);
    }
    const changed = world.platform.hasWritten();
    if (!changed) forgetUnsettled(ports.runner);
    const seen = changed ? await lookAgain().catch(() => found) : found;
    return {
      result: changed ? endOf(error, hasSettled, settledHeld) : 'refused',
      error,
      apps: seen.map(({ snapshot }) => notDeployed(snapshot, inputs)),
      ...(await figures()),
      cfVersion,
    };
  }
}

/** Where nothing is held (any more), what this run has written brought an interrupted one to its end: that may be all that is left to say. */
function endOf(error: unknown, hasSettled: boolean, settled: readonly SettledHeld[]): Result {
  if (!(error instanceof Refused && error.code === 'nothing-held')) return 'failed';
  // Locks that outlived their deploy went, and nothing else was changed.
  if (!hasSettled) return 'refused';
  return settled.length > 0 && settled.every(({ way }) => way === 'back') ? 'reverted' : 'failed';
}

/** Of each of these apps, in order. */
function seenOf<One extends Seen>(apps: readonly AppWorld[], seen: readonly One[]): readonly One[] {
  return apps.flatMap(({ intent }) => seen.find(({ snapshot }) => snapshot.name === intent.app) ?? []);
}

/** In the order of the manifest. */
function withThese(outcome: Outcome, { apps }: Outcome, names: readonly string[]): Outcome {
  if (apps.length === 0) return outcome;
  const all = [...outcome.apps, ...apps];
  return { ...outcome, apps: names.flatMap((name) => all.find(({ app }) => app === name) ?? []) };
}

/** Only a page shows commits. */
function asking(inputs: Inputs, context: RunContext, ports: Ports): Asking {
  const { clock, signal } = ports;
  if (!inputs.summary || !inputs.githubToken) return { clock, signal };
  // What GitHub does not say here is no matter, and it is not told twice.
  const listener = { tell: () => undefined };
  return {
    ...{ clock, signal },
    between: (base, head, ending) =>
      gitHubOf(inputs, context, { ...ports, listener, signal: ending }).between(base, head),
  };
}

/** Nothing is left to be settled, whatever happened. */
function isClean({ result }: Outcome): boolean {
  return result === 'reverted' || result === 'refused';
}

/** There is no version of this run yet. */
function notDeployed(snapshot: Snapshot, { router }: Inputs): AppOutcome {
  const { version: _, ...seen } = outcomeSeen(snapshot, router);
  return seen;
}

function limits({ timeoutMs, router }: Inputs) {
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(router ? { router } : {}) };
}

async function toBeEnded(
  seen: readonly Seen[],
  may: Change<Seen>['held'],
  world: World,
): Promise<readonly Held[]> {
  if (may === 'own') return [];
  const all = await heldAmong(snapshotsOf(seen), world);
  for (const held of all) await may(held, world);
  return all;
}

function snapshotsOf(seen: readonly Seen[]): readonly Snapshot[] {
  return seen.map(({ snapshot }) => snapshot);
}

function isAmong({ name }: Snapshot, all: readonly Held[]): boolean {
  return all.some(({ apps }) => apps.some(({ intent }) => intent.app === name));
}
