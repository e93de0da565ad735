import type { Clock, Timer } from '../ports.js';

interface Waiting {
  dueMs: number;
  run: () => void;
  timer: Timer;
}

/**
 * A clock whose timers can be brought forward while `now()` stays true: times in the history remain comparable with those of
 * clients and apps.
 */
export class ShiftedClock implements Clock {
  readonly #base: Clock;
  readonly #waiting = new Set<Waiting>();
  #shiftMs = 0;

  constructor(base: Clock) {
    this.#base = base;
  }

  now(): number {
    return this.#base.now();
  }

  after(ms: number, run: () => void): Timer {
    const waiting: Waiting = { dueMs: this.#timeMs() + ms, run, timer: { cancel: () => {} } };
    this.#arm(waiting, ms);
    this.#waiting.add(waiting);
    return {
      cancel: () => {
        waiting.timer.cancel();
        this.#waiting.delete(waiting);
      },
    };
  }

  /** Runs what falls due within `ms`, in its order, also what is newly set on the way; the rest comes `ms` sooner. */
  advance(ms: number): void {
    const until = this.#timeMs() + ms;
    for (;;) {
      let first: Waiting | undefined;
      for (const w of this.#waiting) if (!first || w.dueMs < first.dueMs) first = w;
      if (!first || first.dueMs > until) break;
      this.#shiftMs += Math.max(0, first.dueMs - this.#timeMs());
      this.#fire(first);
    }
    this.#shiftMs += Math.max(0, until - this.#timeMs());
    for (const w of this.#waiting) {
      w.timer.cancel();
      this.#arm(w, Math.max(0, w.dueMs - this.#timeMs()));
    }
  }

  /** Ends all timers; nothing fires any more. */
  close(): void {
    for (const w of this.#waiting) w.timer.cancel();
    this.#waiting.clear();
  }

  #timeMs(): number {
    return this.#base.now() + this.#shiftMs;
  }

  #arm(waiting: Waiting, ms: number): void {
    waiting.timer = this.#base.after(ms, () => this.#fire(waiting));
  }

  #fire(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting)) return;
    waiting.timer.cancel();
    waiting.run();
  }
}
