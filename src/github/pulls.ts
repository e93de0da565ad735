/** Which pull requests of the repository are open, which are positively closed, and which are from forks. */
import { commitOf, fieldsOf } from './answers.js';
import { type ExchangeOptions, exchange, type Fields } from './exchange.js';

export type PullState = 'open' | 'closed';

const NEED = {
  what: 'read pull requests',
  permissions: ['permissions:', '  contents: read', '  pull-requests: read'],
};

/**
 * One list, the newest first, down to the lowest number that is asked for. A number that is not in it is of no pull request that
 * the token may see, and says nothing of its state.
 * @param lowest number of the oldest pull request that matters
 * @returns states by number, or why they are not known. Rejects with the signal's reason only.
 */
export async function pullStates(
  options: ExchangeOptions,
  lowest: number,
): Promise<{ done: ReadonlyMap<number, PullState> } | { why: string }> {
  return exchange(options, NEED, async ({ address, pages }) => {
    const list = `${address}/pulls?state=all&sort=created&direction=desc`;
    const read = await pages(list, (items) => Number(items.at(-1)?.number) <= lowest);
    const states = read.flatMap(({ number, state }) =>
      Number.isSafeInteger(number) && (state === 'open' || state === 'closed')
        ? [[Number(number), state] as const]
        : [],
    );
    // What comes new while pages are read moves one from a page to the next: it may be open there, and closed here.
    const open = states.filter(([, state]) => state === 'open');
    return new Map([...states, ...open]);
  });
}

/** @returns the newest commit of a pull request, in full; undefined: GitHub does not say. Rejects with the signal's reason only. */
export async function headOf(options: ExchangeOptions, number: number): Promise<string | undefined> {
  const read = await exchange(options, NEED, ({ address, pages }) =>
    pages(`${address}/pulls?state=all&sort=created&direction=desc`, (items) =>
      items.some((one) => one.number === number),
    ),
  );
  const pull = 'done' in read ? read.done.find((one) => one.number === number) : undefined;
  return commitOf(fieldsOf(pull?.head).sha);
}

/** `own`: of a branch of the repository, or of no pull request at all. */
export type PullOrigin = 'own' | 'fork';

/**
 * @param commit in full
 * @param number the pull request that it was fetched as; its merge is a commit of no pull request
 * @returns undefined: GitHub does not say. Rejects with the signal's reason only.
 */
export async function originOf(
  options: ExchangeOptions,
  commit: string,
  number: number | undefined,
): Promise<PullOrigin | undefined> {
  const read = await exchange(options, NEED, async ({ address, pages }) => {
    const having = await pages(`${address}/commits/${commit}/pulls`);
    if (number === undefined || having.length > 0) return having;
    const list = `${address}/pulls?state=all&sort=created&direction=desc`;
    const all = await pages(list, (items) => Number(items.at(-1)?.number) <= number);
    return all.filter((one) => one.number === number);
  });
  if ('why' in read || (number !== undefined && read.done.length === 0)) return undefined;
  // A commit that a branch of the repository has too is its own.
  const isOwn = (pull: Fields) => isOf(options.repository, pull);
  return read.done.length === 0 || read.done.some(isOwn) ? 'own' : 'fork';
}

/** @returns undefined: GitHub does not say, or there is no such pull request. Rejects with the signal's reason only. */
export async function originOfPull(
  options: ExchangeOptions,
  number: number,
): Promise<PullOrigin | undefined> {
  const read = await exchange(options, NEED, ({ address, pages }) =>
    pages(
      `${address}/pulls?state=all&sort=created&direction=desc`,
      (items) => Number(items.at(-1)?.number) <= number,
    ),
  );
  const pull = 'done' in read ? read.done.find((one) => one.number === number) : undefined;
  return pull && (isOf(options.repository, pull) ? 'own' : 'fork');
}

function isOf(repository: string, { head }: Fields): boolean {
  const { full_name: from } = fieldsOf(fieldsOf(head).repo);
  return typeof from === 'string' && from.toLowerCase() === repository.toLowerCase();
}
