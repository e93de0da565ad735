/** In which order live gives its processes up, and gets them back. */
import { describe, expect, test } from '@jest/globals';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { ANNOTATION } from '../../src/platform/names.js';
import type { Step, Work } from '../../src/steps/step.js';
import { backOut } from '../../src/strategies/back-out.js';
import { blueGreen } from '../../src/strategies/blue-green.js';
import { isBetween } from '../../src/strategies/handover.js';
import { rollBack } from '../../src/strategies/rollback.js';
import { wayOf } from '../../src/strategies/settle.js';
import { groups } from '../../src/strategies/work.js';
import { candidateAt, intent, ours, process, route, snapshot, to } from './support.js';

const URL = 'shop.apps.example';
const COMMAND = 'worker';

function live(workers: number, over: Partial<AppState> = {}): AppState {
  return ours('old', 'live', 'v1', {
    name: 'shop',
    processes: [process('web', 1), process(COMMAND, workers)],
    ...over,
  });
}

function candidate(phase: Phase, workers: number, over: Partial<AppState> = {}): AppState {
  return candidateAt(phase, { processes: [process('web', 1), process(COMMAND, workers)], ...over });
}

const BEFORE: NonNullable<Intent['before']> = { guid: 'old', version: 'v1', ran: true, destinations: [] };
const ON_URL = [{ url: URL, to: [{ processType: 'web', port: 8080, protocol: 'http1' }] }];
const GIVEN_UP = { [ANNOTATION.givenUp]: JSON.stringify({ counts: { worker: 3 }, ran: true }) };
const OF_WORKERS = intent({
  before: { ...BEFORE, destinations: ON_URL },
  handover: { whole: false, counts: { worker: 2 } },
  keepInstancesOf: ['web', 'worker'],
});
const WHOLE = intent({
  before: BEFORE,
  production: [],
  trials: [],
  handover: { whole: true, counts: {} },
});

function at(side: AppState | undefined, lives: AppState, onRoute: string[] = []): Snapshot {
  return snapshot({
    live: lives,
    ...(side ? { candidate: side, lock: side } : {}),
    routes: [
      route(
        URL,
        onRoute.map((guid) => to(guid)),
      ),
    ],
  });
}

function texts(work: Work): string[] {
  return groups([{ app: 'shop', work }]).map(({ steps, after }) =>
    [...steps, ...after].map(({ step }) => textOf(step)).join(', '),
  );
}

function textOf(step: Step): string {
  if (step.do === 'scale') return `${step.processType} of ${step.side ?? 'candidate'} = ${step.to.instances}`;
  if (step.do === 'mark') return step.phase;
  const side = 'side' in step ? ` ${step.side}` : '';
  return `${step.do}${side || ('guid' in step ? ` ${step.guid}` : '')}`;
}

describe('of processes other than web', () => {
  test('the candidate is pushed without any of them', () => {
    const [first] = texts(
      blueGreen(OF_WORKERS, at(candidate('made', 2, { state: 'STOPPED' }), live(3), ['old'])),
    );
    const all = texts(
      blueGreen(OF_WORKERS, at(candidate('made', 2, { state: 'STOPPED' }), live(3), ['old'])),
    );
    expect([first, ...all].join()).toContain('worker of candidate = 0');
    expect(texts(blueGreen(OF_WORKERS, at(candidate('made', 0), live(3), ['old']))).join()).not.toContain(
      'worker of candidate = 0,',
    );
  });

  const HANDS_OVER =
    'record-given-up, worker of live = 0, await-gone live, worker of candidate = 3, await-instances candidate, drain live, drained';
  test.each<[string, Snapshot, string]>([
    ['nothing is done yet', at(candidate('serving', 0), live(3), ['new']), HANDS_OVER],
    [
      'it was written down',
      at(candidate('serving', 0, { annotations: GIVEN_UP }), live(3), ['new']),
      HANDS_OVER.replace('record-given-up, ', ''),
    ],
    [
      'live has none any more',
      at(candidate('serving', 0, { annotations: GIVEN_UP }), live(0), ['new']),
      'await-gone live, worker of candidate = 3, await-instances candidate, drain live, drained',
    ],
    [
      'the candidate has them',
      at(candidate('serving', 3, { annotations: GIVEN_UP }), live(0), ['new']),
      'drain live, drained',
    ],
  ])('live has left its routes, and %s', (_name, seen, wanted) => {
    expect(texts(blueGreen(OF_WORKERS, seen))[0]).toBe(wanted);
  });

  test('nothing is waited for where live had none', () => {
    const seen = at(candidate('serving', 0), live(0), ['new']);
    expect(texts(blueGreen(OF_WORKERS, seen))[0]).toBe(
      'worker of candidate = 2, await-instances candidate, drain live, drained',
    );
  });

  test('a plan says how many it gets', () => {
    const lines = texts(blueGreen(OF_WORKERS, at(undefined, live(3), ['old']))).join(', ');
    expect(lines).toContain(HANDS_OVER);
  });

  test('what is kept has as many as it had before it gave them up', () => {
    const stopped = live(0, { state: 'STOPPED' });
    const done = texts(
      blueGreen(OF_WORKERS, at(candidate('drained', 3, { annotations: GIVEN_UP }), stopped, ['new'])),
    );
    expect(done.slice(0, 2)).toEqual(['worker of live = 3', 'rename live']);
  });

  test.each<[string, AppState, AppState, string]>([
    [
      'both ways',
      candidate('restored', 3, { annotations: GIVEN_UP }),
      live(0),
      'worker of candidate = 0, await-gone candidate, worker of live = 3, await-instances live, drain candidate, withdrawn',
    ],
    [
      'before the candidate got any',
      candidate('restored', 0, { annotations: GIVEN_UP }),
      live(0),
      'await-gone candidate, worker of live = 3, await-instances live, drain candidate, withdrawn',
    ],
    ['not where live gave nothing up', candidate('restored', 0), live(3), 'drain candidate, withdrawn'],
  ])('back: %s', (_name, side, lives, wanted) => {
    expect(texts(backOut(OF_WORKERS, at(side, lives, ['old'])))).toContain(wanted);
  });

  test('a version that goes back to being previous has as many as it had', () => {
    const target = ours('kept', 'previous', 'v0', {
      state: 'STOPPED',
      processes: [process('web', 1), process(COMMAND, 0)],
    });
    const lock = candidateAt('withdrawn', { guid: 'lock', annotations: { [ANNOTATION.target]: 'kept' } });
    const seen = { ...at({ ...target, phase: 'withdrawn' }, live(3), ['old']), lock };
    const back = texts(backOut({ ...OF_WORKERS, target: 'kept' }, seen));
    expect(back).toContain('worker of candidate = 2');
  });
});

