/** Building blocks of what a strategy answers. Pure. */
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Intent, Turn } from '../model/intent.js';
import {
  type AppStep,
  STAGES,
  type Stage,
  type StageWork,
  type Step,
  type StepGroup,
  type Work,
} from '../steps/step.js';
import { routeOf, servedBy, trialRoutes } from './view.js';

export function steps(list: readonly Step[]): StageWork {
  return { steps: list };
}

/** Without the stages in which nothing is left to do. */
export function compact(work: Work): Work {
  return Object.fromEntries(
    Object.entries(work).filter(([, { steps: list, after = [] }]) => list.length + after.length > 0),
  );
}

/** Trial routes of this app, those of an earlier run included. */
export function leftTrialRoutes(snapshot: Snapshot): (Step & { do: 'delete-route' })[] {
  return trialRoutes(snapshot).map(({ url, guid }) => ({ do: 'delete-route', url, guid }));
}

/**
 * Options that the manifest names and a production route does not have. They come last: going back never has to undo them, and
 * that the platform takes them is known from the trial routes.
 */
export function optionSteps({ production }: Pick<Intent, 'production'>, snapshot: Snapshot): Step[] {
  return production.flatMap((wanted): Step[] => {
    const { options } = wanted;
    const route = routeOf(snapshot, wanted);
    if (!options || !route) return [];
    const isSet = ([name, value]: [string, unknown]) => String(route.options?.[name]) === String(value);
    return Object.entries(options).every(isSet) ? [] : [{ do: 'set-options', url: route.url, options }];
  });
}

/** An app that a route names again is in somebody's use: it stays. */
export function deletions(snapshot: Snapshot, apps: readonly AppState[]): Deletion[] {
  return apps.filter((app) => servedBy(snapshot, app).length === 0).map(deletion);
}

type Deletion = Step & { do: 'delete-app' };

export function deletion({ name, guid }: Pick<AppState, 'name' | 'guid'>): Deletion {
  return { do: 'delete-app', name, guid };
}

/**
 * Apps that are nothing but locks go as their holder's last writes, one after the other: the lock itself before its takers, so
 * that nobody finds it without them and takes it once more.
 */
export function endOfLock({ lock, candidate, takers }: Snapshot): Step[] {
  const empty = lock && lock.guid !== candidate?.guid ? [lock] : [];
  return [...empty, ...takers.toReversed()].map(deletion);
}

/** A failed candidate is renamed first, which frees the lock at once, and stopped then: by the next run when this one was killed. */
export function stopFailed(snapshot: Snapshot): Step[] {
  return stopIdle(snapshot, snapshot.failed);
}

/** Versions that are kept do not run, unless a route names one of them again. */
export function stopIdle(snapshot: Snapshot, apps: readonly AppState[]): Step[] {
  return apps
    .filter((app) => app.state === 'STARTED' && servedBy(snapshot, app).length === 0)
    .map(({ name, guid }) => ({ do: 'stop', name, guid }));
}

/** What is left for one app of a deploy. */
export interface Part {
  app: string;
  work: Work;
  turn?: Turn | undefined;
}

/** Nothing of this touches live. */
const PREPARING = STAGES.slice(1, STAGES.indexOf('switch'));
const SWITCHING = STAGES.slice(STAGES.indexOf('switch'), STAGES.indexOf('drain'));
const ENDING = STAGES.slice(STAGES.indexOf('drain'));
/** Of a way back: that it is one is said of all apps before the first of them goes back. */
const RETURNING = [...PREPARING, ...SWITCHING].filter((stage) => stage !== 'switch');

/**
 * All that is left for a set of apps, in order: the locks by name, each once the one before it is had, so that two runs of one set
 * never hold a part each; then all apps stage by stage until each of them is proven; no route of any app moves before. Then they
 * switch, those of one turn after those of the turn before. On the way back the turns come in reverse. What drains and ends does so
 * side by side.
 */
export function groups(apps: readonly Part[], way: 'forward' | 'back' = 'forward'): StepGroup[] {
  const byName = [...apps].sort((one, other) => (one.app < other.app ? -1 : 1));
  const locks = group('lock', byName);
  const together = (stages: readonly Stage[], some = apps) =>
    stages.flatMap((stage) =>
      IN_TURN.includes(stage) ? some.map((one) => group(stage, [one])) : group(stage, some),
    );
  const turns = turnsOf(apps);
  const between =
    way === 'forward'
      ? [...together(PREPARING), ...turns.flatMap((some) => together(SWITCHING, some))]
      : [...together(['switch']), ...turns.toReversed().flatMap((some) => together(RETURNING, some))];
  return [locks, ...between, ...together(ENDING)].filter(
    ({ steps, after }) => steps.length + after.length > 0,
  );
}

/** What comes after, by app: in turn for each, side by side for all. Locks are one chain: it ends with the first that is not got. */
export function chainsOf({ stage, after }: Pick<StepGroup, 'stage' | 'after'>): (readonly AppStep[])[] {
  if (stage === 'lock') return [after];
  const apps = [...new Set(after.map(({ app }) => app))];
  return apps.map((name) => after.filter(({ app }) => app === name));
}

/** Commands of the user may work on what the apps share: they never run side by side. */
const IN_TURN: readonly Stage[] = ['task'];

function turnsOf(apps: readonly Part[]): (readonly Part[])[] {
  const numberOf = ({ turn }: Part) => turn?.number ?? 1;
  const numbers = [...new Set(apps.map(numberOf))].sort((one, other) => one - other);
  return numbers.map((number) => apps.filter((one) => numberOf(one) === number));
}

/** Who may go back though others cannot: no version that stays may meet one from before its own turn. */
export function able<One extends { turn?: Turn | undefined; isStuck: boolean }>(all: readonly One[]): One[] {
  const numberOf = ({ turn }: One) => turn?.number ?? 1;
  const last = Math.max(0, ...all.filter(({ isStuck }) => isStuck).map(numberOf));
  return all.filter((one) => !one.isStuck && numberOf(one) >= last);
}

function group(stage: Stage, apps: readonly Part[]): StepGroup {
  const of = (pick: (work: StageWork) => readonly Step[]): AppStep[] =>
    apps.flatMap(({ app, work }) => {
      const stageWork = work[stage];
      return stageWork ? pick(stageWork).map((step) => ({ app, step })) : [];
    });
  const [side, after] = [of((work) => work.steps), of((work) => work.after ?? [])];
  return stage === 'lock' ? { stage, steps: [], after: [...side, ...after] } : { stage, steps: side, after };
}
