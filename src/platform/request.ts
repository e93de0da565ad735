/** One call of the platform's API: sent, repeated where that is safe, and read to the last page. */
import { HttpFailure, PlatformFault, PlatformRefusal } from '../model/errors.js';
import type { Clock, Http, HttpResponse, Random } from '../model/ports.js';
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
  /** Until when a read is repeated; also how long a write that was surely not done is. Default 90 seconds. */
  readDeadlineMs?: number;
}

/** Query parameters; a list becomes one value with commas. undefined is left out. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  json: unknown;
}

export interface Page<T> {
  items: readonly T[];
  /** The `included` object of each page. */
  included: readonly Fields[];
}

const READ_DEADLINE_MS = 90_000;
const JOB_DEADLINE_MS = 10 * 60_000;
const READ_TIMEOUT_MS = 30_000;
const WRITE_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** The most the platform gives per page. */
const PER_PAGE = '5000';
/** Guids or names in one query: the address stays well under the 8 KiB that the platform's web server reads. */
const VALUES_PER_QUERY = 100;
const MAX_PAGES = 1_000;

export class Requests {
  private clockOffsetMs = 0;
  private droppedToken?: string;

  constructor(private readonly connection: Connection) {}

  /** The platform's clock (`Date` header of the newest answer, carried on by ours); our own clock before the first. */
  nowMs(): number {
    return this.connection.clock.now() + this.clockOffsetMs;
  }

  /** Reads one thing. `path` may be a whole address of a host that the platform's root names. Throws `PlatformRefusal` (also for a clear 404), `PlatformFault`. */
  async read(path: string, query: Query = {}, deadlineMs?: number): Promise<unknown> {
    return (await this.send('GET', path + queryText(query), undefined, deadlineMs)).json;
  }

  /**
   * Reads a list to its last page. An empty page with a next one is followed; a list that does not have as many different
   * things as it says is read again. Throws as `read`; a page that fails fails the whole.
   */
  async list<T>(path: string, query: Query, parse: (fields: Fields) => T): Promise<Page<T>> {
    const { clock } = this.connection;
    const deadlineMs = clock.now() + this.deadlineSpanMs;
    for (let attempt = 0; ; attempt++) {
      const { pages, complete } = await this.pages(path + queryText({ per_page: PER_PAGE, ...query }));
      if (complete) {
        return {
          items: pages.flatMap((page) => page.objects('resources').map(parse)),
          included: pages.flatMap((page) => page.maybeObject('included') ?? []),
        };
      }
      const delayMs = delayOf(attempt, undefined, clock.now(), this.spread());
      if (clock.now() + delayMs > deadlineMs)
        throw new PlatformFault(`The platform's list ${path} stayed incomplete.`, false);
      await clock.sleep(delayMs, this.connection.signal);
    }
  }

  /** `list` for a filter with any number of values, in as many calls as it takes, side by side. No values: nothing, without a call. */
  async listFor<T>(
    path: string,
    filter: string,
    values: readonly string[],
    query: Query,
    parse: (fields: Fields) => T,
  ): Promise<readonly T[]> {
    return (await this.pagesFor(path, filter, values, query, parse)).items;
  }

  async pagesFor<T>(
    path: string,
    filter: string,
    values: readonly string[],
    query: Query,
    parse: (fields: Fields) => T,
  ): Promise<Page<T>> {
    const distinct = [...new Set(values)];
    const chunks: string[][] = [];
    for (let from = 0; from < distinct.length; from += VALUES_PER_QUERY)
      chunks.push(distinct.slice(from, from + VALUES_PER_QUERY));
    const pages = await Promise.all(
      chunks.map((chunk) => this.list(path, { ...query, [filter]: chunk }, parse)),
    );
    return {
      items: pages.flatMap((page) => page.items),
      included: pages.flatMap((page) => page.included),
    };
  }

