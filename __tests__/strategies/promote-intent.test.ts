import { describe, expect, test } from '@jest/globals';
import { recalled, recorded } from '../../src/engine/journal.js';
import type { Inputs, SmokeCheck } from '../../src/model/asked.js';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { LIVE_BEFORE } from '../../src/steps/live-record.js';
import { LIVE_WISH } from '../../src/steps/live-wish.js';
import { askedOf } from '../../src/strategies/intent-parts.js';
import { endingOf, makePromoteIntent } from '../../src/strategies/promote-intent.js';
import { candidateAt, inputs, intent, ours, process, route, snapshot, to, wanted } from './support.js';

const SHOP = 'shop.apps.example';
const LIVE = ours('old', 'live', 'v1', { name: 'shop', currentDropletGuid: 'droplet-1' });
const BEFORE = { guid: 'old', version: 'v1', ran: true, dropletGuid: 'droplet-1', destinations: [] };

function check(over: Partial<SmokeCheck> = {}): SmokeCheck {
  return {
    label: '/health',
    target: { path: '/health' },
    method: 'GET',
    status: 'success',
    headers: {},
    follow: false,
    withinMs: 60_000,
    attemptsInARow: 3,
    on: 'trial',
    ...over,
  };
}

/** What a deploy with hold recorded, as another run reads it. */
function held(asked: Partial<Inputs> = {}, over: Partial<Intent> = {}): Intent {
  const made = intent({ hold: true, until: 'held', before: BEFORE, ...askedOf(inputs(asked)), ...over });
  const read = recalled('shop', candidateAt('held', { annotations: recorded(made) }));
  if (!read) throw new Error('the journal cannot be read');
  return read;
}

function seen(over: Partial<Snapshot> = {}): Snapshot {
  return snapshot({ live: LIVE, routes: [route(SHOP, [to('old')])], ...over });
}

const codes = (of: Intent, at: Snapshot, asked: Partial<Inputs> = {}) =>
  makePromoteIntent(of, at, inputs(asked), 'promoter').problems.map(({ code }) => code);

describe('what promote wants', () => {
  const asked = {
    smokeTest: [check({ target: { path: '/ready' }, label: '/ready' })],
    drainMs: 5_000,
    bakeMs: 60_000,
    keepPrevious: 3,
    failureLimit: 7,
  };

  test('is what the held deploy recorded', () => {
    const { intent: wish, problems } = makePromoteIntent(held(asked), seen(), inputs(), 'promoter');
    expect(problems).toEqual([]);
    expect(wish).toMatchObject({
      checks: asked.smokeTest,
      probePath: '/ready',
      drainMs: 5_000,
      bakeMs: 60_000,
      keepPrevious: 3,
      failureLimit: 7,
      owner: 'promoter',
      hold: true,
      until: 'live',
      version: 'v2',
    });
  });

  test.each<[string, Partial<Inputs>, Partial<Intent>]>([
    ['drain', { drainMs: 1 }, { drainMs: 1, bakeMs: 60_000 }],
    ['bake', { bakeMs: 2 }, { bakeMs: 2, drainMs: 5_000 }],
    ['keep-previous', { keepPrevious: 0 }, { keepPrevious: 0 }],
    ['keep-failed', { keepFailed: false }, { keepFailed: false }],
    ['failure-limit', { failureLimit: 1 }, { failureLimit: 1 }],
    ['smoke-test', { smokeTest: [check()] }, { checks: [check()], probePath: '/health' }],
    ['watch-path', { watchPath: '/live' }, { probePath: '/live' }],
    ['scale', { scale: 'manifest' }, { scale: {}, keepInstancesOf: [] }],
    ['smoke-script', { smokeScript: './check' }, { smokeScript: './check' }],
  ])('and what is given wins: %s', (name, given, wish) => {
    const of = held(asked, { scale: { web: { instances: 4 } }, keepInstancesOf: ['web'] });
    expect(
      makePromoteIntent(of, seen(), inputs({ ...given, given: [name] }), 'promoter').intent,
    ).toMatchObject(wish);
  });

  test('what live is mapped to now is what it gets back', () => {
    const at = seen({ routes: [route(SHOP, [to('old')]), route('www.apps.example', [to('old')])] });
    const { before } = makePromoteIntent(held(), at, inputs(), 'promoter').intent;
    expect(before?.destinations.map(({ url }) => url)).toEqual([SHOP, 'www.apps.example']);
  });
});

