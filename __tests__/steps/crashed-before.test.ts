/** A version that goes live again may have crashed when it was live: that says nothing of how it starts now. */
import { expect, test } from '@jest/globals';
import type { CrashEvent } from '../../src/model/cloud.js';
import { VersionFault } from '../../src/model/errors.js';
import { perform } from '../../src/steps/index.js';
import { instance, ours, process } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const BEGAN_MS = 900_000;

function startingAgain(crashedAtMs: readonly number[]) {
  const target = ours('v1-app', 'candidate', 'v1', { createdAtMs: 1_000 });
  const lock = ours('lock', 'lock', 'v1', { createdAtMs: BEGAN_MS });
  let looks = 0;
  const world = worldOf({
    processes: async () => [process('web', 1)],
    instances: async () => [instance(0, ++looks > 2 ? 'RUNNING' : 'STARTING')],
    crashes: async (_guid, sinceMs) =>
      crashedAtMs
        .filter((atMs) => atMs >= sinceMs)
        .map((atMs): CrashEvent => ({ atMs, index: 0, reason: 'CRASHED' })),
  });
  const app = appWorld({ candidate: target, lock }, { target: target.guid });
  return perform({ do: 'await-instances', side: 'candidate' }, app, world);
}

test('what crashed before the rollback began is not counted', async () => {
  await startingAgain([10_000, 20_000, 30_000, 40_000]);
});

test('what crashed since is', async () => {
  const since = [1, 2, 3].map((ms) => BEGAN_MS + ms);
  await expect(startingAgain(since)).rejects.toThrow(VersionFault);
});
