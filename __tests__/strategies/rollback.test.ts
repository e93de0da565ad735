/** A version that was staged before goes live again, or is previous again. */
import { describe, expect, test } from '@jest/globals';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import { Stuck } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import type { Work } from '../../src/steps/step.js';
import { backOut } from '../../src/strategies/back-out.js';
import { forward } from '../../src/strategies/forward.js';
import { wayOf } from '../../src/strategies/settle.js';
import { groups } from '../../src/strategies/work.js';
import { app, intent, ours, process, route, snapshot, to, trialRoute } from './support.js';

const URL = 'shop.apps.example';
const LIVE = ours('new', 'live', 'v2', { name: 'shop' });
const IDLE: Partial<AppState> = { state: 'STOPPED', processes: [process('web', 1, { instancesSeen: [] })] };
const KEPT = ours('old', 'previous', 'v1', { name: 'shop-previous-v1', ...IDLE });
const RUNNING = ours('old', 'previous', 'v1', { name: 'shop-previous-v1' });
const TRIAL = trialRoute('trial.apps.example', [to('old')]);

function wish(over: Partial<Intent> = {}): Intent {
  const destinations = [{ url: URL, to: [{ processType: 'web', port: 8080, protocol: 'http1' }] }];
  const before = { guid: 'new', version: 'v2', ran: true, destinations };
  return intent({ version: 'v1', target: 'old', before, keepPrevious: 1, ...over });
}

function lockAt(phase: Phase): AppState {
  const labels = { [LABEL.role]: 'candidate', [LABEL.app]: 'shop', [LABEL.version]: 'v1' };
  return app('lock', {
    name: 'shop-candidate',
    ...IDLE,
    phase,
    labels,
    annotations: { [ANNOTATION.target]: 'old' },
  });
}

/** As a snapshot says it: the phase of the lock is the phase of the version on its way. */
function at(phase: Phase, candidate: AppState | undefined, onRoute: string[], over: Partial<Snapshot> = {}) {
  return snapshot({
    live: LIVE,
    lock: lockAt(phase),
    ...(candidate ? { candidate: { ...candidate, phase } } : {}),
    routes: [
      route(
        URL,
        onRoute.map((guid) => to(guid)),
      ),
      TRIAL,
    ],
    ...over,
  });
}

/** `stage: step detail, …` for each group, in order. */
function linesOf(work: Work): string[] {
  return groups([{ app: 'shop', work }]).map(({ stage, steps, after }) => {
    const texts = [...steps, ...after].map(({ step }) => {
      const detail =
        'phase' in step ? step.phase : 'side' in step ? step.side : 'guid' in step ? step.guid : '';
      return `${step.do} ${detail}`.trim();
    });
    return `${stage}: ${texts.join(', ')}`;
  });
}

const PROOF = ['start: start candidate', 'run: await-instances candidate', CHECK()];
const SWITCH = [
  'switch: mark switching',
  'map: map candidate',
  'prove: prove candidate, mark serving',
  'unmap: unmap live',
  'drain: drain live, delete-route route trial.apps.example, mark drained',
];
const FAREWELL = [
  'tidy: delete-route route trial.apps.example',
  'stop: stop new',
  'retire: rename live',
  'crown: rename candidate',
  'end: delete-app lock',
];

function CHECK(): string {
  return 'check: stay-up, smoke, mark proven';
}

