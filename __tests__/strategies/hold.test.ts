import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { blueGreen } from '../../src/strategies/blue-green.js';
import { stayHeld, takeAway } from '../../src/strategies/hold.js';
import { type Way, wayOf } from '../../src/strategies/settle.js';
import { groups } from '../../src/strategies/work.js';
import { app, candidateAt, intent, ours, process, route, snapshot, to, trialRoute } from './support.js';

const SHOP = 'shop.apps.example';
const BEFORE = { guid: 'old', version: 'v1', ran: true, destinations: [] };
const PROMOTE = intent({ hold: true, until: 'live', before: BEFORE });
const HOLD: Intent = { ...PROMOTE, until: 'held' };
const TAKER = app('taker', { name: 'shop-candidate-lock-1' });

function at(phase: Phase, over: Partial<Snapshot> = {}, wish = PROMOTE): Snapshot {
  const candidate = candidateAt(phase, { annotations: recorded(wish) });
  return snapshot({
    live: ours('old', 'live', 'v1', { name: 'shop' }),
    candidate,
    lock: candidate,
    routes: [route(SHOP, [to('old')]), trialRoute('trial.apps.example', [to('new')])],
    ...over,
  });
}

/** The steps of the next group, or of all. */
function stepsOf(work: ReturnType<typeof blueGreen>, first = true): string[] {
  const all = groups([{ app: 'shop', work }]);
  return (first ? all.slice(0, 1) : all).flatMap(({ steps, after }) =>
    [...steps, ...after].map(({ step }) => ('phase' in step ? `${step.do} ${step.phase}` : step.do)),
  );
}

describe('a deploy with hold', () => {
  test('is proven as any other, and then held', () => {
    expect(stepsOf(blueGreen(HOLD, at('made', {}, HOLD)), false).slice(-4)).toEqual([
      'stay-up',
      'smoke',
      'mark proven',
      'mark held',
    ]);
    expect(stepsOf(blueGreen(HOLD, at('proven')))).toEqual(['mark held']);
    expect(blueGreen(HOLD, at('held'))).toEqual({});
  });
});

describe('promote', () => {
  test('records what it was given with the switch, and not while it may be held again', () => {
    const marksAt = (phase: Phase) =>
      groups([{ app: 'shop', work: blueGreen({ ...PROMOTE, drainMs: 1 }, at(phase)) }])
        .flatMap(({ steps, after }) => [...steps, ...after].map(({ step }) => step))
        .filter((step) => step.do === 'mark' && step.journal);
    const expected = [{ do: 'mark', phase: 'switching', journal: true }];
    expect([marksAt('held'), marksAt('proven'), marksAt('switching')]).toEqual([expected, expected, []]);
  });

  test('proves again before anything is switched', () => {
    const all = stepsOf(blueGreen(PROMOTE, at('held')), false);
    expect(all.slice(0, 4)).toEqual(['stay-up', 'smoke', 'mark proven', 'mark switching']);
  });

  test('makes and maps a trial route that is gone', () => {
    const gone = at('held', { routes: [route(SHOP, [to('old')])] });
    expect(stepsOf(blueGreen(PROMOTE, gone), false).slice(0, 2)).toEqual(['make-route', 'map']);
  });

  test('grows with live, and is held again for the proof of what is new', () => {
    const live = ours('old', 'live', 'v1', { name: 'shop', processes: [process('web', 3)] });
    const wish = { ...PROMOTE, keepInstancesOf: ['web'] };
    expect(stepsOf(blueGreen(wish, at('held', { live }, wish)))).toEqual(['scale']);
    expect(stepsOf(blueGreen(wish, at('proven', { live }, wish)))).toEqual(['mark held']);
  });
});

describe('what is held again', () => {
  test.each<[Phase, string[]]>([
    ['held', ['delete-app']],
    ['proven', ['mark held', 'delete-app']],
  ])('from %s', (phase, expected) => {
    expect(stepsOf(stayHeld(PROMOTE, at(phase, { takers: [TAKER] })), false)).toEqual(expected);
  });

  test.each<Phase>(['made', 'switching', 'serving', 'drained', 'reverting'])(
    'was never what is at %s: its taker alone goes',
    (phase) => {
      const seen = at(phase, { takers: [TAKER], lock: ours('lock', 'candidate', 'v2') });
      const [only, ...more] = groups([{ app: 'shop', work: stayHeld(PROMOTE, seen) }]);
      expect(only?.after.map(({ step }) => step)).toMatchObject([{ do: 'delete-app', guid: 'taker' }]);
      expect(more).toEqual([]);
    },
  );
});

describe('what is taken away', () => {
  const wish = { ...PROMOTE, keepFailed: false };
  test('is marked first, whoever finds it goes on', () => {
    expect(stepsOf(takeAway(wish, at('held', { takers: [TAKER] })), false)).toEqual([
      'mark withdrawn',
      'delete-route',
      'delete-app',
      'delete-app',
    ]);
    expect(stepsOf(takeAway(wish, at('withdrawn')), false)).toEqual(['delete-route', 'delete-app']);
  });

  test('goes back as any deploy does where another hand gave it a production route', () => {
    const routes = [route(SHOP, [to('old'), to('new')])];
    const all = stepsOf(takeAway(wish, at('held', { routes })), false);
    expect(all[0]).toBe('mark reverting');
    expect(all.indexOf('unmap')).toBeGreaterThan(0);
    expect(all.indexOf('unmap')).toBeLessThan(all.indexOf('delete-app'));
  });

  test('is kept as one that failed where that is wished', () => {
    expect(stepsOf(takeAway(PROMOTE, at('held')), false)).toContain('rename');
  });
});

describe('an interrupted run on a deploy with hold', () => {
  const admin = (phase: Phase): Snapshot => {
    const candidate = candidateAt(phase, { name: 'admin-candidate', annotations: recorded(pair) });
    return snapshot({ name: 'admin', candidate, lock: candidate });
  };
  const pair = { ...PROMOTE, set: ['admin', 'shop'] };
  const shop = (phase: Phase) => at(phase, {}, pair);

  test.each<[Phase, Phase, Way]>([
    ['held', 'held', 'held'],
    ['proven', 'held', 'held'],
    ['proven', 'proven', 'held'],
    ['made', 'held', 'back'],
    ['proven', 'made', 'back'],
    ['switching', 'proven', 'forward'],
    ['switching', 'held', 'back'],
    ['switching', 'switching', 'forward'],
    ['serving', 'drained', 'forward'],
    ['reverting', 'held', 'back'],
    ['withdrawn', 'held', 'back'],
  ])('with %s and %s goes %s', (one, other, way) => {
    expect(wayOf([shop(one), admin(other)])).toBe(way);
    expect(wayOf([admin(other), shop(one)])).toBe(way);
  });

  test('with an app that is gone already goes back, with one that nobody has taken it is held', () => {
    expect(wayOf([shop('proven')])).toBe('back');
    expect(wayOf([shop('proven')], [admin('held')])).toBe('held');
  });

  test('without hold is taken back', () => {
    expect(wayOf([at('proven', {}, intent({ before: BEFORE }))])).toBe('back');
  });
});
