import { describe, expect, test } from '@jest/globals';
import { allOf, type Course, converge, isRepeated } from '../../src/engine/converge.js';
import {
  Cancelled,
  DeadlineOver,
  PlatformFault,
  PlatformRefusal,
  VersionFault,
} from '../../src/model/errors.js';
import { steppedClock } from './stepped-clock.js';

const fault = (retryAfterMs?: number) => new PlatformFault('the platform is away', false, 502, retryAfterMs);
const refusal = new PlatformRefusal('no', 422, 10_008, 'CF-UnprocessableEntity');

/** A course through these groups; what `perform` throws is asked for each time. */
function courseOf(
  groups: string[],
  thrown: (group: string, time: number) => Error | undefined,
  insists = false,
) {
  const performed: string[] = [];
  let refreshed = 0;
  const course: Course<string> = {
    refresh: async () => {
      refreshed += 1;
    },
    next: () => groups[0],
    perform: async (group) => {
      performed.push(group);
      const error = thrown(group, performed.length);
      if (error) throw error;
      groups.shift();
    },
    nameOf: (group) => group,
    insists: () => insists,
  };
  return { course, performed, refreshed: () => refreshed };
}

function patience(faultsMs = 60_000) {
  const clock = steppedClock();
  const told: string[] = [];
  const signal = new AbortController();
  return {
    clock,
    told,
    ending: signal,
    patience: {
      clock,
      signal: signal.signal,
      faultsMs: () => faultsMs,
      tell: (text: string) => told.push(text),
    },
  };
}

describe('converge', () => {
  test('looks again after each group, and once more to see that nothing is left', async () => {
    const { course, performed, refreshed } = courseOf(['a', 'b'], () => undefined);
    await converge(course, patience().patience);
    expect(performed).toEqual(['a', 'b']);
    expect(refreshed()).toBe(3);
  });

  test('repeats after a fault, with pauses that grow, and says so', async () => {
    const { course, performed } = courseOf(['a'], (_group, time) => (time < 4 ? fault() : undefined));
    const { patience: patient, clock, told } = patience();
    await converge(course, patient);
    expect(performed).toEqual(['a', 'a', 'a', 'a']);
    expect(clock.slept).toEqual([500, 1_000, 2_000]);
    expect(told[0]).toBe('the platform is away Looking again in 0.5 s.');
  });

  test('what was done though its answer was lost is progress: the pauses do not grow', async () => {
    const groups = ['a', 'b', 'c'];
    const { course } = courseOf(groups, () => undefined);
    course.perform = async () => {
      groups.shift();
      throw fault();
    };
    const { patience: patient, clock } = patience();
    await converge(course, patient);
    expect(clock.slept).toEqual([500, 500, 500]);
  });

  test('waits as long as the platform asks for', async () => {
    const { course } = courseOf(['a'], (_group, time) => (time < 2 ? fault(7_000) : undefined));
    const { patience: patient, clock } = patience();
    await converge(course, patient);
    expect(clock.slept).toEqual([7_000]);
  });

  test('told to wait for longer than its patience, it ends at once', async () => {
    const { course, performed } = courseOf(['a'], () => fault(61_000));
    const { patience: patient, clock } = patience(60_000);
    await expect(converge(course, patient)).rejects.toMatchObject({ retryAfterMs: 61_000 });
    expect(performed).toEqual(['a']);
    expect(clock.slept).toEqual([]);
  });

  test('goes on without a group that fails for ever, where the course can do without it', async () => {
    const groups = ['a', 'b', 'c'];
    const { course, performed } = courseOf(groups, (group) => (group === 'b' ? fault() : undefined));
    const left: string[] = [];
    course.leave = (group) => {
      left.push(groups.shift() ?? '');
      return group === 'b';
    };
    await converge(course, patience(5_000).patience);
    expect(left).toEqual(['b']);
    expect(performed.at(-1)).toBe('c');
    expect(performed.filter((group) => group === 'b').length).toBeGreaterThan(3);
  });

  test('a platform that cannot be read is no group to go on without', async () => {
    const { course } = courseOf(['a'], () => undefined);
    course.refresh = async () => {
      throw fault();
    };
    course.leave = () => true;
    await expect(converge(course, patience(5_000).patience)).rejects.toBeInstanceOf(PlatformFault);
  });

  test('throws the fault itself when the patience is over, which a group that was done renews', async () => {
    const { course } = courseOf(['a', 'b'], (group, time) =>
      group === 'b' || time < 4 ? fault() : undefined,
    );
    const { patience: patient, clock } = patience(5_000);
    await expect(converge(course, patient)).rejects.toBeInstanceOf(PlatformFault);
    // 3.5 s for a, then more than 5 s for b alone.
    expect(clock.now()).toBeGreaterThanOrEqual(8_500);
  });

  test('a group that comes again and again is a fault, not an endless loop', async () => {
    const { course, performed } = courseOf(['a'], () => undefined);
    course.next = () => 'a';
    const { patience: patient, clock } = patience(20_000);
    await expect(converge(course, patient)).rejects.toThrow('shows no effect: a');
    expect(performed).toHaveLength(5);
    expect(clock.now()).toBeGreaterThanOrEqual(20_000);
  });

  test('throws a sign against the version at once', async () => {
    const { course, performed } = courseOf(['a'], () => new VersionFault('500', 'smoke'));
    await expect(converge(course, patience().patience)).rejects.toBeInstanceOf(VersionFault);
    expect(performed).toEqual(['a']);
  });

  test('is ended by the signal before it reads anything', async () => {
    const { course, refreshed } = courseOf(['a'], () => undefined);
    const { patience: patient, ending } = patience();
    ending.abort(new Cancelled('the job was cancelled'));
    await expect(converge(course, patient)).rejects.toBeInstanceOf(Cancelled);
    expect(refreshed()).toBe(0);
  });
});

