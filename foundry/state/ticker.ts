import type { Clock } from '../ports.js';

/**
 * A periodic look that is left out while there is nothing to look at. Its moments lie on a grid from the start on, so that work
 * that appears between two of them waits for the next one.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #startMs: number;
  #isWaiting = false;

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = Math.max(1, everyMs);
    this.#startMs = clock.now();
  }

  /** Looks at the next moment and at each one after it, until `look` says that nothing is left to look at. */
  wake(look: () => boolean): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const sinceLast = (this.#clock.now() - this.#startMs) % this.#everyMs;
    this.#clock.after(this.#everyMs - sinceLast, () => {
      this.#isWaiting = false;
      if (look()) this.wake(look);
    });
  }
}
