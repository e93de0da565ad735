/** A run is cancelled while the platform still applies live's manifest: live is put back after that, not before. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { runAction } from './action.js';
import { settingsOf } from './in-place.js';
import { record } from './matrix.js';
import { APP, commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';

jest.setTimeout(60_000);

const folders = new Folders();
afterAll(() => folders.remove());

const SLOW = SCENARIOS.find(({ jobMs }) => jobMs !== undefined) as Scenario;
const APPLY = 'POST /v3/spaces/*/actions/apply_manifest';
/** Whatever was asked for has come to its end by then. */
const LATER_MS = 60_000;

test('before it was asked for, before its GUID is known or written down, and while its end is waited for', async () => {
  const { trials } = await record(SLOW, folders);
  // Whatever may be done to a call, it can be cancelled there; probes and signs of life come at times of their own.
  const points = [
    ...new Map(trials.map(({ point }) => [`${point.by} ${point.name} ${point.number}`, point])).values(),
  ];
  const calls = points.filter(({ by, name }) => by === 'action' && !name.startsWith('probe '));
  const at = calls.findIndex(({ name }) => name === APPLY);
  const end = calls.findIndex(({ name }, n) => n > at && name === 'GET /v3/jobs/*');
  const around = calls.slice(at - 1, end + 1);
  const names = around.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(['PATCH /v3/apps/*', APPLY, 'PATCH /v3/apps/*']);
  expect(end).toBeGreaterThan(at);
  expect(names.length).toBeLessThan(8);
  for (const point of around) {
    await onPlatform(SLOW, folders, async (platform, { settings }) => {
      const { outputs, reached } = await runAction(platform, commandOf(SLOW, folders, 2), {
        point,
        harm: 'cancel',
      });
      expect([reached, outputs.error]).toEqual([true, 'cancelled']);
      await platform.clock.pass(LATER_MS);
      const state = await platform.clock.drive(platform.state());
      const now = await platform.clock.drive(settingsOf(platform, state));
      expect([point, now[APP]]).toEqual([point, settings[APP]]);
    });
  }
});
