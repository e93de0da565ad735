/**
 * Back to the state from before: which steps are still needed until live serves alone again and the candidate is out of the
 * way. Going back is itself map, prove, unmap: no route is ever without a version that was seen answering. Pure.
 */
import type { AppState, Snapshot } from '../model/cloud.js';
import { Stuck } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { resumes } from '../steps/scaling.js';
import type { StageWork, Step, Work } from '../steps/step.js';
import { isHandingOver, isWhole, keptCounts, wholeReturn, workersReturn } from './handover.js';
import { tasksLeft } from './task.js';
import { destinationsOf, madeRoutes, portOf, reached, samePort, servedBy, someRunning } from './view.js';
import { compact, deletions, endOfLock, leftTrialRoutes, steps, stopFailed } from './work.js';

export function backOut(intent: Intent, snapshot: Snapshot): Work {
  if (intent.target) return backToPrevious(intent, snapshot);
  return compact({
    ...(snapshot.candidate && mayHaveChanged(snapshot) ? returnOfLive(intent, snapshot) : {}),
    ...retirement(intent, snapshot),
  });
}

/** The candidate, whose routes are gone or were never there, is kept as failed or deleted; with it what was made for it. */
export function retirement(intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  const end = { steps: stopFailed(snapshot), after: endOfLock(snapshot) };
  if (!candidate) return { tidy: steps(resumes(snapshot)), end };
  const keeps = intent.keepFailed && candidate.currentDropletGuid !== undefined;
  const running = tasksLeft(snapshot);
  return {
    // Nothing of it goes before: with its app the platform would end it halfway.
    ...(running.length > 0 ? { drain: steps(running) } : {}),
    tidy: steps([...resumes(snapshot), ...leftTrialRoutes(snapshot), ...emptyMadeRoutes(intent, snapshot)]),
    // The newest failed one is kept: with this one the older ones go.
    prune: steps(keeps ? deletions(snapshot, snapshot.failed) : []),
    ...(keeps
      ? { retire: steps([{ do: 'rename', side: 'candidate', to: 'failed' }]) }
      : { retire: steps([{ do: 'delete-app', name: candidate.name, guid: candidate.guid }]) }),
    end,
  };
}

/**
 * A rollback that failed: the version is previous again, stopped and off all routes. What was set on it are live's own variables;
 * the next rollback sets them anew.
 */
function backToPrevious(intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  return compact({
    ...(mayHaveChanged(snapshot) ? returnOfLive(intent, snapshot) : {}),
    tidy: steps([...resumes(snapshot), ...leftTrialRoutes(snapshot)]),
    retire: steps(
      candidate?.state === 'STARTED'
        ? [{ do: 'stop', name: candidate.name, guid: candidate.guid }]
        : keptCounts(intent, 'candidate', snapshot),
    ),
    end: { steps: stopFailed(snapshot), after: endOfLock(snapshot) },
  });
}

type Before = Intent['before'] & object;

/** Routes may lead to the candidate, or live may be stopped. */
function mayHaveChanged(snapshot: Snapshot): boolean {
  const lock = lockOf(snapshot);
  const hasRoutes = servedBy(snapshot, snapshot.candidate).length > 0;
  return reached(lock, 'switching') || isHandingOver(lock) || hasRoutes;
}

/** Its routes lead to the candidate, and what served there before is gone: nothing is left to go back to. */
export function isBereft({ inPlace, before }: Intent, snapshot: Snapshot): boolean {
  const { candidate, live } = snapshot;
  if (inPlace || !before?.ran || live?.guid === before.guid || reached(lockOf(snapshot), 'withdrawn'))
    return false;
  return servedBy(snapshot, candidate).length > 0;
}

/** Phases are on the lock: the version that goes live again may have been deleted meanwhile. */
function lockOf({ lock, candidate }: Snapshot): AppState | undefined {
  return lock ?? candidate;
}

