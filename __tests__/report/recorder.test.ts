import { describe, expect, test } from '@jest/globals';
import type { Fact } from '../../src/model/ports.js';
import { MOST_BUCKETS, MOST_POINTS } from '../../src/report/probe-points.js';
import { MOST, Recorder } from '../../src/report/recorder.js';
import { PROBE_ENDS, type StoryBucket, switchOf } from '../../src/report/story.js';

const BEGAN = 1_700_000_000_000;

function recorder() {
  const clock = { ms: BEGAN };
  return { clock, kept: new Recorder(() => clock.ms) };
}

function probe(atMs: number, of: Partial<Fact & { type: 'probe' }> = {}): Fact {
  const usual = {
    route: 'shop.example.com',
    durationMs: 5,
    status: 200,
    version: 'v1',
    end: 'passed',
  } as const;
  return { type: 'probe', startedMs: BEGAN + atMs, ...usual, ...of };
}

const sum = (buckets: readonly StoryBucket[], of: (bucket: StoryBucket) => number) =>
  buckets.reduce((total, bucket) => total + of(bucket), 0);
const passed = ({ passed: all }: StoryBucket) => all.reduce((total, one) => total + one, 0);

describe('steps', () => {
  test('times are those since the beginning; a step knows its stage and which way it led', () => {
    const { clock, kept } = recorder();
    clock.ms += 40;
    kept.tell({ type: 'group-start', title: 'shop: map', stage: 'map', way: 'forward' });
    clock.ms += 60;
    kept.tell({ type: 'group-end', ok: true, durationMs: 60 });
    const step = { title: 'shop: map', startMs: 40, durationMs: 60, ok: true, stage: 'map', way: 'forward' };
    expect(kept.story().steps).toEqual([step]);
    expect(kept.story().startedAtMs).toBe(BEGAN);
  });

  test('the switch is from the first route that gains the candidate to the last that loses live', () => {
    const at = (stage: string, startMs: number, way = 'forward') => ({
      ...{ title: stage, stage, way, startMs, durationMs: 10, ok: true },
    });
    const steps = [at('stage', 0), at('map', 100), at('prove', 120), at('unmap', 150), at('drain', 200)];
    expect(switchOf(steps)).toEqual({ startMs: 100, endMs: 160 });
    expect(switchOf(steps, true)).toBeUndefined();
    expect(switchOf([...steps, at('map', 300, 'back')], true)).toEqual({ startMs: 300, endMs: 310 });
    expect(switchOf([at('roll', 5), at('await', 20)])).toEqual({ startMs: 5, endMs: 30 });
    expect(switchOf([at('stage', 0)])).toBeUndefined();
  });
});

describe('when nobody asked for all of it', () => {
  test('neither calls, nor lines, nor single requests are kept', () => {
    const { kept } = recorder();
    kept.tell({ type: 'note', text: 'a line' });
    kept.call({ method: 'GET', path: '/v3/apps', status: 200, startMs: BEGAN, durationMs: 1 });
    kept.record(probe(10));
    const { log, calls, probes } = kept.story();
    expect([log, calls, probes.points]).toEqual([[], [], undefined]);
    expect(probes.buckets).toEqual([{ startMs: 0, passed: [1], failed: 0, others: 0, slowestMs: 5 }]);
  });

  test('a watch of a day takes no more than a watch of minutes, and no request is lost', () => {
    const { kept } = recorder();
    const count = 24 * 3_600;
    for (let at = 0; at < count; at += 1)
      kept.record(probe(at * 1_000, { end: at % 100 === 0 ? 'failed' : 'passed', version: `v${at % 3}` }));
    const { buckets, bucketMs, versions } = kept.story().probes;
    expect(buckets.length).toBeLessThanOrEqual(MOST_BUCKETS);
    expect(sum(buckets, passed) + sum(buckets, ({ failed }) => failed)).toBe(count);
    expect(sum(buckets, ({ failed }) => failed)).toBe(count / 100);
    expect(versions).toEqual(['v0', 'v1', 'v2']);
    expect(buckets.map(({ startMs }) => startMs % bucketMs)).toEqual(buckets.map(() => 0));
    expect(new Set(buckets.map(({ startMs }) => startMs)).size).toBe(buckets.length);
  });
});

