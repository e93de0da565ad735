/** A sample of the points on real processes; `npm run matrix` tries every one. */
import { expect, jest, test } from '@jest/globals';
import { tryOnProcesses } from '../matrix/steps/ground.js';
import { nameOf, POINTS, TRIALS, type Trial } from '../matrix/steps/points.js';

jest.setTimeout(400_000);

/** Killed where nothing else shows the kind, or where both versions serve; cancelled at the ends of the switch. */
const SAMPLE: readonly Trial[] = [
  { command: 'deploy', kind: 'push-bits', end: 'kill' },
  { command: 'deploy', kind: 'smoke-script', end: 'cancel' },
  { command: 'deploy', kind: 'mark', end: 'kill' },
  { command: 'deploy', kind: 'map', end: 'cancel' },
  { command: 'rollback', kind: 'start', end: 'cancel' },
  { command: 'rollback', kind: 'map', end: 'kill' },
  { command: 'rollback', kind: 'unmap', end: 'cancel' },
  { command: 'rollback', kind: 'rename', end: 'kill' },
  { command: 'rolling', kind: 'apply-to-live', end: 'cancel' },
  { command: 'promote', kind: 'prove', end: 'kill' },
];

test('interrupted at a step, users stay served, and the same command again converges', async () => {
  const tried = await tryOnProcesses(SAMPLE, SAMPLE.length);
  expect(tried.map(({ name }) => name).sort()).toEqual(SAMPLE.map(nameOf).sort());
  expect(tried.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
});

test('each kind of step has its points', () => {
  const kinds = Object.keys(POINTS.deploy);
  // Nothing is built on the way back, and no manifest gives a route other options.
  const back = kinds.filter((kind) => !['push-bits', 'stage', 'set-options'].includes(kind));
  expect(Object.keys(POINTS.rollback).sort()).toEqual(back.sort());
  const all = Object.values(POINTS).flatMap((of) => Object.keys(of));
  expect(TRIALS).toHaveLength(2 * all.length);
});
