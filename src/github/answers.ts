/** What GitHub's answers mean. Pure; every answer is unknown JSON until it is read here. */
import type { HttpResponse } from '../model/ports.js';

/** A workflow run, or one attempt of it. */
export interface Run {
  /** `completed`: every job of it has ended, in whatever way. */
  state: 'running' | 'completed';
  attempt: number;
  /** Full, in lower case. */
  commit: string;
  /** For people. */
  url: string;
}

/** How the second of two commits stands to the first. */
export type Age = 'newer' | 'older' | 'same' | 'diverged';

/** What came of one attempt at a call. */
export type Outcome =
  | { kind: 'lost' }
  | { kind: 'answered'; response: Pick<HttpResponse, 'status' | 'headers' | 'cut'> };

/** `again`: after this time at least. `no`: and no other call of this kind will fare better. */
export type Verdict = { kind: 'answer' } | { kind: 'again'; afterMs: number } | { kind: 'unknown' | 'no' };

/** A longer wait than that is not worth what is only good to know. */
const LONGEST_WAIT_MS = 10_000;

/**
 * GitHub's own rules: with `x-ratelimit-remaining: 0` nothing until the hour is over, with `retry-after` (seconds) not before it
 * (docs.github.com, rate limits for the REST API). A redirect is followed nowhere: the token belongs to one host.
 */
export function verdictOf(outcome: Outcome): Verdict {
  if (outcome.kind === 'lost') return { kind: 'again', afterMs: 0 };
  const { status, headers, cut } = outcome.response;
  if (status === 200 || status === 201) return { kind: cut ? 'unknown' : 'answer' };
  if (status === 403 || status === 429) {
    if (headers['x-ratelimit-remaining'] === '0') return { kind: 'no' };
    const afterMs = 1000 * Number(headers['retry-after'] ?? Number.NaN);
    return afterMs <= LONGEST_WAIT_MS ? { kind: 'again', afterMs } : { kind: 'no' };
  }
  if (status === 401) return { kind: 'no' };
  return status >= 500 ? { kind: 'again', afterMs: 0 } : { kind: 'unknown' };
}

/** undefined: not the run that was asked for, or no run at all. `attempt` is the one that was asked for, if any was. */
export function runOf(json: unknown, id: string, attempt?: number): Run | undefined {
  const run = fieldsOf(json);
  const { status, run_attempt: found, html_url: url } = run;
  const commit = commitOf(run.head_sha);
  if (String(run.id) !== id || typeof status !== 'string' || status === '') return undefined;
  if (typeof found !== 'number' || (attempt !== undefined && found !== attempt)) return undefined;
  if (commit === undefined || typeof url !== 'string' || !/^https?:\/\/\S+$/.test(url)) return undefined;
  return { state: status === 'completed' ? 'completed' : 'running', attempt: found, commit, url };
}

const AGES: Readonly<Record<string, Age>> = {
  ahead: 'newer',
  behind: 'older',
  identical: 'same',
  diverged: 'diverged',
};

/** How head stands to `base`; undefined: not a comparison with that base. */
export function ageOf(json: unknown, base: string): Age | undefined {
  const comparison = fieldsOf(json);
  if (commitOf(fieldsOf(comparison.base_commit).sha) !== commitOf(base)) return undefined;
  const { status } = comparison;
  return typeof status === 'string' && Object.hasOwn(AGES, status) ? AGES[status] : undefined;
}

/** @returns a full commit in lower case; undefined for anything else: what is shortened may be another one's too */
export function commitOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{40}([0-9a-f]{24})?$/i.test(value)
    ? value.toLowerCase()
    : undefined;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * @returns the address of the repository in the API, without a slash at its end; undefined where a token may not be sent: neither
 *   https nor this machine, or nothing that names a repository
 */
export function repositoryAddress(apiUrl: string, repository: string): string | undefined {
  const beginning = apiAddress(apiUrl);
  if (beginning === undefined) return undefined;
  const names = repository.split('/');
  if (names.length !== 2 || !names.every((name) => /^[\w.-]+$/.test(name) && !/^\.+$/.test(name)))
    return undefined;
  return `${beginning}/repos/${repository}`;
}

/** @returns where GraphQL is asked, beside the API's own address: of an own server that ends in `/v3`; undefined as above */
export function graphqlAddress(apiUrl: string): string | undefined {
  const beginning = apiAddress(apiUrl);
  return beginning && `${beginning.replace(/\/v3$/, '')}/graphql`;
}

function apiAddress(apiUrl: string): string | undefined {
  if (!URL.canParse(apiUrl)) return undefined;
  const url = new URL(apiUrl);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!safe || url.username || url.password || url.search || url.hash) return undefined;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Of what is no object: none. */
export function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
}