describe('when all of it is asked for', () => {
  test('each request of 200,000 is there', () => {
    const { kept } = recorder();
    kept.keepAll();
    for (let at = 0; at < 200_000; at += 1)
      kept.record(probe(at, { status: at % 2 ? 502 : 200, end: at % 2 ? 'failed' : 'passed' }));
    const { points } = kept.story().probes;
    expect(points?.startMs.length).toBe(200_000);
    expect(points?.leftOut).toBe(0);
    expect([points?.startMs[199_999], points?.status[199_999], points?.end[199_999]]).toEqual([
      199_999,
      502,
      PROBE_ENDS.indexOf('failed'),
    ]);
  });

  test('beyond the most that is kept requests that passed go, and none that failed', () => {
    const { kept } = recorder();
    kept.keepAll();
    const count = MOST_POINTS + 10;
    for (let at = 0; at < count; at += 1)
      kept.record(probe(at, { end: at % 1_000 === 7 ? 'failed' : 'passed' }));
    const { points, buckets } = kept.story().probes;
    const failed = Array.from(points?.end ?? []).filter((end) => end === PROBE_ENDS.indexOf('failed'));
    expect(failed).toHaveLength(Math.ceil((count - 7) / 1_000));
    expect((points?.startMs.length ?? 0) + (points?.leftOut ?? 0)).toBe(count);
    expect(sum(buckets, passed) + sum(buckets, (bucket) => bucket.failed)).toBe(count);
    const times = Array.from(points?.startMs ?? []);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  test('where nearly all failed there is an end, too', () => {
    const { kept } = recorder();
    kept.keepAll();
    for (let at = 0; at < MOST_POINTS + 1; at += 1) kept.record(probe(at, { end: 'failed' }));
    expect(kept.story().probes.points?.startMs.length).toBe(MOST_POINTS / 2 + 1);
  });

  test('of lines and calls the first and the last ones are kept', () => {
    const { kept } = recorder();
    kept.keepAll();
    for (let at = 0; at < 3 * MOST.log; at += 1) kept.tell({ type: 'note', text: `line ${at}` });
    const { log, leftOut } = kept.story();
    expect(log.length).toBeLessThanOrEqual(MOST.log);
    expect(log.length + leftOut.log).toBe(3 * MOST.log);
    expect([log[0]?.text, log.at(-1)?.text]).toEqual(['line 0', `line ${3 * MOST.log - 1}`]);
  });

  test('a long text is cut between lines: half a secret would be hidden by nobody', () => {
    const { kept } = recorder();
    kept.keepAll();
    const line = 'x'.repeat(999);
    kept.tell({ type: 'foreign', source: 'app', text: Array.from({ length: 100 }, () => line).join('\n') });
    kept.tell({ type: 'foreign', source: 'app', text: 'y'.repeat(100_000) });
    const [many, one] = kept.story().log;
    expect(many?.text.split('\n').slice(0, -1)).toEqual(Array.from({ length: 65 }, () => line));
    expect(one?.text).toBe('\n(100000 more characters)');
  });

  test('what an app calls its version is believed only where it looks like one, and only so many', () => {
    const { kept } = recorder();
    kept.record(probe(0, { version: '<script>' }));
    for (let at = 0; at < 40; at += 1) kept.record(probe(at, { version: `v${at}` }));
    const { versions, buckets } = kept.story().probes;
    expect(versions.slice(0, 2)).toEqual(['unknown', 'v0']);
    expect(versions).toHaveLength(20);
    expect(versions.at(-1)).toBe('others');
    expect(sum(buckets, passed)).toBe(41);
  });
});

test('instances are written down when they change', () => {
  const { kept } = recorder();
  const seen = (atMs: number, ready: number): Fact => ({
    ...{ type: 'instances', app: 'shop', atMs: BEGAN + atMs, ready, wanted: 2, before: 1 },
  });
  for (const [at, ready] of [
    [0, 0],
    [10, 0],
    [20, 1],
    [30, 1],
  ] as const)
    kept.record(seen(at, ready));
  expect(kept.story().instances.map(({ atMs, ready }) => [atMs, ready])).toEqual([
    [0, 0],
    [20, 1],
  ]);
});