describe('a rollback asks for', () => {
  test.each<[string, Snapshot, string[]]>([
    [
      'everything but bits, before there is a lock',
      snapshot({ live: LIVE, previous: [KEPT], routes: [route(URL, [to('new')])] }),
      [
        'lock: make-candidate',
        'routes: make-route',
        'configure: map candidate',
        ...PROOF,
        ...SWITCH.slice(0, 4),
        'drain: drain live, mark drained',
        'stop: stop new',
        'retire: rename live',
        'crown: rename candidate',
        'end: delete-app',
      ],
    ],
    ['the proof', at('made', KEPT, ['new']), [...PROOF, ...SWITCH, ...FAREWELL]],
    [
      'a production route taken off what is stopped, before it starts',
      at('made', KEPT, ['new', 'old']),
      ['routes: unmap candidate', ...PROOF, 'switch: mark switching', ...SWITCH.slice(2), ...FAREWELL],
    ],
    [
      'no route taken off what another hand has started',
      at('made', RUNNING, ['new', 'old']),
      [CHECK(), 'switch: mark switching', ...SWITCH.slice(2), ...FAREWELL],
    ],
    ['the switch', at('proven', RUNNING, ['new']), [...SWITCH, ...FAREWELL]],
    ['the rest of the switch', at('serving', RUNNING, ['old']), [...SWITCH.slice(4), ...FAREWELL]],
    ['the farewell', at('drained', RUNNING, ['old']), FAREWELL],
    [
      'the last rename, when live is previous',
      snapshot({
        lock: lockAt('drained'),
        candidate: { ...RUNNING, phase: 'drained' },
        routes: [route(URL, [to('old')])],
      }),
      ['crown: rename candidate', 'end: delete-app lock'],
    ],
    [
      'the end of the lock alone, when the version is live',
      snapshot({ live: ours('old', 'live', 'v1', { name: 'shop' }), lock: lockAt('drained') }),
      ['end: delete-app lock'],
    ],
    ['nothing, when the lock is gone too', snapshot({ live: ours('old', 'live', 'v1') }), []],
  ])('%s', (_name, seen, lines) => {
    expect(linesOf(forward(wish(), seen))).toEqual(lines);
  });

  test('variables and the scale that live has now', () => {
    const seen = at('made', { ...KEPT, env: { GONE: 'x', SAME: 's' } }, ['new'], {
      live: { ...LIVE, processes: [process('web', 3)] },
    });
    const asked = wish({ env: { SINCE: 'now', SAME: 's', GONE: null }, keepInstancesOf: ['web'] });
    expect(forward(asked, seen).configure?.steps).toEqual([
      { do: 'set-env', names: ['SINCE', 'GONE'] },
      { do: 'scale', processType: 'web', to: { instances: 3 } },
    ]);
    // A name that is not there needs no removal.
    expect(forward(wish({ env: { NEVER: null } }), at('made', KEPT, ['new'])).configure).toBeUndefined();
  });

  test('a stop first, where another hand has started it and variables are to be set', () => {
    const seen = at('made', RUNNING, ['new'], { routes: [route(URL, [to('new')])] });
    expect(forward(wish({ env: { A: '1' } }), seen).routes?.steps).toContainEqual({
      do: 'stop',
      name: 'shop-previous-v1',
      guid: 'old',
    });
    expect(forward(wish(), seen).routes?.steps).not.toContainEqual(expect.objectContaining({ do: 'stop' }));
    const served = at('made', RUNNING, ['new', 'old']);
    expect(forward(wish({ env: { A: '1' } }), served).routes).toBeUndefined();
  });

  test('no other version deleted: as many are kept as there were', () => {
    const others = [ours('older', 'previous', 'v0', IDLE)];
    const seen = at('drained', RUNNING, ['old'], { previous: others });
    expect(forward(wish({ keepPrevious: 2 }), seen).prune).toBeUndefined();
  });
});

describe('a rollback that failed asks for', () => {
  const END = ['tidy: delete-route route trial.apps.example', 'retire: stop old', 'end: delete-app lock'];
  test.each<[string, Snapshot, string[]]>([
    ['the stop, and the end of the lock', at('proven', RUNNING, ['new']), END],
    ['the lock alone, when nothing was started', at('made', KEPT, ['new']), [END[0] ?? '', END[2] ?? '']],
    [
      'live to be proven, when it lost its routes',
      at('serving', RUNNING, ['old']),
      [
        'switch: mark reverting',
        'map: map live',
        'prove: prove live, mark restored',
        'unmap: unmap candidate',
        'drain: drain candidate, mark withdrawn',
        ...END,
      ],
    ],
    ['no second drain', at('withdrawn', RUNNING, ['new']), END],
    [
      'the end of the lock, when the version was deleted before the switch',
      at('proven', undefined, ['new'], { routes: [route(URL, [to('new')])] }),
      ['end: delete-app lock'],
    ],
    [
      'live back on its routes, when the version was deleted after it had them',
      at('serving', undefined, [], { live: { ...LIVE, ...IDLE }, routes: [route(URL)] }),
      [
        'switch: mark reverting',
        'map: map live',
        'prove: prove live, mark restored',
        'drain: mark withdrawn',
        'end: delete-app lock',
      ],
    ],
    [
      'the start of live then, once the way back is recorded',
      at('reverting', undefined, [], { live: { ...LIVE, ...IDLE }, routes: [route(URL)] }),
      [
        'start: start live',
        'run: await-instances live',
        'map: map live',
        'prove: prove live, mark restored',
        'drain: mark withdrawn',
        'end: delete-app lock',
      ],
    ],
  ])('%s', (_name, seen, lines) => {
    expect(linesOf(backOut(wish(), seen))).toEqual(lines);
  });

  test('no route deleted that the version’s own deploy made once', () => {
    const labels = { [LABEL.role]: 'live', [LABEL.app]: 'shop', [LABEL.version]: 'v1' };
    const made = route('once.apps.example', [], { labels });
    const seen = at('made', KEPT, ['new'], { routes: [route(URL, [to('new')]), made] });
    expect(backOut(wish(), seen).tidy).toBeUndefined();
  });

  test('a person, when both versions are gone', () => {
    const { live: _, ...seen } = at('drained', undefined, [], { routes: [route(URL)] });
    expect(() => backOut(wish(), seen)).toThrow(Stuck);
  });
});

describe('an interrupted rollback goes', () => {
  const crowned = snapshot({ live: ours('old', 'live', 'v1'), lock: lockAt('drained') });
  test.each<[string, Snapshot[], 'forward' | 'back']>([
    ['back before its switch', [at('proven', RUNNING, ['new'])], 'back'],
    ['on from its switch on', [at('switching', RUNNING, ['new'])], 'forward'],
    ['on when the version is live and the lock is left', [crowned], 'forward'],
    ['on when that is so for one app of two', [crowned, at('drained', RUNNING, ['old'])], 'forward'],
    ['back when the version was deleted', [at('serving', undefined, [])], 'back'],
  ])('%s', (_name, set, way) => {
    expect(wayOf(set)).toBe(way);
  });
});
