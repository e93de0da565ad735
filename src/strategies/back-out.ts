/**
 * Back to the state from before: which steps are still needed until live serves alone again and the candidate is out of the
 * way. Going back is itself map, prove, unmap: no route is ever without a version that was seen answering. Pure.
 */
import type { Snapshot } from '../model/cloud.js';
import { Stuck } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import type { StageWork, Step, Work } from '../steps/step.js';
import { destinationsOf, madeRoutes, portOf, reached, samePort, servedBy, someRunning } from './view.js';
import { compact, deletions, leftTrialRoutes, steps } from './work.js';

export function backOut(intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  if (!candidate) return compact({ end: steps(stopFailed(snapshot)) });
  const keeps = intent.keepFailed && candidate.currentDropletGuid !== undefined;
  return compact({
    ...(mayHaveRoutes(snapshot) ? returnOfLive(intent, snapshot) : {}),
    tidy: steps([...leftTrialRoutes(snapshot), ...emptyMadeRoutes(intent, snapshot)]),
    // The newest failed one is kept: with this one the older ones go.
    prune: steps(keeps ? deletions(snapshot, snapshot.failed) : []),
    ...(keeps
      ? { retire: steps([{ do: 'rename', side: 'candidate', to: 'failed' }]) }
      : { retire: steps([{ do: 'delete-app', name: candidate.name, guid: candidate.guid }]) }),
    end: steps(stopFailed(snapshot)),
  });
}

function mayHaveRoutes(snapshot: Snapshot): boolean {
  return reached(snapshot.candidate, 'switching') || servedBy(snapshot, snapshot.candidate).length > 0;
}

function returnOfLive(intent: Intent, snapshot: Snapshot): Work {
  const { candidate, live } = snapshot;
  if (reached(candidate, 'withdrawn')) return {};
  const before = live && live.guid === intent.before?.guid ? intent.before : undefined;
  if (intent.before?.ran && !before && servedBy(snapshot, candidate).length > 0) {
    throw new Stuck(
      `Version ${intent.before.version} of ${intent.app} served before this deploy and is gone, so ${candidate?.name} keeps its routes.`,
      'Look at the apps and routes of the space; deploy a version that you trust: it replaces the one that serves now.',
    );
  }
  const revive = before?.ran === true && !reached(candidate, 'restored');
  return {
    switch: steps(reached(candidate, 'reverting') ? [] : [{ do: 'mark', phase: 'reverting' }]),
    start: afterMark(snapshot, revive && live?.state === 'STOPPED' ? [{ do: 'start', side: 'live' }] : []),
    run: afterMark(
      snapshot,
      revive && live && !someRunning(live) ? [{ do: 'await-instances', side: 'live' }] : [],
    ),
    map: steps(
      (before?.destinations ?? []).flatMap(({ url, to }): Step[] => {
        const has = destinationsOf(
          snapshot.routes.find((route) => route.url === url),
          live,
        );
        const missing = to.filter((port) => !has.map(portOf).some((one) => samePort(one, port)));
        return missing.length > 0 ? [{ do: 'map', url, side: 'live', to: missing }] : [];
      }),
    ),
    prove: {
      steps: revive ? [{ do: 'prove', side: 'live', urls: before.destinations.map(({ url }) => url) }] : [],
      after: reached(candidate, 'restored') ? [] : [{ do: 'mark', phase: 'restored' }],
    },
    unmap: steps(
      servedBy(snapshot, candidate).map(({ url }): Step => ({ do: 'unmap', url, side: 'candidate' })),
    ),
    drain: {
      steps: [{ do: 'drain', side: 'candidate' }],
      after: [{ do: 'mark', phase: 'withdrawn' }],
    },
  };
}

/** `start` and `run` stand before `switch` in the order of stages: they wait until the way back is recorded. */
function afterMark({ candidate }: Snapshot, list: readonly Step[]): StageWork {
  return steps(reached(candidate, 'reverting') ? list : []);
}

/** Production routes that this deploy made for itself and that serve nobody now. */
function emptyMadeRoutes(intent: Intent, snapshot: Snapshot): Step[] {
  return madeRoutes(snapshot, intent.version)
    .filter((route) => route.destinations.every((one) => one.appGuid === snapshot.candidate?.guid))
    .map(({ url, guid }) => ({ do: 'delete-route', url, guid }));
}

/** A failed candidate is renamed first, which frees the lock at once, and stopped then. */
function stopFailed(snapshot: Snapshot): Step[] {
  return snapshot.failed
    .filter((app) => app.state === 'STARTED' && servedBy(snapshot, app).length === 0)
    .map(({ name, guid }) => ({ do: 'stop', name, guid }));
}
