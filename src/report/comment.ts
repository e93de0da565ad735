/** A plan, told to the pull request that it was made for: one comment for each target and set of apps. */
import { createHash } from 'node:crypto';
import type { Outcome } from '../commands/outcome.js';
import { keepComment, LONGEST_COMMENT } from '../github/comments.js';
import { eventIn, type PullRequest, pullRequestOf } from '../github/event.js';
import { pagesOf } from '../github/pages.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { Clock, Files, Http } from '../model/ports.js';
import type { Log } from './log.js';
import { markdown } from './markdown.js';
import type { Redact } from './redact.js';
import { summaryOf } from './summary.js';

export interface CommentPorts {
  /** To GitHub. */
  http: Http;
  clock: Clock;
  files: Pick<Files, 'read'>;
  signal: AbortSignal;
  redact: Redact;
}

/** It only informs: whatever happens, the result stays what it is. Does nothing outside the event `pull_request`. */
export async function tellPullRequest(
  outcome: Outcome,
  inputs: Inputs,
  context: RunContext,
  log: Log,
  ports: CommentPorts,
): Promise<void> {
  const { githubToken: token } = inputs;
  const { event, repository = '', apiUrl = '' } = context;
  const isPlan = inputs.plan && (outcome.plan ?? outcome.error) !== undefined && outcome.apps.length > 0;
  if (!isPlan || !inputs.comment || event?.name !== 'pull_request' || !token) return;
  const warn = (why: string) =>
    log.tell({ type: 'warning', text: `The plan is not shown on the pull request: ${why}` });
  try {
    const pull = pullRequestOf(await eventIn(event.path, ports.files), repository);
    if (!pull) return warn('the file of the event does not tell which one it is.');
    if (pull.isFork) {
      const text = 'The plan is not shown on the pull request: it is from a fork, whose runs may only read.';
      return log.tell({ type: 'note', text });
    }
    const marker = markerOf(outcome, inputs);
    const body = bodyOf(marker, outcome, inputs, context, pull, log, ports.redact);
    const { http, clock, signal } = ports;
    const comment = { pull: pull.number, marker, body };
    const why = await keepComment({ http, clock, signal, token, apiUrl, repository }, comment);
    if (why !== undefined) warn(why);
  } catch (error) {
    if (!ports.signal.aborted) warn((error as Error).message);
  }
}

/** Never seen by a reader. Names are hashed: they could end the comment of HTML that it is. */
function markerOf({ apps }: Outcome, { api, org, space }: Inputs): string {
  const named = JSON.stringify([api, org, space, ...apps.map(({ app }) => app).sort()]);
  const key = createHash('sha256').update(named).digest('hex').slice(0, 32);
  return `<!-- cf-zero-downtime plan ${key} -->`;
}

function bodyOf(
  marker: string,
  outcome: Outcome,
  { org, space }: Inputs,
  context: RunContext,
  { head }: PullRequest,
  log: Log,
  redact: Redact,
): string {
  const md = markdown(redact);
  const made = [
    `Plan for ${md.code(`${org}/${space}`)}`,
    ...(head ? [`commit ${md.code(head.slice(0, 7))}`] : []),
    ...(context.runUrl ? [md.code(context.runUrl)] : []),
  ];
  const above = `${marker}\n${made.join(', ')}\n\n`;
  // Bytes are never fewer than characters.
  const room = LONGEST_COMMENT - Buffer.byteLength(above);
  const options = { limit: room, pages: pagesOf(context) };
  return above + summaryOf(outcome, log.recorder.story(), log.elapsedMs(), redact, options);
}
