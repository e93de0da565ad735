/** A preview, told to its pull request: one comment that is edited, and a deployment of GitHub's with its address. */
import { createHash } from 'node:crypto';
import type { Outcome } from '../commands/outcome.js';
import { eventOf } from '../commands/preview.js';
import { previewOf } from '../commands/preview-of.js';
import { editComments, keepComment } from '../github/comments.js';
import { endDeployments, keepDeployment } from '../github/deployments.js';
import type { ExchangeOptions } from '../github/exchange.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { Refused } from '../model/errors.js';
import type { CommentPorts } from './comment.js';
import { explain, meaning } from './explain.js';
import type { Log } from './log.js';
import { type Markdown, markdown, table } from './markdown.js';

export interface PreviewTeller {
  /** Before anything is done. */
  begin(): Promise<void>;
  end(outcome: Outcome): Promise<void>;
}

interface News {
  /** undefined: it is of no pull request. */
  pull?: number;
  /** In full. */
  commit?: string;
}

/** `older`: a newer commit is there, or comes: this run is refused, and the preview is as well as before. */
type State = 'deploying' | 'ready' | 'older' | 'failed' | 'removed' | 'left';

/** It only informs: whatever happens, the result stays what it is. Silent where nobody is to be told. */
export function previewTeller(
  inputs: Inputs,
  context: RunContext,
  log: Log,
  ports: CommentPorts,
): PreviewTeller {
  const { command, githubToken: token, plan, comment: wanted, deployment } = inputs;
  const { repository, apiUrl } = context;
  const { http, clock, signal, redact } = ports;
  const md = markdown(redact);
  const isRemoval = command === 'preview-delete';
  const isAbout = !plan && (command === 'preview' || command === 'preview-delete' || command === 'sweep');
  const gitHub: ExchangeOptions | undefined =
    isAbout && token && apiUrl && repository ? { http, clock, signal, token, apiUrl, repository } : undefined;
  const beganAt = new Date(clock.now()).toISOString();

  async function say(what: string, done: Promise<string | undefined>): Promise<void> {
    const why = await done.catch((error: Error) => (signal.aborted ? undefined : error.message));
    if (why !== undefined) log.tell({ type: 'warning', text: `${what}: ${why}` });
  }

  function tell(pull: number, lines: readonly string[], onlyEdit: boolean): Promise<void> {
    if (!gitHub || !wanted) return Promise.resolve();
    const marker = markerOf(pull, inputs, repository);
    const text = lines.join('\n');
    const told = onlyEdit
      ? editComments(gitHub, { pull, family: familyOf(marker), text })
      : keepComment(gitHub, { pull, marker, body: `${marker}\n${text}` });
    return say('The pull request is not told', told);
  }

  /** undefined: nobody is told, also not of the deployment. */
  async function news(): Promise<News | undefined> {
    if (!gitHub || command === 'sweep') return undefined;
    const { pull, request } = previewOf(inputs, context, await eventOf(context, ports));
    // A fork's run may only read.
    if (request?.isFork && context.event?.name === 'pull_request') return undefined;
    const commit = request?.head ?? context.commit;
    return { ...(pull === undefined ? {} : { pull }), ...(commit === undefined ? {} : { commit }) };
  }

  async function endOfPreview(outcome: Outcome): Promise<void> {
    const about = await news();
    const [first] = outcome.apps;
    const state = isRemoval && outcome.result !== 'deleted' ? 'left' : stateOf(outcome);
    if (!gitHub || !about) return;
    if (about.pull !== undefined) {
      const lines = commentLines(state, about, { outcome, context, beganAt, clock, md });
      await tell(about.pull, lines, state === 'removed' || isRemoval);
    }
    if (!deployment || (isRemoval && state !== 'removed')) return;
    if (state === 'removed') {
      for (const app of outcome.gone ?? []) await ended(app);
      return;
    }
    const { commit: ref } = about;
    if (!first || ref === undefined || state === 'older') return;
    const deployed = {
      ...{ environment: environmentOf(first.app), ref },
      state: state === 'ready' ? ('success' as const) : ('failure' as const),
      ...(first.url ? { url: first.url } : {}),
      ...(context.runUrl ? { logUrl: context.runUrl } : {}),
    };
    await say('The deployment is not told to GitHub', keepDeployment(gitHub, deployed));
  }

  async function ended(app: string): Promise<void> {
    if (!gitHub || !deployment) return;
    await say('The end of the deployment is not told to GitHub', endDeployments(gitHub, environmentOf(app)));
  }

  /** What could not be removed is tried again by the next sweep, and not told. */
  async function endOfSweep({ swept = [], removed = [], gone = [] }: Outcome): Promise<void> {
    const over = swept.filter(({ preview }) => removed.some(({ name }) => name === preview.name));
    for (const { preview, why } of over) {
      if (preview.pull !== undefined)
        await tell(preview.pull, [`The preview is **removed**: ${md.prose(why)}.`], true);
    }
    for (const { preview, what, why } of swept)
      if (what === 'stop' && preview.pull !== undefined)
        await tell(preview.pull, sleepLines(preview.name, why, md), true);
    // The deployment is told of the manifest's first app, whichever one that was.
    for (const app of gone) await ended(app);
  }

  return {
    async begin() {
      if (command !== 'preview') return;
      const about = await news().catch(() => undefined);
      if (about?.pull === undefined) return;
      await tell(about.pull, commentLines('deploying', about, { context, beganAt, clock, md }), false);
    },
    async end(outcome) {
      if (!gitHub || outcome.result === 'skipped') return;
      await (command === 'sweep' ? endOfSweep(outcome) : endOfPreview(outcome)).catch((error: Error) => {
        if (!signal.aborted) log.tell({ type: 'warning', text: `GitHub is not told: ${error.message}` });
      });
    },
  };
}

