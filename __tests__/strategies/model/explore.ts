/**
 * Searches every history of one deploy: each write can be the last one of its run (the next run settles) or be followed by a
 * fault of the platform (the same run looks again), and each sign against the version can come wherever it may. Equal states
 * are visited once, so that any number of interruptions is covered. From every end a second deploy has to succeed.
 */
import { createHash } from 'node:crypto';
import { recalled } from '../../../src/engine/journal.js';
import { holderOf, isHeld, ownerOf } from '../../../src/engine/lock.js';
import type { Inputs, ManifestApp } from '../../../src/model/asked.js';
import type { AppState, Droplet, Snapshot } from '../../../src/model/cloud.js';
import type { Intent, Turn, WantedRoute } from '../../../src/model/intent.js';
import {
  ANNOTATION,
  appKey,
  candidateName,
  LABEL,
  takerName,
  takerNumber,
} from '../../../src/platform/names.js';
import { readEarlier } from '../../../src/steps/earlier.js';
import { STAGES, type Stage, type Work } from '../../../src/steps/step.js';
import { backward } from '../../../src/strategies/backward.js';
import { isLive } from '../../../src/strategies/blue-green.js';
import { forward } from '../../../src/strategies/forward.js';
import { isHandingOver } from '../../../src/strategies/handover.js';
import { stayHeld, takeAway } from '../../../src/strategies/hold.js';
import { type IntentResult, makeIntent } from '../../../src/strategies/intent.js';
import { makePromoteIntent } from '../../../src/strategies/promote-intent.js';
import { makeRestartIntent } from '../../../src/strategies/restart-intent.js';
import { makeInPlaceRollbackIntent } from '../../../src/strategies/rollback-in-place-intent.js';
import { makeRollbackIntent } from '../../../src/strategies/rollback-intent.js';
import { wayOf } from '../../../src/strategies/settle.js';
import { chooseTarget, isOwn } from '../../../src/strategies/versions.js';
import { reached } from '../../../src/strategies/view.js';
import { groups } from '../../../src/strategies/work.js';
import { DOMAIN, inputs, manifestApp } from '../support.js';
import { withCarry } from './carries.js';
import { assertClean, assertHeld, assertSafe, foreignParts, rememberServed } from './checks.js';
import { Violation, violated } from './effects.js';
import { faultsOf, outcomesOf, type Run } from './outcomes.js';
import { forgotten, type ModelApp, type ModelWorld, playersOf, snapshotOf, withoutKey } from './world.js';

export type Deploy = Readonly<Record<string, readonly WantedRoute[]>>;
export type Asked = Deploy | { hold: Deploy } | 'rollback' | OnceMore | 'promote' | 'abort';
/** Nothing is pushed, and no manifest says anything. */
type OnceMore = 'restart' | 'restage';

function isOnceMore(asked: Asked): asked is OnceMore {
  return asked === 'restart' || asked === 'restage';
}

export interface Scenario {
  name: string;
  /** One after the other: a deploy has its manifest's routes by app. */
  deploys: readonly Asked[];
  world: ModelWorld;
  /** Default: `shop`. */
  apps?: readonly string[];
  inputs?: Partial<Inputs>;
  manifest?: Partial<ManifestApp>;
  canZdtPush?: boolean;
  /** By app: when its turn to switch comes. */
  turns?: Readonly<Record<string, Turn>>;
  /** Before this stage only the locks are interrupted. Default: everywhere. */
  interruptedFrom?: Stage;
  /** What another hand does once, at any moment of the first deploy. undefined: not possible in this state. */
  meddle?: (world: ModelWorld) => ModelWorld | undefined;
}

export type Strategy = (intent: Intent, snapshot: Snapshot) => Work;
export interface Strategies {
  forward: Strategy;
  back: Strategy;
  held: Strategy;
  away: Strategy;
}
export const REAL: Strategies = { forward, back: backward, held: stayHeld, away: takeAway };

interface State {
  world: ModelWorld;
  /** Deploys that were begun. */
  begun: number;
  /** undefined: nobody is at work. */
  run?: Run;
}

interface Next {
  label: string;
  state: State;
  /** Nothing interrupts: following these alone has to come to an end. */
  main?: true;
}

export interface Search {
  states: number;
  ends: number;
  violation?: string;
}

