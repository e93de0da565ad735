/** What the hub knows of one repository. Set by tests; of it requests change comments and deployments only. */

/** Full, in lower case. */
export type Sha = string;

export const UNFINISHED = ['requested', 'pending', 'waiting', 'queued', 'in_progress'] as const;

/** One attempt of a workflow run. */
export interface RunRecord {
  id: number;
  attempt: number;
  status: (typeof UNFINISHED)[number] | 'completed';
  /** Of a completed one. */
  conclusion: 'success' | 'failure' | 'cancelled' | 'timed_out' | null;
  commit: Sha;
}

/** `attempt` is 1, `status` `in_progress`, and the conclusion of a completed one `success`, when nothing is said. */
export type RunSetting = Pick<RunRecord, 'id' | 'commit'> & Partial<RunRecord>;

export interface CommitRecord {
  sha: Sha;
  parents: readonly Sha[];
}

export interface PullRequestRecord {
  number: number;
  state: 'open' | 'closed';
  merged: boolean;
  branch: string;
  /** Default: one made of its number. */
  title?: string;
  /** `owner/name` of its head where that is another repository. */
  fork?: string;
  /** The last one is its head. */
  commits: readonly Sha[];
  /** The commit that it starts from. */
  base: Sha;
}

export interface CommentRecord {
  id: number;
  /** Number of its pull request. */
  pull: number;
  /** Login, such as `mona`, or `github-actions[bot]`. */
  author: string;
  body: string;
}

export type DeploymentState =
  | 'error'
  | 'failure'
  | 'inactive'
  | 'pending'
  | 'success'
  | 'queued'
  | 'in_progress';

export interface DeploymentStatus {
  id: number;
  state: DeploymentState;
  description: string;
  /** Empty: none was given. */
  environmentUrl: string;
  logUrl: string;
}

export interface DeploymentRecord {
  id: number;
  /** As it was asked for: a branch, a tag or a commit. */
  ref: string;
  sha: Sha;
  environment: string;
  description: string | null;
  transient: boolean;
  production: boolean;
  /** The newest first. */
  statuses: readonly DeploymentStatus[];
}

export interface Comparison {
  base: Sha;
  head: Sha;
  mergeBase: Sha;
  /** Of head and not of base, parents first. */
  ahead: readonly Sha[];
  /** How many commits of base are none of head. */
  behindBy: number;
}

export class State {
  private readonly runs = new Map<number, RunRecord[]>();
  /** Parents first. */
  private readonly commits = new Map<Sha, CommitRecord>();
  private readonly pulls = new Map<number, PullRequestRecord>();
  private comments: CommentRecord[] = [];
  private commentsMade = 0;
  private readonly deploymentsById = new Map<number, DeploymentRecord>();
  private statusesMade = 0;

  /** Sets one attempt. Throws for an attempt after one that is not completed: GitHub runs nothing again before it has ended. */
  setRun(setting: RunSetting): void {
    const { id, attempt = 1, status = 'in_progress', commit } = setting;
    const conclusion = status === 'completed' ? (setting.conclusion ?? 'success') : null;
    const others = (this.runs.get(id) ?? []).filter((run) => run.attempt !== attempt);
    const open = others.find((run) => run.attempt < attempt && run.status !== 'completed');
    if (open) throw new Error(`attempt ${open.attempt} of run ${id} has not ended`);
    const attempts = [...others, { id, attempt, status, conclusion, commit }];
    this.runs.set(
      id,
      attempts.sort((one, other) => one.attempt - other.attempt),
    );
  }

  /** The newest attempt when none is named. */
  run(id: number, attempt?: number): RunRecord | undefined {
    const attempts = this.runs.get(id);
    return attempt === undefined ? attempts?.at(-1) : attempts?.find((run) => run.attempt === attempt);
  }

