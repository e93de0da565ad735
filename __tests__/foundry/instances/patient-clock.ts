import { realClock } from '../../../foundry/clock.js';
import type { Clock } from '../../../foundry/ports.js';

/** The machine's clock for short times; waits of ten seconds and more end only when told. */
export interface PatientClock extends Clock {
  /** Ends all waits of exactly this length and says how many there were. */
  end(ms: number): number;
  waiting(ms: number): boolean;
}

export function patientClock(): PatientClock {
  const held = new Set<{ ms: number; run: () => void }>();
  return {
    now: realClock.now,
    after(ms, run) {
      if (ms < 10_000) return realClock.after(ms, run);
      const wait = { ms, run };
      held.add(wait);
      return { cancel: () => void held.delete(wait) };
    },
    end(ms) {
      const due = [...held].filter((wait) => wait.ms === ms);
      for (const wait of due) {
        held.delete(wait);
        wait.run();
      }
      return due.length;
    },
    waiting: (ms) => [...held].some((wait) => wait.ms === ms),
  };
}
