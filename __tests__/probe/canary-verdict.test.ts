/** When a canary is taken for bad: what a user would feel is seen, and what chance brings is not. */
import { describe, expect, test } from '@jest/globals';
import {
  binomialTail,
  chanceOfSlower,
  isHopeless,
  judgeCanary,
  type Sample,
} from '../../src/probe/canary-verdict.js';

/** Numbers from 0 to 1, the same ones in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Kind {
  count?: number;
  index?: number;
  errors?: number;
  ms?: (at: number) => number;
}

function of(side: Sample['side'], { count = 20, index = 0, errors = 0, ms = (at) => 10 + at }: Kind = {}) {
  return Array.from({ length: count }, (_, at): Sample => {
    // Spread, so that neither side has them at its end.
    const isError = Math.floor((at * errors) / count) !== Math.floor(((at + 1) * errors) / count);
    return { side, index, durationMs: ms(at), ...(isError ? { error: '500: not a 2xx' } : {}) };
  });
}

const slow = (more: number) => (at: number) => 10 + at + more;

describe('a canary is as good as live', () => {
  test.each<[string, Sample[]]>([
    ['with the same answers', [...of('canary'), ...of('live')]],
    ['with one lost request', [...of('canary', { errors: 1 }), ...of('live')]],
    ['with two lost requests', [...of('canary', { errors: 2 }), ...of('live')]],
    ['that fails as live does', [...of('canary', { errors: 4 }), ...of('live', { errors: 4 })]],
    ['that fails a little more', [...of('canary', { errors: 4 }), ...of('live', { errors: 2 })]],
    ['and a few milliseconds slower', [...of('canary', { ms: slow(60) }), ...of('live')]],
    [
      'and slower by a part of what a slow live takes',
      [...of('canary', { ms: slow(1_200) }), ...of('live', { ms: slow(1_000) })],
    ],
    [
      'whose first answers take long',
      [...of('canary', { ms: (at) => (at < 8 ? 3_000 : 12) }), ...of('live', { ms: () => 12 })],
    ],
    ['and faster', [...of('canary'), ...of('live', { ms: slow(500) })]],
    ['where all instances are new', of('canary', { ms: slow(900), errors: 2 })],
    [
      'with a failure of each of three instances in long watching',
      [0, 1, 2].flatMap((index) => [
        ...of('canary', { index, count: 300, errors: 1 }),
        ...of('live', { index, count: 300, errors: 1 }),
      ]),
    ],
  ])('%s', (_name, samples) => {
    expect(judgeCanary(samples).bad).toBeUndefined();
  });
});

describe('a canary is bad', () => {
  test.each<[string, Sample[], RegExp]>([
    [
      'that fails always',
      [...of('canary', { errors: 20 }), ...of('live')],
      /^instance 0: 20 of 20 .*\(500: not/,
    ],
    [
      'that fails as always as live',
      [...of('canary', { errors: 20 }), ...of('live', { errors: 20 })],
      /20 of 20/,
    ],
    ['that fails always where nobody else is', of('canary', { errors: 20 }), /20 of 20/],
    ['that fails sometimes where nobody else is', of('canary', { errors: 5 }), /5 of 20 .*live 0 of 0/],
    ['that fails sometimes', [...of('canary', { errors: 4 }), ...of('live')], /4 of 20 .*of live 0 of 20/],
    [
      'that fails sometimes, and live seldom',
      [...of('canary', { errors: 6 }), ...of('live', { errors: 1 })],
      /6 of 20 .*of live 1 of 20/,
    ],
    [
      'that is slow',
      [...of('canary', { ms: slow(1_500) }), ...of('live')],
      /take 15\d\d ms or longer, of live's 20 ms/,
    ],
    ['that is slow by little, always', [...of('canary', { ms: slow(110) }), ...of('live')], /or longer/],
    [
      'of which one instance is bad',
      [0, 1, 2, 3].flatMap((index) => [
        ...of('canary', { index, errors: index === 2 ? 6 : 0 }),
        ...of('live', { index }),
      ]),
      /^instance 2: 6 of 20/,
    ],
    [
      'of which one instance is slow',
      [0, 1, 2].flatMap((index) => [
        ...of('canary', { index, ms: slow(index === 1 ? 2_000 : 0) }),
        ...of('live', { index }),
      ]),
      /^instance 1: half of its answers/,
    ],
    [
      'of which each instance fails a little',
      [0, 1, 2, 3].flatMap((index) => [...of('canary', { index, errors: 2 }), ...of('live', { index })]),
      /^its instances together: 8 of 80/,
    ],
  ])('%s', (_name, samples, why) => {
    expect(judgeCanary(samples).bad).toMatch(why);
  });
});

test('equal versions are hardly ever told apart, and a bad one hardly ever escapes', () => {
  const random = seeded(7);
  const pause = (rate: number, ms: number, side: Sample['side']) =>
    Array.from({ length: 60 }, (_, at): Sample => {
      const durationMs = ms * (0.5 + random() + (random() < 0.05 ? 20 : 0));
      return { side, index: at % 3, durationMs, ...(random() < rate ? { error: '500' } : {}) };
    });
  const found = (rate: number, ms: number) =>
    Array.from({ length: 1_000 }, () =>
      judgeCanary([...pause(rate, ms, 'canary'), ...pause(0.02, 50, 'live')]),
    ).filter(({ bad }) => bad !== undefined).length;
  expect(found(0.02, 50)).toBeLessThan(20);
  expect(found(0.3, 50)).toBeGreaterThan(990);
  expect(found(0.02, 250)).toBeGreaterThan(990);
});

test('the figures of both', () => {
  const { canary, live } = judgeCanary([
    ...of('canary', { errors: 2, ms: () => 30 }),
    ...of('live', { ms: () => 20 }),
  ]);
  expect(canary).toEqual({ probes: 20, errors: 2, medianMs: 30 });
  expect(live).toEqual({ probes: 20, errors: 0, medianMs: 20 });
  expect(judgeCanary([]).canary).toEqual({ probes: 0, errors: 0 });
});

test('hopeless is an instance of which nothing came but failures, several times', () => {
  expect(isHopeless(of('canary', { count: 4, errors: 4 }))).toBe(false);
  expect(isHopeless(of('canary', { count: 5, errors: 5 }))).toBe(true);
  expect(isHopeless(of('canary', { count: 20, errors: 19 }))).toBe(false);
  expect(isHopeless(of('live', { count: 20, errors: 20 }))).toBe(false);
  expect(
    isHopeless([...of('canary', { count: 9 }), ...of('canary', { index: 1, count: 5, errors: 5 })]),
  ).toBe(true);
});

test.each([
  [0, 20, 0.1, 1],
  [1, 20, 0.1, 0.8784],
  [3, 20, 0.0238, 0.01135],
  [20, 20, 0.5, 9.5e-7],
])('at least %i of %i at a rate of %f come with the chance %f', (least, count, rate, chance) => {
  expect(binomialTail(least, count, rate)).toBeCloseTo(chance, 4);
});

test('ranks: alike is even, all above is rare, all below is certain', () => {
  const low = Array.from({ length: 20 }, (_, at) => at);
  const high = low.map((one) => one + 100);
  expect(chanceOfSlower(low, low)).toBeCloseTo(0.5, 3);
  expect(chanceOfSlower(high, low)).toBeLessThan(1e-6);
  expect(chanceOfSlower(low, high)).toBeGreaterThan(1 - 1e-6);
  expect(chanceOfSlower([], low)).toBe(1);
  expect(chanceOfSlower([...low, 50], low)).toBeCloseTo(0.44, 1);
});