describe('what is recorded by name only', () => {
  const secret = 's3cr3t&value';
  test.each<[string, Partial<Inputs>, string[]]>([
    [
      'a header',
      { smokeTest: [check({ headers: { 'x-key': secret } })] },
      ['smoke-test with the header x-key'],
    ],
    ['a secret in a check', { smokeTest: [check({ body: `is ${secret}` })] }, ['smoke-test']],
    [
      'a secret in a path, as a URL writes it',
      { smokeTest: [check({ target: { path: `/?key=${encodeURIComponent(secret)}` } })] },
      ['smoke-test'],
    ],
    ['a script', { smokeScript: `check ${secret}` }, ['smoke-script']],
    ['a secret in the watched path', { watchPath: `/${secret}` }, ['watch-path']],
  ])('%s', (_name, asked, again) => {
    const of = held({ ...asked, secrets: [secret] });
    expect(of.again).toEqual(again);
    expect(JSON.stringify(of)).not.toMatch(/s3cr3t/);
    expect(codes(of, seen())).toEqual(['give-again']);
    const [input = ''] = again[0]?.split(' ') ?? [];
    expect(codes(of, seen(), { given: [input] })).toEqual([]);
  });

  test('nothing else has to be given again', () => {
    expect(held({ smokeTest: [check()], watchPath: '/live', secrets: [secret] }).again).toEqual([]);
  });
});

describe('promote is refused', () => {
  const { currentDropletGuid: _, ...WITHOUT } = LIVE;
  const { live: _live, ...NOBODY } = seen();
  const { dropletGuid: _old, ...OLDER } = BEFORE;
  test.each<[string, Intent, Snapshot, string[]]>([
    ['not while live is the same', held(), seen(), []],
    ['when another app is live', held(), seen({ live: { ...LIVE, guid: 'other' } }), ['live-changed']],
    [
      'when live has another droplet',
      held(),
      seen({ live: { ...LIVE, currentDropletGuid: 'droplet-2' } }),
      ['live-changed'],
    ],
    ['when live lost its droplet', held(), seen({ live: WITHOUT }), ['live-changed']],
    ['when nothing is live any more', held(), NOBODY, ['live-changed']],
    ['when something is live now', recordedWithout(), seen(), ['live-changed']],
    ['not when nothing was live', recordedWithout(), NOBODY, []],
    [
      'by the app alone where no droplet is recorded',
      held({}, { before: OLDER }),
      seen({ live: { ...LIVE, currentDropletGuid: 'droplet-2' } }),
      [],
    ],
    [
      'when somebody else serves a route that it wants',
      held({}, { production: [wanted(SHOP), wanted('new.apps.example')] }),
      seen({
        routes: [route(SHOP, [to('old')]), route('new.apps.example', [to('foreign')])],
        others: { foreign: 'their-app' },
      }),
      ['refused'],
    ],
  ])('%s', (_name, of, at, expected) => {
    expect(codes(of, at)).toEqual(expected);
  });

  function recordedWithout(): Intent {
    const { before: _before, ...first } = held();
    return first;
  }
});

test('a held deploy that another one has ended is told of by that one', () => {
  const annotations = { [ANNOTATION.ended]: JSON.stringify('v2'), [ANNOTATION.runUrl]: 'https://run/7' };
  const now = ours('new', 'live', 'v3', { annotations });
  expect(endingOf(seen({ live: now }))).toBe(
    'The held deploy of v2 was ended by the deploy of v3 (https://run/7).',
  );
  expect(endingOf(seen({ failed: [ours('bad', 'failed', 'v3', { annotations })] }))).toContain('v3');
  expect(endingOf(seen())).toBeUndefined();
});

