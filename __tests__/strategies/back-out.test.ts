import { describe, expect, test } from '@jest/globals';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import { Stuck } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { LABEL } from '../../src/platform/names.js';
import type { Work } from '../../src/steps/step.js';
import { backOut } from '../../src/strategies/back-out.js';
import { groups } from '../../src/strategies/work.js';
import { candidateAt, intent, ours, process, route, snapshot, to, trialRoute } from './support.js';

const URL = 'shop.apps.example';
const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const STOPPED: AppState = {
  ...LIVE,
  state: 'STOPPED',
  processes: [process('web', 1, { instancesSeen: [] })],
};
const BEFORE: NonNullable<Intent['before']> = {
  guid: 'old',
  version: 'v1',
  ran: true,
  destinations: [{ url: URL, to: [{ processType: 'web', port: 8080, protocol: 'http1' }] }],
};
const WISH = intent({ before: BEFORE });

function at(candidate: AppState | undefined, onRoute: string[], over: Partial<Snapshot> = {}): Snapshot {
  return snapshot({
    live: LIVE,
    ...(candidate ? { candidate } : {}),
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

/** `stage: step detail, …` for each group, in order. */
function linesOf(work: Work): string[] {
  return groups([{ app: 'shop', work }]).map(({ stage, steps, after }) => {
    const texts = [...steps, ...after].map(({ step }) => {
      const detail =
        'phase' in step ? step.phase : 'side' in step ? step.side : 'guid' in step ? step.guid : '';
      return `${step.do} ${detail}`;
    });
    return `${stage}: ${texts.join(', ')}`;
  });
}

const RETIRE = ['tidy: delete-route route trial.apps.example', 'retire: rename candidate'];

describe('backing out asks for', () => {
  test.each<[string, Snapshot, string[]]>([
    ['nothing of live when no route had the candidate', at(candidateAt('proven'), ['old']), RETIRE],
    [
      'map, prove, unmap, drain when live lost its route',
      at(candidateAt('serving'), ['new']),
      [
        'switch: mark reverting',
        'map: map live',
        'prove: prove live, mark restored',
        'unmap: unmap candidate',
        'drain: drain candidate, mark withdrawn',
        ...RETIRE,
      ],
    ],
    [
      'the start of a stopped live, once the way back is recorded',
      at(candidateAt('reverting'), ['new'], { live: STOPPED }),
      [
        'start: start live',
        'run: await-instances live',
        'map: map live',
        'prove: prove live, mark restored',
        'unmap: unmap candidate',
        'drain: drain candidate, mark withdrawn',
        ...RETIRE,
      ],
    ],
    [
      'no second proof when live is restored',
      at(candidateAt('restored'), ['old', 'new']),
      ['unmap: unmap candidate', 'drain: drain candidate, mark withdrawn', ...RETIRE],
    ],
    ['no second drain when the candidate is withdrawn', at(candidateAt('withdrawn'), ['old']), RETIRE],
    [
      'the stop of a failed one',
      at(undefined, ['old'], { failed: [ours('bad', 'failed', 'v2')] }),
      ['end: stop bad'],
    ],
    [
      'nothing when all is done',
      at(undefined, ['old'], { failed: [ours('bad', 'failed', 'v2', { state: 'STOPPED' })] }),
      [],
    ],
  ])('%s', (_name, seen, lines) => {
    expect(linesOf(backOut(WISH, seen))).toEqual(lines);
  });

  test('the candidate gone when nothing of it is worth a look, or nobody wants it', () => {
    const { currentDropletGuid: _none, ...empty } = candidateAt('made');
    const last = (wish: Intent, seen: Snapshot) => linesOf(backOut(wish, seen)).at(-1);
    expect(last(WISH, at(empty, ['old']))).toBe('retire: delete-app new');
    expect(last({ ...WISH, keepFailed: false }, at(candidateAt('proven'), ['old']))).toBe(
      'retire: delete-app new',
    );
  });

  test('older failed ones gone before this one is kept', () => {
    const failed = [ours('bad', 'failed', 'v0', { state: 'STOPPED' })];
    expect(linesOf(backOut(WISH, at(candidateAt('proven'), ['old'], { failed })))).toContain(
      'prune: delete-app bad',
    );
  });

  test('routes that this deploy made, unless somebody uses them by now', () => {
    const labels = { [LABEL.role]: 'live', [LABEL.app]: 'shop', [LABEL.version]: 'v2' };
    const made = [
      route('mine.apps.example', [], { labels }),
      route('used.apps.example', [to('foreign')], { labels }),
      route('older.apps.example', [], { labels: { ...labels, [LABEL.version]: 'v1' } }),
    ];
    expect(backOut(WISH, at(candidateAt('made'), ['old'], { routes: made })).tidy?.steps).toEqual([
      { do: 'delete-route', url: 'mine.apps.example', guid: 'route mine.apps.example' },
    ]);
  });

  test('a route that live gained meanwhile for live again, with the ports that the candidate took over', () => {
    const gained = route('www.apps.example', [to('new', { port: 9000 })]);
    const work = backOut(
      WISH,
      at(candidateAt('reverting'), [], { routes: [route(URL, [to('old'), to('new')]), gained] }),
    );
    expect(work.map?.steps).toEqual([
      {
        do: 'map',
        url: gained.url,
        side: 'live',
        to: [{ processType: 'web', port: 9000, protocol: 'http1' }],
      },
    ]);
    expect(work.prove?.steps).toEqual([{ do: 'prove', side: 'live', urls: [URL, gained.url] }]);
  });

  test('a route that the manifest added is not given to live', () => {
    const wish = {
      ...WISH,
      production: [
        ...WISH.production,
        { ...(WISH.production[0] as Intent['production'][0]), url: 'www.apps.example' },
      ],
    };
    const work = backOut(
      wish,
      at(candidateAt('reverting'), [], {
        routes: [route(URL, [to('old')]), route('www.apps.example', [to('new')])],
      }),
    );
    expect(work.map).toBeUndefined();
    expect(work.unmap?.steps).toHaveLength(1);
  });

  test('no proof of a live that did not run before', () => {
    const wish = intent({ before: { ...BEFORE, ran: false } });
    expect(linesOf(backOut(wish, at(candidateAt('reverting'), ['old', 'new'], { live: STOPPED })))).toEqual([
      'prove: mark restored',
      'unmap: unmap candidate',
      'drain: drain candidate, mark withdrawn',
      ...RETIRE,
    ]);
  });
});

describe('in turn', () => {
  const second = intent({ before: BEFORE, turn: { number: 2, of: 2 } });
  const RELEASE = 'unmap: await-release candidate, mark parted';
  test.each<[string, Snapshot, string | undefined]>([
    [
      'after its unmap',
      at(candidateAt('restored'), ['old', 'new']),
      `${RELEASE.replace(':', ': unmap candidate,')}`,
    ],
    ['though the answer to its unmap was lost', at(candidateAt('restored'), ['old']), RELEASE],
    ['not once it has', at(candidateAt('parted'), ['old']), undefined],
  ])('the apps before it wait until no router leads to it, %s', (_name, seen, line) => {
    const lines = linesOf(backOut(second, seen));
    expect(lines.find((one) => one.startsWith('unmap'))).toBe(line);
    expect(lines).toContain('drain: drain candidate, mark withdrawn');
  });

  test('nobody waits for an app of the first turn', () => {
    const lines = linesOf(
      backOut({ ...second, turn: { number: 1, of: 2 } }, at(candidateAt('restored'), ['old'])),
    );
    expect(lines.join()).not.toContain('await-release');
  });
});

describe('no way back', () => {
  test.each<[string, Snapshot]>([
    ['live is gone', snapshot({ candidate: candidateAt('serving'), routes: [route(URL, [to('new')])] })],
    [
      'another app stands on the name',
      at(candidateAt('serving'), ['new'], { live: ours('third', 'live', 'v9') }),
    ],
  ])('the candidate keeps its routes when %s', (_name, seen) => {
    expect(() => backOut(WISH, seen)).toThrow(Stuck);
  });

  test('a candidate without routes goes even then', () => {
    const seen = snapshot({ candidate: candidateAt('reverting'), routes: [route(URL)] });
    expect(linesOf(backOut(WISH, seen)).at(-1)).toBe('retire: rename candidate');
  });
});
