/**
 * Rollback, forward: a version that was staged before goes live again, on the same way as a new one: trial route, proof,
 * switch, drain. The lock is an empty app; the candidate is the previous version itself. Pure.
 */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { candidateName } from '../platform/names.js';
import type { Step, Work } from '../steps/step.js';
import {
  carrySteps,
  environmentSteps,
  farewell,
  isLive,
  missingRoutes,
  proof,
  theSwitch,
  unmappedTrials,
} from './blue-green.js';
import { proofOfGrowth, scaleSteps, scalingPauses } from './scale.js';
import { destinationsOf, reached, servedBy } from './view.js';
import { compact, endOfLock, steps, stopFailed } from './work.js';

export function rollBack(intent: Intent, snapshot: Snapshot): Work {
  const isThere = snapshot.live?.guid === intent.target || isLive(intent, snapshot);
  if (isThere) return compact({ end: { steps: [], after: endOfLock(snapshot) } });
  const seen = withTarget(intent, snapshot);
  return compact({
    ...preparation(intent, seen),
    ...proof(intent, seen),
    ...theSwitch(intent, seen),
    ...farewell(intent, seen),
    end: {
      steps: [],
      after: snapshot.lock
        ? endOfLock(snapshot)
        : [{ do: 'delete-app', name: candidateName(intent.app), guid: '' }],
    },
  });
}

/** Before the lock is there, the version that goes live again is one of the previous ones. */
function withTarget(intent: Intent, snapshot: Snapshot): Snapshot {
  if (snapshot.candidate) return snapshot;
  const candidate = snapshot.previous.find(({ guid }) => guid === intent.target);
  if (!candidate) return snapshot;
  return { ...snapshot, candidate, previous: snapshot.previous.filter((one) => one !== candidate) };
}

function preparation(intent: Intent, snapshot: Snapshot): Work {
  const { candidate, lock } = snapshot;
  if (reached(candidate, 'switching')) return {};
  const scale = scaleSteps(intent, snapshot);
  if (reached(candidate, 'proven')) return proofOfGrowth(intent, scale);
  const environment = environmentSteps(intent, snapshot);
  const mapped = servedBy(snapshot, candidate);
  // Another hand has started it: what is set on it now is seen by its next start only.
  const restarts = candidate?.state === 'STARTED' && environment.length > 0 && reachedBy(snapshot) === 0;
  return {
    lock: steps(lock ? [] : [{ do: 'make-candidate' }]),
    routes: steps([
      ...missingRoutes(intent, snapshot),
      ...scalingPauses(intent, [['candidate', lock ? candidate : undefined]]),
      // A stopped app that a production route names would take requests from its start on, unproven.
      ...(candidate?.state === 'STOPPED' ? mapped : []).map(
        ({ url }): Step => ({ do: 'unmap', url, side: 'candidate' }),
      ),
      ...(restarts ? [{ do: 'stop', name: candidate.name, guid: candidate.guid } as const] : []),
    ]),
    configure: steps([
      ...stopFailed(snapshot),
      ...environment,
      ...carrySteps(intent, snapshot),
      ...scale,
      ...unmappedTrials(intent.trials, snapshot),
    ]),
  };
}

/** Routes that name the version, trial routes included: what a request can reach is not stopped. */
function reachedBy({ candidate, routes }: Snapshot): number {
  return routes.filter((route) => destinationsOf(route, candidate).length > 0).length;
}
