import { describe, expect, test } from '@jest/globals';
import {
  DEAD_AFTER_MS,
  type Holding,
  holderOf,
  isHeld,
  type LockPorts,
  lastSignMs,
  type May,
  ownerOf,
  ownerState,
  takeOver,
} from '../../src/engine/lock.js';
import type { App, AppState } from '../../src/model/cloud.js';
import { Cancelled, PlatformFault, type Refused } from '../../src/model/errors.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { platformOf } from '../steps/scripted.js';
import { app, candidateAt, snapshot } from '../strategies/support.js';
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
    expect(ownerState(first, platformNowMs, now, platformNowMs)).toBe(state);
  });

  test.each([
    [2_000 + DEAD_AFTER_MS, 'unsure'],
    [2_001 + DEAD_AFTER_MS, 'dead'],
  ])('a sign of life from the future is as old as our look at it: %p', (platformNowMs, state) => {
    const strange = held('other', 9e15);
    expect(ownerState(strange, 2_000, strange, platformNowMs)).toBe(state);
  });

  test.each(['', 'soon', '-1', 'NaN', '0'])(
    'a heartbeat %p is none: the making of the candidate counts',
    (beat) => {
      expect(lastSignMs(held('other', beat, { createdAtMs: 77 }))).toBe(77);
    },
  );
});

const TARGET = snapshot().target;

/** A lock that others took over, the highest taker first. */
function holding(lock: AppState | undefined, takers: readonly App[] = []): Holding {
  return { name: 'shop', target: TARGET, ...(lock ? { lock } : {}), takers };
}

function taker(number: number, owner: string, beatMs: number, from = 'new'): App {
  return app(`taker-${number}`, {
    name: `shop-candidate-lock-${number}`,
    labels: { [LABEL.owner]: owner },
    annotations: { [ANNOTATION.takenFrom]: from, [ANNOTATION.heartbeat]: String(beatMs) },
  });
}

describe('the holder', () => {
  const lock = held('other', 0);
  test.each<[string, Holding, string | undefined]>([
    ['nobody', holding(undefined), undefined],
    ['who made the lock', holding(lock), lock.guid],
    ['the highest taker', holding(lock, [taker(2, 'b', 0), taker(1, 'a', 0)]), 'taker-2'],
    ['not who took a lock that is gone', holding(lock, [taker(1, 'a', 0, 'gone')]), lock.guid],
    [
      'the taker of this one below it',
      holding(lock, [taker(9, 'a', 0, 'gone'), taker(1, 'b', 0)]),
      'taker-1',
    ],
    ['a taker that outlived its lock', holding(undefined, [taker(1, 'a', 0)]), 'taker-1'],
  ])('%s', (_name, seen, guid) => {
    expect(holderOf(seen)?.guid).toBe(guid);
  });

  test('is held until somebody takes it over', () => {
    const proven = heldDeploy();
    expect(isHeld(holding(lock))).toBe(false);
    expect(isHeld(holding(proven))).toBe(true);
    expect(isHeld(holding(proven, [taker(1, 'a', 0)]))).toBe(false);
  });
});

function heldDeploy(): AppState {
  const lock = held('other', 0);
  return { ...lock, labels: { ...lock.labels, [LABEL.phase]: 'held', [LABEL.version]: 'v2' } };
}

