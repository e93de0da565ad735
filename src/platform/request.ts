/** What the groups of calls are written in: a thing, a list to its last page, a write, a job. */
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import type { Clock } from '../model/ports.js';
import type { Allowance } from './calls.js';
import { Fields } from './json.js';
import { type Answer, type Connection, refusal, Sender } from './sender.js';
import { delayOf } from './verdict.js';

/** Query parameters; a list becomes one value with commas. undefined is left out. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const JOB_DEADLINE_MS = 10 * 60_000;
/** The most the platform gives per page. */
const PER_PAGE = '5000';
/** Guids or names in one query: the address stays well under the 8 KiB that the platform's web server reads. */
const VALUES_PER_QUERY = 100;
/** What they take in it, escaped: so many GUIDs do not reach it. Twice as much, and the rest of an address, still fits. */
const LENGTH_PER_QUERY = 3_950;
const MAX_PAGES = 1_000;

export class Requests {
  private readonly sender: Sender;
  private readonly clock: Clock;
  private readonly signal: AbortSignal | undefined;
  /** Jobs that are waited for, by path. */
  private readonly following = new Map<string, Promise<void>>();

  constructor(connection: Connection) {
    this.sender = new Sender(connection);
    this.clock = connection.clock;
    this.signal = connection.signal;
  }

  /** The platform's clock, as `Platform.platformNowMs` says. */
  nowMs(): number {
    return this.sender.nowMs();
  }

  hasWritten(): boolean {
    return this.sender.hasWritten;
  }

  allowance(): Allowance {
    return this.sender.allowance;
  }

  /** Whether the API answers at this moment, as `Platform.answers` says. */
  answers(): Promise<boolean> {
    return this.sender.answers();
  }

  /** Reads one thing. `path` may be a whole address of a host that the platform's root names. Throws `PlatformRefusal` (also for a clear 404), `PlatformFault`. */
  async read(path: string, query: Query = {}, withinMs?: number): Promise<unknown> {
    return (await this.sender.send('GET', path + queryText(query), undefined, withinMs)).json;
  }

  /**
   * Reads a list to its last page. An empty page with a next one is followed; a list that does not have as many different
   * things as it says is read again. So is one of several pages until it is the same twice: what is deleted meanwhile moves
   * something from the next page to one that was read already. Throws as `read`; a page that fails fails the whole.
   */
  async list<T>(path: string, query: Query, parse: (fields: Fields) => T): Promise<readonly T[]> {
    const deadlineMs = this.clock.now() + this.sender.patienceMs;
    let last: string | undefined;
    for (let attempt = 0; ; attempt++) {
      const { pages, guids, complete } = await this.pages(path + queryText({ per_page: PER_PAGE, ...query }));
      const seen = complete ? [...guids].join() : undefined;
      if (complete && (pages.length === 1 || seen === last))
        return pages.flatMap((page) => page.objects('resources').map(parse));
      last = seen;
      const delayMs = delayOf(attempt, undefined, this.clock.now(), 0.5);
      if (this.clock.now() + delayMs > deadlineMs)
        throw new PlatformFault(`The platform's list ${path} did not stand still while it was read.`, false);
      await this.clock.sleep(delayMs, this.signal);
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
    const pages = await Promise.all(
      inParts(values).map((part) => this.list(path, { ...query, [filter]: part }, parse)),
    );
    return pages.flat();
  }

  /** Sends one write once; only what was surely not done is repeated. Throws `PlatformRefusal`, or `PlatformFault` with `ambiguous: true` when it may have been done. */
  async write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    const json = { text: JSON.stringify(body), type: 'application/json' };
    return this.sender.send(method, path, body === undefined ? undefined : json);
  }

  /** As `write`, of a manifest. */
  async writeYaml(path: string, text: string): Promise<Answer> {
    return this.sender.send('POST', path, { text, type: 'application/x-yaml' });
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

  /** Waits until the job that a 202 names is done, as `follow` does. */
  async finish(answer: Answer): Promise<void> {
    const path = this.jobOf(answer);
    if (path !== undefined) await this.follow(path);
  }

  /** @returns the path of the job that a 202 names */
  jobOf({ status, headers: { location } }: Answer): string | undefined {
    return status === 202 && location ? this.sender.pathOf(location) : undefined;
  }

  /**
   * Waits until a job is done. A failed job throws `PlatformRefusal` with the job's first error; one that cannot be followed to
   * its end throws `PlatformFault` with `ambiguous: true`. All who wait for one job look at it together.
   */
  follow(path: string): Promise<void> {
    const under = this.following.get(path);
    if (under) return under;
    const end = this.look(path).finally(() => this.following.delete(path));
    this.following.set(path, end);
    return end;
  }

  private async look(path: string): Promise<void> {
    const deadlineMs = this.clock.now() + JOB_DEADLINE_MS;
    for (let delayMs = 50; ; delayMs = Math.min(delayMs * 1.5, 2_000)) {
      await this.clock.sleep(delayMs, this.signal);
      const { state, error } = await orAmbiguous(async () => {
        const job = Fields.of(await this.read(path), 'job');
        return { state: job.text('state'), error: job.maybeObjects('errors')[0] };
      });
      if (state === 'COMPLETE') return;
      if (state === 'FAILED') throw refusal(`the job ${path}`, 422, error);
      if (this.clock.now() > deadlineMs)
        throw new PlatformFault(`The platform's job ${path} did not end in time (${state}).`, true);
    }
  }

  private async pages(
    first: string,
  ): Promise<{ pages: Fields[]; guids: ReadonlySet<string>; complete: boolean }> {
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
      next = href === undefined ? undefined : this.sender.pathOf(href);
    }
    return { pages, guids, complete: guids.size === total };
  }
}

/**
 * `?key=a,b`. The platform splits at commas first and then unescapes each value, so a comma or a percent sign of a value itself
 * is escaped twice (cloud_controller_ng app/messages/base_message.rb, to_array!).
 */
function queryText(query: Query): string {
  const parts = Object.entries(query).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const text = typeof value === 'string' ? value : value.map(escaped).join(',');
    return `${encodeURIComponent(key)}=${encodeURIComponent(text)}`;
  });
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Each value once, in as many parts as there have to be queries. Pure. */
export function inParts(values: readonly string[]): string[][] {
  const parts: string[][] = [];
  let length = 0;
  for (const value of new Set(values)) {
    const last = parts.at(-1);
    const more = encodeURIComponent(`${escaped(value)},`).length;
    if (last && last.length < VALUES_PER_QUERY && length + more <= LENGTH_PER_QUERY) {
      last.push(value);
      length += more;
    } else {
      parts.push([value]);
      length = more;
    }
  }
  return parts;
}

function escaped(value: string): string {
  return value.replace(/[%,]/g, encodeURIComponent);
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
