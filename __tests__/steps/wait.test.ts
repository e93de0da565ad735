import { expect, test } from '@jest/globals';
import { DeadlineOver } from '../../src/model/errors.js';
import { waitFor } from '../../src/steps/wait.js';
import type { World } from '../../src/steps/world.js';

/** Time passes with each sleep alone. */
function waited(states: readonly { untilMs: number; state: string }[], doneAtMs: number, deadlineMs: number) {
  const told: string[] = [];
  let nowMs = 0;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  const clock = { now: () => nowMs, sleep };
  const listener = {
    tell: ({ text }: { text: string }) => told.push(`${Math.round(nowMs / 1_000)} s: ${text}`),
  };
  const world = { clock, listener, signal: new AbortController().signal } as unknown as World;
  const look = async () => {
    const { state = 'x' } = states.find(({ untilMs }) => nowMs < untilMs) ?? {};
    return { state, ...(nowMs >= doneAtMs ? { done: true } : {}) };
  };
  return {
    told,
    nowMs: () => nowMs,
    ending: waitFor(world, { what: 'the instances of shop', deadlineMs, look }),
  };
}

test('what changes is told at once, and in silence what is waited for, with the time that is left', async () => {
  const states = [
    { untilMs: 10_000, state: 'ready 0/2' },
    { untilMs: 80_000, state: 'ready 1/2' },
    { untilMs: 99_000, state: 'ready 2/2' },
  ];
  const { told, ending } = waited(states, 80_000, 600_000);
  await expect(ending).resolves.toBe(true);
  expect(told.map((line) => line.replace(/^\d+ s: /, ''))).toEqual([
    'ready 0/2 (at most 10 min more)',
    'ready 1/2 (at most 10 min more)',
    'still waiting for the instances of shop: ready 1/2 (at most 9 min more)',
    'still waiting for the instances of shop: ready 1/2 (at most 9 min more)',
    'ready 2/2',
  ]);
  const seconds = told.map((line) => Number.parseInt(line, 10));
  expect((seconds[2] ?? 0) - (seconds[1] ?? 0)).toBeGreaterThanOrEqual(30);
});

test.each([100, 1_500, 9_000, 70_000])('what comes after %i ms is seen a little later', async (doneAtMs) => {
  const { nowMs, ending } = waited([], doneAtMs, 600_000);
  await ending;
  expect(nowMs() - doneAtMs).toBeGreaterThanOrEqual(0);
  expect(nowMs() - doneAtMs).toBeLessThanOrEqual(Math.min(2_000, Math.max(200, 0.1 * doneAtMs)));
});

test('the end of patience says what was waited for, and what was seen last', async () => {
  const { ending } = waited([{ untilMs: 99_000, state: 'ready 0/2' }], 99_000, 5_000);
  const error = await ending.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(DeadlineOver);
  expect(error.message).toBe('Gave up waiting for the instances of shop. Last seen: ready 0/2.');
});
