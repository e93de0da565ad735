/** What a run still does once the runner has cancelled it, and what it leaves to the post step. */
import { describe, expect, test } from '@jest/globals';
import { afterSignal } from '../../src/commands/after-signal.js';
import type { Outcome } from '../../src/commands/outcome.js';
import { rollOut } from '../../src/commands/roll-out.js';
import { Cancelled } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { nothingFound } from '../../src/steps/world.js';
import { steppedClock } from '../engine/stepped-clock.js';
import { type Hook, TARGET } from './space.js';
import { intentFor, NEW, OLD, standing } from './standing.js';

type Standing = ReturnType<typeof standing>;

/** Cancels with the first call of this sort; what was begun is done. */
function cancelAt({ space, cancelling, ending }: Standing, is: (...call: Parameters<Hook>) => boolean) {
  const calls: string[] = [];
  space.hook = (call, args) => {
    ending.signal.throwIfAborted();
    if (!cancelling.signal.aborted && is(call, args)) cancelling.abort(new Cancelled('SIGINT'));
    else if (cancelling.signal.aborted) calls.push(call);
  };
  return calls;
}

const marks = (phase: string) => (call: string, args: readonly unknown[]) =>
  call === 'updateApp' && JSON.stringify(args[1]).includes(`"${LABEL.phase}":"${phase}"`);

async function rolledOut({ world }: Standing, wish: Partial<Intent> = {}): Promise<Outcome> {
  const intent = intentFor(wish);
  const snapshot = await takeSnapshot(world.platform, TARGET, { name: 'shop', wanted: intent.production });
  return await rollOut({ apps: [{ intent, snapshot, found: nothingFound() }], world });
}

const phaseOf = ({ space }: Standing) => space.app('shop-candidate').labels[LABEL.phase];

describe('goes back as far as it is quick', () => {
  test.each([
    ['with the lock', 'createApp', []],
    ['with its trial route', 'createRoute', []],
    ['in staging', 'createBuild', [`shop-failed-${NEW} STOPPED`]],
    ['at the start of the candidate', 'startApp', [`shop-failed-${NEW} STOPPED`]],
  ])('all the way, cancelled %s', async (_, at, kept) => {
    const there = standing();
    cancelAt(there, (call) => call === at);
    const outcome = await rolledOut(there);
    expect(outcome).toMatchObject({ result: 'reverted', error: { name: 'Cancelled' } });
    expect(outcome.second).toBeUndefined();
    expect(there.space.apps.map(({ name, state }) => `${name} ${state}`)).toEqual(['shop STARTED', ...kept]);
    expect(there.space.routes.map(({ host }) => host)).toEqual(['shop']);
  });

  test('off the production routes, cancelled in the middle of the switch; the lock stays for the post step', async () => {
    const there = standing();
    cancelAt(there, (call) => call === 'insertDestinations' && isSwitching(there));
    const outcome = await rolledOut(there);
    expect(outcome).toMatchObject({ result: 'failed', error: { name: 'Cancelled' } });
    expect(there.space.servers('shop')).toEqual(['shop']);
    expect(phaseOf(there)).toBe('restored');
    expect(there.space.app('shop-candidate').state).toBe('STARTED');
    expect(there.live.state).toBe('STARTED');
  });

  test('until its time is over', async () => {
    const there = standing();
    const { ending } = there;
    let back = false;
    cancelAt(there, marks('switching'));
    const { hook } = there.space;
    there.space.hook = (call, args) => {
      back ||= marks('reverting')(call, args);
      hook(call, args);
      if (back) ending.abort(new Cancelled('SIGTERM'));
    };
    const outcome = await rolledOut(there);
    expect(outcome).toMatchObject({ result: 'failed', error: { name: 'Cancelled' } });
    expect(outcome.second).toBeUndefined();
    expect(phaseOf(there)).toBe('reverting');
  });
});

describe('leaves it as it is', () => {
  test('once live may lose its routes', async () => {
    const there = standing();
    const calls = cancelAt(there, marks('serving'));
    const outcome = await rolledOut(there);
    expect(outcome).toMatchObject({ result: 'failed', error: { name: 'Cancelled' } });
    expect(there.space.servers('shop')).toEqual(['shop', 'shop-candidate']);
    expect(phaseOf(there)).toBe('serving');
    expect(calls.filter((call) => /^(update|create|insert|remove|start|stop|delete)/.test(call))).toEqual([]);
  });

  test('as a held version that was not switched', async () => {
    const there = standing();
    cancelAt(there, marks('held'));
    expect(await rolledOut(there, { hold: true, until: 'held' })).toMatchObject({ result: 'failed' });
    expect(phaseOf(there)).toBe('held');
    expect(there.space.app('shop-candidate').labels[LABEL.version]).toBe(NEW);
    expect(there.live.labels[LABEL.version]).toBe(OLD);
  });
});

describe('the time that is left', () => {
  test('begins with the signal, and ends before the next one', async () => {
    const clock = steppedClock(0);
    const [first, again] = [new AbortController(), new AbortController()];
    const after = afterSignal({ clock, signal: first.signal, again: again.signal });
    await clock.sleep(60_000);
    expect(after.signal.aborted).toBe(false);
    first.abort(new Cancelled('SIGINT'));
    await new Promise(setImmediate);
    expect(after.signal.reason).toBeInstanceOf(Cancelled);
    expect(clock.now() - 60_000).toBe(5_000);
  });

  test('ends with a second signal, and with the command', () => {
    const never = { now: () => 0, sleep: waits };
    const [first, again] = [new AbortController(), new AbortController()];
    const after = afterSignal({ clock: never, signal: first.signal, again: again.signal });
    first.abort(new Cancelled('SIGINT'));
    expect(after.signal.aborted).toBe(false);
    again.abort(new Cancelled('SIGTERM'));
    expect((after.signal.reason as Error).message).toBe('SIGTERM');
    after.close();
    expect(waiting).toBe(0);
  });
});

let waiting = 0;
function waits(_ms: number, signal?: AbortSignal): Promise<void> {
  waiting += 1;
  return new Promise((_, reject) =>
    signal?.addEventListener('abort', () => {
      waiting -= 1;
      reject(signal.reason);
    }),
  );
}

function isSwitching({ space }: Standing): boolean {
  return space.apps.some(({ labels }) => labels[LABEL.phase] === 'switching');
}
