/** One comment on a pull request that is found again and edited, never repeated. */

import { fieldsOf } from './answers.js';
import { type Exchange, type ExchangeOptions, exchange, type Fields, viewerOf } from './exchange.js';

export interface Comment {
  /** Number of the pull request. */
  pull: number;
  /** Hidden first line: with it, and by the token's own author, a comment is ours. */
  marker: string;
  /** Markdown, with the marker at its beginning. */
  body: string;
}

/** GitHub takes no longer comment, in characters (422 "Body is too long"). */
export const LONGEST_COMMENT = 65_536;

/** What is missing in the workflow when GitHub refuses a comment. */
const NEED = {
  what: 'write comments',
  permissions: ['permissions:', '  contents: read', '  pull-requests: write'],
};

/**
 * Edits our comment, or makes it. A write whose answer was lost is looked up before it is repeated; where not every page could be
 * read nothing is written.
 * @returns undefined when it is there, else why not, for people. Rejects with the signal's reason only.
 */
export async function keepComment(options: ExchangeOptions, comment: Comment): Promise<string | undefined> {
  const kept = await exchange(options, NEED, (gitHub) => keepOnce(gitHub, comment));
  return 'why' in kept ? kept.why : undefined;
}

/**
 * Edits all of our comments whose markers begin alike, each of which keeps its marker; where there is none, none is made.
 * @param family the beginning
 * @param text Markdown that stands below the marker from now on
 * @returns as `keepComment`
 */
export async function editComments(
  options: ExchangeOptions,
  { pull, family, text }: { pull: number; family: string; text: string },
): Promise<string | undefined> {
  const edited = await exchange(options, NEED, async (gitHub) => {
    const isOurs = await oursBy(gitHub, family);
    for (const { id, body } of (await gitHub.pages(listOf(gitHub, pull))).filter(isOurs)) {
      const [marker = ''] = String(body).split('\n');
      await edit(gitHub, id, [marker, text].join('\n'));
    }
  });
  return 'why' in edited ? edited.why : undefined;
}

async function keepOnce(gitHub: Exchange, { pull, marker, body }: Comment): Promise<void> {
  const list = listOf(gitHub, pull);
  const isOurs = await oursBy(gitHub, marker);
  // The oldest one that is ours.
  const ours = (await gitHub.pages(list, (read) => read.some(isOurs))).find(isOurs);
  if (ours) await edit(gitHub, ours.id, body);
  else await gitHub.send({ method: 'POST', url: list, json: { body } });
}

function listOf({ address }: Exchange, pull: number): string {
  return `${address}/issues/${pull}/comments`;
}

async function oursBy(gitHub: Exchange, beginning: string): Promise<(comment: Fields) => boolean> {
  const author = await viewerOf(gitHub);
  return ({ id, body, user }) => {
    const isMarked = typeof body === 'string' && body.startsWith(beginning);
    return isMarked && Number.isSafeInteger(id) && String(fieldsOf(user).login).toLowerCase() === author;
  };
}

async function edit({ address, send }: Exchange, id: unknown, body: string): Promise<void> {
  await send({ method: 'PATCH', url: `${address}/issues/comments/${id}`, json: { body } });
}
