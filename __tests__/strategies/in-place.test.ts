/** When live's own app gets the version, what forbids it, and what is asked of live then. */
import { describe, expect, test } from '@jest/globals';
import type { Inputs, ManifestApp } from '../../src/model/asked.js';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { chooseInPlace } from '../../src/strategies/in-place.js';
import { makeIntent } from '../../src/strategies/intent.js';
import {
  DOMAIN,
  inputs,
  manifestApp,
  ours,
  process,
  route,
  runningInstances,
  snapshot,
  to,
  wanted,
} from './support.js';

const SHOP = wanted('shop.apps.example');

function live(over: Partial<AppState> = {}): AppState {
  return ours('old', 'live', 'v1', { name: 'shop', ...over });
}

interface Case {
  app?: Partial<ManifestApp>;
  seen?: Partial<Snapshot>;
  maxInFlight?: number;
  brought?: string[];
}

function chosen({ app = {}, seen = {}, maxInFlight = 1, brought = [] }: Case = {}) {
  return chooseInPlace({
    inputs: { strategy: 'rolling', maxInFlight, hold: false },
    app: manifestApp(app),
    snapshot: snapshot({ live: live(), ...seen }),
    brought,
  });
}

test('live that runs gets it, as many instances at a time as are asked for', () => {
  expect(chosen({ maxInFlight: 3 })).toEqual({ inPlace: { maxInFlight: 3 }, problems: [], notes: [] });
});

test.each<[string, boolean | undefined, unknown[]]>([
  ['off', false, [expect.stringMatching(/without route integrity.*SIGTERM.*strategy: blue-green/)]],
  ['on', true, []],
  ['not shown', undefined, []],
])('without route integrity it is said what an app has to do: %s', (_name, hasTlsProxy, notes) => {
  const seen = runningInstances(2).map((one) => ({
    ...one,
    ...(hasTlsProxy === undefined ? {} : { hasTlsProxy }),
  }));
  const processes = [process('web', 2, { instancesSeen: seen })];
  expect(chosen({ seen: { live: live({ processes }) } })).toMatchObject({ problems: [], notes });
});

test('any other strategy does not ask for it', () => {
  const asked = {
    inputs: inputs(),
    app: manifestApp(),
    snapshot: snapshot({ live: live() }),
    brought: ['agent'],
  };
  expect(chooseInPlace(asked)).toEqual({ problems: [], notes: [] });
});

test.each<[string, AppState | undefined, RegExp]>([
  ['nothing is live', undefined, /is not live yet: this time .* blue-green/],
  ['live is stopped', live({ state: 'STOPPED' }), /live is stopped/],
  [
    'live has no web instance',
    live({ processes: [process('web', 0), process('worker', 1)] }),
    /no web instance/,
  ],
  ['live has no web process', live({ processes: [process('worker', 1)] }), /no web instance/],
])('blue-green is the way, and it is said, as %s', (_name, one, note) => {
  const { live: _, ...seen } = snapshot();
  const { inPlace, problems, notes } = chooseInPlace({
    inputs: { strategy: 'rolling', maxInFlight: 2, hold: false },
    // Whatever forbids the other way is no matter here.
    app: manifestApp({ lifecycle: 'cnb' }),
    snapshot: { ...seen, ...(one ? { live: one } : {}) },
    brought: [],
  });
  expect(inPlace).toBeUndefined();
  expect(problems).toEqual([]);
  expect(notes).toEqual([expect.stringMatching(note)]);
});

const lifecycle = (type: string) => ({ live: live({ lifecycle: { type, buildpacks: [] } }) });

