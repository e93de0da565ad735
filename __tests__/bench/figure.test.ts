import { describe, expect, test } from '@jest/globals';
import { type Figure, type Measured, rowOf, type Sample } from '../../bench/figure.js';
import { figures, soakFigures } from '../../bench/figures.js';
import { allSeries } from '../../bench/series/index.js';
import { FULL, QUICK } from '../../bench/settings.js';

const MACHINE = { platform: 'linux', cpus: 2, node: 'v24.0.0' };
const samples = (ours: Sample[], instead: Sample[] = [], endedAt = new Date(0)): Measured => {
  return { ours, instead, endedAt };
};
const taken = (of: Record<string, Measured>) => (series: string) => {
  const found = of[series];
  if (!found) throw new Error(`${series} was not measured`);
  return found;
};
function named(name: string): Figure {
  const found = [...figures(FULL), ...soakFigures(FULL)].find((figure) => figure.name === name);
  if (!found) throw new Error(`no figure ${name}`);
  return found;
}

describe('what is judged', () => {
  test.each([
    [2_000, true],
    [2_500, true],
    [2_501, false],
  ])('%d ms beside 10 s with a target of 0.25: %s', (ms, reached) => {
    const unchanged = samples([{ ms }], [{ ms: 10_000 }]);
    const row = rowOf(named('unchanged'), 0, taken({ unchanged }), FULL, MACHINE);
    expect([row.ratio, row.target, row.reached]).toEqual([ms / 10_000, 0.25, reached]);
    expect(row.settings).toBe('0 ms per call, 1 times');
  });

  test('the target may depend on how long a call takes', () => {
    const of = taken({ 'blue-green-50': samples([{ ms: 40 }], [{ ms: 100 }]) });
    expect(rowOf(named('blue-green-50'), 0, of, FULL, MACHINE)).toMatchObject({ target: 0.6, reached: true });
    expect(rowOf(named('blue-green-50'), 50, of, FULL, MACHINE)).toMatchObject({
      target: 0.3,
      reached: false,
    });
  });

  test('growth is judged by itself, and the other way is shown', () => {
    const of = taken({
      'blue-green-1': samples([{ ms: 0, switchMs: 100 }], [{ ms: 0, switchMs: 200 }]),
      'blue-green-50': samples([{ ms: 0, switchMs: 140 }], [{ ms: 0, switchMs: 9_000 }]),
    });
    const row = rowOf(named('switch-growth'), 50, of, FULL, MACHINE);
    expect([row.ours.median, row.other?.median, row.reached]).toEqual([1.4, 45, true]);
  });

  test('one call for each route is taken off, and neither may be far from the other', () => {
    const of = (many: number, crowded: number) =>
      taken({
        'blue-green-50': samples([{ ms: 0, calls: many }]),
        crowded: samples([{ ms: 0, calls: crowded }]),
      });
    const reached = (many: number, crowded: number) =>
      rowOf(named('calls-growth'), 0, of(many, crowded), FULL, MACHINE).reached;
    expect(reached(170, 101)).toBe(true);
    expect(reached(171, 101)).toBe(false);
    expect(reached(150, 121)).toBe(true);
    expect(reached(150, 122)).toBe(false);
  });

  test.each([
    [0, true],
    [1, false],
  ])('%d failed requests in the soak: %s, however many failed otherwise', (failed, reached) => {
    const of = taken({
      'soak-ours': samples([{ ms: 0, sent: 1_000, failed }]),
      'soak-script': samples([], [{ ms: 0, sent: 100, failed: 7 }]),
    });
    const row = rowOf(named('soak-script'), 0, of, FULL, MACHINE);
    expect([row.ours.median, row.other?.median, row.reached]).toEqual([failed, 7, reached]);
  });

  test('what is listed has no target', () => {
    const of = taken({ 'blue-green-1': samples([{ ms: 0, calls: 100 }], [{ ms: 0, calls: 50 }]) });
    const row = rowOf(named('calls-1'), 0, of, FULL, MACHINE);
    expect([row.ratio, 'target' in row, 'reached' in row]).toEqual([2, false, false]);
  });

  test('a row tells when the last of its series ended, and where', () => {
    const of = taken({
      'blue-green-1': samples([{ ms: 0, switchMs: 1 }], [], new Date(2_000)),
      'blue-green-50': samples([{ ms: 0, switchMs: 1 }], [], new Date(1_000)),
      unchanged: samples([], [], new Date(3_000)),
    });
    const { measuredAt, machine } = rowOf(named('switch-growth'), 0, of, FULL, MACHINE);
    expect([measuredAt, machine]).toEqual(['1970-01-01T00:00:02.000Z', MACHINE]);
  });

  test('what was not seen cannot be told', () => {
    const of = taken({ 'blue-green-50': samples([{ ms: 1 }], [{ ms: 1 }]) });
    expect(() => rowOf(named('switch-50'), 0, of, FULL, MACHINE)).toThrow();
    expect(() => rowOf(named('switch-50'), 0, taken({}), FULL, MACHINE)).toThrow('was not measured');
  });
});

test.each([FULL, QUICK])(
  'every figure has a name of its own, and its series are there: $name',
  (settings) => {
    const all = [...figures(settings), ...soakFigures(settings)];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    const known = Object.keys(allSeries(settings));
    for (const { name, needs } of all)
      expect([name, needs.filter((series) => !known.includes(series))]).toEqual([name, []]);
  },
);
