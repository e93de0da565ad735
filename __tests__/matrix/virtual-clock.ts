/** Time that passes only when everybody waits for it: one clock for the action, the CLI that is played, and the foundry. */
import type { Clock as PlatformClock, Timer } from '../../foundry/ports.js';
import type { Clock } from '../../src/model/ports.js';

interface Waiting {
  dueMs: number;
  sequence: number;
  run: () => void;
}

export class VirtualClock implements PlatformClock, Clock {
  private nowMs: number;
  private sequence = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  after(ms: number, run: () => void): Timer {
    this.sequence += 1;
    // Whole milliseconds, as a machine's clock tells them.
    const waiting = { dueMs: this.nowMs + Math.max(0, Math.ceil(ms)), sequence: this.sequence, run };
    this.waiting.add(waiting);
    return { cancel: () => void this.waiting.delete(waiting) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Lets time pass, timer by timer, until the work has ended. Throws what it throws, and when all wait for nothing. */
  async drive<T>(work: Promise<T>, longestMs = 6 * 3_600_000): Promise<T> {
    const untilMs = this.nowMs + longestMs;
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    for (;;) {
      await quiet(() => ended);
      if (ended) return work;
      const next = this.next();
      if (!next) throw new Error('everybody waits, and no time is set');
      if (next.dueMs > untilMs) throw new Error(`still not done after ${longestMs / 60_000} virtual minutes`);
      this.fire(next);
    }
  }

  /** Lets this much time pass. */
  async pass(ms: number): Promise<void> {
    await this.drive(this.sleep(ms));
  }

  private next(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const one of this.waiting) {
      if (!first || one.dueMs < first.dueMs || (one.dueMs === first.dueMs && one.sequence < first.sequence))
        first = one;
    }
    return first;
  }

  private fire(waiting: Waiting): void {
    this.waiting.delete(waiting);
    this.nowMs = Math.max(this.nowMs, waiting.dueMs);
    waiting.run();
  }
}

/**
 * Until nobody has anything to do before time passes. Files are the only thing outside of this process that anybody waits for:
 * others may have the processor meanwhile.
 */
async function quiet(ended: () => boolean): Promise<void> {
  while (!ended()) {
    await new Promise((resolve) => setImmediate(resolve));
    const busy = process.getActiveResourcesInfo();
    if (busy.some((kind) => kind.includes('Req'))) await new Promise((resolve) => setTimeout(resolve, 1));
    else if (!busy.includes('Immediate')) return;
  }
}
