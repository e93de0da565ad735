/** The operations that the hub knows, each with the permission that a token needs for it. */
import { pageOf } from './pages.js';
import type { Places } from './places.js';
import { shownComparison, shownPullRequest, shownRun } from './present.js';
import type { CommitRecord, State } from './state.js';

export type Permission = 'actions' | 'contents' | 'pull_requests';

export interface Call {
  places: Places;
  state: State;
  query: URLSearchParams;
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
];

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
