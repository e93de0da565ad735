import type { Clock, Timer } from '../ports.js';

/** The pauses of one container. When it begins to end they are all over at once, and no new one begins. */
export interface Waits {
  readonly over: boolean;
  /** Resolves after the time, in milliseconds, or at once when all are over. */
  pause(ms: number): Promise<void>;
  end(): void;
}

export function createWaits(clock: Clock): Waits {
  const waiting = new Map<Timer, () => void>();
  let over = false;
  return {
    get over() {
      return over;
    },
    pause(ms) {
      if (over) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = clock.after(ms, () => {
          waiting.delete(timer);
          resolve();
        });
        waiting.set(timer, resolve);
      });
    },
    end() {
      over = true;
      for (const [timer, resolve] of waiting) {
        timer.cancel();
        resolve();
      }
      waiting.clear();
    },
  };
}