describe('what live was given by hand since then', () => {
  const NAMED = ANNOTATION.manifestEnv;
  const asked = inputs({ carry: 'all' });
  function at(live: Partial<AppState>, candidate: Partial<AppState> = {}): Snapshot {
    const made = candidateAt('held', {
      env: { COLOUR: 'blue', BROUGHT: 'one' },
      ...candidate,
      annotations: { [NAMED]: '["COLOUR","NEW"]', ...candidate.annotations },
    });
    const was = { ...LIVE, env: { COLOUR: 'red', BROUGHT: 'one', OLD: 'gone' } };
    const now = { ...was, annotations: { [NAMED]: '["COLOUR","OLD"]' }, ...live };
    return seen({ live: now, candidate: made, lock: made });
  }
  const told = (of: Intent, snap: Snapshot, over: Partial<Inputs> = {}) =>
    makePromoteIntent(of, snap, { ...asked, ...over }, 'promoter').problems.map(
      ({ code, message }) => `${code}: ${message}`,
    );

  test.each<[string, Partial<AppState>, string | undefined]>([
    ['nothing', {}, undefined],
    ['what the manifest names wins anyway', { env: { COLOUR: 'green', BROUGHT: 'one' } }, undefined],
    ['another value', { env: { BROUGHT: 'two-secret' } }, 'variable BROUGHT'],
    ['a new variable', { env: { BROUGHT: 'one', MORE: 'two-secret' } }, 'variable MORE'],
    ['one that is gone', { env: { COLOUR: 'red' } }, 'variable BROUGHT'],
  ])('%s', (_name, live, what) => {
    const [problem, ...more] = told(held(), at(live));
    expect(more).toEqual([]);
    if (what === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(new RegExp(`^live-changed: .*: ${what}\\.$`));
    expect(problem ?? '').not.toContain('two-secret');
  });

  test('a new variable counts only where variables are brought along', () => {
    const more = { env: { BROUGHT: 'one', MORE: 'two' } };
    expect(told(held(), at(more), { carry: 'manifest' })).toEqual([]);
    expect(told(held(), at(more, { annotations: { [ANNOTATION.inputs]: 'drain carry' } }))).toEqual([]);
  });

  test('another memory than the one that was brought along', () => {
    const of = held({}, { scale: { web: { memoryMb: 256 } } });
    expect(told(of, at({}))).toEqual([]);
    const grown = at({ processes: [process('web', 1, { memoryMb: 512 })] });
    expect(told(of, grown)).toEqual([expect.stringContaining('memory, disk or log rate of web')]);
    expect(told(of, grown, { scale: 'manifest' })).toEqual([]);
  });
});

describe('of a held deploy in place', () => {
  const WISH = { [LIVE_WISH]: JSON.stringify({ manifest: 'applications: []', env: {} }) };
  const of = held(
    {},
    { inPlace: { maxInFlight: 1 }, scale: { web: { instances: 4 } }, keepInstancesOf: ['web'] },
  );
  const at = (env: Record<string, string>, live: Partial<AppState> = {}) =>
    seen({
      live: { ...LIVE, ...live },
      candidate: candidateAt('held', {
        env,
        annotations: { [ANNOTATION.manifestScale]: JSON.stringify({ web: { instances: 3 }, worker: {} }) },
      }),
    });

  test('our own variables of the candidate are none that live lacks', () => {
    expect(codes(of, at({ ...WISH, [LIVE_BEFORE]: '{}' }))).toEqual([]);
  });

  test.each<[string, Record<string, string>, Partial<AppState>, string[]]>([
    ['live is stopped', WISH, { state: 'STOPPED' }, ['live-changed']],
    ['live has no web instance', WISH, { processes: [process('web', 0)] }, ['live-changed']],
    ['live has another droplet', WISH, { currentDropletGuid: 'droplet-2' }, ['live-changed']],
    ['what live shall get is not written down', { [LIVE_BEFORE]: '{}' }, {}, ['refused']],
    ['another hand has written over it', { [LIVE_WISH]: '{"manifest":1}' }, {}, ['refused']],
    ['no variable is there', {}, {}, ['refused']],
  ])('it is refused when %s', (_what, env, live, problems) => {
    expect(codes(of, at(env, live))).toEqual(problems);
  });

  test('a plan does not take variables that may not be read for missing', () => {
    expect(codes(of, at({}), { plan: true })).toEqual([]);
    expect(codes(of, at({ OTHER: 'x' }, { env: { OTHER: 'x' } }), { plan: true })).toEqual(['refused']);
  });

  test('live gets the counts that were recorded, or with scale: manifest those that the manifest named', () => {
    const wish = (asked: Partial<Inputs>) =>
      makePromoteIntent(of, at(WISH), inputs(asked), 'promoter').intent;
    expect(wish({})).toMatchObject({ scale: { web: { instances: 4 } }, keepInstancesOf: ['web'] });
    expect(wish({ scale: 'manifest' })).toMatchObject({
      scale: { web: { instances: 3 }, worker: {} },
      keepInstancesOf: [],
    });
  });
});