describe('takeOver', () => {
  interface Acts {
    /** What is read after the lock was asked for; undefined: our taker over the last one. */
    after?: Holding;
    ended?: boolean;
    answer?: 'taken' | 'lost' | 'lost, and not made';
    may?: May;
    patience?: LockPorts['patience'];
  }
  function lock(reads: Holding[], nowMs: number, { after, ended = false, answer, may, patience }: Acts = {}) {
    const asked: string[] = [];
    const clock = steppedClock(nowMs);
    const writes: string[] = [];
    let mine: App | undefined;
    let isOver = false;
    const platform = platformOf({
      platformNowMs: () => clock.now(),
      createApp: async (_space, { name, labels = {}, annotations = {} }) => {
        writes.push(`POST ${name} ${annotations[ANNOTATION.takenFrom]} ${annotations[ANNOTATION.runUrl]}`);
        isOver = true;
        if (answer === 'taken') return undefined;
        if (answer !== 'lost, and not made')
          mine = app('mine', {
            name,
            labels: labels as Record<string, string>,
            annotations: annotations as Record<string, string>,
          });
        if (answer) throw new PlatformFault('lost', true);
        return mine;
      },
      deleteApp: async (guid) => {
        writes.push(`DELETE ${guid}`);
        if (guid === 'mine') mine = undefined;
      },
    });
    const ending = new AbortController();
    const hasEnded = async (owner: string) => {
      asked.push(owner);
      return ended;
    };
    const facts = { [ANNOTATION.runUrl]: 'https://runs/2' };
    const ports = {
      platform,
      clock,
      signal: ending.signal,
      tell: () => undefined,
      hasEnded,
      facts,
      ...(patience ? { patience } : {}),
    };
    const read = async (): Promise<Holding> => {
      const next = (reads.length > 1 ? reads.shift() : reads[0]) as Holding;
      const seen = isOver && after ? after : next;
      return mine ? { ...seen, takers: [mine, ...seen.takers] } : seen;
    };
    return { asked, writes, clock, ending, take: () => takeOver(ports, 'me', read, may) };
  }
  const DEAD = holding(held('other', 0));
  const FREE = holding(undefined);
  const LATE = DEAD_AFTER_MS + 1;
  const TAKEN = 'POST shop-candidate-lock-1 new https://runs/2';

  test('no candidate: the lock is free, nothing is written', async () => {
    const { take, writes } = lock([FREE], 0);
    expect(await take()).toBe(false);
    expect(writes).toEqual([]);
  });

  test('a living owner is left alone', async () => {
    const { take, writes, clock } = lock([DEAD, DEAD, holding(held('other', 9_000))], 5_000);
    await expect(take()).rejects.toMatchObject({ name: 'Refused', code: 'locked' });
    expect(writes).toEqual([]);
    expect(clock.slept).toHaveLength(2);
  });

  test('an owner that ends its deploy meanwhile frees the lock', async () => {
    const { take, writes } = lock([DEAD, FREE], 5_000);
    expect(await take()).toBe(false);
    expect(writes).toEqual([]);
  });

  test('a dead owner is watched until it is surely dead, then the lock passes on', async () => {
    const { take, writes, clock } = lock([DEAD], DEAD_AFTER_MS - 1_000);
    expect(await take()).toBe(true);
    expect(clock.now()).toBeGreaterThan(DEAD_AFTER_MS);
    expect(writes).toEqual([TAKEN]);
  });

  test('a dead taker is followed by the next one', async () => {
    const { take, writes } = lock(
      [holding(held('other', 0), [taker(2, 'b', 5), taker(1, 'a', 3)])],
      2 * LATE,
    );
    expect(await take()).toBe(true);
    expect(writes).toEqual(['POST shop-candidate-lock-3 new https://runs/2']);
  });

  test('a living taker of a dead lock is left alone', async () => {
    const at = (beatMs: number) => holding(held('other', 0), [taker(1, 'a', beatMs)]);
    const { take, writes } = lock([at(LATE), at(LATE + 9_000)], LATE + 1_000);
    await expect(take()).rejects.toMatchObject({ code: 'locked' });
    expect(writes).toEqual([]);
  });

  test('an owner that missed a beat, and whose run has ended, is dead at once', async () => {
    const { take, asked, clock } = lock([DEAD], 14_000, { ended: true });
    expect(await take()).toBe(true);
    expect(asked).toEqual(['other']);
    expect(clock.now()).toBeLessThan(DEAD_AFTER_MS / 2);
  });

  test('a run that ended may have a process that lives: a beat that moves wins', async () => {
    const { take, asked } = lock([DEAD, holding(held('other', 12_000))], 14_000, { ended: true });
    await expect(take()).rejects.toMatchObject({ code: 'locked' });
    expect(asked).toEqual([]);
  });

  test('where nobody knows of the run, it is asked for again only every ten seconds', async () => {
    const { take, asked } = lock([DEAD], 15_100);
    expect(await take()).toBe(true);
    expect(asked).toHaveLength(3);
  });

  test('of two that take over, only one gets the name; the other one says who', async () => {
    const faster = { ...taker(1, 'faster', LATE), name: 'shop-candidate-lock-1' };
    faster.annotations = { ...faster.annotations, [ANNOTATION.runUrl]: 'https://runs/3' };
    const after = holding(held('other', 0), [faster]);
    const { take, writes } = lock([DEAD], LATE, { after, answer: 'taken' });
    const error = await take().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'Refused', code: 'locked' });
    expect((error as Refused).message).toContain('faster (https://runs/3)');
    expect(writes).toEqual([TAKEN]);
  });

  test('a name that another hand took is told, and not asked for again', async () => {
    const { take, writes } = lock([DEAD], LATE, { answer: 'taken' });
    await expect(take()).rejects.toMatchObject({ name: 'Refused', code: 'in-the-way' });
    expect(writes).toEqual([TAKEN]);
  });

  test('a lost answer is looked up', async () => {
    expect(await lock([DEAD], LATE, { answer: 'lost' }).take()).toBe(true);
    await expect(lock([DEAD], LATE, { answer: 'lost, and not made' }).take()).rejects.toBeInstanceOf(
      PlatformFault,
    );
  });

  test('a lock that was given up meanwhile is not ours', async () => {
    const { take, writes } = lock([DEAD], LATE, { after: FREE });
    expect(await take()).toBe(false);
    expect(writes).toEqual([TAKEN, 'DELETE mine']);
  });

  test('nor is the one that came after it', async () => {
    const after = holding(held('next', LATE, { guid: 'newer' }));
    const { take, writes } = lock(
      [DEAD, after, after, holding(held('next', LATE + 9, { guid: 'newer' }))],
      LATE,
    );
    await expect(take()).rejects.toMatchObject({ code: 'locked' });
    expect(writes).toEqual([TAKEN, 'DELETE mine']);
  });

  test('takers that outlived their lock: of the living they go by themselves, of the dead they are deleted', async () => {
    const at = (beatMs: number) => holding(undefined, [taker(2, 'b', beatMs), taker(1, 'a', 0)]);
    const living = lock([at(1_000), at(9_000), at(19_000), FREE], 9_000);
    expect(await living.take()).toBe(false);
    expect(living.writes).toEqual([]);
    const dead = lock([at(1_000)], 2 * LATE);
    expect(await dead.take()).toBe(false);
    expect(dead.writes).toEqual(['DELETE taker-2', 'DELETE taker-1']);
  });

  test.each<[string, Holding, string[]]>([
    ['its own lock', holding(held('mine before', 1_000)), [TAKEN]],
    [
      'its own taker',
      holding(held('other', 0), [taker(1, 'mine before', 1_000)]),
      ['POST shop-candidate-lock-2 new https://runs/2'],
    ],
    ["another one's lock", DEAD, []],
    ['its own lock that another one took', holding(held('mine before', 0), [taker(1, 'a', 1_000)]), []],
  ])('of an owner that has ended at once, and nothing else: %s', async (_name, seen, writes) => {
    const of = lock([seen], 1_500, { may: { ended: 'mine before' } });
    expect(await of.take()).toBe(writes.length > 0);
    expect(of.writes).toEqual(writes);
    expect(of.clock.slept).toEqual([]);
  });

  test('a held deploy is never dead, and taken only by who may', async () => {
    const seen = holding(heldDeploy());
    const refused = lock([seen], 100 * LATE, { ended: true });
    await expect(refused.take()).rejects.toMatchObject({ name: 'Refused', code: 'held' });
    expect(refused.writes).toEqual([]);
    const ends = lock([seen], 100, { may: { held: true } });
    expect(await ends.take()).toBe(true);
    expect(ends.writes).toEqual([TAKEN]);
    expect(ends.clock.slept).toEqual([]);
  });

  test('an owner whose sign of life is from the future does not keep the lock for ever', async () => {
    const { take, asked } = lock([holding(held('other', 9e15))], LATE);
    expect(await take()).toBe(true);
    expect(asked.length).toBeGreaterThan(0);
  });

  test('a deploy that comes to be held while it is watched is not taken, and left to whoever asks', async () => {
    const { take, writes } = lock([DEAD, holding(heldDeploy())], 5_000);
    expect(await take()).toBe(false);
    expect(writes).toEqual([]);
  });

  test('a living taker of a held deploy is left alone also by who may, and a dead one is dead as any other', async () => {
    const at = (beatMs: number) => holding(heldDeploy(), [taker(1, 'a', beatMs)]);
    const living = lock([at(LATE), at(LATE + 9_000)], LATE + 1_000, { may: { held: true } });
    await expect(living.take()).rejects.toMatchObject({ code: 'locked' });
    expect(await lock([at(0)], LATE).take()).toBe(true);
  });

  describe('who may wait for a living owner', () => {
    const beats = (count: number) =>
      Array.from({ length: count }, (_, number) => holding(held('other', 1_000 * (number + 1))));

    test('goes on when it has ended', async () => {
      const { take, writes, clock } = lock([...beats(9), FREE], 5_000, { patience: async () => 600_000 });
      expect(await take()).toBe(false);
      expect(writes).toEqual([]);
      expect(clock.slept).toHaveLength(9);
    });

    test('takes its lock when it has died', async () => {
      const { take, writes } = lock(beats(5), 5_000, { patience: async () => 600_000 });
      expect(await take()).toBe(true);
      expect(writes).toEqual([TAKEN]);
    });

    test('leaves at its deadline', async () => {
      const { take, writes, clock } = lock(beats(99), 5_000, { patience: async () => 60_000 });
      await expect(take()).rejects.toMatchObject({ code: 'locked' });
      expect(writes).toEqual([]);
      expect(clock.now()).toBeLessThan(75_000);
    });

    test('is asked once of each owner, and leaves at once where it is not to wait', async () => {
      const asked: string[] = [];
      const patience = async (holder: App) => {
        asked.push(ownerOf(holder));
        return asked.length < 2 ? 600_000 : 0;
      };
      const { take } = lock([...beats(4), holding(held('third', 9_000)), FREE], 5_000, { patience });
      await expect(take()).rejects.toMatchObject({ code: 'locked' });
      expect(asked).toEqual(['other', 'third']);
    });
  });

  test('a cancelled run takes nothing', async () => {
    const { take, ending, writes } = lock([DEAD], 1_000);
    ending.abort(new Cancelled('cancelled'));
    await expect(take()).rejects.toBeInstanceOf(Cancelled);
    expect(writes).toEqual([]);
  });
});
