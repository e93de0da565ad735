/** The sign of life of whoever holds a lock. */
import { ANNOTATION } from '../platform/names.js';
import { DEAD_AFTER_MS, HEARTBEAT_MS, type LockPorts } from './lock.js';

export interface Heartbeat {
  /** Since when no sign of life got through to the platform; undefined: the last one did. Milliseconds. */
  silentSinceMs(): number | undefined;
  /** Since when signs of life have got through, one soon after the other: nobody took this run for dead. undefined: none has of late. */
  steadySinceMs(): number | undefined;
  /** Does the work while no sign of life is on its way: what it writes last stays the last write. */
  hold(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Tells the platform every ten seconds that the owner of these candidates is alive.
 * @param stillOurs asked after this process slept: what was a candidate of its own may be another run's live by then
 */
export function startHeartbeat(
  { platform, clock }: Pick<LockPorts, 'platform' | 'clock'>,
  candidates: () => readonly string[],
  stillOurs: () => Promise<boolean> = async () => true,
): Heartbeat {
  const ending = new AbortController();
  let silentSinceMs: number | undefined;
  let heard: { sinceMs: number; lastMs: number } | undefined;
  let held = 0;
  let overslept = false;
  let underWay: Promise<unknown> = Promise.resolve();
  const beat = async (guid: string) => {
    try {
      await platform.updateApp(guid, {
        annotations: { [ANNOTATION.heartbeat]: String(platform.platformNowMs()) },
      });
      return true;
    } catch {
      // The deploy itself meets the same fault and says so; here only the silence counts.
      return false;
    }
  };
  const beatAll = async () => {
    if (overslept && !(await stillOurs().catch(() => false))) return;
    overslept = false;
    const guids = candidates();
    const got = await Promise.all(guids.map(beat));
    if (got.length === 0) return;
    // One lock that shows no sign of life is enough to be taken for dead.
    silentSinceMs = got.every(Boolean) ? undefined : (silentSinceMs ?? clock.now());
    if (silentSinceMs === undefined) heard = { sinceMs: steadySinceMs() ?? clock.now(), lastMs: clock.now() };
  };
  const steadySinceMs = () =>
    heard && clock.now() - heard.lastMs < DEAD_AFTER_MS / 2 ? heard.sinceMs : undefined;
  const beating = (async () => {
    while (!ending.signal.aborted) {
      const awakeAtMs = clock.now();
      await clock.sleep(HEARTBEAT_MS, ending.signal).catch(() => undefined);
      overslept ||= clock.now() - awakeAtMs > DEAD_AFTER_MS / 2;
      if (ending.signal.aborted || held > 0) continue;
      underWay = beatAll();
      await underWay;
    }
  })();
  return {
    silentSinceMs: () => silentSinceMs,
    steadySinceMs,
    hold: async (work) => {
      held += 1;
      await underWay;
      await work().finally(() => {
        held -= 1;
      });
    },
    stop: async () => {
      ending.abort();
      await beating;
    },
  };
}
