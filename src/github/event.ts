/** The pull request that a workflow runs for, as its event tells it. Pure; the event is untrusted JSON. */
import { commitOf, fieldsOf } from './answers.js';

export interface PullRequest {
  number: number;
  /** Its newest commit, in full: `GITHUB_SHA` is that of a merge which nobody made. */
  head?: string;
  /** Its commits are another repository's, or one's that is gone: the job's token may only read. */
  isFork: boolean;
}

/**
 * @param event payload of the event `pull_request`
 * @param repository `owner/name` of the workflow
 * @returns undefined for what is no such event
 */
export function pullRequestOf(event: unknown, repository: string): PullRequest | undefined {
  const { number, head } = fieldsOf(fieldsOf(event).pull_request);
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) return undefined;
  const { full_name: from } = fieldsOf(fieldsOf(head).repo);
  const commit = commitOf(fieldsOf(head).sha);
  const isFork = typeof from !== 'string' || from.toLowerCase() !== repository.toLowerCase();
  return { number, isFork, ...(commit !== undefined && { head: commit }) };
}
