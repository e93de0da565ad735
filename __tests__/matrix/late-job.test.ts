/** A run is cancelled while the platform still applies live's manifest: live is put back after that, not before. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { attempt, record } from './matrix.js';
import { Folders, SCENARIOS, type Scenario } from './scenarios.js';
import type { Trial } from './wire.js';

jest.setTimeout(60_000);

const folders = new Folders();
afterAll(() => folders.remove());

const SLOW = SCENARIOS.find(({ jobMs }) => jobMs !== undefined) as Scenario;
const APPLY = 'POST /v3/spaces/*/actions/apply_manifest';

test('before its GUID is known, when it was just written down, and while its end is waited for', async () => {
  const { trials, traces } = await record(SLOW, folders);
  const calls = trials.filter(({ harm, point }) => harm === 'cancel' && point.by === 'action');
  const at = calls.findIndex(({ point }) => point.name === APPLY);
  const around = calls.slice(at - 1, at + 3);
  expect(around.map(({ point }) => point.name)).toEqual([
    'PATCH /v3/apps/*',
    APPLY,
    'PATCH /v3/apps/*',
    'GET /v3/jobs/*',
  ]);
  const lost: Trial = { point: { by: 'action', name: APPLY, number: 1 }, harm: 'lost' };
  const killed: Trial = { point: { by: 'action', name: APPLY, number: 1 }, harm: 'kill after' };
  for (const trial of [...around, lost, killed]) {
    const { wrong } = await attempt(SLOW, folders, trial, traces);
    expect([trial, wrong]).toEqual([trial, []]);
  }
});