/** A search that grows beyond this does not end. */
const MOST_STATES = 20_000;

/** Stops at the first violation, with the way that led to it. */
export function explore(scenario: Scenario, strategies: Strategies = REAL): Search {
  const begin: State = { world: scenario.world, begun: 0 };
  const first = keyOf(begin);
  const from = new Map<string, { key?: string; label: string }>([[first, { label: 'begin' }]]);
  const onward = new Map<string, string | undefined>();
  const queue: [string, State][] = [[first, begin]];
  const foreign = foreignParts(scenario.world);
  let [ends, at] = [0, first];
  try {
    for (let item = queue.pop(); item; item = queue.pop()) {
      const [key, state] = item;
      if (from.size > MOST_STATES) violated(`more than ${MOST_STATES} states`);
      at = key;
      const nexts = nextsOf(state, scenario, strategies);
      if (nexts.length === 0) ends += 1;
      onward.set(key, undefined);
      for (const { label, state: next, main } of nexts) {
        const nextKey = keyOf(next);
        if (main) onward.set(key, nextKey);
        if (from.has(nextKey)) continue;
        from.set(nextKey, { key, label });
        assertSafeAt(nextKey, next);
        queue.push([nextKey, next]);
      }
    }
    assertEnding();
  } catch (error) {
    const why = error instanceof Violation ? error.message : String((error as Error).stack);
    return { states: from.size, ends, violation: `${why}\n  after: ${trail(at).join('\n    ')}` };
  }
  return { states: from.size, ends };

  function assertSafeAt(key: string, state: State): void {
    at = key;
    assertSafe(state.world);
    if (foreignParts(state.world) !== foreign) violated("another's app or destination was changed");
    at = from.get(key)?.key ?? key;
  }

  /** From every state the uninterrupted way comes to an end: nothing is asked for again and again. */
  function assertEnding(): void {
    const ended = new Set<string>();
    for (const key of onward.keys()) {
      const path = new Set<string>();
      for (let now: string | undefined = key; now && !ended.has(now); now = onward.get(now)) {
        at = now;
        if (path.has(now)) violated('goes round in circles');
        path.add(now);
      }
      for (const one of path) ended.add(one);
    }
  }

  function trail(key: string): string[] {
    const labels: string[] = [];
    for (let now: string | undefined = key; now; now = from.get(now)?.key) {
      labels.unshift(from.get(now)?.label ?? '');
    }
    return labels;
  }
}

function keyOf({ world: { apps, routes, ...rest }, begun, run }: State): string {
  const parts = [...Object.values(apps), ...Object.values(routes)].map(textOf);
  const { kind, way, apps: deployed = [] } = run ?? {};
  const runs = deployed.map(({ intent, locked }) => `${locked} ${textOf(intent)}`);
  const text = JSON.stringify([rest, begun, kind, way]) + parts.join() + runs.join();
  return createHash('sha1').update(text).digest('base64');
}

/** What did not change is written once: thousands of states share it. */
const TEXTS = new WeakMap<object, string>();

function textOf(value: object): string {
  const text = TEXTS.get(value) ?? JSON.stringify(value);
  TEXTS.set(value, text);
  return text;
}

function nextsOf(state: State, scenario: Scenario, strategies: Strategies): Next[] {
  const meddled = meddledBy(state, scenario);
  if (!state.run) return [...meddled, ...beginnings(state, scenario)];
  return [...meddled, ...goOn(state, state.run, scenario, strategies)];
}

function meddledBy({ world, begun, run }: State, { meddle }: Scenario): Next[] {
  const changed = !world.meddled && begun === 1 ? meddle?.(world) : undefined;
  if (!changed) return [];
  const state = { world: { ...changed, meddled: true }, begun, ...(run ? { run } : {}) };
  return [{ label: 'another hand changes something', state }];
}

