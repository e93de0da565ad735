import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { wayOf } from '../../src/strategies/settle.js';
import { candidateAt, instance, intent, ours, process, route, snapshot, to } from './support.js';

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

describe('of several apps of one deploy, one of which has switched before the other', () => {
  const at = (name: string, phase: Phase, of: Partial<Intent> = {}, over: Partial<Snapshot> = {}) => {
    const set = ['shop', 'web'];
    const lock = {
      ...candidateAt(phase, { name: `${name}-candidate` }),
      annotations: recorded(intent({ set, ...of })),
    };
    return snapshot({
      name,
      live,
      candidate: lock,
      lock,
      routes: [route(SHOP, [to('old'), to('new')])],
      ...over,
    });
  };
  const withoutLive = (of: Partial<Intent> = {}) => {
    const { live: _, ...seen } = at('shop', 'released', of, { routes: [route(SHOP, [to('new')])] });
    return seen;
  };
  const before = { guid: 'old', version: 'v1', ran: true, destinations: [] };
  const next = at('web', 'proven');

  test('one that is new goes as it came', () => {
    expect(wayOf([withoutLive(), next])).toBe('back');
  });

  test('one whose version from before was deleted stays, and the other follows it, unless nobody knows what its live shall get', () => {
    const bereft = withoutLive({ before });
    expect(wayOf([bereft, next])).toBe('forward');
    expect(wayOf([bereft, at('web', 'proven', { inPlace: { maxInFlight: 1 } })])).toBe('back');
  });

  test.each<[string, Phase, Partial<Intent>, Snapshot, 'forward' | 'back']>([
    ['is gone, and its live serves', 'serving', {}, snapshot({ name: 'web', live }), 'back'],
    ['is gone, and was new', 'serving', {}, snapshot({ name: 'web' }), 'back'],
    ['is at its end', 'serving', {}, snapshot({ name: 'web', live: { ...live, version: 'v2' } }), 'forward'],
    ['is gone, and nothing goes back any more', 'drained', {}, snapshot({ name: 'web', live }), 'forward'],
    [
      'is gone, and has by now what nobody knows',
      'serving',
      { inPlace: { maxInFlight: 1 } },
      snapshot({ name: 'web', live }),
      'forward',
    ],
  ])('the other one %s', (_, phase, of, unlocked, way) => {
    expect(wayOf([at('shop', phase, of)], [], false, [unlocked])).toBe(way);
  });

  test('one whose version is live is left with its lock only: it is at its end, as the other one is', () => {
    const crowned = { live: ours('old', 'live', 'v2', { name: 'shop' }) };
    const other = snapshot({ name: 'web', live: { ...live, version: 'v2' } });
    for (const inPlace of [undefined, { maxInFlight: 1 }]) {
      const left = at('shop', 'drained', inPlace ? { inPlace } : {}, crowned);
      expect(wayOf([left], [], false, [other])).toBe('forward');
    }
  });
});
