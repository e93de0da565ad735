/** A sample of the matrix, shared by the files that try it side by side; `npm run matrix` tries every point. */
import { attempt, nameOf, record } from './matrix.js';
import { type Folders, SCENARIOS, type Scenario } from './scenarios.js';

/** Of so many points one is tried: a prime, so that no way of harming a call is always left out. */
const ONE_OF = 113;

/** Each scenario belongs to one of them. */
export type Way = 'blue-green' | 'rolling' | 'canary';

export function scenariosOf(way: Way): readonly Scenario[] {
  return SCENARIOS.filter((scenario) => wayOf(scenario) === way);
}

function wayOf({ canary, inPlace }: Scenario): Way {
  if (canary) return 'canary';
  return inPlace ? 'rolling' : 'blue-green';
}

/** @returns how many points there are, and of those that were tried each one that did not hold, with what was wrong */
export async function trySample(scenario: Scenario, folders: Folders) {
  const { trials, traces } = await record(scenario, folders);
  const lost: string[] = [];
  for (const trial of trials.filter((_, number) => number % ONE_OF === 0)) {
    const { wrong } = await attempt(scenario, folders, trial, traces);
    if (wrong.length > 0) lost.push(`${nameOf(trial)}: ${wrong.join('; ')}`);
  }
  return { points: trials.length, lost };
}

/** Nothing is pushed to end a held deploy. */
export function leastPoints({ ends }: Scenario): number {
  return ['promoted', 'aborted'].includes(ends) ? 80 : 200;
}
