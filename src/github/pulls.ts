/** Which pull requests of the repository are open, and which are positively closed. */
import { type ExchangeOptions, exchange } from './exchange.js';

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
    return new Map(
      read.flatMap(({ number, state }) =>
        Number.isSafeInteger(number) && (state === 'open' || state === 'closed')
          ? [[Number(number), state] as const]
          : [],
      ),
    );
  });
}
