import { describe, expect, test } from '@jest/globals';
import { startHeartbeat } from '../../src/engine/heartbeat.js';
import { DEAD_AFTER_MS, HEARTBEAT_MS } from '../../src/engine/lock.js';
import { PlatformFault } from '../../src/model/errors.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { platformOf } from '../steps/scripted.js';
import { candidateAt } from '../strategies/support.js';
import { steppedClock } from './stepped-clock.js';

describe('the heartbeat', () => {
  async function turns(count: number) {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  test("beats on every candidate by the platform's clock, and not after its stop", async () => {
    const clock = steppedClock(0);
    const beats: string[] = [];
    const platform = platformOf({
      platformNowMs: () => 1_000_000 + clock.now(),
      updateApp: async (guid, { annotations }) => {
        beats.push(`${guid} ${annotations?.[ANNOTATION.heartbeat]}`);
        return candidateAt('made');
      },
    });
    const heartbeat = startHeartbeat({ platform, clock }, () => ['one', 'two']);
    await turns(4);
    await heartbeat.stop();
    const count = beats.length;
    await turns(4);
    expect(beats.slice(0, 2)).toEqual([`one ${1_000_000 + HEARTBEAT_MS}`, `two ${1_000_000 + HEARTBEAT_MS}`]);
    expect(beats).toHaveLength(count);
    expect(heartbeat.silentSinceMs()).toBeUndefined();
  });

  test('knows since when its signs got through: a sleep, or a fault that lasts, ends that', async () => {
    const clock = steppedClock(0);
    let isDown = false;
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      updateApp: async () => {
        if (isDown) throw new PlatformFault('away', false);
        return candidateAt('made');
      },
    });
    let sleptMs = 0;
    const sleepy = { ...clock, now: () => clock.now() + sleptMs };
    const heartbeat = startHeartbeat({ platform, clock: sleepy }, () => ['one']);
    expect(heartbeat.steadySinceMs()).toBeUndefined();
    await turns(8);
    const since = heartbeat.steadySinceMs();
    expect(since).toBe(HEARTBEAT_MS);
    expect(clock.now()).toBeGreaterThan(DEAD_AFTER_MS / 2);
    sleptMs = DEAD_AFTER_MS / 2;
    expect(heartbeat.steadySinceMs()).toBeUndefined();
    await turns(8);
    const again = heartbeat.steadySinceMs();
    expect(again).toBeGreaterThan(since ?? 0);
    isDown = true;
    await turns(16);
    expect(heartbeat.steadySinceMs()).toBeUndefined();
    await heartbeat.stop();
  });

  test.each([
    ['first', ['bad', 'good']],
    ['last', ['good', 'bad']],
  ])('is silent as long as one of several locks takes no sign (%s)', async (_, guids) => {
    const clock = steppedClock(0);
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      updateApp: async (guid) => {
        if (guid === 'bad') throw new PlatformFault('away', false);
        return candidateAt('made');
      },
    });
    const heartbeat = startHeartbeat({ platform, clock }, () => guids);
    await turns(16);
    const [silent, steady] = [heartbeat.silentSinceMs(), heartbeat.steadySinceMs()];
    await heartbeat.stop();
    expect([silent, steady]).toEqual([HEARTBEAT_MS, undefined]);
  });

  test('is held back while a last write is under way', async () => {
    const clock = steppedClock(0);
    const writes: string[] = [];
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      updateApp: async () => {
        writes.push('beat');
        return candidateAt('made');
      },
    });
    const heartbeat = startHeartbeat({ platform, clock }, () => ['one']);
    await turns(3);
    await heartbeat.hold(async () => {
      writes.push('begin');
      await turns(6);
      writes.push('end');
    });
    await turns(3);
    await heartbeat.stop();
    expect(writes[0]).toBe('beat');
    expect(writes.at(-1)).toBe('beat');
    expect(writes.indexOf('end')).toBe(writes.indexOf('begin') + 1);
  });

  test.each<[string, () => Promise<boolean>, boolean]>([
    ['waits, as the lock is no longer its own', async () => false, false],
    [
      'waits, as nobody can say whose the lock is',
      () => Promise.reject(new PlatformFault('away', false)),
      false,
    ],
    ['goes on, as the lock is its own still', async () => true, true],
  ])('after a sleep of the whole process: %s', async (_what, stillOurs, beats) => {
    const clock = steppedClock(0);
    const sleeping = {
      ...clock,
      now: () => clock.now() + (clock.slept.length > 0 ? DEAD_AFTER_MS : 0),
    };
    let count = 0;
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      updateApp: async () => {
        count += 1;
        return candidateAt('made');
      },
    });
    const heartbeat = startHeartbeat({ platform, clock: sleeping }, () => ['one'], stillOurs);
    await turns(4);
    await heartbeat.stop();
    expect(clock.slept.length).toBeGreaterThan(1);
    expect(count > 0).toBe(beats);
  });

  test('knows since when it is silent, and that it is heard again', async () => {
    const clock = steppedClock(0);
    let away = true;
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      updateApp: async () => {
        if (away) throw new PlatformFault('away', true);
        return candidateAt('made');
      },
    });
    const heartbeat = startHeartbeat({ platform, clock }, () => ['one']);
    await turns(5);
    expect(heartbeat.silentSinceMs()).toBe(HEARTBEAT_MS);
    away = false;
    await turns(5);
    expect(heartbeat.silentSinceMs()).toBeUndefined();
    await heartbeat.stop();
  });
});
