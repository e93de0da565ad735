/** A sample of the matrix: blue-green. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { attempt, record } from './matrix.js';
import { leastPoints, scenariosOf, trySample } from './sample.js';
import { Folders, SCENARIOS, type Scenario } from './scenarios.js';
import type { Trial } from './wire.js';

jest.setTimeout(240_000);

const folders = new Folders();
afterAll(() => folders.remove());

test.each(scenariosOf('blue-green'))(
  '$name: users stay served, and the same command again converges',
  async (scenario) => {
    const { points, lost } = await trySample(scenario, folders);
    expect(points).toBeGreaterThan(leastPoints(scenario));
    expect(lost).toEqual([]);
  },
);

test('a point that is not reached has not held', async () => {
  const trial: Trial = { point: { by: 'action', name: 'POST /v3/apps', number: 99 }, harm: '500' };
  const traces: string[] = [];
  expect(await attempt(SCENARIOS[0] as Scenario, folders, trial, traces)).toMatchObject({
    wrong: ['the point was not reached'],
  });
});

test('a deploy that is cancelled on its way back is settled by the post step', async () => {
  const scenario = SCENARIOS.find(({ ends }) => ends === 'reverted') as Scenario;
  const { traces } = await record(scenario, folders);
  const trial: Trial = { point: { by: 'action', name: 'DELETE /v3/apps/*', number: 1 }, harm: 'cancel' };
  expect(await attempt(scenario, folders, trial, traces)).toMatchObject({ wrong: [] });
});
