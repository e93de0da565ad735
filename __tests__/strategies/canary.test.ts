/** What is still needed of a canary, at each pause and whoever comes; and which way an interrupted one goes. */
import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { Deployment, Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { isThroughPauses, pauses } from '../../src/strategies/canary.js';
import { takeAway } from '../../src/strategies/hold.js';
import { makePromoteIntent } from '../../src/strategies/promote-intent.js';
import { rolling } from '../../src/strategies/rolling.js';
import { wayOf } from '../../src/strategies/settle.js';
import { candidateAt, inputs, intent, ours, process, snapshot } from './support.js';

const IN_PLACE = { maxInFlight: 1, instanceSteps: [10, 50], instances: 3 };
const BEFORE = { guid: 'old', version: 'v1', ran: true, dropletGuid: 'd1', destinations: [] };
const wish = (over: Partial<Intent> = {}) =>
  intent({ app: 'shop', version: 'v2', inPlace: IN_PLACE, before: BEFORE, set: ['shop'], ...over });

function roll(over: Partial<Deployment> = {}): Deployment {
  return {
    guid: 'roll',
    createdAtMs: 500,
    value: 'ACTIVE',
    reason: 'PAUSED',
    strategy: 'canary',
    canary: { step: 1, steps: 2 },
    dropletGuid: 'd2',
    labels: { [LABEL.version]: 'v2', [LABEL.role]: 'candidate' },
    annotations: {},
    ...over,
  };
}
const DEPLOYING = roll({ reason: 'DEPLOYING' });
const SECOND = roll({ canary: { step: 2, steps: 2 } });
const DONE = roll({ value: 'FINALIZED', reason: 'DEPLOYED' });
const CANCELED = roll({ value: 'FINALIZED', reason: 'CANCELED' });

function seen(phase: Phase, judged: number, deployment?: Deployment, of: Intent = wish()): Snapshot {
  const annotations = {
    ...recorded(of),
    [ANNOTATION.copiedDroplet]: 'd2',
    [ANNOTATION.package]: 'p',
    ...(judged > 0 ? { [ANNOTATION.judged]: String(judged) } : {}),
  };
  const candidate = candidateAt(phase, { annotations });
  const live = ours('old', 'live', 'v1', { name: 'shop', currentDropletGuid: 'd2' });
  return snapshot({ live, candidate, lock: candidate, deployments: deployment ? [deployment] : [] });
}

const text = ({ steps, after = [] }: { steps: readonly object[]; after?: readonly object[] }) =>
  [...steps, ...after].map((step) => Object.values(step).join(' ')).join(', ');

describe('what is needed next', () => {
  const held = wish({ hold: true, until: 'held' });
  const promoted = wish({ hold: true, until: 'live' });
  test.each<[string, Intent, Snapshot, string]>([
    ['on its way to a pause', wish(), seen('switching', 0, DEPLOYING), 'await-deployment candidate'],
    ['at a pause', wish(), seen('switching', 0, roll()), 'judge-canary 1, continue-deployment 1'],
    ['at a pause that was judged', wish(), seen('switching', 1, roll()), 'continue-deployment 1'],
    ['at the next pause', wish(), seen('switching', 1, SECOND), 'judge-canary 2, continue-deployment 2'],
    [
      'behind the last one',
      wish(),
      seen('switching', 2, roll({ reason: 'DEPLOYING' })),
      'await-deployment candidate',
    ],
    ['at its end', wish(), seen('switching', 2, DONE), ''],
    ['to be held', held, seen('switching', 0, roll()), 'judge-canary 1'],
    ['to be held, and judged', held, seen('switching', 1, roll()), ''],
    [
      'promoted',
      promoted,
      seen('paused', 1, roll()),
      'judge-canary 1, mark switching true, continue-deployment 1',
    ],
    [
      'promoted, and let go on by another hand',
      promoted,
      seen('paused', 1, DEPLOYING),
      'await-deployment candidate',
    ],
    [
      'in a plan',
      wish(),
      seen('switching', 0),
      'await-deployment candidate, judge-canary 1, continue-deployment 1, await-deployment candidate, judge-canary 2, continue-deployment 2, await-deployment candidate',
    ],
    ['in a plan, to be held', held, seen('switching', 0), 'await-deployment candidate, judge-canary 1'],
  ])('%s', (_name, of, at, needed) => {
    expect(text(pauses(of, at))).toBe(needed);
  });

  test('a held one is marked once it was judged, and is not asked for anything more', () => {
    expect(rolling(held, seen('switching', 1, roll()))).toMatchObject({
      prove: { steps: [{ do: 'mark', phase: 'paused' }] },
    });
    expect(rolling(held, seen('paused', 1, roll()))).toEqual({});
  });

  test('a held one is taken away by what rolling goes back by, and that is said first', () => {
    const away = takeAway(promoted, seen('paused', 1, roll(), promoted));
    expect(away).toMatchObject({
      lock: { steps: [{ do: 'mark', phase: 'reverting', journal: true }] },
      roll: { after: [{ do: 'cancel-deployment' }] },
    });
  });
});

describe('an interrupted canary', () => {
  const held = wish({ hold: true });
  test.each<[string, Snapshot, string]>([
    ['at a pause nobody has judged', seen('switching', 0, roll()), 'back'],
    ['at a pause that was judged, with others to come', seen('switching', 1, roll()), 'back'],
    ['on its way to a pause', seen('switching', 1, DEPLOYING), 'back'],
    ['at its last pause, judged', seen('switching', 2, SECOND), 'forward'],
    ['behind its last pause', seen('switching', 2, DEPLOYING), 'forward'],
    ['at its end', seen('switching', 2, DONE), 'forward'],
    ['cancelled by another hand', seen('switching', 2, CANCELED), 'back'],
    ['before live was touched, to be held', seen('proven', 0, undefined, held), 'back'],
    ['held', seen('paused', 1, roll(), held), 'held'],
    ['held, and cancelled by another hand', seen('paused', 1, CANCELED, held), 'back'],
    ['held, and let go on by another hand', seen('paused', 1, DEPLOYING, held), 'back'],
  ])('%s', (_name, at, way) => {
    expect(wayOf([at])).toBe(way);
  });

  test('of two apps of which one is held goes back with the other', () => {
    const two = wish({ hold: true, set: ['shop', 'admin'] });
    expect(wayOf([seen('paused', 1, roll(), two), seen('switching', 1, roll(), two)])).toBe('back');
    expect(wayOf([seen('paused', 1, roll(), two), seen('paused', 1, roll(), two)])).toBe('held');
  });

  test('that the user has ended goes back, but for one that is held', () => {
    expect(wayOf([seen('switching', 2, DEPLOYING)], [], true)).toBe('back');
    expect(wayOf([seen('paused', 1, roll(), held)], [], true)).toBe('held');
  });
});

test('of a version that is live already only the lock is left', () => {
  const { live, ...lives } = seen('drained', 2, DONE);
  expect(wayOf([{ ...lives, live: ours('old', 'live', 'v2', { name: live?.name ?? '' }) }])).toBe('forward');
});

test('behind its last pause nothing is left to be judged', () => {
  expect([0, 1, 2].map((judged) => isThroughPauses(wish(), seen('switching', judged)))).toEqual([
    false,
    false,
    true,
  ]);
});

describe('promote of a held canary', () => {
  const held = wish({ hold: true });
  const promoting = (deployment?: Deployment) =>
    makePromoteIntent(held, seen('paused', 1, deployment, held), inputs(), 'me');
  test('keeps what live was: it is changed by now', () => {
    const { intent: made, problems } = promoting(roll());
    expect(problems).toEqual([]);
    expect(made.before).toEqual(BEFORE);
    expect(made.until).toBe('live');
  });
  test('counts by the manifest, though live has two processes of one type: what one of them has is no count', () => {
    const at = seen('paused', 1, roll(), held);
    const webs = [process('web', 1), process('web', 4, { guid: 'old-web' })];
    const live = ours('old', 'live', 'v1', { name: 'shop', processes: webs });
    const asked = inputs({ scale: 'manifest', given: ['scale'] });
    expect(makePromoteIntent(held, { ...at, live }, asked, 'me').intent.scale).toEqual({
      web: { instances: 1 },
    });
  });
  test.each([
    ['let go on', DEPLOYING, 0],
    ['brought to its end', DONE, 0],
    ['cancelled', CANCELED, 1],
    ['being cancelled', roll({ reason: 'CANCELING' }), 1],
  ])('by another hand %s', (_name, deployment, count) => {
    expect(promoting(deployment).problems).toHaveLength(count);
  });
});

describe('two apps of one held deploy, one of them a canary and one that goes side by side', () => {
  const of = wish({ app: 'shop', hold: true, until: 'held', set: ['shop', 'web'] });
  const canary = seen('paused', 1, roll(), of);
  const beside = (phase: Phase) => {
    const { inPlace: _, ...blueGreen } = { ...of, app: 'web' };
    const candidate = candidateAt(phase, { annotations: recorded(blueGreen) });
    return snapshot({ name: 'web', candidate, lock: candidate });
  };

  test.each<[Phase, string]>([
    ['held', 'held'],
    ['proven', 'held'],
    ['switching', 'back'],
    ['made', 'back'],
  ])('whose promote was interrupted with the other one %s: %s', (phase, way) => {
    expect(wayOf([canary, beside(phase)])).toBe(way);
    expect(wayOf([beside(phase), canary])).toBe(way);
  });

  test('whose promote had taken one lock of the two: both are held', () => {
    expect(wayOf([beside('held')], [canary])).toBe('held');
    expect(wayOf([canary], [beside('held')])).toBe('held');
    expect(wayOf([beside('held')])).toBe('back');
  });
});

test('a canary that is held while the other app of its deploy has lost its new version goes back: nobody could promote it', () => {
  const of = wish({ hold: true, set: ['shop', 'web'] });
  const held = seen('paused', 1, roll(), of);
  expect(wayOf([held], [], false, [snapshot({ name: 'web', live: ours('web', 'live', 'v1') })])).toBe('back');
  expect(wayOf([held], [], false, [snapshot({ name: 'web', live: ours('web', 'live', 'v2') })])).toBe('held');
});