  /** Replaces all. Throws for a commit that comes before its parent, or whose parent is not there. */
  setCommits(commits: readonly CommitRecord[]): void {
    this.commits.clear();
    for (const commit of commits) {
      if (!/^[0-9a-f]{40}$/.test(commit.sha)) throw new Error(`${commit.sha} is no commit`);
      const missing = commit.parents.find((parent) => !this.commits.has(parent));
      if (missing) throw new Error(`${missing}, a parent of ${commit.sha}, is not there`);
      this.commits.set(commit.sha, commit);
    }
  }

  /** By the whole SHA, or by seven of its characters or more when they are those of one commit only. */
  commit(text: string): CommitRecord | undefined {
    const name = text.toLowerCase();
    if (name.length < 7) return undefined;
    const found = [...this.commits.values()].filter(({ sha }) => sha.startsWith(name));
    return found.length === 1 ? found[0] : undefined;
  }

  setPullRequest(pull: PullRequestRecord): void {
    this.pulls.set(pull.number, pull);
  }

  /** The newest first. */
  pullRequests(): readonly PullRequestRecord[] {
    return [...this.pulls.values()].sort((one, other) => other.number - one.number);
  }

  pullRequestsOf(sha: Sha): readonly PullRequestRecord[] {
    return [...this.pulls.values()].filter((pull) => pull.commits.includes(sha));
  }

  /** The oldest first; undefined: there is no such pull request. */
  commentsOf(pull: number): readonly CommentRecord[] | undefined {
    return this.pulls.has(pull) ? this.comments.filter((comment) => comment.pull === pull) : undefined;
  }

  addComment(pull: number, author: string, body: string): CommentRecord {
    this.commentsMade += 1;
    const comment = { id: 6_000_000 + this.commentsMade, pull, author, body };
    this.comments.push(comment);
    return comment;
  }

  /** undefined: there is none with this id. */
  editComment(id: number, body: string): CommentRecord | undefined {
    const comment = this.comments.find((one) => one.id === id);
    if (comment) comment.body = body;
    return comment;
  }

  deleteComment(id: number): void {
    this.comments = this.comments.filter((comment) => comment.id !== id);
  }

  /** The newest first. */
  deployments(): readonly DeploymentRecord[] {
    return [...this.deploymentsById.values()].reverse();
  }

  deployment(id: number): DeploymentRecord | undefined {
    return this.deploymentsById.get(id);
  }

  addDeployment(made: Omit<DeploymentRecord, 'id' | 'statuses'>): DeploymentRecord {
    const deployment = { ...made, id: 7_000_001 + this.deploymentsById.size, statuses: [] };
    this.deploymentsById.set(deployment.id, deployment);
    return deployment;
  }

  addStatus(deployment: DeploymentRecord, made: Omit<DeploymentStatus, 'id'>): DeploymentStatus {
    this.statusesMade += 1;
    const status = { ...made, id: 8_000_000 + this.statusesMade };
    const statuses = [status, ...deployment.statuses];
    this.deploymentsById.set(deployment.id, { ...deployment, statuses });
    return status;
  }

  /** A commit, or the head of a branch that a pull request is of. */
  resolve(ref: string): Sha | undefined {
    const branch = [...this.pulls.values()].find((pull) => pull.branch === ref && !pull.fork);
    return branch?.commits.at(-1) ?? this.commit(ref)?.sha;
  }

  /** undefined: they have no ancestor in common. */
  compare(base: Sha, head: Sha): Comparison | undefined {
    const [ofBase, ofHead] = [this.history(base), this.history(head)];
    const order = [...this.commits.keys()];
    const mergeBase = order.filter((sha) => ofBase.has(sha) && ofHead.has(sha)).at(-1);
    if (mergeBase === undefined) return undefined;
    return {
      ...{ base, head, mergeBase },
      ahead: order.filter((sha) => ofHead.has(sha) && !ofBase.has(sha)),
      behindBy: order.filter((sha) => ofBase.has(sha) && !ofHead.has(sha)).length,
    };
  }

  /** The commit and all its ancestors. */
  private history(sha: Sha): Set<Sha> {
    const seen = new Set<Sha>();
    const open = [sha];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(this.commits.get(next)?.parents ?? []));
    }
    return seen;
  }
}