describe('forbidden by name:', () => {
  test.each<[string, Case, RegExp]>([
    ['a sidecar of a buildpack', { brought: ['agent'] }, /sidecar agent .*strategy: blue-green/],
    ['cloud native buildpacks, live', { seen: lifecycle('cnb') }, /lifecycle cnb.*strategy: blue-green/],
    ['cloud native buildpacks, wanted', { app: { lifecycle: 'cnb' } }, /lifecycle cnb.*strategy: blue-green/],
    ['bits over a docker image', { seen: lifecycle('docker') }, /live has the lifecycle docker.*blue-green/],
    [
      'a docker image over bits',
      { app: { docker: { image: 'a/b' } } },
      /live has the lifecycle buildpack.*blue-green/,
    ],
    [
      'a platform before deployments tell why',
      { seen: { apiVersion: '3.73.0' } },
      /3\.74\.0 .* has 3\.73\.0/,
    ],
    [
      'several at a time',
      { seen: { apiVersion: '3.172.9' }, maxInFlight: 2 },
      /max-in-flight above 1 needs version 3\.173\.0/,
    ],
  ])('%s', (_name, one, problem) => {
    expect(chosen(one).problems).toEqual([expect.stringMatching(problem)]);
  });

  test.each<[string, Case]>([
    ['one at a time on an older platform', { seen: { apiVersion: '3.172.9' } }],
    ['several on a platform that can', { seen: { apiVersion: '3.173.0' }, maxInFlight: 2 }],
    ['a later major', { seen: { apiVersion: '4.0.0' }, maxInFlight: 2 }],
  ])('but not %s', (_name, one) => {
    expect(chosen(one).problems).toEqual([]);
  });
});

function made(app: Partial<ManifestApp>, lives: Partial<AppState> = {}, over = {}, set = ['shop']) {
  return makeIntent({
    inputs: inputs({ strategy: 'rolling', maxInFlight: 2, ...over }),
    context: { runId: '1', attempt: '1', workspace: '/', temp: '/' },
    app: manifestApp(app),
    named: [SHOP],
    trialDomain: { guid: DOMAIN, name: 'apps.example' },
    snapshot: snapshot({ live: live(lives), routes: [route(SHOP.url, [to('old')])] }),
    set,
    version: 'v2',
    owner: 'me',
    adoptedVersion: 'adopted',
    token: () => 't',
  });
}

describe('what is asked of live:', () => {
  const before = { annotations: { [ANNOTATION.manifestEnv]: JSON.stringify(['A', 'GONE']) } };
  const env = { A: 'old', GONE: 'x', BY_HAND: 'y' };

  test('variables that the manifest names no more are taken from it, what was set by hand stays', () => {
    const { intent, notes } = made({ envNames: ['A'] }, { env, ...before }, { env: { NEW: 'z' } });
    expect(intent.inPlace).toEqual({ maxInFlight: 2 });
    expect(intent.env).toEqual({ GONE: null, BY_HAND: 'y', NEW: 'z' });
    // The candidate is given it for its proof; it is live's own.
    expect(intent.carriedEnv).toEqual(['BY_HAND']);
    expect(notes).toEqual(['Taken from live, the manifest names them no more: variables GONE.']);
    expect(intent.facts[ANNOTATION.strategy]).toBe('rolling');
  });

  test('with carry: manifest all that the manifest does not name goes', () => {
    const { intent } = made({ envNames: ['A'] }, { env, ...before }, { carry: 'manifest' });
    expect(intent.env).toEqual({ GONE: null, BY_HAND: null });
  });

  const scaled = (instances: number) => ({
    annotations: { [ANNOTATION.manifestScale]: JSON.stringify({ web: { instances } }) },
  });
  const web = (instances: number) => ({ processes: [process('web', instances)] });
  const SIZES = { memoryMb: 256, diskMb: 1_024, logRateBps: -1 };

  test.each<[string, number | undefined, Partial<AppState>, number | undefined, boolean]>([
    ['more than the manifest names stay', 2, { ...web(5), ...scaled(2) }, undefined, true],
    ['fewer become as many', 4, { ...web(2), ...scaled(4) }, 4, true],
    ['what the manifest itself changed wins', 2, { ...web(5), ...scaled(5) }, 2, false],
    ['it names none', undefined, web(3), undefined, true],
  ])('instances: %s', (_name, instances, lives, wantedCount, kept) => {
    const app = instances === undefined ? {} : { processes: { web: { instances, named: [] } } };
    const { intent } = made(app, lives);
    expect(intent.scale.web).toEqual({
      ...SIZES,
      ...(wantedCount === undefined ? {} : { instances: wantedCount }),
    });
    expect(intent.keepInstancesOf).toEqual(kept ? ['web'] : []);
  });

  test('scale: manifest is exactly the manifest, a process type that live has not among it', () => {
    const processes = { web: { instances: 2, named: [] }, worker: { instances: 1, named: [] } };
    const lives = { processes: [process('web', 5), process('clock', 2)] };
    const { intent } = made({ processes }, lives, { scale: 'manifest' });
    expect(intent.scale).toEqual({
      web: { instances: 2 },
      clock: { instances: 0 },
      worker: { instances: 1 },
    });
    expect(intent.keepInstancesOf).toEqual([]);
  });

  test('no-route: true is never sent to an app that has routes', () => {
    const { problems } = made({ noRoute: true });
    expect(problems).toEqual([expect.stringMatching(/no-route: true.* live serves shop\.apps\.example/)]);
  });

  test('where blue-green is the way, it is called so', () => {
    const { intent } = made({}, { state: 'STOPPED' });
    expect(intent.inPlace).toBeUndefined();
    expect(intent.facts[ANNOTATION.strategy]).toBe('blue-green');
  });
});