test.each<[string, AppState, boolean]>([
  ['live has all of them', candidate('serving', 0), false],
  [
    'live gave them up',
    candidate('serving', 0, {
      annotations: GIVEN_UP,
      processes: [process('web', 1), process(COMMAND, 2, { instancesSeen: [] })],
    }),
    true,
  ],
  ['the new ones run', candidate('serving', 3, { annotations: GIVEN_UP }), false],
])('between two versions: %s', (_name, side, is) => {
  expect(isBetween(OF_WORKERS, at(side, live(0), ['new']))).toBe(is);
});

describe('of an app without a route', () => {
  const stopped = live(0, { state: 'STOPPED' });
  const MAKE = 'start candidate, await-instances candidate, stay-up, switching';
  test.each<[string, Snapshot, string]>([
    [
      'staged',
      at(candidate('made', 0, { state: 'STOPPED' }), live(0)),
      `handover, stop old, await-gone live, ${MAKE}`,
    ],
    [
      'marked',
      at(candidate('handover', 0, { state: 'STOPPED' }), live(0)),
      `stop old, await-gone live, ${MAKE}`,
    ],
    ['live stopped', at(candidate('handover', 0, { state: 'STOPPED' }), stopped), `await-gone live, ${MAKE}`],
    ['started', at(candidate('handover', 0), stopped), 'await-instances candidate, stay-up, switching'],
    ['proven', at(candidate('switching', 0), stopped), 'serving'],
  ])('forward from %s', (_name, seen, wanted) => {
    expect(texts(blueGreen(WHOLE, seen)).find((line) => /switching|serving/.test(line))).toBe(wanted);
  });

  test('a plan stops live once', () => {
    const lines = texts(blueGreen(WHOLE, at(undefined, live(0)))).join(', ');
    expect(lines.match(/stop old/g)).toHaveLength(1);
    expect(lines.indexOf('stop old')).toBeLessThan(lines.indexOf('start candidate'));
  });

  test('back: the candidate has ended before live starts again', () => {
    expect(texts(backOut(WHOLE, at(candidate('handover', 0), stopped)))[0]).toBe('reverting');
    expect(texts(backOut(WHOLE, at(candidate('reverting', 0), stopped)))[0]).toBe(
      'stop new, await-gone candidate, start live',
    );
  });

  test('side by side: both run until bake is over, and live has its time to end before the names change', () => {
    const { handover: _, ...overlap } = WHOLE;
    expect(texts(blueGreen(overlap, at(candidate('serving', 0), live(0))))).toEqual([
      'drain live, drained',
      'stop old, await-gone live',
      'rename live',
      'rename candidate',
    ]);
  });

  test('held, it waits staged; what a promote has begun to hand over goes back', () => {
    const wish: Intent = { ...WHOLE, hold: true, until: 'held' };
    const lines = texts(blueGreen(wish, at(candidate('made', 0, { state: 'STOPPED' }), live(0))));
    expect(lines.at(-1)).toBe('held');
    expect(lines.join()).not.toContain('start');
    expect(wayOf([at(candidate('handover', 0), stopped)])).toBe('back');
    expect(wayOf([at(candidate('switching', 0), stopped)])).toBe('forward');
  });

  test('a rollback goes the same way', () => {
    const target = ours('kept', 'previous', 'v0', { state: 'STOPPED' });
    const lock = candidateAt('made', { guid: 'lock', annotations: { [ANNOTATION.target]: 'kept' } });
    const seen = { ...at({ ...target, phase: 'made' }, live(0)), lock };
    expect(texts(rollBack({ ...WHOLE, target: 'kept' }, seen))[0]).toBe(
      `handover, stop old, await-gone live, ${MAKE}`,
    );
  });
});
