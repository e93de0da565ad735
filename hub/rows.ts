/** The operations that the hub knows, each with the permission that a token needs for it. */
import { pageOf } from './pages.js';
import type { Places } from './places.js';
import { shownComment, shownComparison, shownPullRequest, shownRun } from './present.js';
import type { CommitRecord, State } from './state.js';

/** To read; with `:write` to write too. */
export type Permission = 'actions' | 'contents' | 'pull_requests' | 'pull_requests:write';

export interface Call {
  places: Places;
  state: State;
  query: URLSearchParams;
  /** The JSON that was sent; undefined: none, or none that can be read. */
  sent: unknown;
  /** What the groups of the row's pattern matched. */
  parts: readonly string[];
}

export interface Answer {
  status: number;
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface Row {
  /** As in `openapi.json`. */
  operation: string;
  /** Matches the path after `/repos/OWNER/NAME`. */
  pattern: RegExp;
  permission: Permission;
  answer(call: Call): Answer;
}

export const ROWS: readonly Row[] = [
  {
    operation: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
    pattern: /^\/actions\/runs\/(\d+)$/,
    permission: 'actions',
    answer: ({ places, state, parts: [id] }) => {
      const run = state.run(Number(id));
      return run ? { status: 200, body: shownRun(places, run) } : notFound();
    },
  },
  {
    operation: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}',
    pattern: /^\/actions\/runs\/(\d+)\/attempts\/(\d+)$/,
    permission: 'actions',
    answer: ({ places, state, parts: [id, attempt] }) => {
      const run = state.run(Number(id), Number(attempt));
      return run ? { status: 200, body: shownRun(places, run) } : notFound();
    },
  },
  {
    operation: 'GET /repos/{owner}/{repo}/compare/{basehead}',
    pattern: /^\/compare\/([^/]+?)\.\.\.([^/]+)$/,
    permission: 'contents',
    answer: compare,
  },
  {
    operation: 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls',
    pattern: /^\/commits\/([^/]+)\/pulls$/,
    permission: 'pull_requests',
    answer: ({ places, state, query, parts: [name = ''] }) => {
      const commit = state.commit(name);
      if (!commit) return refusal(422, `No commit found for SHA: ${name}`);
      const page = pageOf(state.pullRequestsOf(commit.sha), places.api(`/commits/${name}/pulls`), query);
      return listed(
        page.items.map((pull) => shownPullRequest(places, pull)),
        page.link,
      );
    },
  },
  {
    operation: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
    pattern: /^\/issues\/(\d+)\/comments$/,
    permission: 'pull_requests',
    answer: ({ places, state, query, parts: [number] }) => {
      const comments = state.commentsOf(Number(number));
      if (!comments) return notFound();
      const page = pageOf(comments, places.api(`/issues/${number}/comments`), query);
      return listed(
        page.items.map((comment) => shownComment(places, comment)),
        page.link,
      );
    },
  },
  {
    operation: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    pattern: /^\/issues\/(\d+)\/comments$/,
    permission: 'pull_requests:write',
    answer: ({ places, state, sent, parts: [number] }) => {
      if (!state.commentsOf(Number(number))) return notFound();
      return written(sent, (body) => ({
        status: 201,
        body: shownComment(places, state.addComment(Number(number), ACTIONS_BOT, body)),
      }));
    },
  },
  {
    operation: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
    pattern: /^\/issues\/comments\/(\d+)$/,
    permission: 'pull_requests:write',
    answer: ({ places, state, sent, parts: [id] }) =>
      written(sent, (body) => {
        const comment = state.editComment(Number(id), body);
        return comment ? { status: 200, body: shownComment(places, comment) } : notFound();
      }),
  },
];

/** Whose the job's own token is. */
export const ACTIONS_BOT = 'github-actions[bot]';
const LONGEST_COMMENT = 65_536;

function written(sent: unknown, write: (body: string) => Answer): Answer {
  const { body } = (typeof sent === 'object' && sent !== null ? sent : {}) as { body?: unknown };
  if (typeof body !== 'string' || body.trim() === '') return refusal(422, 'Validation Failed');
  // Counted in characters, not in their units of text.
  if ([...body].length > LONGEST_COMMENT)
    return refusal(422, `Body is too long (maximum is ${LONGEST_COMMENT} characters)`);
  return write(body);
}

/** Without `page` and `per_page` the newest 250 commits, in the order of time; with them, pages from the oldest on. */
function compare({ places, state, query, parts: [baseName = '', headName = ''] }: Call): Answer {
  const [base, head] = [state.commit(baseName), state.commit(headName)];
  if (!base || !head) return notFound();
  const comparison = state.compare(base.sha, head.sha);
  if (!comparison) return refusal(404, `No common ancestor between ${baseName} and ${headName}.`);
  const find = (sha: string): CommitRecord => state.commit(sha) ?? { sha, parents: [] };
  const all = comparison.ahead.map(find);
  const page =
    query.has('page') || query.has('per_page')
      ? pageOf(all, places.api(`/compare/${baseName}...${headName}`), query)
      : { items: all.slice(-250) };
  return listed(shownComparison(places, comparison, page.items, find), page.link);
}

function listed(body: unknown, link: string | undefined): Answer {
  return { status: 200, body, ...(link !== undefined && { headers: { link } }) };
}

export function notFound(): Answer {
  return refusal(404, 'Not Found');
}

/** The body is a `basic-error`. */
export function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) };
  return { status, body, headers };
}
