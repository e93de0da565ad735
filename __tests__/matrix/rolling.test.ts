/** A sample of the matrix: rolling. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { leastPoints, scenariosOf, trySample } from './sample.js';
import { Folders } from './scenarios.js';

jest.setTimeout(240_000);

const folders = new Folders();
afterAll(() => folders.remove());

test.each(scenariosOf('rolling'))(
  '$name: users stay served, and the same command again converges',
  async (scenario) => {
    const { points, lost } = await trySample(scenario, folders);
    expect(points).toBeGreaterThan(leastPoints(scenario));
    expect(lost).toEqual([]);
  },
);
