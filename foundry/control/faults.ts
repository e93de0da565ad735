import { isObject } from '../api/metadata.js';
import { type Counted, firstDue } from '../state/due.js';

/** One rule of `POST /__foundry/faults`. Without `times` it holds until it is deleted. */
export interface Fault extends Counted {
  method?: string;
  /** Tested against path and query. */
  path: RegExp;
  status?: number;
  reset: boolean;
  delayMs: number;
  /** Done, but the answer never arrives. */
  lost: boolean;
  body?: unknown;
  headers: Readonly<Record<string, string>>;
  kill?: { pid: number; when: 'before' | 'after' };
}

/** Rules in the order in which they came; the first that is due decides about a request. */
export class Faults {
  #rules: Fault[] = [];

  /** Throws `TypeError` with what is wrong. */
  add(given: unknown): void {
    this.#rules.push(readFault(given));
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that this request meets; counts it. */
  hit(method: string, path: string): Fault | undefined {
    return firstDue(
      this.#rules,
      (rule) => (rule.method === undefined || rule.method === method) && rule.path.test(path),
    );
  }
}

const KEYS = [
  'method',
  'path',
  'times',
  'after',
  'status',
  'reset',
  'delay_ms',
  'lost',
  'body',
  'headers',
  'kill',
];

function readFault(given: unknown): Fault {
  if (!isObject(given)) throw new TypeError('a fault is an object');
  const unknown = Object.keys(given).filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) throw new TypeError(`unknown: ${unknown.join(', ')}; known: ${KEYS.join(', ')}`);
  const number = (key: string, otherwise: number): number => {
    const value = given[key];
    if (value === undefined) return otherwise;
    if (typeof value !== 'number' || value < 0) throw new TypeError(`${key} is no number`);
    return value;
  };
  const { kill, method, path, headers } = given;
  if (path !== undefined && typeof path !== 'string') throw new TypeError('path is no text');
  if (kill !== undefined && !(isObject(kill) && typeof kill.pid === 'number')) {
    throw new TypeError('kill needs a pid');
  }
  const fault: Fault = {
    path: new RegExp(path ?? ''),
    times: number('times', Number.POSITIVE_INFINITY),
    after: number('after', 0),
    reset: given.reset === true,
    delayMs: number('delay_ms', 0),
    lost: given.lost === true,
    headers: isObject(headers)
      ? Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, String(v)]))
      : {},
    ...(typeof method === 'string' ? { method: method.toUpperCase() } : {}),
    ...(given.status === undefined ? {} : { status: number('status', 0) }),
    ...(given.body === undefined ? {} : { body: given.body }),
    ...(isObject(kill)
      ? { kill: { pid: Number(kill.pid), when: kill.when === 'after' ? 'after' : 'before' } }
      : {}),
  };
  return fault;
}

/** The answer of a `status` fault as the real platform gives it: what is in front of the API speaks plain text. */
export function faultAnswer(
  fault: Fault,
  path = '',
): {
  status: number;
  body: unknown;
  headers: Record<string, string>;
} {
  const status = fault.status ?? 200;
  if (fault.body !== undefined) return { status, body: fault.body, headers: { ...fault.headers } };
  const json = (code: number, title: string, detail: string) => ({ errors: [{ code, title, detail }] });
  if (status === 429) {
    const body = JSON.stringify(json(10013, 'CF-RateLimitExceeded', 'Rate Limit Exceeded'));
    return { status, body, headers: { 'content-type': 'text/plain', 'retry-after': '1', ...fault.headers } };
  }
  if (status === 502 || status === 503 || status === 504) {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-cf-routererror': 'endpoint_failure' };
    const body = `${status} : Registered endpoint failed to handle the request.\n`;
    return { status, body, headers: { ...headers, ...fault.headers } };
  }
  // The policy server has errors of its own form.
  if (path.startsWith('/networking/')) {
    return { status, body: { error: 'ordered by a test' }, headers: { ...fault.headers } };
  }
  const body =
    status === 401
      ? json(1000, 'CF-InvalidAuthToken', 'Invalid Auth Token')
      : status === 403
        ? json(10003, 'CF-NotAuthorized', 'You are not authorized to perform the requested action')
        : status === 404
          ? json(10010, 'CF-ResourceNotFound', 'Resource not found')
          : status === 422
            ? json(10008, 'CF-UnprocessableEntity', 'The request is semantically invalid')
            : json(10001, 'UnknownError', 'An unknown error occurred.');
  return { status, body, headers: { ...fault.headers } };
}
