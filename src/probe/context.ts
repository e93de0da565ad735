import type { RouterOverride } from '../model/asked.js';
import type { Clock, Connect, Http, Random } from '../model/ports.js';

/** What every probe needs of the world. */
export interface ProbeContext {
  http: Http;
  connect: Connect;
  clock: Clock;
  random: Random;
  router?: RouterOverride;
  /** Only for the hint in a message: `http` already behaves as it says. */
  skipSslValidation: boolean;
  /** All addresses of a host name; by default the system's resolver. Used before a redirect to another host is followed. */
  resolve?: (host: string) => Promise<readonly string[]>;
  signal?: AbortSignal;
}

/**
 * One instance as a header names it to the router: by its app in `X-Cf-App-Instance`, or, for an app that ever had a deployment
 * (two processes of it have the same indexes then), by its process in `X-CF-Process-Instance` (routing-release 0.332.0; an older
 * router does not heed it).
 */
export interface InstanceRef {
  appGuid: string;
  /** Set where the process has to be named. */
  processGuid?: string;
  index: number;
}

/** The header that names such an instance. */
export function headerOf(instance: Pick<InstanceRef, 'processGuid'> | undefined) {
  return instance?.processGuid === undefined ? 'X-Cf-App-Instance' : 'X-CF-Process-Instance';
}

/** Hears one line when something changed. The text may hold untrusted bytes. */
export type Tell = (text: string) => void;

/**
 * One answer proves one router. With two routers behind the balancer six fresh connections miss one of them once in 32 times,
 * and a look at every instance multiplies that away.
 */
export const CONNECTIONS_IN_A_ROW = 6;

/**
 * How long a change of a route may take until every router has it: what the platform's own acceptance tests allow (20 s of the
 * emitter's sync loop, 2 s of a health check, 3 s over).
 */
export const ROUTERS_LEARN_MS = 25_000;

/** Until when one probe must be answered, where no check says otherwise. */
export const PROBE_TIMEOUT_MS = 10_000;

/**
 * Pauses of a wait that starts fast and slows down.
 * @param attempt how many pauses came before
 * @returns milliseconds
 */
export function pauseMs(attempt: number): number {
  return Math.min(2_000, Math.round(100 * 1.5 ** attempt));
}

/**
 * `pauseMs` of a wait for routers to learn of a change: the switch stays open for as long as it is seen too late, and a drain
 * counts from what was seen.
 */
export function learnPauseMs(attempt: number): number {
  return Math.min(2_000, Math.round(100 * 1.15 ** attempt));
}

/**
 * Runs `work` over all items, at most `lanes` at a time. The first error ends the work on all others (by the signal of the
 * context that `work` is given) and is thrown once all have ended: nothing goes on behind the caller's back.
 */
export async function sideBySide<T>(
  ctx: ProbeContext,
  items: readonly T[],
  lanes: number,
  work: (item: T, ctx: ProbeContext) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const ending = new AbortController();
  const signal = ctx.signal ? AbortSignal.any([ctx.signal, ending.signal]) : ending.signal;
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      signal.throwIfAborted();
      await work(item, { ...ctx, signal });
    }
  };
  const running = Array.from({ length: Math.min(lanes, items.length) }, lane);
  try {
    await Promise.all(running);
  } catch (error) {
    ending.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}
