/** What a smoke check wants of one answer. */
import type { SmokeCheck } from '../model/asked.js';
import { isAnswer, isUnknownToRouter, type Outcome } from './answer.js';
import { matches } from './pattern.js';

/**
 * `not-reached`: no router knew the app, or none was reached. `not-yet`: may pass later. `wrong`: the app's own answer, which
 * waiting does not change. `why` may hold untrusted text.
 */
export type Verdict =
  | ({ is: 'passed' } & { why?: never })
  | { is: 'not-reached' | 'not-yet' | 'wrong'; why: string };

/** 4xx that ask to come again. */
const COME_AGAIN = [408, 425, 429];

/** For an answer that came in the last moment: a thread of its own is slow to begin on a busy machine. */
const LEAST_FOR_PATTERN_MS = 2_000;

/** @param leftMs what is left of the check's time: a pattern is ended then, or `LEAST_FOR_PATTERN_MS` after it began */
export async function judge(check: SmokeCheck, outcome: Outcome, leftMs: () => number): Promise<Verdict> {
  if (!isAnswer(outcome)) {
    const { connected, kind } = outcome.failure;
    return connected && kind !== 'tls'
      ? { is: 'not-yet', why: 'the app did not answer' }
      : { is: 'not-reached', why: 'it was not reached' };
  }
  // A check may ask for 404 or 400: the router's own is none of the app.
  if (isUnknownToRouter(outcome)) return { is: 'not-reached', why: 'the router does not know it' };
  if (outcome.routerError !== undefined) return { is: 'not-yet', why: 'the router got no answer of the app' };
  const { status } = outcome;
  if (!accepts(check, status)) {
    const lasting = status >= 300 && status < 500 && !COME_AGAIN.includes(status);
    return { is: lasting ? 'wrong' : 'not-yet', why: `not ${statusText(check)}` };
  }
  if (check.json !== undefined) {
    const difference = jsonDifference(check.json, outcome.bodyStart);
    if (difference !== undefined) return { is: 'not-yet', why: difference };
  }
  if (check.body === undefined) return { is: 'passed' };
  const found = await matches(check.body, outcome.bodyStart, Math.max(LEAST_FOR_PATTERN_MS, leftMs()));
  if (found === undefined)
    return { is: 'not-yet', why: 'the pattern was ended: it took too long on this body' };
  return found ? { is: 'passed' } : { is: 'not-yet', why: `the body does not match /${check.body}/` };
}

function accepts({ status: accepted }: SmokeCheck, status: number): boolean {
  return accepted === 'success' ? status >= 200 && status < 300 : accepted.includes(status);
}

function statusText({ status }: SmokeCheck): string {
  return status === 'success' ? 'a 2xx' : status.join(' or ');
}

function jsonDifference(wanted: unknown, body: string): string | undefined {
  let got: unknown;
  try {
    got = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  const at = missingAt(wanted, got, '');
  return at === undefined ? undefined : `the JSON differs at ${at === '' ? 'its root' : at}`;
}

/**
 * Whether `wanted` is in `got`: objects may have more keys, lists must have each wanted item at its place and no more.
 * @returns the first path that differs, such as `.checks[0].status`; undefined when all is there
 */
export function missingAt(wanted: unknown, got: unknown, path: string): string | undefined {
  if (wanted === null || typeof wanted !== 'object') return wanted === got ? undefined : path;
  if (got === null || typeof got !== 'object' || Array.isArray(wanted) !== Array.isArray(got)) return path;
  if (Array.isArray(wanted) && Array.isArray(got) && wanted.length !== got.length) return path;
  for (const [key, value] of Object.entries(wanted)) {
    const at = Array.isArray(wanted) ? `${path}[${key}]` : `${path}.${key}`;
    if (!Object.hasOwn(got, key)) return at;
    const inside = missingAt(value, (got as Record<string, unknown>)[key], at);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
