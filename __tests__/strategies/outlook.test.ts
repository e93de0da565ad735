import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { type Life, outlookOf } from '../../src/strategies/outlook.js';
import { app, candidateAt, intent, ours, route, snapshot, to } from './support.js';

const SHOP = 'shop.apps.example';
const live = ours('old', 'live', 'v1', { name: 'shop' });
const JOURNAL = recorded(intent());
const left = (phase: Parameters<typeof candidateAt>[0], over: Partial<AppState> = {}) =>
  candidateAt(phase, { createdAtMs: 5, ...over, annotations: { ...JOURNAL, ...over.annotations } });

interface Case {
  seen?: Partial<Snapshot>;
  life?: Life;
  set?: readonly Snapshot[];
  beside?: readonly AppState[];
  /** Nothing is live yet. */
  first?: boolean;
}

function outlook({ seen = {}, life = 'dead', set, beside = [], first = false }: Case) {
  const routes = seen.routes ?? [route(SHOP, [to('old')])];
  const all = snapshot({ ...(first ? {} : { live }), routes, ...seen });
  const leads = routes.filter(({ destinations }) =>
    destinations.some(({ appGuid }) => beside.some(({ guid }) => guid === appGuid)),
  );
  return outlookOf({ snapshot: all, left: { apps: beside, routes: leads }, life, set: set ?? [all] });
}

const at = (candidate: AppState): Partial<Snapshot> => ({ candidate, lock: candidate });

describe('what the next deploy does', () => {
  const other = snapshot({ name: 'api', live, ...at(left('made')) });
  const unreadable = left('switching', { annotations: { [ANNOTATION.journal]: '{' } });
  test.each<[string, Case, [string, boolean], (string | RegExp)[]]>([
    ['nothing to settle', {}, ['nothing', false], []],
    [
      'an app that was not deployed this way',
      { seen: { live: app('old', { name: 'shop' }) } },
      ['nothing', true],
      [/adopts shop/],
    ],
    ['no app at all', { first: true }, ['nothing', false], [/the first: there is no shop/]],
    ['a run that lives', { seen: at(left('made')), life: 'alive' }, ['wait', false], [/waits until/]],
    ['a run that may live', { seen: at(left('serving')), life: 'unknown' }, ['wait', false], [/waits until/]],
    [
      'dead before the switch',
      { seen: at(left('proven')) },
      ['back', false],
      [/takes the .* deploy of v2 back first/],
    ],
    [
      'dead in the switch',
      { seen: at(left('switching')) },
      ['forward', false],
      [/finishes the .* deploy of v2 first/],
    ],
    ['dead on the way back', { seen: at(left('reverting')) }, ['back', false], [/back first/]],
    [
      'dead in the switch, and another app of the deploy was not proven',
      { seen: at(left('switching')), set: [snapshot({ live, ...at(left('switching')) }), other] },
      ['back', false],
      [/back first/],
    ],
    ['a journal that nobody can read', { seen: at(unreadable) }, ['refuse', false], [/cannot be read/]],
    [
      'a foreign app on a name that is needed',
      { seen: { inTheWay: [app('x', { name: 'shop-candidate' })] } },
      ['refuse', false],
      ['It is refused.', /shop-candidate stands on a name/],
    ],
    [
      'what another tool left',
      {
        seen: { routes: [route(SHOP, [to('old'), to('venerable')])] },
        beside: [app('venerable', { name: 'shop-venerable' })],
      },
      ['refuse', false],
      ['It is refused.', /shop-venerable is not ours, and serves/, /run the commands/],
    ],
  ])('%s', (_, one, [settles, adopts], told) => {
    const { nextDeploy } = outlook(one);
    expect([nextDeploy.settles, nextDeploy.adopts]).toEqual([settles, adopts]);
    expect(nextDeploy.told).toHaveLength(told.length);
    for (const [index, text] of told.entries()) expect(nextDeploy.told[index]).toMatch(text);
    expect(nextDeploy.commands.length > 0).toBe(one.beside !== undefined);
  });
});

