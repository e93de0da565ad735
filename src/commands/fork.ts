/**
 * Whose code a preview would run. A run that has the repository's secrets does not deploy a fork's unasked: what counts is which
 * commit is in the workspace, not the event's name.
 */

import { fieldsOf } from '../github/answers.js';
import { checkedOut, checkoutOf, isOfPull } from '../github/checkout.js';
import { pullRequestOf } from '../github/event.js';
import { originOf, originOfPull, type PullOrigin } from '../github/pulls.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { Refused } from '../model/errors.js';
import type { Ports } from './open.js';

export interface Facts {
  event?: string;
  payload: unknown;
  repository: string;
  /** `GITHUB_SHA`: of the repository itself for every event but `pull_request`. */
  sha?: string;
  /** The commit in the workspace; undefined: nobody can say. */
  head?: string;
  /** Of the pull requests that have this commit; undefined: not known. */
  origin?: PullOrigin;
}

/**
 * Throws `Refused` where the code is a fork's, or may be one's.
 * @param paths what of the workspace is deployed: another commit may be checked out in a folder than in the whole
 */
export async function assertOwnCode(
  paths: readonly string[],
  payload: unknown,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<void> {
  if (inputs.preview.allowFork) return;
  const folders = paths.map((path) => checkoutOf(context.workspace, path, ports.files));
  for (const workspace of new Set(await Promise.all(folders)))
    await assertOwnCheckout(payload, inputs, { ...context, workspace }, ports);
}

async function assertOwnCheckout(
  payload: unknown,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<void> {
  const { repository, event, workspace } = context;
  if (repository === undefined) return;
  const head = await checkedOut(workspace, ports.files);
  const facts: Facts = {
    ...{ payload, repository },
    ...(event ? { event: event.name } : {}),
    ...(context.commit === undefined ? {} : { sha: context.commit }),
    ...(head === undefined ? {} : { head }),
  };
  if (!needsGitHub(facts)) return refuse(whoseCode(facts));
  const origin = await originOfHead(facts, inputs, context, ports);
  refuse(whoseCode({ ...facts, ...(origin ? { origin } : {}) }));
}

function refuse(why: string | undefined): void {
  if (why === undefined) return;
  throw new Refused(
    `${why} It would run with the secrets of this repository, and anybody may write such code.`,
    'Deploy the repository’s own commits only, or, where a person has looked at the code first (a job with an environment that wants an approval), set allow-fork: true.',
    'fork',
  );
}

/** Pure. @returns why it may be a fork's, for people; undefined: it is the repository's own */
export function whoseCode({ event, payload, repository, sha, head, origin }: Facts): string | undefined {
  const pull = pullRequestOf(payload, repository);
  if (event === 'pull_request') {
    return pull?.isFork ? `Pull request ${pull.number} is from a fork.` : undefined;
  }
  // A review runs for the merge of what it is about, too.
  if (pull?.isFork && event !== 'pull_request_target') return `Pull request ${pull.number} is from a fork.`;
  // What every other event runs for by itself is of the repository.
  if (head !== undefined && head === sha) return undefined;
  if (event === 'pull_request_target') {
    return pull && !pull.isFork ? undefined : 'The workspace has code of a pull request from a fork.';
  }
  if (event === 'workflow_run') {
    const { head_repository: from, head_sha: commit } = fieldsOf(fieldsOf(payload).workflow_run);
    const isOwn = String(fieldsOf(from).full_name).toLowerCase() === repository.toLowerCase();
    if (isOwn && (head === undefined || head === commit)) return undefined;
    if (!isOwn) return 'The workspace has code of a workflow run for a fork.';
  }
  if (head === undefined) {
    if (origin === 'fork')
      return 'The workspace has no commit that could be looked up, and the pull request is from a fork.';
    return isAboutPull(payload)
      ? 'Nobody can say which commit is in the workspace, and the event is about a pull request.'
      : undefined;
  }
  if (origin === 'fork') return `The workspace has commit ${head.slice(0, 7)} of a pull request from a fork.`;
  return origin === undefined
    ? `Whose commit ${head.slice(0, 7)} in the workspace is, GitHub does not say.`
    : undefined;
}

function needsGitHub({ event, sha, head }: Facts): boolean {
  return event !== 'pull_request' && event !== 'pull_request_target' && (head === undefined || head !== sha);
}

/** A comment on a pull request is one on an issue, which has that in it. */
function isAboutPull(payload: unknown): boolean {
  return fieldsOf(fieldsOf(payload).issue).pull_request !== undefined;
}

async function originOfHead(
  { payload, head }: Facts,
  { githubToken: token, preview: { id } }: Inputs,
  { apiUrl, repository, workspace }: RunContext,
  { publicHttp: http, clock, signal, files }: Ports,
): Promise<PullOrigin | undefined> {
  if (!token || !apiUrl || !repository) return undefined;
  const number = Number(fieldsOf(fieldsOf(payload).issue).number ?? id);
  const isNumber = Number.isSafeInteger(number) && number > 0;
  const gitHub = { http, clock, signal, token, apiUrl, repository };
  // Without git all that can be known is whose pull request it is said to be of.
  if (head === undefined) return isNumber ? originOfPull(gitHub, number) : undefined;
  const isPulls = isNumber && (await isOfPull(workspace, head, number, files));
  return originOf(gitHub, head, isPulls ? number : undefined);
}