/** What a new run does first: settle what is left, each deploy for all its apps; then its own deploy. */
function beginnings({ world, begun }: State, scenario: Scenario): Next[] {
  const names = scenario.apps ?? ['shop'];
  const left = names.find((name) => playersOf(world, name).lock);
  const isWaiting = left !== undefined && recordedOf(world, left).set.every((app) => waits(world, app));
  if (left && !isWaiting) return settlings(world, begun, left);
  const outlived = names.flatMap((name) => playersOf(world, name).takers);
  if (outlived.length > 0) {
    const apps = outlived.reduce((all, { guid }) => withoutKey(all, guid), world.apps);
    return [{ label: 'delete takers', state: { world: { ...world, apps }, begun }, main: true }];
  }
  const asked = scenario.deploys[begun];
  if (!asked) return [];
  if (isWaiting) return endings(world, begun, asked, recordedOf(world, left).set, scenario);
  if (asked === 'promote' || asked === 'abort') {
    return [{ label: `${asked}: nothing is held`, state: { world, begun: begun + 1 }, main: true }];
  }
  const remembered = rememberServed(world);
  const made = names.map((name) => intentOf(name, { world, begun }, asked, scenario, names));
  // Nothing is kept: the rollback is refused.
  if (made.includes(undefined)) return [];
  const apps = made.flatMap((one) => {
    if (one && one.problems.length > 0) violated(one.problems.join('; '));
    return one ? [{ intent: one.intent, locked: false }] : [];
  });
  const kept = new Set(apps.flatMap(({ intent }) => intent.dropped));
  const served = remembered.served.filter((guid) => !kept.has(remembered.routes[guid]?.url ?? ''));
  const run: Run = { kind: 'deploy', way: 'forward', apps };
  const state = { world: { ...remembered, served }, begun: begun + 1, run };
  const label = typeof asked === 'string' ? asked : `deploy v${begun + 2}${'hold' in asked ? ', held' : ''}`;
  return [{ label, state, main: true }];
}

function waits(world: ModelWorld, app: string): boolean {
  return isHeld(snapshotOf(world, app));
}

/** What is held is promoted, aborted, or ended by the deploy that comes next; each lock that is taken may be the last. */
function endings(
  world: ModelWorld,
  begun: number,
  asked: Asked,
  set: readonly string[],
  scenario: Scenario,
): Next[] {
  if (asked === 'rollback' || isOnceMore(asked)) return [];
  const isOwn = asked === 'promote' || asked === 'abort';
  const after = isOwn ? begun + 1 : begun;
  const owner = `ends-${after}`;
  const remembered = rememberServed(world);
  const heals = after === scenario.deploys.length;
  const nexts: Next[] = [];
  // What it was proven with is not known any more.
  const guids = set.map((app) => playersOf(world, app).candidate?.guid);
  const smoked = remembered.smoked.filter((guid) => asked !== 'promote' || !guids.includes(guid));
  let taken: ModelWorld = { ...remembered, smoked };
  for (const app of [...set].sort()) {
    taken = tookOver(taken, app, owner);
    if (!heals) nexts.push({ label: `take ${app} over, killed`, state: { world: taken, begun: after } });
  }
  const apps = set.map((app) => {
    const held = recordedOf(taken, app);
    const asks = inputs({ ...scenario.inputs, given: ['smoke-script'] });
    const snapshot = snapshotOf(taken, app, held.production);
    const promoted = () => {
      const { intent, problems } = makePromoteIntent(held, snapshot, asks, owner);
      return problems.length > 0 ? violated(problems.join('; ')) : intent;
    };
    const intent = asked === 'promote' ? promoted() : { ...held, owner, keepFailed: !isOwn };
    return { intent, locked: true };
  });
  const way = asked === 'promote' ? 'forward' : 'away';
  const run: Run = { kind: isOwn ? 'deploy' : 'end', way, apps };
  const label = isOwn ? asked : 'end what is held';
  return [...nexts, { label, state: { world: taken, begun: after, run }, main: true }];
}

