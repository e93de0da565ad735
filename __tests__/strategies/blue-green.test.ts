import { describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import type { Stage, StageWork, Work } from '../../src/steps/step.js';
import { blueGreen, isLive } from '../../src/strategies/blue-green.js';
import { wayOf } from '../../src/strategies/settle.js';
import { chainsOf, groups } from '../../src/strategies/work.js';
import {
  candidateAt,
  intent as firstDeploy,
  instance,
  ours,
  process,
  route,
  snapshot,
  to,
  trialRoute,
  wanted,
} from './support.js';

/** A deploy that began while the app `old` was live. */
function intent(over: Partial<Intent> = {}): Intent {
  return firstDeploy({ before: { guid: 'old', version: 'v1', ran: true, destinations: [] }, ...over });
}

const URL = 'shop.apps.example';
const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const PUSHED = { annotations: { [ANNOTATION.package]: 'p' } };
const STAGED = candidateAt('made', PUSHED);
const TRIAL = trialRoute('trial.apps.example', [to('new')]);

function stagesOf(work: Work): Stage[] {
  return groups([{ app: 'shop', work }]).map(({ stage }) => stage);
}

function stepsOf(work: Work, stage: Stage) {
  return [...(work[stage]?.steps ?? []), ...(work[stage]?.after ?? [])];
}

/** A deploy with live on its route, and a candidate that is as far as the test says. */
function at(candidate: Snapshot['candidate'], onRoute: string[], over: Partial<Snapshot> = {}): Snapshot {
  return snapshot({
    live: LIVE,
    ...(candidate ? { candidate } : {}),
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

describe('blue-green asks for', () => {
  test('all stages of a first deploy, in their order', () => {
    expect(stagesOf(blueGreen(intent(), snapshot()))).toEqual([
      'lock',
      'routes',
      'bits',
      'stage',
      'start',
      'run',
      'check',
      'switch',
      'map',
      'prove',
      'drain',
      'crown',
    ]);
  });

  test('the end of its trial routes beside the drain, and of what is left of them afterwards', () => {
    const gone = { do: 'delete-route', url: TRIAL.url, guid: TRIAL.guid } as const;
    const draining = blueGreen(intent(), at(candidateAt('serving'), ['new']));
    expect(draining.drain?.steps).toEqual([
      { do: 'drain', side: 'live' },
      { ...gone, early: true },
    ]);
    expect(blueGreen(intent(), at(candidateAt('drained'), ['new'])).tidy?.steps).toEqual([gone]);
    const planned = blueGreen(intent(), snapshot()).drain?.steps;
    expect(planned?.map((step) => step.do)).toEqual(['drain', 'delete-route']);
  });

  test('a trial route on TCP, whose port nobody knew, is found by its mark', () => {
    const name = { host: '', domainGuid: 'tcp', path: '', internal: false };
    const trial = { url: 'tcp.example:0', ...name, port: 0, mark: 'abc' };
    const wish = intent({
      trials: [{ route: trial, to: { processType: 'web', port: null, protocol: 'tcp' } }],
    });
    expect(blueGreen(wish, snapshot()).routes?.steps).toContainEqual({
      ...{ do: 'make-route', route: trial, as: 'trial' },
    });
    const made = (mark: string) =>
      route(`tcp.example:${mark === 'abc' ? 1_234 : 1_235}`, [], {
        ...{ host: '', domainGuid: 'tcp', port: mark === 'abc' ? 1_234 : 1_235 },
        labels: { ...TRIAL.labels, [LABEL.run]: mark },
      });
    const seen = at(candidateAt('made'), ['old']);
    const work = blueGreen(wish, { ...seen, routes: [...seen.routes, made('other'), made('abc')] });
    expect(work.routes?.steps ?? []).not.toContainEqual(expect.objectContaining({ as: 'trial' }));
    expect(work.configure?.steps).toContainEqual(
      expect.objectContaining({ do: 'map', url: 'tcp.example:1234', side: 'candidate' }),
    );
  });

  test.each<[string, Snapshot, Stage[]]>([
    [
      'the bits first',
      at(candidateAt('made'), ['old']),
      [
        'bits',
        'start',
        'check',
        'switch',
        'map',
        'prove',
        'unmap',
        'drain',
        'tidy',
        'stop',
        'retire',
        'crown',
      ],
    ],
    [
      'the proof after the bits',
      at(STAGED, ['old']),
      ['start', 'check', 'switch', 'map', 'prove', 'unmap', 'drain', 'tidy', 'stop', 'retire', 'crown'],
    ],
    [
      'the rest of the switch',
      at(candidateAt('switching'), ['old', 'new']),
      ['prove', 'unmap', 'drain', 'tidy', 'stop', 'retire', 'crown'],
    ],
    ['the drain', at(candidateAt('serving'), ['new']), ['drain', 'tidy', 'stop', 'retire', 'crown']],
    ['the farewell', at(candidateAt('drained'), ['new']), ['tidy', 'stop', 'retire', 'crown']],
    [
      'the last rename',
      at(candidateAt('drained'), ['new'], {
        live: { ...LIVE, state: 'STOPPED' },
        routes: [route(URL, [to('new')])],
      }),
      ['retire', 'crown'],
    ],
  ])('%s', (_name, seen, stages) => {
    const started =
      seen.candidate?.phase === 'made'
        ? { ...seen, candidate: { ...seen.candidate, state: 'STOPPED' as const } }
        : seen;
    expect(stagesOf(blueGreen(intent(), started)).filter((stage) => stage !== 'run')).toEqual(stages);
  });

  test('nothing once the version is live', () => {
    const done = snapshot({ live: ours('new', 'live', 'v2', { name: 'shop' }) });
    expect(isLive(intent(), done)).toBe(true);
    expect(blueGreen(intent(), done)).toEqual({});
    expect(isLive(intent({ version: 'v3' }), done)).toBe(false);
  });

  test('the running of instances that crashed after the proof, before the switch goes on', () => {
    const crashed = candidateAt('proven', {
      ...PUSHED,
      processes: [process('web', 2, { instancesSeen: [instance(0, 'RUNNING'), instance(1, 'CRASHED')] })],
    });
    expect(stagesOf(blueGreen(intent(), at(crashed, ['old'])))[0]).toBe('run');
    const drained = candidateAt('drained', { processes: crashed.processes });
    expect(stagesOf(blueGreen(intent(), at(drained, ['new'])))).not.toContain('run');
  });

  test('each port, type and protocol that live has on a route', () => {
    const seen = at(STAGED, [], {
      routes: [
        route(URL, [to('old', { port: 9000, protocol: 'http2' }), to('old', { processType: 'api' })]),
        TRIAL,
      ],
    });
    expect(stepsOf(blueGreen(intent(), seen), 'map')).toEqual([
      {
        do: 'map',
        url: URL,
        side: 'candidate',
        to: [
          { processType: 'web', port: 9000, protocol: 'http2' },
          { processType: 'api', port: 8080, protocol: 'http1' },
        ],
      },
    ]);
  });

  test('the protocol of the manifest on a route that live does not have', () => {
    const wish = intent({ production: [wanted(URL, { protocol: 'http2' })] });
    expect(stepsOf(blueGreen(wish, at(STAGED, [])), 'map')).toEqual([
      { do: 'map', url: URL, side: 'candidate', to: [{ processType: 'web', port: null, protocol: 'http2' }] },
    ]);
  });

  test('only what is missing where some of it is mapped', () => {
    const seen = at(candidateAt('switching'), [], {
      routes: [route(URL, [to('old'), to('old', { port: 9000 }), to('new')])],
    });
    expect(stepsOf(blueGreen(intent(), seen), 'map')).toMatchObject([{ to: [{ port: 9000 }] }]);
  });

  test('a route that live gained: it is proven anew before live loses anything', () => {
    const gained = route('www.apps.example', [to('old')]);
    const seen = at(candidateAt('serving'), ['new'], { routes: [route(URL, [to('new')]), gained, TRIAL] });
    const work = blueGreen(intent(), seen);
    expect(stagesOf(work)[0]).toBe('switch');
    expect(stepsOf(work, 'switch')).toEqual([{ do: 'mark', phase: 'switching' }]);
    expect(stepsOf(work, 'prove')).toMatchObject([{ urls: [URL, gained.url] }, { phase: 'serving' }]);
  });

  test('a live that got a route again after the drain is not stopped before the candidate is proven there', () => {
    const seen = at(candidateAt('drained'), ['new', 'old']);
    expect(groups([{ app: 'shop', work: blueGreen(intent(), seen) }])[0]).toMatchObject({
      stage: 'switch',
      steps: [{ step: { do: 'mark', phase: 'switching' } }],
    });
  });

  test('a dropped route is taken from live, never given to the candidate', () => {
    const seen = at(candidateAt('serving'), ['new'], {
      routes: [route(URL, [to('new')]), route('x.apps.example', [to('old')])],
    });
    const work = blueGreen(intent({ dropped: ['x.apps.example'] }), seen);
    expect(work.map).toBeUndefined();
    expect(stepsOf(work, 'unmap')).toEqual([{ do: 'unmap', url: 'x.apps.example', side: 'live' }]);
  });

  test('the script after the checks, and the mark after both', () => {
    const check = stepsOf(blueGreen(intent({ smokeScript: './check' }), at(STAGED, ['old'])), 'check');
    expect(check.map((step) => step.do)).toEqual(['stay-up', 'smoke', 'smoke-script', 'mark']);
  });

  test('variables that differ, by name', () => {
    const seen = at({ ...STAGED, env: { SAME: '1', OTHER: '1' } }, ['old']);
    const wish = intent({ env: { SAME: '1', OTHER: '2', NEW: '3' } });
    expect(stepsOf(blueGreen(wish, seen), 'configure')).toEqual([{ do: 'set-env', names: ['OTHER', 'NEW'] }]);
  });

  test('a failed one that a killed run left running is stopped before the candidate starts', () => {
    const failed = ours('bad', 'failed', 'v0', { name: 'shop-failed-v0' });
    expect(stepsOf(blueGreen(intent(), at(STAGED, ['old'], { failed: [failed] })), 'configure')).toEqual([
      { do: 'stop', name: failed.name, guid: 'bad' },
    ]);
  });
});

describe('scale', () => {
  const wish: Partial<Intent> = { keepInstancesOf: ['web'], scale: { web: { instances: 3, memoryMb: 512 } } };
  const scaled = (lives: number, has: number, over: Partial<Intent> = wish, stopped = false) => {
    const live = {
      ...LIVE,
      state: stopped ? ('STOPPED' as const) : LIVE.state,
      processes: [process('web', lives)],
    };
    const candidate = { ...STAGED, processes: [process('web', has, { memoryMb: 512 })] };
    return stepsOf(blueGreen(intent(over), at(candidate, ['old'], { live })), 'configure');
  };

  test.each<[string, ReturnType<typeof scaled>, number | undefined]>([
    ['as the intent has it', scaled(2, 1), 3],
    ['as many as live has by now', scaled(10, 3), 10],
    ['never fewer than the candidate has', scaled(2, 5), undefined],
    ['nothing when it fits', scaled(3, 3), undefined],
    ['a stopped live keeps nothing', scaled(10, 3, wish, true), undefined],
    ['exactly the manifest when asked', scaled(10, 2, { keepInstancesOf: [], scale: {} }), undefined],
  ])('%s', (_name, asked, instances) => {
    expect(asked).toEqual(
      instances === undefined ? [] : [{ do: 'scale', processType: 'web', to: { instances } }],
    );
  });

  test('a process type that the new version does not have is left out', () => {
    const live = { ...LIVE, processes: [process('web', 1), process('worker', 4)] };
    const work = blueGreen(intent({ keepInstancesOf: ['web', 'worker'] }), at(STAGED, ['old'], { live }));
    expect(work.configure).toBeUndefined();
  });
});

describe('live grows after the proof', () => {
  const grown = (phase: Phase) => {
    const live = { ...LIVE, processes: [process('web', 4)] };
    const candidate = candidateAt(phase, { processes: [process('web', 2)] });
    return stepsOf(
      blueGreen(intent({ keepInstancesOf: ['web'] }), at(candidate, ['old'], { live })),
      'configure',
    );
  };

  test('what comes now is proven like the others: the deploy goes one phase back for it', () => {
    expect(grown('proven')).toEqual([{ do: 'mark', phase: 'made' }]);
    expect(grown('made')).toEqual([{ do: 'scale', processType: 'web', to: { instances: 4 } }]);
  });

  test('once the switch has begun, the count stays', () => {
    expect(grown('switching')).toEqual([]);
  });
});

describe('previous versions', () => {
  const previous = ['v0', 'u9', 'u8'].map((version) =>
    ours(version, 'previous', version, { state: 'STOPPED' }),
  );
  const pruned = (keepPrevious: number, live: Snapshot['live'] = LIVE) => {
    const { live: _live, ...rest } = at(candidateAt('drained'), ['new'], { previous });
    const work = blueGreen(intent({ keepPrevious }), { ...rest, ...(live ? { live } : {}) });
    return stepsOf(work, 'prune').map((step) => ('guid' in step ? step.guid : ''));
  };

  test.each<[number, string[]]>([
    [0, ['v0', 'u9', 'u8', 'old']],
    [1, ['v0', 'u9', 'u8']],
    [2, ['u9', 'u8']],
    [4, []],
  ])('with keep-previous %i these go', (keep, gone) => {
    expect(pruned(keep)).toEqual(gone);
  });

  test('one whose delete was asked for goes, and counts for none', () => {
    const [newest, ...older] = previous;
    const going = newest && { ...newest, annotations: { [ANNOTATION.deleting]: '1' } };
    const seen = at(candidateAt('drained'), ['new'], { previous: going ? [going, ...older] : [] });
    expect(stepsOf(blueGreen(intent({ keepPrevious: 2 }), seen), 'prune')).toEqual([
      { do: 'delete-app', name: expect.any(String), guid: 'v0', wasLive: true },
      { do: 'delete-app', name: expect.any(String), guid: 'u8', wasLive: true },
    ]);
  });

  test('one that a route names is in use, and stays', () => {
    const seen = at(candidateAt('drained'), ['new'], {
      previous,
      routes: [route('x.apps.example', [to('u8')])],
    });
    expect(stepsOf(blueGreen(intent(), seen), 'prune')).toHaveLength(2);
  });
});

function withoutLive({ live: _, ...seen }: Snapshot): Snapshot {
  return seen;
}

describe('wayOf', () => {
  test.each<[string, Snapshot, string]>([
    ['no route yet', at(candidateAt('proven'), ['old']), 'back'],
    ['marked, not mapped', at(candidateAt('switching'), ['old']), 'forward'],
    ['drained', at(candidateAt('drained'), ['new']), 'forward'],
    ['going back', at(candidateAt('reverting'), ['new']), 'back'],
    ['gone back', at(candidateAt('withdrawn'), ['old']), 'back'],
    ['a route by another hand, live there', at(candidateAt('made'), ['new']), 'back'],
    ['a route by another hand, live gone', withoutLive(at(candidateAt('made'), ['new'])), 'forward'],
    ['nothing there', snapshot(), 'back'],
  ])('%s', (_name, seen, way) => {
    expect(wayOf([seen])).toBe(way);
  });

  test.each<[string, Snapshot[], string]>([
    [
      'one had not come to the switch',
      [at(candidateAt('switching'), ['old']), at(candidateAt('proven'), ['old'])],
      'back',
    ],
    ['both had', [at(candidateAt('serving'), ['old']), at(candidateAt('switching'), ['old'])], 'forward'],
    [
      'one was going back',
      [at(candidateAt('reverting'), ['old']), at(candidateAt('serving'), ['old'])],
      'back',
    ],
  ])('a set goes one way: %s', (_name, set, way) => {
    expect(wayOf(set)).toBe(way);
  });
});

describe('groups', () => {
  const one: Work = {
    lock: { steps: [{ do: 'make-candidate' }] },
    start: { steps: [{ do: 'start', side: 'candidate' }] },
    switch: { steps: [{ do: 'mark', phase: 'switching' }] },
  };

  test('locks by name, one after the other, then all apps stage by stage', () => {
    const list = groups([
      { app: 'web', work: one },
      { app: 'api', work: one },
    ]);
    expect(list[0]).toMatchObject({ stage: 'lock', steps: [], after: [{ app: 'api' }, { app: 'web' }] });
    expect(list.map(chainsOf)[0]).toEqual([list[0]?.after]);
    expect(named(list)).toEqual(['lock api+web', 'start web+api', 'switch web+api']);
  });

  const named = (list: ReturnType<typeof groups>) =>
    list.map(({ stage, steps, after }) => `${stage} ${[...steps, ...after].map(({ app }) => app).join('+')}`);
  const inTurn = (work: Work) =>
    ['web', 'api', 'db'].map((app, at) => ({ app, work, turn: { number: [2, 2, 1][at] ?? 1, of: 2 } }));

  test('tasks of the user run one after the other', () => {
    const tasks: Work = { task: { steps: [{ do: 'run-task' }] }, start: one.start as StageWork };
    expect(named(groups(inTurn(tasks)))).toEqual(['task web', 'task api', 'task db', 'start web+api+db']);
  });

  test('those of a turn switch when those of the turn before have, and drain with them', () => {
    const work: Work = {
      check: { steps: [{ do: 'smoke' }] },
      switch: { steps: [{ do: 'mark', phase: 'switching' }] },
      unmap: { steps: [], after: [{ do: 'await-release', side: 'live' }] },
      drain: { steps: [{ do: 'drain', side: 'live' }] },
    };
    expect(named(groups(inTurn(work)))).toEqual([
      'check web+api+db',
      'switch db',
      'unmap db',
      'switch web+api',
      'unmap web+api',
      'drain web+api+db',
    ]);
  });

  test('they go back in reverse, once it is said of all that they do', () => {
    const work: Work = {
      start: { steps: [{ do: 'start', side: 'live' }] },
      switch: { steps: [{ do: 'mark', phase: 'reverting' }] },
      unmap: { steps: [], after: [{ do: 'await-release', side: 'candidate' }] },
      drain: { steps: [{ do: 'drain', side: 'candidate' }] },
    };
    expect(named(groups(inTurn(work), 'back'))).toEqual([
      'switch web+api+db',
      'start web+api',
      'unmap web+api',
      'start db',
      'unmap db',
      'drain web+api+db',
    ]);
  });

  test('no route of any app moves before every app is proven', () => {
    const slow: Work = { check: { steps: [{ do: 'smoke' }] } };
    expect(
      groups([
        { app: 'web', work: { switch: one.switch ?? { steps: [] } } },
        { app: 'api', work: slow },
      ])[0]?.stage,
    ).toBe('check');
  });
});
