const IMMEDIATE_RESTARTS = 3;
const MAX_RESTARTS = 200;
const MIN_BACKOFF_MS = 30_000;
const MAX_BACKOFF_MS = 16 * 60_000;

/**
 * How long the platform waits before it starts a crashed instance again, in milliseconds; undefined: never again
 * (BBS models/restart_calculator.go). While the count is below 3 the restart is immediate and CRASHED is never seen.
 */
export function restartDelayMs(crashCount: number): number | undefined {
  if (crashCount < IMMEDIATE_RESTARTS) return 0;
  if (crashCount >= MAX_RESTARTS) return undefined;
  return Math.min(MIN_BACKOFF_MS * 2 ** (crashCount - IMMEDIATE_RESTARTS), MAX_BACKOFF_MS);
}

/** The count starts again at 1 when the instance had been RUNNING for more than five minutes (BBS actual_lrp_db.go). */
export function nextCrashCount(crashCount: number, wasStable: boolean): number {
  return wasStable ? 1 : crashCount + 1;
}
