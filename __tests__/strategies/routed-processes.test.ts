/** A process that a route leads to is no worker, whatever its type is called: users are on it during the switch. */
import { expect, test } from '@jest/globals';
import { needOf } from '../../src/strategies/capacity.js';
import { workersHandover } from '../../src/strategies/handover.js';
import { scaleSteps } from '../../src/strategies/scale.js';
import { chooseWorkers } from '../../src/strategies/workers.js';
import { candidateAt, intent, ours, process, snapshot } from './support.js';

const URL = 'shop.apps.example/api';
const ROUTED = [{ url: URL, to: [{ processType: 'api', port: 8080, protocol: 'http1' }] }];
const ALL = [process('web', 1), process('api', 2), process('worker', 1)];
const LIVE = ours('old', 'live', 'v1', { name: 'shop', processes: ALL });
const WISH = intent({
  before: { guid: 'old', version: 'v1', ran: true, destinations: ROUTED },
  handover: { whole: false, counts: { api: 2, worker: 1 } },
  keepInstancesOf: ['web', 'api', 'worker'],
});
const typesOf = (steps: readonly object[]) =>
  steps.flatMap((step) => ('processType' in step ? [step.processType] : []));

test('the candidate has it from its start', () => {
  const candidate = candidateAt('made', { processes: ALL });
  expect(typesOf(scaleSteps(WISH, snapshot({ live: LIVE, candidate })))).toEqual(['worker']);
});

test('live keeps it, and so may go back', () => {
  const candidate = candidateAt('serving', { processes: [process('api', 2), process('worker', 0)] });
  const steps = workersHandover(WISH, snapshot({ live: LIVE, candidate, lock: candidate }));
  expect(typesOf(steps)).toEqual(['worker', 'worker']);
  expect(steps[0]).toEqual({ do: 'record-given-up', had: { counts: { worker: 1 }, ran: true } });
  expect(steps.find((step) => step.do === 'await-gone')).toMatchObject({ types: ['worker'] });
});

test('and nothing is said of it', () => {
  const { notes } = chooseWorkers(WISH, { workers: 'handover' }, LIVE, { api: { instances: 2 } });
  expect(notes.join()).toContain('Handover: worker of shop');
});

test('it needs room beside what live has', () => {
  const sizes = { instances: 2, memoryMb: 256 };
  const named = { web: { ...sizes, instances: 1 }, api: sizes, worker: { ...sizes, instances: 1 } };
  expect(needOf(WISH, snapshot({ live: LIVE }), named).instances).toBe(3);
});