function intentOf(
  name: string,
  { world, begun }: State,
  asked: Deploy | { hold: Deploy } | 'rollback' | OnceMore,
  scenario: Scenario,
  set: readonly string[],
): IntentResult | undefined {
  const holds = typeof asked !== 'string' && 'hold' in asked;
  const routes =
    typeof asked === 'string' ? {} : holds ? (asked as { hold: Deploy }).hold : (asked as Deploy);
  const named = routes[name] ?? [];
  const snapshot = snapshotOf(world, name, named);
  const parts = {
    inputs: inputs({ ...scenario.inputs, hold: holds }),
    context: { runId: '1', attempt: '1', workspace: '/', temp: '/' },
    trialDomain: { guid: DOMAIN, name: 'apps.example' },
    snapshot,
    set,
    owner: `run-${begun + 1}`,
    adoptedVersion: 'adopted',
    token: tokens(begun + 2),
  };
  if (asked === 'rollback') {
    const target = chooseTarget({ ...snapshot, droplets: dropletsOf(snapshot) }, undefined);
    if (typeof target === 'string') return undefined;
    const { live } = snapshot;
    if (!isOwn(target) || !live)
      return withCarry(makeRollbackIntent({ ...parts, target: target as AppState }), snapshot, world);
    return makeInPlaceRollbackIntent({ ...parts, live, target, brought: [], commands: {} });
  }
  if (isOnceMore(asked)) {
    const { live } = snapshot;
    if (!live) return undefined;
    const own = { dropletGuid: live.currentDropletGuid ?? '', packageGuid: 'package of live' };
    const onceMore = {
      ...parts,
      ...own,
      live,
      inputs: { ...parts.inputs, command: asked },
      version: `v${begun + 2}`,
    };
    return withCarry(makeRestartIntent({ ...onceMore, brought: [] }), snapshot, world);
  }
  const { canZdtPush = false } = scenario;
  const app = manifestApp({ name, ...scenario.manifest });
  const made = makeIntent({ ...parts, app, named, version: `v${begun + 2}`, canZdtPush });
  const { dropletGuid: guid } = parts.inputs;
  const bits = guid === undefined ? {} : { bits: { from: 'droplet', guid } as const };
  const turn = scenario.turns?.[name];
  return withCarry(
    { ...made, intent: { ...made.intent, ...bits, ...(turn ? { turn } : {}) } },
    snapshot,
    world,
  );
}

/** Live has all that was ever written down of it. */
function dropletsOf({ live }: Snapshot): Droplet[] {
  return readEarlier(live?.annotations ?? {}).map(({ droplet: guid }) => ({
    guid,
    state: 'STAGED',
    createdAtMs: 0,
  }));
}

function tokens(version: number): () => string {
  let count = 0;
  return () => `t${version}${count++}`;
}

/** The settler takes one lock after the other, and may be killed after each. */
function settlings(world: ModelWorld, begun: number, name: string): Next[] {
  const owner = 'settler';
  const names = recordedOf(world, name).set.filter((app) => playersOf(world, app).lock);
  const nexts: Next[] = [];
  let taken = world;
  for (const app of names) {
    taken = tookOver(taken, app, owner);
    nexts.push({ label: `take ${app} over, killed`, state: { world: taken, begun } });
  }
  const way = wayOf(names.map((app) => snapshotOf(taken, app)));
  const apps = names.map((app) => ({ intent: { ...recordedOf(taken, app), owner }, locked: true }));
  const state: State = { world: taken, begun, run: { kind: 'settle', way, apps } };
  return [...nexts, { label: `settle ${name}`, state, main: true }];
}

function tookOver(world: ModelWorld, app: string, owner: string): ModelWorld {
  const { lock, takers } = playersOf(world, app);
  // Each killed one leaves a taker more: a second shows what every further one would, and stands for it.
  const number = Math.min(2, 1 + (takerNumber(app, takers[0]?.name ?? '') ?? 0));
  const name = takerName(app, number);
  const made: ModelApp = {
    guid: name,
    name,
    state: 'STOPPED',
    labels: { [LABEL.role]: 'lock', [LABEL.app]: appKey(app), [LABEL.owner]: owner },
    annotations: { [ANNOTATION.takenFrom]: lock?.guid ?? '' },
    processes: [{ type: 'web', instances: 1, running: 0 }],
    env: {},
    packages: [],
    ports: [],
  };
  return { ...world, apps: { ...world.apps, [name]: made } };
}

function recordedOf(world: ModelWorld, name: string): Intent {
  const { lock } = snapshotOf(world, name);
  const intent = lock && recalled(name, lock);
  return intent ?? violated(`the journal of ${name} cannot be read`);
}

