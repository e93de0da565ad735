import { expect, test } from '@jest/globals';
import { switchOf } from '../../bench/switch.js';
import type { HistoryEntry } from '../../traffic/history.js';

const moved = (atMs: number, change: 'added' | 'removed', url = 'shop.apps'): HistoryEntry => ({
  atMs,
  kind: 'destination',
  change,
  url,
  ...{ routeGuid: 'r', destinationGuid: 'd', appGuid: 'a', processType: 'web', port: null },
});

test.each([
  [
    'from the first gained to the last lost',
    [moved(10, 'added'), moved(20, 'added'), moved(30, 'removed'), moved(45, 'removed')],
    35,
  ],
  [
    'other routes do not count',
    [
      moved(1, 'added', 'trial.apps'),
      moved(10, 'added'),
      moved(30, 'removed'),
      moved(90, 'removed', 'trial.apps'),
    ],
    20,
  ],
  ['what was before does not count', [moved(-5, 'added'), moved(10, 'added'), moved(30, 'removed')], 20],
  ['nothing lost: no switch', [moved(10, 'added')], undefined],
  ['lost before anything was gained: no switch', [moved(10, 'removed'), moved(30, 'added')], undefined],
] as const)('%s', (_name, history, ms) => {
  expect(switchOf(history, ['shop.apps'], 0)).toBe(ms);
});
