import type { Clock } from '../../src/model/ports.js';

/** Sleeping takes no time: the clock jumps. */
export function steppedClock(startMs = 0): Clock & { slept: number[] } {
  let nowMs = startMs;
  const slept: number[] = [];
  return {
    slept,
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
      // What waits beside this has its turn too.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}
