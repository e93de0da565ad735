import { describe, expect, test } from '@jest/globals';
import {
  DEAD_AFTER_MS,
  HEARTBEAT_MS,
  lastSignMs,
  ownerState,
  startHeartbeat,
  takeOver,
} from '../../src/engine/lock.js';
import type { AppState } from '../../src/model/cloud.js';
import { Cancelled, PlatformFault, Refused } from '../../src/model/errors.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { platformOf } from '../steps/scripted.js';
import { candidateAt } from '../strategies/support.js';
import { steppedClock } from './stepped-clock.js';

function held(owner: string, beatMs: number | string, over: Partial<AppState> = {}): AppState {
  const candidate = candidateAt('switching', {
    annotations: { [ANNOTATION.heartbeat]: String(beatMs) },
    ...over,
  });
  return { ...candidate, labels: { ...candidate.labels, [LABEL.owner]: owner } };
}

describe('the owner', () => {
  const first = held('other', 1_000);
  test.each<[string, AppState, number, string]>([
    ['has beaten since', held('other', 2_000), 1_000 + DEAD_AFTER_MS * 9, 'alive'],
    ['is another now', held('third', 1_000), 1_000 + DEAD_AFTER_MS * 9, 'alive'],
    ['is silent for not long enough', first, 1_000 + DEAD_AFTER_MS, 'unsure'],
    ['is silent for too long', first, 1_001 + DEAD_AFTER_MS, 'dead'],
  ])('%s', (_name, now, platformNowMs, state) => {
    expect(ownerState(first, now, platformNowMs)).toBe(state);
  });

  test.each(['', 'soon', '-1', 'NaN', '0'])(
    'a heartbeat %p is none: the making of the candidate counts',
    (beat) => {
      expect(lastSignMs(held('other', beat, { createdAtMs: 77 }))).toBe(77);
    },
  );
});

describe('takeOver', () => {
  function lock(reads: (AppState | undefined)[], nowMs: number, ended = false) {
    const asked: string[] = [];
    const clock = steppedClock(nowMs);
    const writes: unknown[] = [];
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      updateApp: async (_guid, change) => {
        writes.push(change);
        return held('me', clock.now());
      },
    });
    const ending = new AbortController();
    const hasEnded = async (owner: string) => {
      asked.push(owner);
      return ended;
    };
    const ports = { platform, clock, signal: ending.signal, tell: () => undefined, hasEnded };
    const read = async () => (reads.length > 1 ? reads.shift() : reads[0]);
    return { asked, writes, clock, ending, take: () => takeOver(ports, 'me', read) };
  }

  test('no candidate: the lock is free, nothing is written', async () => {
    const { take, writes } = lock([undefined], 0);
    expect(await take()).toBe(false);
    expect(writes).toEqual([]);
  });

  test('a living owner is left alone', async () => {
    const { take, writes, clock } = lock([held('other', 0), held('other', 0), held('other', 9_000)], 5_000);
    await expect(take()).rejects.toMatchObject({ name: 'Refused', code: 'locked' });
    expect(writes).toEqual([]);
    expect(clock.slept).toHaveLength(2);
  });

  test('an owner that ends its deploy meanwhile frees the lock', async () => {
    const { take, writes } = lock([held('other', 0), undefined], 5_000);
    expect(await take()).toBe(false);
    expect(writes).toEqual([]);
  });

  test('a dead owner is watched until it is surely dead, then the lock passes on', async () => {
    const dead = held('other', 0);
    const { take, writes, clock } = lock([dead, dead, held('me', 41_000)], DEAD_AFTER_MS - 1_000);
    expect(await take()).toBe(true);
    expect(clock.now()).toBeGreaterThan(DEAD_AFTER_MS);
    expect(writes).toEqual([
      { labels: { [LABEL.owner]: 'me' }, annotations: { [ANNOTATION.heartbeat]: expect.any(String) } },
    ]);
  });

  test('an owner that missed a beat, and whose run has ended, is dead at once', async () => {
    const other = held('other', 0);
    const { take, asked, clock } = lock([other, other, held('me', 22_000)], 14_000, true);
    expect(await take()).toBe(true);
    expect(asked).toEqual(['other']);
    expect(clock.now()).toBeLessThan(DEAD_AFTER_MS / 2);
  });

  test('a run that ended may have a process that lives: a beat that moves wins', async () => {
    const { take, asked } = lock([held('other', 0), held('other', 12_000)], 14_000, true);
    await expect(take()).rejects.toMatchObject({ code: 'locked' });
    expect(asked).toEqual([]);
  });

  test('where nobody knows of the run, it is asked for again only every ten seconds', async () => {
    const other = held('other', 0);
    const reads = Array.from({ length: 14 }, () => other);
    const { take, asked } = lock([...reads, held('me', 42_000)], 15_100);
    expect(await take()).toBe(true);
    expect(asked).toHaveLength(3);
  });

  test('of two that take over, the one that wrote first yields', async () => {
    const { take } = lock([held('other', 0), held('faster', 99_000)], 99_000);
    await expect(take()).rejects.toBeInstanceOf(Refused);
  });

  test('a cancelled run takes nothing', async () => {
    const { take, ending, writes } = lock([held('other', 0)], 1_000);
    ending.abort(new Cancelled('cancelled'));
    await expect(take()).rejects.toBeInstanceOf(Cancelled);
    expect(writes).toEqual([]);
  });
});

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
