/** A worker that was told to run, and did not, when its successor took over. */
import { expect, test } from '@jest/globals';
import { backOut } from '../../src/strategies/back-out.js';
import { beforeOf } from '../../src/strategies/intent-parts.js';
import { groups } from '../../src/strategies/work.js';
import { candidateAt, instance, intent, ours, process, snapshot } from './support.js';

test.each([
  ['STARTED', ['start']],
  ['STOPPED', []],
] as const)('was %s, and is again when a handover goes back', (state, starts) => {
  const crashed = [process('web', 0), process('worker', 1, { instancesSeen: [instance(0, 'CRASHED')] })];
  const live = ours('old', 'live', 'v1', { name: 'shop', state, processes: crashed });
  const before = beforeOf(live, snapshot({ live }), 'adopted');
  const wish = intent({ before, production: [], trials: [], handover: { whole: true, counts: {} } });
  const candidate = candidateAt('reverting');
  const seen = snapshot({ live: { ...live, state: 'STOPPED' }, candidate, lock: candidate });
  const steps = groups([{ app: 'shop', work: backOut(wish, seen) }]).flatMap(({ steps, after }) => [
    ...steps,
    ...after,
  ]);
  const ofLive = steps.filter(({ step }) => 'side' in step && step.side === 'live');
  expect(ofLive.map(({ step }) => step.do)).toEqual(starts);
});
