/** When the last router stopped sending requests to live. */
import { DeadlineOver } from '../model/errors.js';
import { routeAddress } from './address.js';
import { ask, inShort, isUnknownToRouter } from './answer.js';
import {
  CONNECTIONS_IN_A_ROW,
  type InstanceRef,
  learnPauseMs,
  PROBE_TIMEOUT_MS,
  type ProbeContext,
  ROUTERS_LEARN_MS,
  type Tell,
} from './context.js';
import type { HeaderReach } from './proof.js';

/** How long no router may send anything to live before it counts as gone. Operators are told that an unmap takes "a few seconds" to reach all. */
export const QUIET_MS = 2_000;

/** Waited where it cannot be seen when the routers have learned of a change. */
export const UNSEEN_ALLOWANCE_MS = ROUTERS_LEARN_MS;

export interface QuietRequest {
  routes: readonly { url: string; reach: HeaderReach }[];
  live: readonly InstanceRef[];
  path: string;
  /** When live's destinations were removed. */
  unmappedAtMs: number;
  deadlineMs: number;
  /** Default `QUIET_MS`. */
  quietMs?: number;
}

export interface LastAnswer {
  /** The last moment at which a router could still send a request to live: bake and drain count from here. */
  atMs: number;
  /** Routes for which `UNSEEN_ALLOWANCE_MS` stands in for what could not be seen. */
  unseen: readonly string[];
  /** What was added to `unmappedAtMs` for them; 0 when all was seen. */
  allowanceMs: number;
}

/**
 * Asks every production route for each of live's instances over fresh connections, until the routers have refused them all for
 * the quiet while.
 * @throws DeadlineOver when a router still sends requests to live by then
 */
export async function lastAnswerOf(ctx: ProbeContext, asked: QuietRequest, tell: Tell): Promise<LastAnswer> {
  const seen = asked.routes.filter(({ reach }) => reach === 'by-instance');
  const unseen = asked.routes.filter(({ reach }) => reach !== 'by-instance').map(({ url }) => url);
  const allowanceMs = unseen.length > 0 ? UNSEEN_ALLOWANCE_MS : 0;
  const lasts = await Promise.all(seen.map(({ url }) => lastAnswerOn(ctx, asked, url, tell)));
  return { atMs: Math.max(asked.unmappedAtMs + allowanceMs, ...lasts), unseen, allowanceMs };
}

/**
 * A router drops all of an app's instances at once, so they are asked for in turn.
 * @returns when the first refusal of the unbroken row was there: a moment earlier a request could still have gone to live
 */
async function lastAnswerOn(
  ctx: ProbeContext,
  { live, path, quietMs = QUIET_MS, deadlineMs, unmappedAtMs }: QuietRequest,
  url: string,
  tell: Tell,
): Promise<number> {
  const wanted = Math.max(CONNECTIONS_IN_A_ROW, live.length);
  let [turn, refusals, pauses] = [0, 0, 0];
  let quietSince = 0;
  for (;;) {
    const instance = live[turn++ % live.length];
    if (!instance) return unmappedAtMs;
    const outcome = await ask(ctx, routeAddress(url, path, ctx), { instance, timeoutMs: PROBE_TIMEOUT_MS });
    const now = ctx.clock.now();
    if (isUnknownToRouter(outcome)) {
      if (refusals === 0) quietSince = now;
      refusals += 1;
      if (refusals >= wanted) return quietSince;
      // The wanted number of refusals fills the quiet while.
      await ctx.clock.sleep(quietMs / (wanted - 1), ctx.signal);
      continue;
    }
    refusals = 0;
    if (now >= deadlineMs) {
      throw new DeadlineOver(
        `${url} still sends requests to what was unmapped (instance ${instance.index}: ${inShort(outcome)})`,
      );
    }
    if (pauses === 0) tell(`${url}: a router still sends requests to what was unmapped`);
    await ctx.clock.sleep(learnPauseMs(pauses++), ctx.signal);
  }
}
