/** The table's form: what the real platform does, where that is written, what is asked, and the answer. */
import { expect, test } from '@jest/globals';

/** Of one row, on a machine that has much else to do. */
const LONGEST_MS = 60_000;

/** One fact that a client can see. */
export interface Row<P> {
  /** Section and place in it: `A1.2 row 4`, `A3 routes 2`. */
  source: string;
  fact: string;
  /** Asks, and says what was seen. */
  see(p: P): Promise<unknown>;
  /** What the platform answers; from what was seen where it names a GUID that nobody knows before. */
  is: unknown;
}

/** One that no client of the foundry can see, and why. */
export interface Unseen {
  source: string;
  fact: string;
  why: string;
}

export const row = <P>(source: string, fact: string, see: Row<P>['see'], is: unknown): Row<P> => ({
  source,
  fact,
  see,
  is,
});

/** Each row has a place of its own, which ends with it. */
export function tell<P extends { close(): Promise<void> }>(
  rows: readonly Row<P>[],
  made: () => Promise<P>,
): void {
  test.each(rows.map((one) => [one.source, one.fact, one] as const))(
    '%s: %s',
    async (_source, _fact, one) => {
      const p = await made();
      try {
        expect(await one.see(p)).toEqual(one.is);
      } finally {
        await p.close();
      }
    },
    LONGEST_MS,
  );
}