describe('isRepeated', () => {
  test.each<[string, Error, boolean, boolean]>([
    ['a fault', fault(), true, true],
    ['a refusal', refusal, false, true],
    ['a deadline', new DeadlineOver('over'), false, true],
    ['a sign against the version', new VersionFault('x', 'smoke'), false, false],
    ['a cancelled run', new Cancelled('x'), false, false],
    ['a defect of ours', new TypeError('x'), false, false],
  ])('%s', (_name, error, plain, insisting) => {
    expect([isRepeated(error, false), isRepeated(error, true)]).toEqual([plain, insisting]);
  });
});

describe('allOf', () => {
  test('works on at most so many at a time, and on all', async () => {
    let [now, most] = [0, 0];
    const done: number[] = [];
    await allOf([1, 2, 3, 4, 5], 2, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await Promise.resolve();
      now -= 1;
      done.push(item);
    });
    expect(most).toBe(2);
    expect(done.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  test('lets all end before it throws, and throws what leads back rather than a fault', async () => {
    const done: number[] = [];
    const work = async (item: number) => {
      await Promise.resolve();
      done.push(item);
      if (item === 1) throw fault();
      if (item === 2) throw new VersionFault('500', 'smoke');
    };
    await expect(allOf([1, 2, 3], 1, work)).rejects.toBeInstanceOf(VersionFault);
    expect(done).toEqual([1, 2, 3]);
  });

  test('a step that throws at once does not take its lane with it', async () => {
    const done: number[] = [];
    const work = (item: number): Promise<void> => {
      if (item === 1) throw fault();
      done.push(item);
      return Promise.resolve();
    };
    await expect(allOf([1, 2], 1, work)).rejects.toBeInstanceOf(PlatformFault);
    expect(done).toEqual([2]);
  });

  test('nothing to do is done', async () => {
    await expect(allOf([], 3, async () => undefined)).resolves.toBeUndefined();
  });
});