describe('a canary', () => {
  const canary = (seen: Partial<Snapshot> = {}) =>
    chooseInPlace({
      inputs: { strategy: 'canary', maxInFlight: 1, instanceSteps: [10, 50], hold: false },
      app: manifestApp(),
      snapshot: snapshot({ live: live({ processes: [process('web', 3)] }), ...seen }),
      brought: [],
    });

  test('has its steps, of the instances that live has, and says what they come to', () => {
    expect(canary()).toMatchObject({
      inPlace: { maxInFlight: 1, instanceSteps: [10, 50], instances: 3 },
      problems: [],
      notes: [
        'The canary of shop pauses with 1 of 4 instances (25 %), 2 of 4 instances (50 %) of the new version.',
      ],
    });
  });

  test('needs a platform that knows its steps', () => {
    expect(canary({ apiVersion: '3.188.9' }).problems).toEqual([
      "strategy: canary needs version 3.189.0 of the platform's API, and this one has 3.188.9: deploy with strategy: rolling or blue-green.",
    ]);
    expect(canary({ apiVersion: '3.189.0' }).problems).toEqual([]);
  });

  test('is none where live has nothing to roll', () => {
    const { inPlace, notes } = canary({ live: live({ state: 'STOPPED' }) });
    expect(inPlace).toBeUndefined();
    expect(notes).toEqual([expect.stringMatching(/nothing to roll, as live is stopped/)]);
  });
});

describe('zdt-push', () => {
  const asked = (
    over: Partial<Inputs> = {},
    app: Partial<ManifestApp> = {},
    more: { canZdtPush?: boolean; brought?: string[] } = {},
  ) =>
    chooseInPlace({
      inputs: inputs({ strategy: 'zdt-push', ...over }),
      app: manifestApp(app),
      snapshot: snapshot({ live: live() }),
      brought: [],
      canZdtPush: true,
      ...more,
    });

  test('with cf v6 live is staged once more, sidecars of its buildpacks included, and that is said', () => {
    expect(asked({}, {}, { brought: ['agent'] })).toEqual({
      inPlace: { maxInFlight: 1, stagesAgain: true },
      problems: [],
      notes: [expect.stringMatching(/shop is built twice/)],
    });
  });

  test('with any other cf it is rolling', () => {
    expect(asked({ maxInFlight: 2 }, {}, { canZdtPush: false })).toEqual({
      inPlace: { maxInFlight: 2 },
      problems: [],
      notes: [],
    });
  });

  test.each<[string, Partial<Inputs>, Partial<ManifestApp>, RegExp]>([
    ['max-in-flight', { maxInFlight: 2 }, {}, /one instance at a time: leave max-in-flight out/],
    ['hold', { hold: true }, {}, /promote has none: take strategy: rolling/],
    ['a droplet', { dropletGuid: 'd' }, {}, /pushes bits, and shop comes without/],
    ['an image', {}, { docker: { image: 'registry.example/shop' } }, /pushes bits, and shop comes without/],
  ])('cf v6 cannot do it with %s', (_name, over, app, why) => {
    expect(asked(over, app).problems).toContainEqual(expect.stringMatching(why));
  });

  test('that it is rolling is said once for all apps of a deploy', () => {
    const notes = (name: string) => made({ name }, {}, { strategy: 'zdt-push' }, ['shop', 'web']).notes;
    expect(notes('shop')).toContainEqual(expect.stringMatching(/the same as rolling here/));
    expect(notes('web')).not.toContainEqual(expect.stringMatching(/the same as rolling here/));
  });
});
