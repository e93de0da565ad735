/** TCP routes: connections that open and stay open. Nothing tells which instance, or which version, is behind one. */
import { HttpFailure, PlatformFault, VersionFault } from '../model/errors.js';
import { isTcpUrl, routeAddress, tcpAddress } from './address.js';
import { ask, inShort, isAnswer, isFailed, isUnknownToRouter, OPEN, type Outcome } from './answer.js';
import { PROBE_TIMEOUT_MS, type ProbeContext, pauseMs, type Tell } from './context.js';
import type { HeaderReach } from './proof.js';

/** A router accepts before it knows of anybody behind it, and closes what it accepted then: such a close comes at once. */
const OPEN_MS = 250;

interface Patience {
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Asks once on any production route: for `path` by HTTP, on a TCP route for a connection. Throws as `ask` does. */
export function askOn(
  ctx: ProbeContext,
  url: string,
  path: string,
  patience: Patience = { timeoutMs: PROBE_TIMEOUT_MS },
): Promise<Outcome> {
  return isTcpUrl(url) ? knock(ctx, url, patience) : ask(ctx, routeAddress(url, path, ctx), patience);
}

/** One connection to a TCP route. Throws the reason of a signal that is aborted. */
export async function knock(
  ctx: ProbeContext,
  url: string,
  { timeoutMs, signal = ctx.signal }: Patience,
): Promise<Outcome> {
  signal?.throwIfAborted();
  const startedMs = ctx.clock.now();
  const took = () => ({ startedMs, durationMs: ctx.clock.now() - startedMs });
  try {
    await ctx.connect({ ...tcpAddress(url, ctx), openMs: OPEN_MS, timeoutMs, ...(signal ? { signal } : {}) });
    return { status: OPEN, headers: {}, bodyStart: '', ...took() };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof HttpFailure)) throw error;
    const isRefused = error.kind === 'refused' && !error.connected;
    return { failure: error, ...took(), ...(isRefused ? { noListener: true } : {}) };
  }
}

/** What of a TCP route can be seen from here. No header names an instance on it. */
export async function tcpReach(ctx: ProbeContext, url: string): Promise<HeaderReach> {
  const outcome = await knock(ctx, url, { timeoutMs: PROBE_TIMEOUT_MS });
  if (isUnknownToRouter(outcome)) return 'unknown-route';
  return isFailed(outcome) ? 'unreachable' : 'header-stripped';
}

/**
 * Connects until so many connections in a row opened and stayed open.
 * @returns how many were made
 * @throws VersionFault when the last one was closed by the other side as the time was over
 * @throws PlatformFault when it never opened, which says nothing about the version, or none is on its way
 */
export async function staysOpen(
  ctx: ProbeContext,
  asked: {
    url: string;
    inARow: number;
    deadlineMs: number;
    /** Of the fault, where it is a version on its way that has to keep them open. */
    code?: 'smoke' | 'production-proof';
  },
  tell: Tell,
): Promise<number> {
  const { url, inARow, deadlineMs, code } = asked;
  let [open, made, pauses] = [0, 0, 0];
  for (;;) {
    const outcome = await knock(ctx, url, { timeoutMs: PROBE_TIMEOUT_MS });
    made += 1;
    if (!isFailed(outcome)) {
      open += 1;
      if (open >= inARow) return made;
      continue;
    }
    open = 0;
    const why = `${url}: ${inShort(outcome)}`;
    if (ctx.clock.now() >= deadlineMs) {
      const text = `Connections do not stay open on ${why} (${made} made).`;
      const closed = !isAnswer(outcome) && outcome.failure.connected;
      throw closed && code ? new VersionFault(text, code) : new PlatformFault(text, false);
    }
    if (pauses === 0) tell(why);
    await ctx.clock.sleep(pauseMs(pauses++), ctx.signal);
  }
}
