/**
 * Rollback in place, forward: rolling, with a droplet that live itself had before. Nothing is pushed and nothing is built: the
 * candidate gets a copy of that droplet for its proof, and live gets its variables and commands instead of a manifest. Pure.
 */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import type { StageWork, Step, Work } from '../steps/step.js';
import { isLive, unmappedTrials } from './blue-green.js';
import { rolling } from './rolling.js';
import { reached } from './view.js';
import { compact, steps } from './work.js';

/** What is left of a rollback in place: the droplet is proven in a candidate, then it is rolled. */
export function rollBackInPlace(intent: Intent, snapshot: Snapshot): Work {
  const { bits: _, stage, configure = steps([]), ...work } = rolling(intent, snapshot);
  const { candidate } = snapshot;
  // No push maps the first trial route.
  const isPast = isLive(intent, snapshot) || reached(candidate, 'proven');
  const first = isPast ? [] : unmappedTrials(intent.trials.slice(0, 1), snapshot);
  const missing = first.filter((one) => !configure.steps.some((other) => isSame(one, other)));
  return compact({
    ...Object.fromEntries(Object.entries(work).map(([name, one]) => [name, ofVersion(one)])),
    stage: stage ? steps([{ do: 'take-droplet' }]) : steps([]),
    configure: { ...configure, steps: [...configure.steps, ...missing] },
  });
}

function ofVersion({ steps: list, after = [] }: StageWork): StageWork {
  return { steps: list.flatMap(insteadOf), after: after.flatMap(insteadOf) };
}

/** The droplet is live's already, and there is no manifest. */
function insteadOf(step: Step): Step[] {
  if (step.do === 'copy-droplet') return [];
  return [step.do === 'apply-to-live' ? { do: 'apply-version' } : step];
}

function isSame(one: Step, other: Step): boolean {
  return one.do === 'map' && other.do === 'map' && one.url === other.url;
}
