/** Sends one call: with the token, again where that is safe, never to another host than it is meant for. */
import { HttpFailure, PlatformFault, PlatformRefusal } from '../model/errors.js';
import type { Clock, Http, HttpResponse, Random } from '../model/ports.js';
import type { Allowance } from './calls.js';
import { Fields } from './json.js';
import { bodyKindOf, delayOf, retryAfterMs, type Verdict, verdictOf } from './verdict.js';

export interface Connection {
  http: Http;
  clock: Clock;
  random?: Random;
  /** Address of the Cloud Controller, without a path. */
  api: string;
  /** The access token, with or without the leading `bearer`. */
  token: () => Promise<string>;
  /** The platform did not accept the token that `token` gave: the next one must be new. */
  invalidateToken: () => void;
  signal?: AbortSignal;
  /** Ends a write that was begun before `signal`: whether it was done is worth waiting for. Default `signal`. */
  writesUntil?: AbortSignal;
  /** Until when a read is repeated; also how long a write that was surely not done is. Default 90 seconds. */
  readDeadlineMs?: number;
}

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  json: unknown;
}

/** What is sent with a call, and its media type. */
export interface Body {
  text: string;
  type: string;
}

const READ_DEADLINE_MS = 90_000;
const READ_TIMEOUT_MS = 30_000;
const WRITE_TIMEOUT_MS = 60_000;
const ANSWERS_TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export class Sender {
  private clockOffsetMs = 0;
  private droppedToken?: string;
  private wrote = false;
  private sent = 0;
  private left: Allowance['left'];

  constructor(private readonly connection: Connection) {}

  /** The platform's clock (`Date` header of the newest answer, carried on by ours); our own clock before the first. */
  nowMs(): number {
    return this.connection.clock.now() + this.clockOffsetMs;
  }

  /** As `Platform.hasWritten` says. */
  get hasWritten(): boolean {
    return this.wrote;
  }

  /** As `Platform.allowance` says. */
  get allowance(): Allowance {
    return this.left ? { sent: this.sent, left: this.left } : { sent: this.sent };
  }

  /** The root needs no token, and a connection of its own cannot have been closed before. Too many calls is an answer, too. */
  async answers(): Promise<boolean> {
    const { http, api, signal } = this.connection;
    try {
      const response = await http.request({
        method: 'GET',
        url: new URL('/', api).href,
        headers: { accept: 'application/json' },
        timeoutMs: ANSWERS_TIMEOUT_MS,
        fresh: true,
        ...(signal ? { signal } : {}),
      });
      return (
        response.status === 429 ||
        (response.status < 500 && ['json', 'errors'].includes(bodyKindOf(response).kind))
      );
    } catch {
      return false;
    }
  }

  /** Throws `PlatformRefusal`, `PlatformFault`, or the signal's reason. */
  async send(method: string, path: string, body?: Body, withinMs: number = this.patienceMs): Promise<Answer> {
    const { clock, signal } = this.connection;
    const deadlineMs = clock.now() + withinMs;
    let renewed = false;
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const token = await this.connection.token();
      const result = await this.attempt(method, path, token, body, deadlineMs - clock.now(), renewed);
      if (result.verdict === 'answer') return result.answer;
      if (result.verdict === 'refused')
        throw refusal(
          callName(method, path),
          result.answer.status,
          Fields.of(result.answer.json, 'answer').maybeObjects('errors')[0],
        );
      if (result.verdict === 'renew') {
        renewed = true;
        this.dropToken(token);
        continue;
      }
      const retryAfter = result.answer.headers['retry-after'];
      const delayMs = delayOf(attempt, retryAfter, this.nowMs(), this.spread());
      if (result.verdict !== 'again' || clock.now() + delayMs >= deadlineMs)
        throw new PlatformFault(
          `${callName(method, path)}: ${result.said}.${untilText(retryAfter, this.nowMs())}`,
          result.verdict === 'ambiguous',
          result.answer.status || undefined,
          retryAfterMs(retryAfter, this.nowMs()),
        );
      await clock.sleep(delayMs, signal);
    }
  }

  private async attempt(
    method: string,
    path: string,
    token: string,
    body: Body | undefined,
    leftMs: number,
    renewed: boolean,
  ): Promise<{ verdict: Verdict; answer: Answer; said: string }> {
    const { http, signal, writesUntil = signal, api } = this.connection;
    const read = method === 'GET';
    const ending = read ? signal : writesUntil;
    const url = path.startsWith('/') ? new URL(path, api).href : path;
    this.sent += 1;
    let response: HttpResponse;
    try {
      response = await http.request({
        method,
        url,
        headers: {
          accept: 'application/json',
          authorization: /^bearer /i.test(token) ? token : `bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': body.type }),
        },
        ...(body === undefined ? {} : { body: body.text }),
        timeoutMs: read ? Math.max(1_000, Math.min(READ_TIMEOUT_MS, leftMs)) : WRITE_TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        ...(ending ? { signal: ending } : {}),
      });
    } catch (error) {
      // Whoever cut the call cannot know how far it came.
      this.wrote ||= !read && !(error instanceof HttpFailure && !error.connected);
      if (!(error instanceof HttpFailure)) throw error;
      signal?.throwIfAborted();
      return {
        verdict: verdictOf(method, { kind: 'lost', connected: error.connected }, renewed),
        answer: { status: 0, headers: {}, json: undefined },
        said: `no answer (${error.message})`,
      };
    }
    this.readHeaders(url, response);
    const { kind, json } = bodyKindOf(response);
    const router = response.headers['x-cf-routererror'];
    const verdict = verdictOf(method, { kind: 'answered', status: response.status, body: kind }, renewed);
    this.wrote ||= !read && (verdict === 'answer' || verdict === 'ambiguous');
    return {
      verdict,
      answer: { status: response.status, headers: response.headers, json },
      said: `status ${response.status}${kind === 'other' ? ', not an answer of the API' : ''}${router ? ` (router: ${router})` : ''}`,
    };
  }

  /** Calls side by side may all see the same token end: only the first one drops it, lest a new one goes with it. */
  private dropToken(token: string): void {
    if (this.droppedToken === token) return;
    this.droppedToken = token;
    this.connection.invalidateToken();
  }

  private readHeaders(url: string, { headers }: HttpResponse): void {
    if (new URL(url).origin !== new URL(this.connection.api).origin) return;
    const atMs = Date.parse(headers.date ?? '');
    if (!Number.isNaN(atMs)) this.clockOffsetMs = atMs - this.connection.clock.now();
    this.left = leftOf(headers) ?? this.left;
  }

  /** The platform writes whole addresses; the token goes to the API's own host whatever they say. */
  pathOf(href: string): string {
    try {
      const url = new URL(href, this.connection.api);
      return url.pathname + url.search;
    } catch {
      throw new PlatformFault('The platform named an address that is none.', false);
    }
  }

  /** For how long a call is repeated. */
  get patienceMs(): number {
    return this.connection.readDeadlineMs ?? READ_DEADLINE_MS;
  }

  private spread(): number {
    const token = this.connection.random?.token(4);
    return token ? Number.parseInt(token, 36) / 36 ** 4 : 0.5;
  }
}

/** The rate limit as each limited answer tells it: `X-RateLimit-Reset` is in epoch seconds. */
function leftOf(headers: HttpResponse['headers']): Allowance['left'] {
  const number = (name: string) => {
    const text = headers[`x-ratelimit-${name}`] ?? '';
    return /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [calls, resetS, limit] = [number('remaining'), number('reset'), number('limit')];
  if (calls === undefined || resetS === undefined) return undefined;
  return { calls, resetAtMs: resetS * 1_000, ...(limit === undefined ? {} : { limit }) };
}

function untilText(retryAfter: string | undefined, nowMs: number): string {
  const waitMs = retryAfterMs(retryAfter, nowMs);
  return waitMs === undefined ? '' : ` It asks to wait until ${utc(nowMs + waitMs)}.`;
}

/** `2026-11-20 10:05:00 UTC` */
export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function callName(method: string, path: string): string {
  return `${method} ${path.split('?')[0]}`;
}

export function refusal(call: string, status: number, error: Fields | undefined): PlatformRefusal {
  const reason = error?.maybeText('detail') ?? error?.maybeText('title') ?? 'no reason given';
  return new PlatformRefusal(
    `The platform refused ${call}: ${reason} (${status})`,
    status,
    error?.maybeNumber('code'),
    error?.maybeText('title'),
  );
}