function environmentOf(app: string): string {
  return `preview/${app}`;
}

function stateOf({ result, error }: Outcome): State {
  if (error instanceof Refused && error.code === 'older-commit') return 'older';
  if (result === 'previewed' || result === 'unchanged') return 'ready';
  if (result === 'deleted') return 'removed';
  return 'failed';
}

/**
 * Never seen by a reader. Names are hashed: they could end the comment of HTML that it is. The previews of one pull request of
 * which each has its manifest have comments of their own, and go together.
 */
function markerOf(
  pull: number,
  { api, org, space, manifest, app }: Inputs,
  repository: string | undefined,
): string {
  const place = hash([api, org, space, repository?.toLowerCase(), pull]);
  return `<!-- cf-zero-downtime preview ${place} ${hash([manifest, app]).slice(0, 12)} -->`;
}

/** What the markers of all previews of a pull request begin with. */
function familyOf(marker: string): string {
  return marker.slice(0, marker.lastIndexOf(' ', marker.length - ' -->'.length - 1) + 1);
}

function hash(names: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 32);
}

interface Told {
  outcome?: Outcome;
  context: RunContext;
  beganAt: string;
  clock: CommentPorts['clock'];
  md: Markdown;
}

const HEADS: Record<State, string> = {
  deploying: '⏳ The preview is being deployed.',
  ready: '👀 The preview is ready.',
  older: '👀 The preview has a newer commit than that of the last run, or gets it just now.',
  failed: '❌ The preview could not be deployed.',
  removed: '🗑️ The preview is removed.',
  left: '❌ The preview could not be removed: the next sweep tries again.',
};

function commentLines(state: State, { commit }: News, told: Told): readonly string[] {
  const { outcome, context, beganAt, clock, md } = told;
  const failure = outcome?.error === undefined || state === 'older' ? undefined : explain(outcome.error);
  const rows = [
    ...(outcome?.apps ?? []).flatMap(({ app, url }) =>
      state === 'removed' ? [] : [[md.code(app), url ? md.code(url) : 'no address']],
    ),
    ...(commit && state !== 'older' ? [['commit', md.code(commit.slice(0, 7))]] : []),
    ...(context.runUrl ? [['run', `[log](${context.runUrl})`]] : []),
    ['began', beganAt],
    ...(state === 'deploying' ? [] : [['ended', new Date(clock.now()).toISOString()]]),
  ];
  const links = (outcome?.apps ?? []).flatMap(({ url }) =>
    (state === 'ready' || state === 'older') && url && isPlain(url) ? [`Look at it: <${url}>`] : [],
  );
  return [
    HEADS[state],
    '',
    ...links,
    ...(links.length > 0 ? [''] : []),
    ...(failure
      ? [
          `${md.code(failure.code)} ${md.prose(firstLine(failure.what))}`,
          '',
          meaning(outcome?.result ?? 'failed'),
          '',
        ]
      : []),
    table(['', ''], rows),
  ];
}

/** Its address leads nowhere until then. */
function sleepLines(name: string, why: string, md: Markdown): readonly string[] {
  return [
    `😴 The preview sleeps: ${md.prose(why)}.`,
    '',
    `It wakes with the next push, or when its workflow is run again; by hand with ${md.code(`cf start ${name}`)}, and so each of its apps. Nothing of it is lost.`,
  ];
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Hosts and paths, nothing that could end a link. */
function isPlain(url: string): boolean {
  return /^https?:\/\/[\w.:/-]+$/.test(url);
}
