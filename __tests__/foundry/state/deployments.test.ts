/** How many instances a canary has at each step (platform facts A1.5). */
import { describe, expect, test } from '@jest/globals';
import { canaryStep } from '../../../foundry/state/deployments.js';
import type { Deployment } from '../../../foundry/state/records.js';

function at(
  instances: number,
  weights: number[] | undefined,
  step: number,
  webInstances?: number,
): Deployment {
  return {
    guid: 'd',
    serial: 1,
    createdMs: 0,
    updatedMs: 0,
    metadata: { labels: {}, annotations: {} },
    appGuid: 'a',
    state: 'PREPAUSED',
    reason: 'DEPLOYING',
    strategy: 'canary',
    options: {
      maxInFlight: 1,
      ...(weights ? { canarySteps: weights } : {}),
      ...(webInstances === undefined ? {} : { webInstances }),
    },
    dropletGuid: 'd',
    originalInstances: instances,
    canaryStep: step,
    statusChangedMs: 0,
  };
}

describe('a step of a canary', () => {
  test.each([
    [10, 1, 1, 10],
    [10, 20, 2, 9],
    [10, 45, 5, 6],
    [10, 80, 8, 3],
    [10, 99, 10, 1],
    [10, 100, 10, 0],
    [3, 50, 2, 2],
    [1, 50, 1, 1],
    [1, 100, 1, 0],
    [4, 12, 1, 4],
    // The platform multiplies by a float: what is exactly a half on paper may be less.
    [50, 29, 14, 37],
  ])('%i instances at %i percent: %i new, %i old', (instances, weight, canary, original) => {
    expect(canaryStep(at(instances, [weight], 1))).toEqual({ canary, original });
  });

  test('without steps one new instance beside all', () => {
    expect(canaryStep(at(7, undefined, 1))).toEqual({ canary: 1, original: 7 });
  });

  test('fewer instances that are wanted count, more do not', () => {
    expect(canaryStep(at(10, [50], 1, 4))).toEqual({ canary: 2, original: 3 });
    expect(canaryStep(at(10, [50], 1, 40))).toEqual({ canary: 5, original: 6 });
  });

  test('each step has its own weight', () => {
    expect([1, 2].map((step) => canaryStep(at(10, [10, 100], step)))).toEqual([
      { canary: 1, original: 10 },
      { canary: 10, original: 0 },
    ]);
  });
});
