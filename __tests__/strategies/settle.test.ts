import { describe, expect, test } from '@jest/globals';
import type { Phase } from '../../src/model/words.js';
import { wayOf } from '../../src/strategies/settle.js';
import { candidateAt, instance, ours, process, route, snapshot, to } from './support.js';

const SHOP = 'shop.apps.example';
const live = ours('old', 'live', 'v1', { name: 'shop' });
const gone = { ...live, processes: [process('web', 1, { instancesSeen: [instance(0, 'CRASHED')] })] };

describe('of two apps of ours on the same routes', () => {
  test.each<[Phase, 'forward' | 'back']>([
    ['made', 'back'],
    ['proven', 'back'],
    ['switching', 'forward'],
    ['serving', 'forward'],
    ['drained', 'forward'],
    ['reverting', 'back'],
    ['restored', 'back'],
    ['withdrawn', 'back'],
  ])(
    'the one that was let on them (%s) is finished, else the one that served first stays: %s',
    (phase, way) => {
      const candidate = candidateAt(phase);
      const routes = [route(SHOP, [to('old'), to('new')])];
      expect(wayOf([snapshot({ live, candidate, lock: candidate, routes })])).toBe(way);
    },
  );

  test.each<Phase>(['made', 'proven'])('who alone is there to answer stays, at %s', (phase) => {
    const candidate = candidateAt(phase);
    const routes = [route(SHOP, [to('old'), to('new')])];
    expect(wayOf([snapshot({ live: gone, candidate, lock: candidate, routes })])).toBe('forward');
  });
});
