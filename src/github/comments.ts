/** One comment on a pull request that is found again and edited, never repeated. */
import type { Clock, HttpResponse } from '../model/ports.js';
import { fieldsOf, graphqlAddress, repositoryAddress, verdictOf } from './answers.js';
import { type Caller, callGitHub, type GitHubRequest, jsonOf, WAITS_MS } from './call.js';

export interface CommentOptions extends Caller {
  clock: Clock;
  /** `GITHUB_API_URL`; asked only over https, or on this machine. */
  apiUrl: string;
  /** `owner/name`. */
  repository: string;
}

export interface Comment {
  /** Number of the pull request. */
  pull: number;
  /** Hidden first line: with it, and by the token's own author, a comment is ours. */
  marker: string;
  /** Markdown, with the marker at its beginning. */
  body: string;
}

/** GitHub takes no longer comment, in characters (422 "Body is too long"). */
export const LONGEST_COMMENT = 65_536;

/** What is missing in the workflow when GitHub refuses a comment. */
const COMMENT_PERMISSIONS = ['permissions:', '  contents: read', '  pull-requests: write'];

/** GitHub did not do what was asked: with that answer, or with none. */
class NotDone extends Error {
  constructor(
    readonly method: GitHubRequest['method'],
    readonly response: HttpResponse | undefined,
  ) {
    super('GitHub did not do it');
  }
}

/**
 * Edits our comment, or makes it. A write whose answer was lost is looked up before it is repeated; where not every page could be
 * read nothing is written.
 * @returns undefined when it is there, else why not, for people. Rejects with the signal's reason only.
 */
export async function keepComment(options: CommentOptions, comment: Comment): Promise<string | undefined> {
  const address = repositoryAddress(options.apiUrl, options.repository);
  const graphql = graphqlAddress(options.apiUrl);
  if (address === undefined || graphql === undefined)
    return "GitHub's address is neither https nor on this machine.";
  for (let attempt = 0; ; attempt++) {
    try {
      await keepOnce(options, comment, address, graphql);
      return undefined;
    } catch (error) {
      if (!(error instanceof NotDone)) throw error;
      const afterMs = waitAfter(error);
      const waitMs = WAITS_MS[attempt];
      if (afterMs === undefined || waitMs === undefined) return reasonOf(error.response);
      await options.clock.sleep(Math.max(waitMs, afterMs), options.signal);
    }
  }
}

async function keepOnce(caller: Caller, comment: Comment, address: string, graphql: string): Promise<void> {
  const { pull, marker, body } = comment;
  const author = await authorOf(caller, graphql);
  const list = `${address}/issues/${pull}/comments`;
  const id = await idOf(caller, list, marker, author);
  if (id === undefined) await done(caller, { method: 'POST', url: list, json: { body } });
  else await done(caller, { method: 'PATCH', url: `${address}/issues/comments/${id}`, json: { body } });
}

/** REST does not say it of a job's own token; GraphQL says it of every kind. */
async function authorOf(caller: Caller, url: string): Promise<string> {
  const query = { query: 'query { viewer { login } }' };
  const response = await done(caller, { method: 'POST', url, json: query });
  const { login } = fieldsOf(fieldsOf(fieldsOf(jsonOf(response)).data).viewer);
  if (typeof login !== 'string' || login === '') throw new NotDone('GET', response);
  return login.toLowerCase();
}

/** Of the oldest one that is ours. The next page is counted, not followed: the token belongs to this address. */
async function idOf(
  caller: Caller,
  list: string,
  marker: string,
  author: string,
): Promise<number | undefined> {
  for (let page = 1; ; page++) {
    const response = await done(caller, { method: 'GET', url: `${list}?per_page=100&page=${page}` });
    const comments = jsonOf(response);
    if (!Array.isArray(comments)) throw new NotDone('GET', response);
    const ours = comments.map(fieldsOf).find(({ id, body, user }) => {
      const { login } = fieldsOf(user);
      const isMarked = typeof body === 'string' && body.startsWith(marker);
      return isMarked && Number.isSafeInteger(id) && String(login).toLowerCase() === author;
    });
    if (ours) return Number(ours.id);
    if (!/rel="next"/.test(response.headers.link ?? '')) return undefined;
  }
}

/** Throws `NotDone`. */
async function done(caller: Caller, request: GitHubRequest): Promise<HttpResponse> {
  const response = await callGitHub(caller, request);
  if (response && verdictOf({ kind: 'answered', response }).kind === 'answer') return response;
  throw new NotDone(request.method, response);
}

/** @returns milliseconds, at least; undefined: another attempt will not fare better */
function waitAfter({ method, response }: NotDone): number | undefined {
  // It was there when it was looked for: somebody deleted it.
  if (method === 'PATCH' && response?.status === 404) return 0;
  const verdict = verdictOf(response ? { kind: 'answered', response } : { kind: 'lost' });
  return verdict.kind === 'again' ? verdict.afterMs : undefined;
}

function reasonOf(response: HttpResponse | undefined): string {
  if (!response) return 'GitHub cannot be reached.';
  const { status, headers } = response;
  const { message } = fieldsOf(jsonOf(response));
  const said = typeof message === 'string' ? `: ${message}` : '';
  if (status === 200) return 'GitHub does not say what is there already, or by whom.';
  if (headers['x-ratelimit-remaining'] === '0') return `the token's rate limit is used up (${status}).`;
  if (status === 404 || (status === 403 && /not accessible/i.test(said)))
    return [
      `the token may not write comments (${status}). Add to the job, beside the permissions that it has:`,
      ...COMMENT_PERMISSIONS,
    ].join('\n');
  return `GitHub answered ${status}${said}`;
}
