/** Records as GitHub shows them; the shapes are those of `openapi.json`. */
import { CREATED_AT, nodeId, type Places } from './places.js';
import type {
  CommentRecord,
  CommitRecord,
  Comparison,
  DeploymentRecord,
  DeploymentStatus,
  PullRequestRecord,
  RunRecord,
} from './state.js';

/** Whose the job's own token is. */
export const ACTIONS_BOT = 'github-actions[bot]';
const ACTOR = 'mona';
const AUTHOR = { name: 'Mona', email: 'mona@example.com' };

/** `workflow-run`. */
export function shownRun(places: Places, run: RunRecord) {
  const url = places.api(`/actions/runs/${run.id}`);
  const previous = run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null;
  const suite = run.id + 1_000_000;
  return {
    id: run.id,
    name: 'Deploy',
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: 'main',
    head_sha: run.commit,
    path: '.github/workflows/deploy.yml',
    display_title: 'Deploy',
    run_number: 7,
    event: 'push',
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: 3003,
    check_suite_id: suite,
    check_suite_node_id: nodeId('CheckSuite', suite),
    url,
    html_url: places.page(`/actions/runs/${run.id}`),
    pull_requests: [],
    created_at: CREATED_AT,
    updated_at: CREATED_AT,
    run_started_at: CREATED_AT,
    actor: places.user(ACTOR),
    triggering_actor: places.user(ACTOR),
    run_attempt: run.attempt,
    referenced_workflows: [],
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: places.api(`/check-suites/${suite}`),
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: previous,
    workflow_url: places.api('/actions/workflows/3003'),
    head_commit: {
      id: run.commit,
      tree_id: run.commit,
      message: 'Deploy',
      timestamp: CREATED_AT,
      author: AUTHOR,
      committer: AUTHOR,
    },
    repository: places.minimalRepository(),
    head_repository: places.minimalRepository(),
  };
}

/** `issue-comment`. */
export function shownComment(places: Places, { id, pull, author, body }: CommentRecord) {
  const url = places.api(`/issues/comments/${id}`);
  const kinds = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'eyes', 'rocket'];
  return {
    ...{ id, node_id: nodeId('IssueComment', id), url, body },
    html_url: places.page(`/pull/${pull}#issuecomment-${id}`),
    issue_url: places.api(`/issues/${pull}`),
    user: { ...places.user(author), type: author.endsWith('[bot]') ? 'Bot' : 'User' },
    ...{ created_at: CREATED_AT, updated_at: CREATED_AT },
    author_association: 'NONE',
    performed_via_github_app: null,
    reactions: {
      url: `${url}/reactions`,
      total_count: 0,
      ...Object.fromEntries(kinds.map((kind) => [kind, 0])),
    },
  };
}

/** `commit`. */
export function shownCommit(places: Places, { sha, parents }: CommitRecord) {
  const url = places.api(`/commits/${sha}`);
  const by = { ...AUTHOR, date: CREATED_AT };
  return {
    sha,
    node_id: nodeId('Commit', sha),
    commit: {
      author: by,
      committer: by,
      message: `Change ${sha.slice(0, 7)}`,
      tree: { sha, url: places.api(`/git/trees/${sha}`) },
      url: places.api(`/git/commits/${sha}`),
      comment_count: 0,
      verification: {
        verified: false,
        reason: 'unsigned',
        signature: null,
        payload: null,
        verified_at: null,
      },
    },
    url,
    html_url: places.page(`/commit/${sha}`),
    comments_url: `${url}/comments`,
    author: places.user(ACTOR),
    committer: places.user(ACTOR),
    parents: parents.map((parent) => ({
      sha: parent,
      url: places.api(`/commits/${parent}`),
      html_url: places.page(`/commit/${parent}`),
    })),
  };
}

/**
 * `commit-comparison`. Changed files are not played: the list is empty.
 * @param commits those of one page
 */
