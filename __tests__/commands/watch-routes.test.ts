import { expect, test } from '@jest/globals';
import { watchRoutes } from '../../src/commands/watch-routes.js';
import { readInputs } from '../../src/inputs.js';
import { HttpFailure } from '../../src/model/errors.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { TARGET } from './space.js';
import { standing } from './standing.js';

const INPUTS = readInputs({
  INPUT_API: 'https://api.example.com',
  INPUT_ORG: 'shop',
  INPUT_SPACE: 'production',
  INPUT_USERNAME: 'ann',
  INPUT_PASSWORD: 'hunter2-hunter2',
});

test.each([
  ['does not answer either: inconclusive', false],
  ['answers: a failure', true],
])('a route that fails while the API, which answered before, %s', async (_, answers) => {
  const { world, clock } = standing();
  let down = false;
  const request = async () => {
    if (down) throw new HttpFailure('no answer', 'refused', false);
    return { status: 200, headers: {}, body: Buffer.from('fine'), cut: false, durationMs: 1 };
  };
  const platform = { ...world.platform, answers: async () => !down || answers };
  const snapshot = await takeSnapshot(world.platform, TARGET, { name: 'shop', wanted: [] });
  const found = { app: { name: 'shop' } as never, named: [], snapshot };
  const probe = { ...world.probe, http: { request } };
  const watch = await watchRoutes([found], INPUTS, { probe, platform, listener: world.listener });
  down = true;
  await clock.sleep(2_000);
  const figures = await watch?.stop();
  expect(figures?.requests).toBeGreaterThan(2);
  if (answers) expect(figures).toMatchObject({ failures: expect.any(Number), inconclusive: 0 });
  else expect(figures).toMatchObject({ failures: 0, inconclusive: expect.any(Number) });
  expect((figures?.failures ?? 0) + (figures?.inconclusive ?? 0)).toBeGreaterThan(1);
});
