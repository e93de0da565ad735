import type { Clock } from '../ports.js';
import type { Answer, Caller } from './table.js';

/** What `POST /__foundry/rate-limit` sets. */
export interface RateLimitRule {
  /** Calls of one caller in a window; 0: no limit, and no headers that tell of one. */
  limit: number;
  windowMs: number;
  /** Calls that the window under way has seen already. */
  used: number;
}

interface Window {
  used: number;
  endsMs: number;
}

/** The root, `/v3` itself and what is not of the API are never counted (cloud_controller_ng middleware/rate_limiter.rb). */
const COUNTED = /^\/v3\/./;

/** Calls of each caller in a window of time. Off until a rule is set, as on the platform. */
export class RateLimit {
  #rule: RateLimitRule = { limit: 0, windowMs: 0, used: 0 };
  readonly #windows = new Map<string, Window>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  set(rule: RateLimitRule): void {
    this.#rule = rule;
    this.#windows.clear();
  }

  /** Counts a call. @returns undefined: it is not limited; `answer`: it is one too many, and not done */
  take(path: string, caller: Caller): { headers: Record<string, string>; answer?: Answer } | undefined {
    const { limit } = this.#rule;
    if (limit === 0 || !COUNTED.test(path)) return undefined;
    const nowMs = this.clock.now();
    const window = this.#windowOf(caller, nowMs);
    window.used += 1;
    const resetS = Math.ceil(window.endsMs / 1000);
    const headers = {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(toTenths(limit - window.used, limit)),
      'x-ratelimit-reset': String(resetS),
    };
    if (window.used <= limit) return { headers };
    const retryAfter = String(Math.max(0, resetS - Math.floor(nowMs / 1000)));
    const error = { code: 10013, title: 'CF-RateLimitExceeded', detail: 'Rate Limit Exceeded' };
    return {
      headers,
      answer: {
        status: 429,
        // JSON by its content, plain text by its type.
        body: JSON.stringify({ errors: [error] }),
        headers: { ...headers, 'retry-after': retryAfter },
      },
    };
  }

  #windowOf({ guid }: Caller, nowMs: number): Window {
    const known = this.#windows.get(guid);
    if (known && nowMs < known.endsMs) return known;
    const fresh = { used: known ? 0 : this.#rule.used, endsMs: nowMs + this.#rule.windowMs };
    this.#windows.set(guid, fresh);
    return fresh;
  }
}

/** The platform tells an estimate: whole tenths of the limit, rounded down. */
function toTenths(left: number, limit: number): number {
  const tenth = limit / 10;
  return Math.max(0, Math.floor(Math.floor(left / tenth) * tenth));
}

/** Throws `TypeError` with what is wrong. */
export function readRateLimit(given: Record<string, unknown>): RateLimitRule {
  const number = (key: string, otherwise: number): number => {
    const value = given[key] ?? otherwise;
    if (typeof value !== 'number' || value < 0) throw new TypeError(`${key} is no number`);
    return value;
  };
  return { limit: number('limit', 0), windowMs: number('window_ms', 3_600_000), used: number('used', 0) };
}
