/** The pull request that a workflow runs for, as its event tells it: untrusted JSON. */
import type { Files } from '../model/ports.js';
import { commitOf, fieldsOf } from './answers.js';

export interface PullRequest {
  number: number;
  /** Its newest commit, in full: `GITHUB_SHA` is that of a merge which nobody made. */
  head?: string;
  /** Its commits are another repository's, or one's that is gone: the job's token may only read. */
  isFork: boolean;
}

/** Throws where the file cannot be read, or is no JSON. */
export async function eventIn(path: string, files: Pick<Files, 'read'>): Promise<unknown> {
  const content = await files.read(path);
  return content && JSON.parse(content.toString('utf8'));
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
