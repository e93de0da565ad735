/** A sample of the matrix; `npm run matrix` tries every point. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { attempt, nameOf, record } from './matrix.js';
import { Folders, SCENARIOS, type Scenario } from './scenarios.js';
import type { Trial } from './wire.js';

jest.setTimeout(240_000);

/** Of so many points one is tried here: a prime, so that no way of harming a call is always left out. */
const ONE_OF = 71;

const folders = new Folders();
afterAll(() => folders.remove());

test.each(SCENARIOS)('$name: users stay served, and the same command again converges', async (scenario) => {
  const { trials, traces } = await record(scenario, folders);
  // Nothing is pushed to end a held deploy.
  expect(trials.length).toBeGreaterThan(['promoted', 'aborted'].includes(scenario.ends) ? 100 : 250);
  const lost: string[] = [];
  for (const trial of trials.filter((_, number) => number % ONE_OF === 0)) {
    const { wrong } = await attempt(scenario, folders, trial, traces);
    if (wrong.length > 0) lost.push(`${nameOf(trial)}: ${wrong.join('; ')}`);
  }
  expect(lost).toEqual([]);
});

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
