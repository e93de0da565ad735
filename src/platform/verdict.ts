/** What one attempt at a call means, and what is done next. Pure. */
import type { HttpResponse } from '../model/ports.js';

/** What came of one attempt. */
export type Outcome =
  /** No complete answer. `connected: false`: nothing reached the other side. */
  { kind: 'lost'; connected: boolean } | { kind: 'answered'; status: number; body: BodyKind };

/**
 * `errors`: the platform's own error body; `never`: one that says no for good, whatever its status. `other`: not JSON, or cut (a
 * proxy, a router).
 */
export type BodyKind = 'json' | 'errors' | 'never' | 'empty' | 'other';

/**
 * `answer`: take it. `again`: surely not done, or a read: repeat inside the deadline. `renew`: again with a new token.
 * `refused`: the platform's clear no. `ambiguous`: a write that may have been done. `unusable`: an answer nothing can be made of,
 * which repeating will not change.
 */
export type Verdict = 'answer' | 'again' | 'renew' | 'refused' | 'ambiguous' | 'unusable';

/** `renewed`: this call was repeated with a new token already. */
export function verdictOf(method: string, outcome: Outcome, renewed: boolean): Verdict {
  const read = method === 'GET';
  if (outcome.kind === 'lost') return read || !outcome.connected ? 'again' : 'ambiguous';
  const { status, body } = outcome;
  // Both are decided before the call reaches what would do it.
  if (status === 401) return renewed ? (body === 'errors' ? 'refused' : 'unusable') : 'renew';
  if (status === 429) return 'again';
  if (body === 'never') return 'refused';
  if (status >= 200 && status < 300) {
    if (body === 'json' || (body === 'empty' && !read)) return 'answer';
    return read ? 'again' : 'ambiguous';
  }
  if (status >= 400 && status < 500 && body === 'errors') return 'refused';
  // A redirect, or a no in words of another server than the API (the network policies' one, a firewall).
  if ((status >= 300 && status < 400) || status === 403) return read ? 'unusable' : 'ambiguous';
  return read ? 'again' : 'ambiguous';
}

/** What a broker does not offer it will not offer a second later; version 3 of the API answers it with 502 (CC service_credential_bindings_controller.rb). */
const NEVER = ['CF-ServiceFetchBindingParametersNotSupported'];

/**
 * The platform's own error body has a list `errors`, and `error_code` where its version 2 answers: that is also who says that there
 * is nothing at an address outside the API. A proxy's JSON has neither.
 */
export function bodyKindOf(response: HttpResponse): { kind: BodyKind; json?: unknown } {
  if (response.cut) return { kind: 'other' };
  if (response.body.length === 0) return { kind: 'empty' };
  try {
    const json: unknown = JSON.parse(response.body.toString('utf8'));
    if (typeof json !== 'object' || json === null) return { kind: 'other' };
    const isListed = 'errors' in json && Array.isArray(json.errors);
    const errors = response.status >= 400 && (isListed || 'error_code' in json);
    if (isListed && errors && NEVER.includes(titleOf(json.errors as unknown[])))
      return { kind: 'never', json };
    return { kind: errors ? 'errors' : 'json', json };
  } catch {
    return { kind: 'other' };
  }
}

function titleOf([first]: readonly unknown[]): string {
  return typeof first === 'object' && first !== null && 'title' in first ? String(first.title) : '';
}

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;

/**
 * How long to wait before the next attempt: doubling from 200 ms, but never less than `Retry-After` asks for (seconds or a date).
 * `attempt` counts from 0; `spread` is 0..1 and keeps calls side by side from coming back at the same moment.
 */
export function delayOf(attempt: number, retryAfter: string | undefined, nowMs: number, spread: number) {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS) * (0.75 + spread / 2);
  return Math.round(Math.max(delayMs, retryAfterMs(retryAfter, nowMs) ?? 0));
}

export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
