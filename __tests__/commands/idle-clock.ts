import type { Clock } from '../../src/model/ports.js';

/** Time passes only when all that can go on has gone on: whoever sleeps least is woken first. */
export class IdleClock implements Clock {
  private atMs = Date.parse('2026-11-21T08:15:00Z');
  private sleepers: { untilMs: number; wake(): void }[] = [];
  private waking = false;

  now(): number {
    return this.atMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const wake = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const sleeper = { untilMs: this.atMs + ms, wake };
      this.sleepers.push(sleeper);
      const leave = () => {
        this.sleepers = this.sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.pass();
    });
  }

  private pass(): void {
    if (this.waking) return;
    this.waking = true;
    setImmediate(() => {
      this.waking = false;
      const [next, ...others] = [...this.sleepers].sort((one, other) => one.untilMs - other.untilMs);
      if (!next) return;
      this.sleepers = others;
      this.atMs = Math.max(this.atMs, next.untilMs);
      next.wake();
      if (others.length > 0) this.pass();
    });
  }
}
