import { HttpFailure } from '../model/errors.js';
import type { Address } from './address.js';
import { headerOf, type InstanceRef, type ProbeContext } from './context.js';

/** Longer answers are not read to their end. */
export const MAX_ANSWER_BYTES = 256 * 1024;
const SHOWN_BYTES = 512;
const SHOWN_HEADERS = [
  'x-cf-routererror',
  'content-type',
  'retry-after',
  'www-authenticate',
  'server',
  'x-vcap-request-id',
];

/** One answer to one probe. Headers and body are untrusted. */
export interface Answer {
  /** `OPEN`: no HTTP, a TCP connection that stayed open. */
  status: number;
  headers: Readonly<Record<string, string>>;
  /** At most `MAX_ANSWER_BYTES`. */
  bodyStart: string;
  startedMs: number;
  durationMs: number;
  /** `X-Cf-RouterError`: it was the router that answered, not the app. */
  routerError?: string;
  /** `X-App-Version`, where the app tells it. */
  version?: string;
  /** The instance that was asked for. */
  instance?: InstanceRef;
}

/** Where an answer is a TCP connection: it opened, and it was left open or somebody spoke on it. */
export const OPEN = 0;

/** No complete answer came. */
export interface NoAnswer {
  failure: HttpFailure;
  /** Of a TCP route: no router listens on its port. */
  noListener?: true;
  startedMs: number;
  durationMs: number;
  instance?: InstanceRef;
}

export type Outcome = Answer | NoAnswer;

export interface Question {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** Named to the router in a header: it sends the request to this instance or refuses it. */
  instance?: InstanceRef;
  timeoutMs: number;
  signal?: AbortSignal;
}

export function isAnswer(outcome: Outcome): outcome is Answer {
  return 'status' in outcome;
}

/**
 * Asks once, over a connection of its own.
 * @returns also when no answer came
 * @throws the reason of `ctx.signal` or of the question's signal, once that is aborted
 */
export async function ask(ctx: ProbeContext, address: Address, question: Question): Promise<Outcome> {
  const signal = question.signal ?? ctx.signal;
  signal?.throwIfAborted();
  const startedMs = ctx.clock.now();
  const instance = question.instance ? { instance: question.instance } : {};
  try {
    const response = await ctx.http.request({
      ...address,
      method: question.method ?? 'GET',
      headers: { ...question.headers, ...(question.instance ? instanceHeader(question.instance) : {}) },
      timeoutMs: question.timeoutMs,
      fresh: true,
      maxBytes: MAX_ANSWER_BYTES,
      ...(signal ? { signal } : {}),
    });
    const routerError = response.headers['x-cf-routererror'];
    const version = response.headers['x-app-version'];
    return {
      status: response.status,
      headers: response.headers,
      bodyStart: response.body.subarray(0, MAX_ANSWER_BYTES).toString('utf8'),
      startedMs,
      durationMs: ctx.clock.now() - startedMs,
      ...(routerError === undefined ? {} : { routerError }),
      ...(version === undefined ? {} : { version }),
      ...instance,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof HttpFailure)) throw error;
    return { failure: error, startedMs, durationMs: ctx.clock.now() - startedMs, ...instance };
  }
}

/** gorouter's way to one instance; one it does not know is refused with 400 and `unknown_route`. */
function instanceHeader(instance: InstanceRef): Record<string, string> {
  const { appGuid, processGuid = appGuid, index } = instance;
  return { [headerOf(instance)]: `${processGuid}:${index}` };
}

/**
 * Whether this router does not know the route, or not the instance that was asked for: it may not have caught up. Measured: 404
 * for the route, 400 for the instance, both with `unknown_route`. On a TCP route's port nobody listens then.
 */
export function isUnknownToRouter(outcome: Outcome): boolean {
  if (!isAnswer(outcome)) return outcome.noListener === true;
  return (
    (outcome.status === 404 || outcome.status === 400) &&
    outcome.routerError?.startsWith('unknown_route') === true
  );
}

/** Whether the request came to no good end on its way: no answer, a 5xx, or any word of the router itself. */
export function isFailed(outcome: Outcome): boolean {
  return !isAnswer(outcome) || outcome.status >= 500 || outcome.routerError !== undefined;
}

/** In a few words: `500`, `502 (endpoint_failure …)`, `no answer: connection refused`. Untrusted text. */
export function inShort(outcome: Outcome, ctx?: Pick<ProbeContext, 'skipSslValidation'>): string {
  if (isAnswer(outcome)) {
    if (outcome.status === OPEN) return 'open';
    return outcome.routerError === undefined
      ? String(outcome.status)
      : `${outcome.status} (${outcome.routerError.slice(0, 120)})`;
  }
  const hint =
    outcome.failure.kind === 'tls' && ctx?.skipSslValidation === false
      ? ' (`ca-certificate` takes a private authority)'
      : '';
  return `no answer: ${outcome.failure.message}${hint}`;
}

/**
 * What a reader needs to understand an answer: status, headers that matter, the first bytes of the body. Untrusted text.
 * The query of a redirect is left out: it often carries tokens.
 * @returns lines
 */
export function describe(outcome: Outcome): readonly string[] {
  if (!isAnswer(outcome)) return [`${inShort(outcome)} after ${outcome.durationMs} ms`];
  const lines = [`HTTP ${outcome.status} after ${outcome.durationMs} ms`];
  const location = outcome.headers.location;
  if (location !== undefined) lines.push(`location: ${location.replace(/[?#].*$/s, '').slice(0, 200)}`);
  for (const name of SHOWN_HEADERS) {
    const value = outcome.headers[name];
    if (value !== undefined) lines.push(`${name}: ${value.slice(0, 200)}`);
  }
  const start = Buffer.from(outcome.bodyStart).subarray(0, SHOWN_BYTES).toString('utf8');
  if (start !== '') lines.push(...start.split(/\r?\n/));
  return lines;
}