function returnOfLive(intent: Intent, snapshot: Snapshot): Work {
  const { candidate, live } = snapshot;
  const lock = lockOf(snapshot);
  if (reached(lock, 'withdrawn')) return {};
  const before = live && live.guid === intent.before?.guid ? intent.before : undefined;
  if (intent.before?.ran && (candidate ? isBereft(intent, snapshot) : !before)) {
    const keeps = candidate ? `, so ${candidate.name} keeps its routes` : ', and so is the one after it';
    throw new Stuck(
      `Version ${intent.before.version} of ${intent.app} served before and is gone${keeps}.`,
      'Look at the apps and routes of the space; deploy a version that you trust: it replaces the one that serves now.',
    );
  }
  const revive = before?.ran === true && !reached(lock, 'restored');
  // A handover as a whole stops also what did not run: nobody waits for it to run now.
  const restarts = isWhole(intent) && before?.started === true && !reached(lock, 'restored');
  const owed = before ? owedTo(before, intent, snapshot) : [];
  const unmap = servedBy(snapshot, candidate).map(
    ({ url }): Step => ({ do: 'unmap', url, side: 'candidate' }),
  );
  const isAwaited = (intent.turn?.number ?? 1) > 1 && !reached(lock, 'parted');
  return {
    switch: steps(reached(lock, 'reverting') ? [] : [{ do: 'mark', phase: 'reverting' }]),
    start: afterMark(
      snapshot,
      (revive || restarts) && live?.state === 'STOPPED'
        ? [...(isWhole(intent) ? wholeReturn(snapshot) : []), { do: 'start', side: 'live' }]
        : [],
    ),
    run: afterMark(
      snapshot,
      revive && live && !someRunning(live) ? [{ do: 'await-instances', side: 'live' }] : [],
    ),
    map: steps(mapsToLive(owed, snapshot)),
    prove: {
      steps:
        revive && owed.length > 0 ? [{ do: 'prove', side: 'live', urls: owed.map(({ url }) => url) }] : [],
      after: reached(lock, 'restored') ? [] : [{ do: 'mark', phase: 'restored' }],
    },
    // The apps of the turn before go back when nobody meets this version any more.
    unmap: {
      steps: unmap,
      after: isAwaited
        ? [
            { do: 'await-release', side: 'candidate' },
            { do: 'mark', phase: 'parted' },
          ]
        : [],
    },
    drain: leaving(intent, snapshot),
  };
}

/**
 * What live had when the deploy began, and what another hand gave it since: there the candidate has the same ports, and the
 * manifest does not name the route.
 */
export function owedTo(before: Before, intent: Intent, snapshot: Snapshot): Before['destinations'] {
  const known = [...intent.production, ...before.destinations].map(({ url }) => url);
  const gained = servedBy(snapshot, snapshot.candidate).filter(({ url }) => !known.includes(url));
  return [
    ...before.destinations,
    ...gained.map((route) => ({
      url: route.url,
      to: destinationsOf(route, snapshot.candidate).map(portOf),
    })),
  ];
}

/** What live had and has no more. */
export function mapsToLive(owed: Before['destinations'], { routes, live }: Snapshot): Step[] {
  return owed.flatMap(({ url, to }): Step[] => {
    const has = destinationsOf(
      routes.find((route) => route.url === url),
      live,
    );
    const missing = to.filter((port) => !has.map(portOf).some((one) => samePort(one, port)));
    return missing.length > 0 ? [{ do: 'map', url, side: 'live', to: missing }] : [];
  });
}

/** Several apps are drained side by side; what works off a queue comes back before that. */
function leaving(intent: Intent, snapshot: Snapshot): StageWork {
  const workers = workersReturn(intent, snapshot);
  const drain: Step[] = snapshot.candidate ? [{ do: 'drain', side: 'candidate' }] : [];
  const withdrawn: Step = { do: 'mark', phase: 'withdrawn' };
  return workers.length === 0
    ? { steps: drain, after: [withdrawn] }
    : { steps: [], after: [...workers, ...drain, withdrawn] };
}

/** `start` and `run` stand before `switch` in the order of stages: they wait until the way back is recorded. */
function afterMark(snapshot: Snapshot, list: readonly Step[]): StageWork {
  return { steps: [], after: reached(lockOf(snapshot), 'reverting') ? list : [] };
}

/** Production routes that this deploy made for itself and that serve nobody now. */
function emptyMadeRoutes(intent: Intent, snapshot: Snapshot): Step[] {
  return madeRoutes(snapshot, intent.version)
    .filter((route) => route.destinations.every((one) => one.appGuid === snapshot.candidate?.guid))
    .map(({ url, guid }) => ({ do: 'delete-route', url, guid }));
}