describe('what is under way', () => {
  test('whose it is, how far it has come, and since when', () => {
    const annotations = {
      [ANNOTATION.commit]: 'c0ffee1',
      [ANNOTATION.actor]: 'ann',
      [ANNOTATION.runUrl]: 'https://github.example/runs/7',
      [ANNOTATION.heartbeat]: '77',
    };
    expect(outlook({ seen: at(left('serving', { annotations })), life: 'alive' }).underWay).toEqual({
      what: 'deploy',
      version: 'v2',
      commit: 'c0ffee1',
      phase: 'serving',
      owner: 'me',
      actor: 'ann',
      run: 'https://github.example/runs/7',
      sinceMs: 5,
      lastSignMs: 77,
      life: 'alive',
    });
  });

  test('a rollback is called one', () => {
    const lock = left('made', { annotations: { [ANNOTATION.target]: 'older' } });
    expect(outlook({ seen: { lock } }).underWay?.what).toBe('rollback');
  });

  test('who has taken the lock over is the one that may write', () => {
    const lock = left('switching', {
      annotations: { [ANNOTATION.actor]: 'ann', [ANNOTATION.commit]: 'c0ffee1' },
    });
    const taker = app('taker', {
      name: 'shop-candidate-lock-1',
      labels: { [LABEL.owner]: 'taker-1' },
      annotations: {
        [ANNOTATION.takenFrom]: lock.guid,
        [ANNOTATION.heartbeat]: '99',
        [ANNOTATION.actor]: 'bob',
        [ANNOTATION.commit]: 'decade5',
      },
    });
    const { underWay } = outlook({ seen: { lock, candidate: lock, takers: [taker] }, life: 'alive' });
    expect(underWay).toMatchObject({ owner: 'taker-1', actor: 'bob', commit: 'c0ffee1', lastSignMs: 99 });
  });

  test('a held deploy is nobody’s to keep alive, and holds the next one up', () => {
    const lock = left('made');
    const waiting = { ...lock, labels: { ...lock.labels, [LABEL.phase]: 'held' } };
    const { held, underWay, nextDeploy } = outlook({ seen: at(waiting), life: 'unknown' });
    expect([underWay, held]).toEqual([undefined, expect.objectContaining({ version: 'v2' })]);
    expect(held).not.toHaveProperty('life');
    expect([nextDeploy.settles, nextDeploy.told[0]]).toEqual([
      'refuse',
      expect.stringContaining('promote or abort'),
    ]);
  });

  test('a held deploy of two apps, of which one is gone: only abort ends it', () => {
    const of = (name: string, set: readonly string[]) => {
      const lock = candidateAt('held', { annotations: recorded(intent({ app: name, set })) });
      return snapshot({ name, live: ours(`old-${name}`, 'live', 'v1', { name }), candidate: lock, lock });
    };
    const shop = of('shop', ['api', 'shop']);
    const whole = outlook({ seen: shop, life: 'unknown', set: [shop, of('api', ['api', 'shop'])] });
    expect(whole.held).not.toHaveProperty('lacks');
    const gone = snapshot({ name: 'api', live: ours('old-api', 'live', 'v1', { name: 'api' }) });
    const torn = outlook({ seen: shop, life: 'unknown', set: [shop, gone] });
    expect(torn.held).toMatchObject({ version: 'v2', lacks: ['api'] });
    expect(torn.nextDeploy.told).toEqual([expect.stringMatching(/abort ends it, as .* of api is gone/)]);
    expect(torn.nextDeploy.told[0]).not.toContain('promote');
  });
});

test('what is kept, and what is left over', () => {
  const previous = [
    ours('p2', 'previous', 'v0', {
      name: 'shop-previous-v0',
      annotations: { [ANNOTATION.withdrawn]: '{}', [ANNOTATION.commit]: 'decade5' },
    }),
  ];
  const failed = [ours('f1', 'failed', 'v3', { name: 'shop-failed-v3', state: 'STOPPED' })];
  const routes = [route(SHOP, [to('old')]), route('own.apps.example', [to('green')])];
  const beside = [app('green', { name: 'shop-green' })];
  expect(outlook({ seen: { previous, failed, routes }, beside })).toMatchObject({
    previous: [{ app: 'shop-previous-v0', guid: 'p2', version: 'v0', commit: 'decade5', withdrawn: true }],
    failed: [{ app: 'shop-failed-v3', guid: 'f1', version: 'v3', withdrawn: false }],
    leftovers: [
      {
        app: 'shop-green',
        guid: 'green',
        state: 'STARTED',
        running: 1,
        routes: ['own.apps.example'],
        ours: false,
      },
    ],
    nextDeploy: { settles: 'nothing', told: [] },
  });
});
