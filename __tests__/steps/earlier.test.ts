/** What of the versions that live had before is kept with the app, and which packages go with those that are not. */
import { expect, test } from '@jest/globals';
import { ANNOTATION } from '../../src/platform/names.js';
import { type EarlierVersion, earlierAfter, packagesGivenUp, readEarlier } from '../../src/steps/earlier.js';

const had = (number: number, builtOf: string): EarlierVersion => ({
  version: `v${number}`,
  droplet: `d${number}`,
  untilMs: number,
  annotations: { [ANNOTATION.builtOf]: builtOf },
});

/** Live had these, the last one first, each written down as it left. */
function written(...versions: EarlierVersion[]): Record<string, string> {
  const all: Record<string, string | null> = {};
  for (const one of versions) {
    const now = Object.fromEntries(Object.entries(all).filter(([, text]) => text !== null));
    Object.assign(all, earlierAfter(one, 'live', now as Record<string, string>));
  }
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== null)) as Record<
    string,
    string
  >;
}

const FIVE = written(...[1, 2, 3, 4, 5].map((number) => had(number, `p${number}`)));

test('five are kept, and the package of the sixth goes with it', () => {
  expect(readEarlier(FIVE).map(({ version }) => version)).toEqual(['v5', 'v4', 'v3', 'v2', 'v1']);
  expect(packagesGivenUp(had(6, 'p6'), 'v7', FIVE, 'p7')).toEqual(['p1']);
});

test.each<[string, EarlierVersion | undefined, string, Record<string, string>, string | undefined]>([
  ['there are five still', undefined, 'v7', FIVE, 'p7'],
  ['the one that falls off is live again', had(6, 'p6'), 'v1', FIVE, 'p1'],
  ['live was built of it, too', had(6, 'p6'), 'v7', FIVE, 'p1'],
  ['another one that is kept was built of it', had(6, 'p1'), 'v7', FIVE, 'p7'],
  [
    'nobody has written down which one it is',
    had(6, 'p6'),
    'v7',
    written({ ...had(1, ''), annotations: {} }),
    undefined,
  ],
])('no package goes: %s', (_name, left, version, annotations, now) => {
  expect(packagesGivenUp(left, version, annotations, now)).toEqual([]);
});
