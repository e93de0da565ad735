/** The search finds deploys that lose what live has, or leave its autoscaler paused. */
import { expect, test } from '@jest/globals';
import type { Step, Work } from '../../src/steps/step.js';
import { CARRIES } from './model/carries.js';
import { explore, REAL, type Strategies } from './model/explore.js';

function without(kind: Step['do']) {
  return (work: Work): Work => {
    const left = (all: readonly Step[] = []) => all.filter((step) => step.do !== kind);
    return Object.fromEntries(
      Object.entries(work).map(([stage, { steps, after }]) => [
        stage,
        { steps: left(steps), after: left(after) },
      ]),
    );
  };
}

function broken(way: 'forward' | 'back', kind: Step['do']): Strategies {
  return {
    ...REAL,
    [way]: (...asked: Parameters<Strategies['forward']>) => without(kind)(REAL[way](...asked)),
  };
}

test.each<[string, string, Strategies, RegExp]>([
  [
    'carries nothing',
    'a live with bindings and policies of its own',
    broken('forward', 'carry'),
    /without the/,
  ],
  [
    'leaves the autoscaler paused',
    'a live that is scaled by another hand',
    broken('forward', 'resume-scaling'),
    /the autoscaler of .* pauses/,
  ],
  [
    'leaves it paused on the way back',
    'a live that is scaled by another hand',
    broken('back', 'resume-scaling'),
    /the autoscaler of .* pauses/,
  ],
])('%s', (_, name, strategies, why) => {
  const scenario = CARRIES.find((one) => one.name === name);
  if (!scenario) throw new Error('the scenario is gone');
  expect(explore(scenario, strategies).violation).toMatch(why);
});