export function shownComparison(
  places: Places,
  comparison: Comparison,
  commits: readonly CommitRecord[],
  find: (sha: string) => CommitRecord,
) {
  const { base, head, mergeBase, ahead, behindBy } = comparison;
  const page = places.page(`/compare/${base}...${head}`);
  return {
    url: places.api(`/compare/${base}...${head}`),
    html_url: page,
    permalink_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    base_commit: shownCommit(places, find(base)),
    merge_base_commit: shownCommit(places, find(mergeBase)),
    status: statusOf(ahead.length, behindBy),
    ahead_by: ahead.length,
    behind_by: behindBy,
    total_commits: ahead.length,
    commits: commits.map((commit) => shownCommit(places, commit)),
    files: [],
  };
}

/** How head stands to base. */
function statusOf(aheadBy: number, behindBy: number): 'identical' | 'ahead' | 'behind' | 'diverged' {
  if (aheadBy > 0) return behindBy > 0 ? 'diverged' : 'ahead';
  return behindBy > 0 ? 'behind' : 'identical';
}

/** `pull-request-simple`. */
export function shownPullRequest(places: Places, pull: PullRequestRecord) {
  const url = places.api(`/pulls/${pull.number}`);
  const asIssue = places.api(`/issues/${pull.number}`);
  const html = places.page(`/pull/${pull.number}`);
  const head = pull.commits.at(-1) ?? pull.base;
  const links = {
    self: url,
    html,
    issue: asIssue,
    comments: `${asIssue}/comments`,
    review_comments: `${url}/comments`,
    review_comment: places.api('/pulls/comments{/number}'),
    commits: `${url}/commits`,
    statuses: places.api(`/statuses/${head}`),
  };
  const end = (ref: string, sha: string, repository = places.repository) => {
    const [owner = ''] = repository.split('/');
    return {
      ...{ label: `${owner}:${ref}`, ref, sha },
      user: places.user(owner),
      repo: { ...places.wholeRepository(), full_name: repository, fork: repository !== places.repository },
    };
  };
  const closedAt = pull.state === 'closed' ? CREATED_AT : null;
  return {
    url,
    id: 5_000_000 + pull.number,
    node_id: nodeId('PullRequest', pull.number),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: links.issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title ?? `Pull request ${pull.number}`,
    user: places.user(ACTOR),
    body: null,
    ...{ labels: [], milestone: null, assignee: null, assignees: [] },
    ...{ requested_reviewers: [], requested_teams: [] },
    ...{ created_at: CREATED_AT, updated_at: CREATED_AT },
    closed_at: closedAt,
    merged_at: pull.merged ? closedAt : null,
    merge_commit_sha: pull.merged ? head : null,
    head: end(pull.branch, head, pull.fork),
    base: end('main', pull.base),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: 'COLLABORATOR',
    auto_merge: null,
    active_lock_reason: null,
    draft: false,
  };
}

/** `deployment`. */
export function shownDeployment(places: Places, deployment: DeploymentRecord) {
  const { id, ref, sha, environment, description, transient, production } = deployment;
  const url = places.api(`/deployments/${id}`);
  return {
    ...{ url, id, node_id: nodeId('Deployment', id), sha, ref, task: 'deploy', payload: {}, description },
    ...{ original_environment: environment, environment },
    creator: places.user(ACTIONS_BOT),
    ...{ created_at: CREATED_AT, updated_at: CREATED_AT },
    ...{ statuses_url: `${url}/statuses`, repository_url: places.api() },
    ...{ transient_environment: transient, production_environment: production },
    performed_via_github_app: null,
  };
}

/** `deployment-status`. */
export function shownStatus(places: Places, deployment: DeploymentRecord, status: DeploymentStatus) {
  const url = places.api(`/deployments/${deployment.id}`);
  const { id, state, description, environmentUrl, logUrl } = status;
  return {
    ...{ url: `${url}/statuses/${id}`, id, node_id: nodeId('DeploymentStatus', id), state, description },
    creator: places.user(ACTIONS_BOT),
    ...{ environment: deployment.environment, target_url: logUrl },
    ...{ created_at: CREATED_AT, updated_at: CREATED_AT },
    ...{ deployment_url: url, repository_url: places.api() },
    ...{ environment_url: environmentUrl, log_url: logUrl },
    performed_via_github_app: null,
  };
}
