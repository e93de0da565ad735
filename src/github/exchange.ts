/** A sequence of requests to GitHub that is done as a whole or not: repeated from its beginning where that may help. */
import type { Clock, HttpResponse } from '../model/ports.js';
import { fieldsOf, graphqlAddress, repositoryAddress, verdictOf } from './answers.js';
import { type Caller, callGitHub, type GitHubRequest, jsonOf, WAITS_MS } from './call.js';

export interface ExchangeOptions extends Caller {
  clock: Clock;
  /** `GITHUB_API_URL`; asked only over https, or on this machine. */
  apiUrl: string;
  /** `owner/name`. */
  repository: string;
}

/** What a sequence asks by. Both throw `NotDone`. */
export interface Exchange {
  /** Of the repository in the API, without a slash at its end. */
  address: string;
  /** Where GraphQL is asked. */
  graphql: string;
  send(request: GitHubRequest): Promise<HttpResponse>;
  /** All pages of a list, one after the other, until there is no next one or `enough` says so. `list`: with a query, or without. */
  pages(list: string, enough?: (items: readonly Fields[]) => boolean): Promise<readonly Fields[]>;
}

export type Fields = Readonly<Record<string, unknown>>;

/** What the token needs for it, as lines of a workflow, and what cannot be done without. */
export interface Need {
  /** Such as `write comments`. */
  what: string;
  permissions: readonly string[];
}

/** GitHub did not do what was asked: with that answer, or with none. */
export class NotDone extends Error {
  constructor(
    readonly method: GitHubRequest['method'],
    readonly response: HttpResponse | undefined,
  ) {
    super('GitHub did not do it');
  }
}

/**
 * Runs a sequence that begins with a look: a write whose answer was lost is so looked up before it is repeated.
 * @returns what it brought, or why it was not done, for people. Rejects with the signal's reason only.
 */
export async function exchange<T>(
  options: ExchangeOptions,
  need: Need,
  sequence: (gitHub: Exchange) => Promise<T>,
): Promise<{ done: T } | { why: string }> {
  const address = repositoryAddress(options.apiUrl, options.repository);
  const graphql = graphqlAddress(options.apiUrl);
  if (address === undefined || graphql === undefined)
    return { why: "GitHub's address is neither https nor on this machine." };
  const send = (request: GitHubRequest) => sent(options, request);
  for (let attempt = 0; ; attempt++) {
    try {
      return { done: await sequence({ address, graphql, send, pages: pagesBy(send) }) };
    } catch (error) {
      if (!(error instanceof NotDone)) throw error;
      const afterMs = waitAfter(error);
      const waitMs = WAITS_MS[attempt];
      if (afterMs === undefined || waitMs === undefined) return { why: reasonOf(error.response, need) };
      await options.clock.sleep(Math.max(waitMs, afterMs), options.signal);
    }
  }
}

/** REST does not say it of a job's own token; GraphQL says it of every kind. @returns in lower case */
export async function viewerOf({ graphql, send }: Exchange): Promise<string> {
  const query = { query: 'query { viewer { login } }' };
  const response = await send({ method: 'POST', url: graphql, json: query });
  const { login } = fieldsOf(fieldsOf(fieldsOf(jsonOf(response)).data).viewer);
  if (typeof login !== 'string' || login === '') throw new NotDone('GET', response);
  return login.toLowerCase();
}

async function sent(caller: Caller, request: GitHubRequest): Promise<HttpResponse> {
  const response = await callGitHub(caller, request);
  if (response && verdictOf({ kind: 'answered', response }).kind === 'answer') return response;
  throw new NotDone(request.method, response);
}

/** The next page is counted, not followed: the token belongs to this address. */
function pagesBy(send: Exchange['send']): Exchange['pages'] {
  return async (list, enough = () => false) => {
    const items: Fields[] = [];
    for (let page = 1; ; page++) {
      const mark = list.includes('?') ? '&' : '?';
      const response = await send({ method: 'GET', url: `${list}${mark}per_page=100&page=${page}` });
      const listed = jsonOf(response);
      if (!Array.isArray(listed)) throw new NotDone('GET', response);
      items.push(...listed.map(fieldsOf));
      if (enough(items) || !/rel="next"/.test(response.headers.link ?? '')) return items;
    }
  };
}

/** @returns milliseconds, at least; undefined: another attempt will not fare better */
function waitAfter({ method, response }: NotDone): number | undefined {
  // It was there when it was looked for: somebody deleted it.
  if (method === 'PATCH' && response?.status === 404) return 0;
  const verdict = verdictOf(response ? { kind: 'answered', response } : { kind: 'lost' });
  return verdict.kind === 'again' ? verdict.afterMs : undefined;
}

function reasonOf(response: HttpResponse | undefined, { what, permissions }: Need): string {
  if (!response) return 'GitHub cannot be reached.';
  const { status, headers } = response;
  const { message } = fieldsOf(jsonOf(response));
  const said = typeof message === 'string' ? `: ${message}` : '';
  if (status === 200) return 'GitHub does not say what is there already, or by whom.';
  if (headers['x-ratelimit-remaining'] === '0') return `the token's rate limit is used up (${status}).`;
  if (status === 404 || (status === 403 && /not accessible/i.test(said)))
    return [
      `the token may not ${what} (${status}). Add to the job, beside the permissions that it has:`,
      ...permissions,
    ].join('\n');
  return `GitHub answered ${status}${said}`;
}