function goOn(state: State, before: Run, scenario: Scenario, strategies: Strategies): Next[] {
  const { world } = state;
  const seen = before.apps.map((app) => look(app, before, world));
  const run: Run = { ...before, apps: seen.map(({ intent, locked }) => ({ intent, locked })) };
  const gone = ({ intent, snapshot }: (typeof seen)[number]) =>
    snapshot.lock !== undefined && !snapshot.candidate && !isLive(intent, snapshot);
  if (run.way === 'forward' && seen.some(gone)) {
    return [{ ...turnedBack(state, run, 'the version is gone'), main: true }];
  }
  const strategy = strategies[run.way];
  const [group] = groups(
    seen.map(({ intent, snapshot }) => ({
      app: intent.app,
      turn: intent.turn,
      work: strategy(intent, snapshot),
    })),
    run.way === 'back' || run.way === 'away' ? 'back' : 'forward',
  );
  if (!group) return [finished({ ...state, run }, run)];
  // The second deploy shows that the first one left nothing in its way.
  const heals = state.begun === scenario.deploys.length;
  const early = STAGES.indexOf(group.stage) < STAGES.indexOf(scenario.interruptedFrom ?? 'lock');
  const nexts = outcomesOf(group, run, world).flatMap(({ label, world: changed, main }): Next[] => [
    { label, state: { ...state, world: changed, run }, ...(main ? { main } : {}) },
    { label: `${label}, killed`, state: { world: changed, begun: state.begun } },
  ]);
  if (heals || (early && run.way === 'forward' && group.stage !== 'lock'))
    return nexts.filter(({ main }) => main);
  const watched = seen.some(
    ({ snapshot: { candidate } }) => reached(candidate, 'switching') && !reached(candidate, 'drained'),
  );
  const signs = [
    ...(watched ? [{ label: 'the watch sees failures', world }] : []),
    ...faultsOf(group, run, world),
  ];
  if (run.way !== 'forward') return nexts;
  const isPaused = seen.every(({ snapshot: { candidate } }) => candidate?.phase === 'paused');
  if (isPaused && run.kind === 'deploy')
    nexts.push({ label: 'a fault: held again', state: { ...state, run: { ...run, way: 'held' } } });
  return [...nexts, ...signs.map((sign) => turnedBack({ ...state, world: sign.world }, run, sign.label))];
}

function look(app: Run['apps'][number], run: Run, world: ModelWorld) {
  const { intent } = app;
  const asked = [...intent.production, ...intent.trials.map(({ route }) => route)];
  const snapshot = snapshotOf(world, intent.app, asked);
  const { lock } = snapshot;
  const holder = lock && holderOf(snapshot);
  const isFree = run.way === 'held' && isHeld(snapshot);
  if (holder && ownerOf(holder) !== intent.owner && !isFree) {
    violated(`${intent.owner} meets the lock of ${ownerOf(holder)}`);
  }
  if (!lock && app.locked && run.way === 'forward' && !isLive(intent, snapshot)) {
    violated(`${candidateName(intent.app)} disappeared`);
  }
  return { intent, snapshot, locked: app.locked || lock !== undefined };
}

/** A fault before the end leads back; once a candidate is drained the run ends, and the next one finishes. */
function turnedBack({ world, begun }: State, run: Run, label: string): Next {
  const final = run.apps.some(({ intent }) => {
    const snapshot = snapshotOf(world, intent.app);
    return isLive(intent, snapshot) || snapshot.candidate?.phase === 'drained';
  });
  if (run.kind === 'deploy' && final) return { label: `${label}: failed`, state: { world, begun } };
  const apps = run.apps.filter(({ locked }) => locked);
  const staysHeld = apps.every(({ intent }) => {
    const { candidate } = snapshotOf(world, intent.app);
    return (
      intent.hold &&
      intent.until === 'live' &&
      reached(candidate, 'held') &&
      !reached(candidate, 'switching') &&
      !isHandingOver(candidate)
    );
  });
  if (run.kind === 'deploy' && staysHeld) {
    return { label: `${label}: held again`, state: { world, begun, run: { ...run, way: 'held', apps } } };
  }
  return { label: `${label}: back`, state: { world, begun, run: { ...run, way: 'back', apps } } };
}

function finished({ world, begun }: State, { apps, way, kind }: Run): Next {
  for (const { intent } of apps) {
    if (way === 'held' || (way === 'forward' && intent.until === 'held')) assertHeld(world, intent);
    else assertClean(world, intent, way === 'forward' ? way : 'back');
  }
  return { label: `${kind} ended ${way}`, state: { world: forgotten(world), begun }, main: true };
}