  /** Sends one write once; only what was surely not done is repeated. Throws `PlatformRefusal`, or `PlatformFault` with `ambiguous: true` when it may have been done. */
  async write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    return this.send(method, path, body === undefined ? undefined : JSON.stringify(body));
  }

  /** `write`, and the thing that it answers. What was done but not answered as expected throws `PlatformFault` with `ambiguous: true`. */
  async writeFor<T>(
    method: 'POST' | 'PATCH',
    path: string,
    body: unknown,
    what: string,
    parse: (fields: Fields) => T,
  ): Promise<T> {
    const { json } = await this.write(method, path, body);
    return orAmbiguous(async () => parse(Fields.of(json, what)));
  }

  /**
   * Waits until the job that a 202 names is done. A failed job throws `PlatformRefusal` with the job's first error; one that
   * cannot be followed to its end throws `PlatformFault` with `ambiguous: true`.
   */
  async finish(answer: Answer): Promise<void> {
    const location = answer.headers.location;
    if (answer.status !== 202 || !location) return;
    const { clock, signal } = this.connection;
    const path = this.pathOf(location);
    const deadlineMs = clock.now() + JOB_DEADLINE_MS;
    for (let delayMs = 50; ; delayMs = Math.min(delayMs * 1.5, 2_000)) {
      await clock.sleep(delayMs, signal);
      const { state, error } = await orAmbiguous(async () => {
        const job = Fields.of(await this.read(path), 'job');
        return { state: job.text('state'), error: job.maybeObjects('errors')[0] };
      });
      if (state === 'COMPLETE') return;
      if (state === 'FAILED') throw refusal(`the job ${path}`, 422, error);
      if (clock.now() > deadlineMs)
        throw new PlatformFault(`The platform's job ${path} did not end in time (${state}).`, true);
    }
  }

  private async pages(first: string): Promise<{ pages: Fields[]; complete: boolean }> {
    const pages: Fields[] = [];
    const guids = new Set<string>();
    let total = 0;
    for (let next: string | undefined = first; next !== undefined; ) {
      if (pages.length === MAX_PAGES)
        throw new PlatformFault(`The platform's list ${first} has no end.`, false);
      const page: Fields = Fields.of(await this.read(next), 'list');
      const pagination: Fields = page.object('pagination');
      total = pagination.number('total_results');
      for (const resource of page.objects('resources')) guids.add(resource.text('guid'));
      pages.push(page);
      const href: string | undefined = pagination.maybeObject('next')?.text('href');
      next = href === undefined ? undefined : this.pathOf(href);
    }
    return { pages, complete: guids.size === total };
  }

  private async send(
    method: string,
    path: string,
    body?: string,
    spanMs = this.deadlineSpanMs,
  ): Promise<Answer> {
    const { clock, signal } = this.connection;
    const deadlineMs = clock.now() + spanMs;
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
          `${callName(method, path)}: ${result.said}.`,
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
    body: string | undefined,
    leftMs: number,
    renewed: boolean,
  ): Promise<{ verdict: Verdict; answer: Answer; said: string }> {
    const { http, signal, api } = this.connection;
    const read = method === 'GET';
    const url = path.startsWith('/') ? new URL(path, api).href : path;
    let response: HttpResponse;
    try {
      response = await http.request({
        method,
        url,
        headers: {
          accept: 'application/json',
          authorization: /^bearer /i.test(token) ? token : `bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        timeoutMs: read ? Math.max(1_000, Math.min(READ_TIMEOUT_MS, leftMs)) : WRITE_TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      signal?.throwIfAborted();
      return {
        verdict: verdictOf(method, { kind: 'lost', connected: error.connected }, renewed),
        answer: { status: 0, headers: {}, json: undefined },
        said: `no answer (${error.message})`,
      };
    }
    this.readClock(url, response);
    const { kind, json } = bodyKindOf(response);
    const router = response.headers['x-cf-routererror'];
    return {
      verdict: verdictOf(method, { kind: 'answered', status: response.status, body: kind }, renewed),
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

  private readClock(url: string, response: HttpResponse): void {
    const atMs = Date.parse(response.headers.date ?? '');
    if (!Number.isNaN(atMs) && new URL(url).origin === new URL(this.connection.api).origin)
      this.clockOffsetMs = atMs - this.connection.clock.now();
  }

  /** The platform writes whole addresses; the token goes to the API's own host whatever they say. */
  private pathOf(href: string): string {
    try {
      const url = new URL(href, this.connection.api);
      return url.pathname + url.search;
    } catch {
      throw new PlatformFault('The platform named an address that is none.', false);
    }
  }

  private get deadlineSpanMs(): number {
    return this.connection.readDeadlineMs ?? READ_DEADLINE_MS;
  }

  private spread(): number {
    const token = this.connection.random?.token(4);
    return token ? Number.parseInt(token, 36) / 36 ** 4 : 0.5;
  }
}

/**
 * `?key=a,b`. The platform splits at commas first and then unescapes each value, so a comma or a percent sign of a value itself
 * is escaped twice (cloud_controller_ng app/messages/base_message.rb, to_array!).
 */
function queryText(query: Query): string {
  const parts = Object.entries(query).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const text =
      typeof value === 'string'
        ? value
        : value.map((one) => one.replace(/[%,]/g, encodeURIComponent)).join(',');
    return `${encodeURIComponent(key)}=${encodeURIComponent(text)}`;
  });
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** A read after a write that was sent: whatever goes wrong with it, the write may have been done. */
async function orAmbiguous<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PlatformFault || error instanceof PlatformRefusal)
      throw new PlatformFault(error.message, true, error.status);
    throw error;
  }
}

function callName(method: string, path: string): string {
  return `${method} ${path.split('?')[0]}`;
}

function refusal(call: string, status: number, error: Fields | undefined): PlatformRefusal {
  const reason = error?.maybeText('detail') ?? error?.maybeText('title') ?? 'no reason given';
  return new PlatformRefusal(
    `The platform refused ${call}: ${reason} (${status})`,
    status,
    error?.maybeNumber('code'),
    error?.maybeText('title'),
  );
}
