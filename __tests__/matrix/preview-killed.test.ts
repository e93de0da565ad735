/** A run that dies at any write of a preview's life: the next sweep leaves nothing of it, and touches nothing else. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { inSpace, type Preview, pulls, removeWorkspaces, type Space, settle, went } from './preview-space.js';
import type { Harm, Trial } from './wire.js';

jest.setTimeout(180_000);

afterAll(removeWorkspaces);

/** Points of a deploy: the same ones are tried for deploys that are no previews. */
const FEW = 5;
const HARMS: readonly Harm[] = ['kill before', 'kill after'];
const CLOSED = pulls({ 12: 'closed', 1: 'open' });

/** What is in the space besides: live, and another pull request's preview. */
async function others(space: Space): Promise<void> {
  went(await space.run({ command: 'deploy', version: 'live' }), 'deployed');
  went(await space.run({ number: 1 }), 'previewed');
}

async function trialsOf(before: readonly Preview[], asked: Preview): Promise<readonly Trial[]> {
  return inSpace(async (space) => {
    for (const one of before) await space.run(one);
    const { calls } = await space.run(asked);
    const writes = calls.filter(({ kind, name }) => kind === 'write' && name.includes(' /v3/'));
    return writes.flatMap((point) => HARMS.map((harm) => ({ point, harm })));
  });
}

/** `oneOf`: of so many points one is tried. */
test.each<[string, readonly Preview[], Preview, number]>([
  ['the first deploy', [], {}, FEW],
  ['the next deploy', [{}], { version: 'v2' }, FEW],
  ['the removal', [{}], { command: 'preview-delete' }, 1],
])('%s', async (_what, before, asked, oneOf) => {
  const trials = (await trialsOf(before, asked)).filter((_, number) => number % oneOf === 0);
  expect(trials.length).toBeGreaterThan(1);
  // What is left of one trial nothing is left of: the next one begins where this one began.
  await inSpace(async (space) => {
    await others(space);
    const [apps, routes] = [await space.apps(), await space.routes()];
    for (const trial of trials) {
      for (const one of before) went(await space.run(one), 'previewed');
      const killed = await space.run({ ...asked, trial });
      expect([trial.point.name, killed.code, killed.reached]).toEqual([trial.point.name, 'killed', true]);
      await settle(space);
      went(await space.run({ command: 'sweep', gitHub: CLOSED }), 'swept');
      await settle(space);
      expect([trial, await space.apps(), await space.routes()]).toEqual([trial, apps, routes]);
      expect(space.at('shop')).toBe('live');
      expect(space.at('shop-pr-1')).toBe('v1');
    }
  });
});
