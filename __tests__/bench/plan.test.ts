import { describe, expect, test } from '@jest/globals';
import { jobsOf, readArguments } from '../../bench/plan.js';
import { allSeries } from '../../bench/series/index.js';

const jobs = (...argv: string[]) => {
  const asked = readArguments(argv);
  return jobsOf(asked, Object.keys(allSeries(asked.settings))).map(
    ({ series, latencyMs }) => `${series} ${latencyMs}`,
  );
};

describe('what is asked', () => {
  test('one figure measures what it is made of, at each latency', () => {
    expect(jobs('switch-50')).toEqual(['blue-green-50 0', 'blue-green-50 50']);
    expect(jobs('switch-50', 'switch-growth', '--quick')).toEqual(['blue-green-50 0', 'blue-green-1 0']);
  });

  test('where calls do not count, one latency is enough', () => {
    expect(jobs('start', 'start-cached')).toEqual(['start 0', 'start-cached 0']);
    expect(jobs('memory')).toEqual(['several-apps 0', 'blue-green-1 0']);
  });

  test('the whole has no soak, each series once, and quick no 16 instances', () => {
    const whole = jobs();
    expect(new Set(whole).size).toBe(whole.length);
    expect(whole.filter((job) => job.startsWith('soak'))).toEqual([]);
    expect(whole).toContain('rolling-16 50');
    const quick = jobs('--quick');
    expect(quick.filter((job) => /16| 50$/.test(job))).toEqual([]);
    expect(quick).toContain('rolling-4 0');
  });

  test('the soak is all of its ways', () => {
    expect(jobs('soak')).toEqual(['soak-ours 0', 'soak-script 0', 'soak-rolling-push 0']);
  });

  test('the whole keeps what was measured of the soak, and one figure all others', () => {
    expect(readArguments([]).keeps).toEqual(['soak-script', 'soak-rolling-push']);
    expect(readArguments(['start']).keeps).toEqual(
      expect.arrayContaining(['blue-green-1', 'start', 'soak-script', 'soak-rolling-push']),
    );
  });

  test.each([
    [[], 'bench'],
    [['start'], 'bench'],
    [['soak'], 'bench'],
    [['--lanes', '1'], '.cache/bench'],
    [['--quick'], '.cache/bench'],
    [['start', '--quick'], '.cache/bench'],
    [['start', '--repeats', '2'], '.cache/bench'],
    [['soak', '--repeats', '5'], '.cache/bench'],
  ])('what %j measures is written to %s', (argv, folder) => {
    expect(readArguments(argv).folder).toBe(folder);
  });

  test('numbers go before those of the settings', () => {
    const { settings } = readArguments(['--repeats', '2', '--lanes', '1', 'start']);
    expect([settings.repeats, settings.starts, settings.soak.deploys, settings.lanes]).toEqual([2, 2, 2, 1]);
  });

  test.each([
    [['fast'], 'fast is no figure: blue-green-1'],
    [['--repeats'], '--repeats needs a number'],
    [['--lanes', '0'], '--lanes needs a number'],
    [['--slow'], '--slow is no figure'],
  ])('%j is refused', (argv, why) => {
    expect(() => readArguments(argv)).toThrow(why);
  });
});
