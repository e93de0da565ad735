/** One comment on a pull request that is found again and edited, never repeated. */

import { fieldsOf } from './answers.js';
import { type Exchange, type ExchangeOptions, exchange, viewerOf } from './exchange.js';

export interface Comment {
  /** Number of the pull request. */
  pull: number;
  /** Hidden first line: with it, and by the token's own author, a comment is ours. */
  marker: string;
  /** Markdown, with the marker at its beginning. */
  body: string;
  /** Where there is none yet, none is made. */
  onlyEdit?: boolean;
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

async function keepOnce(gitHub: Exchange, { pull, marker, body, onlyEdit }: Comment): Promise<void> {
  const author = await viewerOf(gitHub);
  const list = `${gitHub.address}/issues/${pull}/comments`;
  const isOurs = ({ id, body: text, user }: Readonly<Record<string, unknown>>) => {
    const isMarked = typeof text === 'string' && text.startsWith(marker);
    return isMarked && Number.isSafeInteger(id) && String(fieldsOf(user).login).toLowerCase() === author;
  };
  // The oldest one that is ours.
  const ours = (await gitHub.pages(list, (read) => read.some(isOurs))).find(isOurs);
  if (!ours && onlyEdit) return;
  if (!ours) await gitHub.send({ method: 'POST', url: list, json: { body } });
  else
    await gitHub.send({
      method: 'PATCH',
      url: `${gitHub.address}/issues/comments/${ours.id}`,
      json: { body },
    });
}
