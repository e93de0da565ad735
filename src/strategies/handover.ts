/**
 * Handover: what works off a queue never runs in two versions at once. An app without routes hands over as a whole: live stops before
 * the new version starts. Of an app with routes the processes other than web do, once live has left its routes. Each answer can be
 * given again after any interruption: what is done already is looked at, and what live had is on the lock. Pure.
 */
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { givenUp } from '../steps/give-up.js';
import type { GivenUp, Side, Step } from '../steps/step.js';
import { allRunning, reached, runningCount } from './view.js';

export function isWhole({ handover }: Pick<Intent, 'handover'>): boolean {
  return handover?.whole === true;
}

/** Live may be stopped as a whole, and the new version is not proven yet: only back is safe. */
export function isHandingOver(lock: Pick<AppState, 'phase'> | undefined): boolean {
  return lock?.phase === 'handover';
}

/** Live stops, is seen gone, and the new version is proven. The phase after it is not in it. */
export function wholeHandover(intent: Intent, { live, candidate }: Snapshot): Step[] {
  const begin: Step = { do: 'mark', phase: 'handover', ...(intent.hold ? { journal: true } : {}) };
  const started = candidate?.state === 'STARTED';
  return [
    ...(reached(candidate, 'handover') ? [] : [begin]),
    ...(live?.state === 'STARTED' ? [stopOf(live)] : []),
    // A candidate that was started saw it gone.
    ...(live && !started ? [{ do: 'await-gone', side: 'live' } as const] : []),
    ...(started ? [] : [{ do: 'start', side: 'candidate' } as const]),
    { do: 'await-instances', side: 'candidate' },
    { do: 'stay-up' },
    ...(intent.smokeScript ? [{ do: 'smoke-script' } as const] : []),
  ];
}

/** Before live starts again. */
export function wholeReturn({ candidate }: Snapshot): Step[] {
  if (!candidate) return [];
  const stop = candidate.state === 'STARTED' ? [stopOf(candidate)] : [];
  return [...stop, { do: 'await-gone', side: 'candidate' }];
}

function stopOf({ name, guid }: AppState): Step {
  return { do: 'stop', name, guid };
}

/** Whether the candidate gets a process of this type only when live has given up its own. */
export function isHandedOver(
  { handover, before }: Pick<Intent, 'handover' | 'before'>,
  processType: string,
): boolean {
  return handover !== undefined && !handover.whole && isWorker(processType, before);
}

/** What a route leads to is switched with the route, whatever its type is called. */
export function isWorker(processType: string, before: Intent['before']): boolean {
  const routed = before?.destinations.some(({ to }) => to.some((port) => port.processType === processType));
  return processType !== 'web' && !routed;
}

/** Live, off all its routes, gives up its processes other than web, and the candidate gets its own. */
export function workersHandover(intent: Intent, { live, candidate, lock }: Snapshot): Step[] {
  const { handover } = intent;
  if (!handover || handover.whole) return [];
  const known = givenUp(lock);
  const had = known ?? (live ? whatHas(intent, live) : undefined);
  const down = live?.state === 'STARTED' ? ended(intent, 'live', live) : [];
  const wanted = (type: string) => wantedOf(intent, type, had);
  const named = [...new Set([...Object.keys(handover.counts), ...Object.keys(had?.counts ?? {})])];
  const up = candidate ? grown(intent, 'candidate', candidate, wanted) : coming(named, wanted);
  const gives = down.length > 0 || (known !== undefined && up.length > 0);
  return [
    ...(known || !had || !gives ? [] : [{ do: 'record-given-up', had } as const]),
    ...down,
    ...(live && gives ? [{ do: 'await-gone', side: 'live', types: workersOf(intent, live) } as const] : []),
    ...up,
    ...(up.length > 0 ? [{ do: 'await-instances', side: 'candidate' } as const] : []),
  ];
}

/** Live has given its processes up, and not all of the new version run: nobody may be at work. */
export function isBetween({ handover }: Pick<Intent, 'handover'>, { lock, candidate }: Snapshot): boolean {
  const hasGiven = handover !== undefined && givenUp(lock) !== undefined;
  return hasGiven && !(candidate && allRunning(candidate));
}

/** The other way round, where live has given up anything. */
export function workersReturn(intent: Intent, { live, candidate, lock }: Snapshot): Step[] {
  const had = givenUp(lock);
  if (!intent.handover || intent.handover.whole || !had || !live) return [];
  const up = grown(intent, 'live', live, (type) => had.counts[type] ?? 0);
  if (up.length === 0) return [];
  return [
    ...(candidate ? ended(intent, 'candidate', candidate) : []),
    ...(candidate
      ? [{ do: 'await-gone', side: 'candidate', types: workersOf(intent, candidate) } as const]
      : []),
    ...up,
    ...(had.ran ? [{ do: 'await-instances', side: 'live' } as const] : []),
  ];
}

/** A version that is kept, stopped, has as many as it had: a rollback to it starts them. */
export function keptCounts(intent: Intent, side: Side, snapshot: Snapshot): Step[] {
  const app = snapshot[side];
  const counts = side === 'live' ? givenUp(snapshot.lock)?.counts : intent.handover?.counts;
  if (!intent.handover || intent.handover.whole || !counts || app?.state !== 'STOPPED') return [];
  return grown(intent, side, app, (type) => counts[type] ?? 0);
}

function whatHas(intent: Intent, live: AppState): GivenUp {
  const given = live.processes.filter(({ type }) => isHandedOver(intent, type));
  return {
    counts: Object.fromEntries(given.map(({ type, instances }) => [type, instances])),
    ran: given.every((process) => runningCount(process) >= process.instances),
  };
}

function workersOf(intent: Intent, { processes }: AppState): readonly string[] {
  return processes.map(({ type }) => type).filter((type) => isHandedOver(intent, type));
}

function ended(intent: Intent, side: Side, { processes }: AppState): Step[] {
  return processes.flatMap(({ type, instances }) =>
    !isHandedOver(intent, type) || instances === 0 ? [] : [scaled(side, type, 0)],
  );
}

/** Whoever has more keeps them. */
function grown(
  intent: Intent,
  side: Side,
  { processes }: AppState,
  wanted: (type: string) => number,
): Step[] {
  return processes.flatMap(({ type, instances }) =>
    !isHandedOver(intent, type) || wanted(type) <= instances ? [] : [scaled(side, type, wanted(type))],
  );
}

function scaled(side: Side, processType: string, instances: number): Step {
  return { do: 'scale', side, processType, to: { instances } };
}

/** Never fewer than live had, where that is asked for. */
function wantedOf(
  { handover, scale, keepInstancesOf }: Intent,
  type: string,
  had: GivenUp | undefined,
): number {
  const kept = keepInstancesOf.includes(type) ? (had?.counts[type] ?? 0) : 0;
  return Math.max(handover?.counts[type] ?? 0, scale[type]?.instances ?? 0, kept);
}

/** For a plan, which has no candidate yet. */
function coming(types: readonly string[], wanted: (type: string) => number): Step[] {
  return types.flatMap((type) => (wanted(type) > 0 ? [scaled('candidate', type, wanted(type))] : []));
}
