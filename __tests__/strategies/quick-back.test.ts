import { describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { backward } from '../../src/strategies/backward.js';
import { mayGoBackQuickly, quickBack } from '../../src/strategies/quick-back.js';
import { candidateAt, intent, ours, process, route, snapshot, to, trialRoute } from './support.js';

const URL = 'shop.apps.example';
const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const BEFORE: NonNullable<Intent['before']> = {
  guid: 'old',
  version: 'v1',
  ran: true,
  destinations: [{ url: URL, to: [{ processType: 'web', port: 8080, protocol: 'http1' }] }],
};
const WISH = intent({ before: BEFORE });
const IN_PLACE = intent({ before: BEFORE, inPlace: { maxInFlight: 1 } });

function at(phase: Phase, onRoute: string[], over: Partial<Snapshot> = {}): Snapshot {
  const candidate = candidateAt(phase);
  return snapshot({
    live: LIVE,
    candidate,
    lock: candidate,
    routes: [
      route(
        URL,
        onRoute.map((guid) => to(guid)),
      ),
      trialRoute('trial.apps.example', [to('new')]),
    ],
    ...over,
  });
}

const BOTH = ['old', 'new'];
const crashed = { ...LIVE, processes: [process('web', 1, { instancesSeen: [] })] };
const stopped = { ...LIVE, state: 'STOPPED' as const };

describe('a cancelled run begins to go back', () => {
  test.each<[string, Snapshot, Intent]>([
    ['before anything is there', snapshot({ live: LIVE }), WISH],
    ['with a candidate that is not proven', at('made', ['old']), WISH],
    ['with one that is proven', at('proven', ['old']), WISH],
    ['of a first deploy', at('made', [], { live: undefined as never }), intent()],
    ['before live is changed in place', at('proven', ['old']), IN_PLACE],
    ['when the switch has begun', at('switching', ['old']), WISH],
    ['with both on the routes', at('switching', BOTH), WISH],
    ['of a promote', at('held', ['old']), intent({ before: BEFORE, hold: true })],
  ])('%s', (_, seen, wish) => expect(mayGoBackQuickly(wish, seen)).toBe(true));
});

describe('a cancelled run leaves it to whoever settles', () => {
  test.each<[string, Snapshot, Intent]>([
    // The call that takes a route from live may be done after it was looked for.
    ['once live may lose its routes', at('serving', BOTH), WISH],
    ['when live is drained', at('drained', ['new']), WISH],
    ['when it goes back already', at('reverting', BOTH), WISH],
    ['when live has lost a route by another hand', at('switching', ['new']), WISH],
    ['when live is gone', at('switching', ['new'], { live: undefined as never }), WISH],
    ['when another app is under its name', at('switching', BOTH, { live: { ...LIVE, guid: 'x' } }), WISH],
    ['when live is stopped', at('switching', BOTH, { live: stopped }), WISH],
    ['when no instance of live runs', at('switching', BOTH, { live: crashed }), WISH],
    ['when nothing served before', at('switching', ['new']), intent()],
    ['when live is being changed in place', at('switching', ['old']), IN_PLACE],
    ['with a canary', at('paused', ['old']), IN_PLACE],
    ['when a deploy is held', at('held', ['old']), intent({ before: BEFORE, hold: true, until: 'held' })],
    ['when the version is live', snapshot({ live: ours('new', 'live', 'v2', { name: 'shop' }) }), WISH],
  ])('%s', (_, seen, wish) => expect(mayGoBackQuickly(wish, seen)).toBe(false));
});

describe('what it does', () => {
  test('off the routes is all of the way back', () => {
    const seen = at('proven', ['old']);
    expect(quickBack(WISH, seen)).toEqual(backward(WISH, seen));
    expect(Object.keys(quickBack(WISH, seen))).toContain('retire');
  });

  test('with users on it the version loses its routes, and waits for its drain', () => {
    const work = quickBack(WISH, at('restored', BOTH));
    expect(work.unmap).toEqual({ steps: [{ do: 'unmap', url: URL, side: 'candidate' }] });
    expect(Object.keys(work)).toEqual(['unmap']);
    expect(quickBack(WISH, at('restored', ['old']))).toEqual({});
  });

  test('the way back is written down first, and live is proven before the version goes', () => {
    const work = quickBack(WISH, at('switching', BOTH));
    expect(work.switch).toEqual({ steps: [{ do: 'mark', phase: 'reverting' }] });
    expect(Object.keys(work)).toEqual(['switch', 'prove', 'unmap']);
  });

  test('once it is drained, the rest is done', () => {
    const seen = at('withdrawn', ['old']);
    expect(quickBack(WISH, seen)).toEqual(backward(WISH, seen));
  });
});
