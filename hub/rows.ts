/** The operations that the hub knows, each with the permission that a token needs for it. */
import { pageOf } from './pages.js';
import type { Places } from './places.js';
import {
  ACTIONS_BOT,
  shownComment,
  shownComparison,
  shownDeployment,
  shownPullRequest,
  shownRun,
  shownStatus,
} from './present.js';
import type { CommitRecord, DeploymentState, State } from './state.js';

/** To read; with `:write` to write too. */
export type Permission =
  | 'actions'
  | 'contents'
  | 'pull_requests'
  | 'pull_requests:write'
  | 'deployments'
  | 'deployments:write';

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
  {
    operation: 'GET /repos/{owner}/{repo}/pulls',
    pattern: /^\/pulls$/,
    permission: 'pull_requests',
    answer: ({ places, state, query }) => {
      const wanted = query.get('state') ?? 'open';
      const all = state.pullRequests().filter((pull) => wanted === 'all' || pull.state === wanted);
      const sorted = query.get('direction') === 'asc' ? all.toReversed() : all;
      const page = pageOf(sorted, places.api('/pulls'), query);
      return listed(
        page.items.map((pull) => shownPullRequest(places, pull)),
        page.link,
      );
    },
  },
  {
    operation: 'GET /repos/{owner}/{repo}/deployments',
    pattern: /^\/deployments$/,
    permission: 'deployments',
    answer: ({ places, state, query }) => {
      const wanted = query.get('environment');
      const all = state.deployments().filter(({ environment }) => !wanted || environment === wanted);
      const page = pageOf(all, places.api('/deployments'), query);
      return listed(
        page.items.map((deployment) => shownDeployment(places, deployment)),
        page.link,
      );
    },
  },
  {
    operation: 'POST /repos/{owner}/{repo}/deployments',
    pattern: /^\/deployments$/,
    permission: 'deployments:write',
    answer: deploy,
  },
  {
    operation: 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    pattern: /^\/deployments\/(\d+)\/statuses$/,
    permission: 'deployments',
    answer: ({ places, state, query, parts: [id] }) => {
      const deployment = state.deployment(Number(id));
      if (!deployment) return notFound();
      const page = pageOf(deployment.statuses, places.api(`/deployments/${id}/statuses`), query);
      return listed(
        page.items.map((status) => shownStatus(places, deployment, status)),
        page.link,
      );
    },
  },
  {
    operation: 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    pattern: /^\/deployments\/(\d+)\/statuses$/,
    permission: 'deployments:write',
    answer: ({ places, state, sent, parts: [id] }) => {
      const deployment = state.deployment(Number(id));
      if (!deployment) return notFound();
      const { state: reached, description = '', environment_url = '', log_url = '' } = fieldsOf(sent);
      const texts = [description, environment_url, log_url];
      if (!STATES.includes(reached as DeploymentState) || !texts.every((text) => typeof text === 'string'))
        return refusal(422, 'Validation Failed');
      if (String(description).length > LONGEST_DESCRIPTION) return refusal(422, 'Validation Failed');
      const status = state.addStatus(deployment, {
        state: reached as DeploymentState,
        description: String(description),
        environmentUrl: String(environment_url),
        logUrl: String(log_url),
      });
      return { status: 201, body: shownStatus(places, deployment, status) };
    },
  },
];

const LONGEST_COMMENT = 65_536;
const LONGEST_DESCRIPTION = 140;
const STATES: readonly DeploymentState[] = [
  ...(['error', 'failure', 'inactive', 'pending', 'success', 'queued', 'in_progress'] as const),
];

/** Without `required_contexts: []` it waits for checks, and without `auto_merge: false` it merges: neither is played. */
function deploy({ places, state, sent }: Call): Answer {
  const {
    ref,
    environment = 'production',
    description = '',
    auto_merge,
    required_contexts,
    transient_environment = false,
    production_environment = environment === 'production',
  } = fieldsOf(sent);
  if (typeof ref !== 'string' || typeof environment !== 'string' || typeof description !== 'string')
    return refusal(422, 'Validation Failed');
  if (auto_merge !== false || !Array.isArray(required_contexts) || required_contexts.length > 0)
    return refusal(409, 'Conflict merging: this is not played, ask for auto_merge false and no contexts');
  const sha = state.resolve(ref);
  if (sha === undefined) return refusal(422, `No ref found for: ${ref}`);
  const deployment = state.addDeployment({
    ...{ ref, sha, environment, description },
    transient: transient_environment === true,
    production: production_environment === true,
  });
  return { status: 201, body: shownDeployment(places, deployment) };
}

function fieldsOf(sent: unknown): Readonly<Record<string, unknown>> {
  return typeof sent === 'object' && sent !== null ? (sent as Record<string, unknown>) : {};
}

function written(sent: unknown, write: (body: string) => Answer): Answer {
  const { body } = fieldsOf(sent);
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
