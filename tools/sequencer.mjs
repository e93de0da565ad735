import Sequencer from '@jest/test-sequencer';

/** They take minutes each, and nothing about their files says so: what is long begins first, or all wait for it at the end. */
export const LONG = [
  'e2e/hold',
  'e2e/killed-at-each-step',
  'matrix/matrix',
  'e2e/rollback',
  'e2e/every-route',
  'matrix/rolling',
  'e2e/leftovers',
  'e2e/unchanged',
  'e2e/two-runs',
  'strategies/model',
  'e2e/stripped-header',
  'e2e/canary',
  'matrix/race',
  'matrix/settler',
];
/** End-to-end tests wait most of the time, the matrix computes: so many of the first for each of the second use both cores. */
const WAITING = 2;

/** The order in which workers take the files. */
export default class LongestFirst extends Sequencer {
  /** As jest has them, longest or largest first, but for what is known better. */
  async sort(tests) {
    return inOrder(await super.sort(tests), (test) => test.path);
  }
}

/**
 * @param pathOf gives a file's path
 * @returns the same: what is long first, tests that wait among those that compute, what is short at the end
 */
export function inOrder(tests, pathOf) {
  const rank = (test) => {
    const at = LONG.findIndex((name) => pathOf(test).endsWith(`/__tests__/${name}.test.js`));
    return at < 0 ? LONG.length : at;
  };
  const sorted = [...tests].sort((a, b) => rank(a) - rank(b));
  const isIn = (room) => (test) => pathOf(test).includes(`/__tests__/${room}/`);
  const waiting = sorted.filter(isIn('e2e'));
  const computing = sorted.filter(
    (test) => isIn('matrix')(test) || (rank(test) < LONG.length && !isIn('e2e')(test)),
  );
  const rest = sorted.filter((test) => !waiting.includes(test) && !computing.includes(test));
  const mixed = [];
  while (waiting.length + computing.length > 0)
    mixed.push(...waiting.splice(0, WAITING), ...computing.splice(0, 1));
  return [...mixed, ...rest];
}
