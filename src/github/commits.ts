/** The commits between two, and the pull requests that they came by, out of GitHub's answers. Pure. */
import { commitOf, fieldsOf } from './answers.js';

export interface CommitShown {
  /** Full. */
  sha: string;
  /** The first line of its message; untrusted. */
  title: string;
  /** Number of the pull request that it names as where it came from. */
  pull?: number;
}

/** What one commit has and another one has not, newest first; as many as one answer tells. */
export interface CommitsBetween {
  commits: readonly CommitShown[];
  total: number;
  /** Commits that the other one has and this one has not. */
  missing: number;
}

/** GitHub says of a page of a comparison which is the last one. */
export const COMMITS_PER_PAGE = 100;

/** undefined: not a comparison with that base. */
export function commitsIn(json: unknown, base: string): CommitsBetween | undefined {
  const { base_commit, commits, total_commits: total, behind_by: missing } = fieldsOf(json);
  if (commitOf(fieldsOf(base_commit).sha) !== commitOf(base)) return undefined;
  if (!Array.isArray(commits) || typeof total !== 'number' || typeof missing !== 'number') return undefined;
  return { commits: commits.flatMap(commitIn).reverse(), total, missing };
}

function commitIn(json: unknown): CommitShown[] {
  const sha = commitOf(fieldsOf(json).sha);
  const { message } = fieldsOf(fieldsOf(json).commit);
  if (sha === undefined) return [];
  const text = typeof message === 'string' ? message : '';
  const pull = pullIn(text);
  return [{ sha, title: titleOf(text, pull), ...(pull === undefined ? {} : { pull }) }];
}

/** As GitHub itself writes it: of a merge `Merge pull request #12 from …`, of a squash `Title (#12)`. */
function pullIn(message: string): number | undefined {
  const [first = ''] = message.split('\n');
  const [, number] =
    /^Merge pull request #(\d{1,9}) from /.exec(first) ?? /\(#(\d{1,9})\)$/.exec(first.trim()) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** A merge has the title of its pull request below its own. */
function titleOf(message: string, pull: number | undefined): string {
  const lines = message.split('\n').map((line) => line.trim());
  const [first = ''] = lines;
  if (pull === undefined) return first;
  if (first.startsWith('Merge pull request ')) return lines.slice(1).find((line) => line !== '') ?? first;
  return first.replace(/\s*\(#\d+\)$/, '');
}
