import { describe, expect, test } from '@jest/globals';
import type { SmokeCheck } from '../../src/model/asked.js';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import type { WantedScale } from '../../src/model/intent.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { NOTHING_NAMED } from '../../src/steps/named.js';
import { type IntentParts, makeIntent } from '../../src/strategies/intent.js';
import { check } from '../probe/support.js';
import {
  DOMAIN,
  inputs,
  instance,
  manifestApp,
  ours,
  process,
  route,
  snapshot,
  to,
  wanted,
} from './support.js';

const SHOP = wanted('shop.apps.example');
const WWW = 'www.apps.example';

function live(over: Partial<AppState> = {}): AppState {
  return ours('old', 'live', 'v1', { name: 'shop', ...over });
}

function on(...routes: Snapshot['routes']): Partial<Snapshot> {
  return { live: live(), routes };
}

function made(parts: Partial<Omit<IntentParts, 'snapshot'>> = {}, seen: Partial<Snapshot> = {}) {
  let drawn = 0;
  return makeIntent({
    inputs: inputs(),
    context: { runId: '1', attempt: '1', workspace: '/', temp: '/' },
    app: manifestApp(),
    named: [SHOP],
    trialDomain: { guid: DOMAIN, name: 'apps.example' },
    snapshot: snapshot(seen),
    set: ['shop'],
    version: 'v2',
    owner: 'me',
    adoptedVersion: 'adopted',
    token: () => `t${drawn++}`,
    ...parts,
  });
}

function remembering(key: string, value: unknown): AppState {
  return live({ annotations: { [key]: typeof value === 'string' ? value : JSON.stringify(value) } });
}

describe('routes', () => {
  const both = on(route(SHOP.url, [to('old')]), route(WWW, [to('old')]));
  const urls = (result: ReturnType<typeof made>) => result.intent.production.map(({ url }) => url);

  test('that live has beside the manifest are carried', () => {
    const result = made({}, both);
    expect(urls(result)).toEqual([SHOP.url, WWW]);
    expect(result.intent.dropped).toEqual([]);
  });

  test.each<[string, Partial<IntentParts>, AppState]>([
    ['the loss is accepted', { inputs: inputs({ carry: 'manifest' }) }, live()],
    ['the manifest named it before and does no more', {}, remembering(ANNOTATION.manifestRoutes, [WWW])],
  ])('are dropped, and said to be, when %s', (_name, parts, lives) => {
    const result = made(parts, { ...both, live: lives });
    expect(urls(result)).toEqual([SHOP.url]);
    expect(result.intent.dropped).toEqual([WWW]);
    expect(result.notes.join()).toContain(WWW);
  });

  test.each(['no JSON', '"text"', '[1, {}]'])('what another hand wrote (%s) drops nothing', (text) => {
    const result = made({}, { ...both, live: remembering(ANNOTATION.manifestRoutes, text) });
    expect(result.intent.dropped).toEqual([]);
  });

  test.each<[string, Partial<Snapshot>, RegExp | undefined]>([
    [
      'that another app serves and live does not',
      { others: { x: 'admin' }, routes: [route(SHOP.url, [to('x')])] },
      /served by admin/,
    ],
    ['shared with live', { ...on(route(SHOP.url, [to('x'), to('old')])), others: { x: 'admin' } }, undefined],
    ['that nobody serves', { routes: [route(SHOP.url)] }, undefined],
  ])('%s', (_name, seen, problem) => {
    const { problems } = made({}, seen);
    if (problem) expect(problems.join()).toMatch(problem);
    else expect(problems).toEqual([]);
  });

  test('are one, however the platform spells the host', () => {
    const seen = on(route('Shop.apps.example', [to('old')], { host: 'Shop' }));
    const { intent, problems } = made({}, seen);
    expect(intent.production).toMatchObject([{ url: 'Shop.apps.example', host: 'Shop' }]);
    expect(intent.dropped).toEqual([]);
    expect(problems).toEqual([]);
  });

  test('none at all is an app that nobody can ask: it needs no trial route, and any process that runs', () => {
    const app = manifestApp({ noRoute: true });
    const { intent, problems } = made({ app, named: [] });
    expect(problems).toEqual([]);
    expect([intent.production, intent.trials]).toEqual([[], []]);
    const idle = { web: { instances: 0, named: [] } };
    const worker = { ...idle, worker: { instances: 1, named: [] } };
    expect(made({ app: { ...app, processes: worker }, named: [] }).problems).toEqual([]);
    expect(made({ app: { ...app, processes: worker } }).problems.join()).toContain('no instances');
    expect(made({ app: { ...app, processes: idle }, named: [] }).problems.join()).toContain('no instances');
  });

  test('one of an internal domain is known as such', () => {
    const inside = route('shop.apps.internal', [to('old')], { domainGuid: 'inside' });
    expect(made({}, on(inside)).intent.production[1]).toMatchObject({ url: inside.url, internal: true });
  });
});

describe('trial routes', () => {
  test('one for each process type and port that live uses, each with a host of its own', () => {
    const seen = on(
      route(SHOP.url, [to('old'), to('old', { port: 9000 })]),
      route(WWW, [to('old', { processType: 'api' }), to('old', { port: 9000 }), to('foreign', { port: 1 })]),
    );
    const { trials } = made({}, seen).intent;
    expect(trials.map(({ to: port }) => [port.processType, port.port])).toEqual([
      ['web', null],
      ['web', 9000],
      ['api', 8080],
    ]);
    expect(new Set(trials.map(({ route: { host } }) => host)).size).toBe(3);
    expect(trials[0]?.route.url).toBe('shop-candidate-t0.apps.example');
  });

  const portsOf = (...args: Parameters<typeof made>) =>
    made(...args).intent.trials.map(({ to: port }) => port);
  const PUSHED = { processType: 'web', port: null, protocol: null };

  test('none at the default port where nothing will be asked there', () => {
    const ninth = { processType: 'web', port: 9_000, protocol: 'http1' };
    expect(portsOf({}, on(route(SHOP.url, [to('old', { port: 9_000 })])))).toEqual([ninth]);
    // A route that comes anew leads to the default port.
    const named = [SHOP, wanted('new.apps.example')];
    expect(portsOf({ named }, on(route(SHOP.url, [to('old', { port: 9_000 })])))).toEqual([PUSHED, ninth]);
  });

  test('one for each protocol, also for one that only the manifest names', () => {
    const http2 = { processType: 'web', port: 8_080, protocol: 'http2' };
    expect(portsOf({}, on(route(SHOP.url, [to('old', { protocol: 'http2' })])))).toEqual([http2]);
    const named = [{ ...SHOP, protocol: 'http2' }, wanted(WWW)];
    expect(portsOf({ named }, on(route(SHOP.url, [to('old')]), route(WWW, [to('old')])))).toEqual([
      PUSHED,
      http2,
    ]);
    expect(portsOf({ named: [{ ...SHOP, protocol: 'http2' }] })).toEqual([{ ...http2, port: null }]);
  });

  test('with the options of production, which so are known to be taken', () => {
    const options = { loadbalancing: 'least-connection' };
    const named = [SHOP, { ...wanted(WWW), options }];
    expect(made({ named }).intent.trials.map(({ route: { options: has } }) => has)).toEqual([options]);
    expect(made({ named }, { apiVersion: '3.182.0' }).problems.join()).toMatch(
      /Options of a route .* 3\.183\.0/,
    );
    const other = { ...wanted('api.apps.example'), options: { loadbalancing: 'round-robin' } };
    expect(made({ named: [...named, other] }).intent.trials).toHaveLength(2);
  });

  const onTcp = (url: string) =>
    wanted(url, { host: '', domainGuid: 'tcp', port: Number(url.split(':')[1]) });

  test('on TCP for what only TCP routes lead to, with a port that the platform chooses', () => {
    const named = [onTcp('tcp.example:1234'), onTcp('tcp.example:1235')];
    expect(made({ named }).intent.trials).toEqual([
      {
        route: { ...onTcp('tcp.example:0'), mark: 't0' },
        to: { processType: 'web', port: null, protocol: 'tcp' },
      },
    ]);
    const [first = SHOP, second = SHOP] = named;
    const seen = on(
      route(SHOP.url, [to('old')]),
      route(first.url, [to('old', { protocol: 'tcp' })], first),
      route(second.url, [to('old', { port: 9_000, protocol: 'tcp' })], second),
    );
    const { trials } = made({ named: [SHOP, ...named] }, seen).intent;
    // What HTTP shows to be there needs no other proof.
    expect(trials.map(({ to: { port, protocol } }) => [port, protocol])).toEqual([
      [null, null],
      [9_000, 'tcp'],
    ]);
    expect(new Set(trials.flatMap(({ route: { mark } }) => mark ?? [])).size).toBe(1);
  });

  test('none for an app that nobody outside can ask', () => {
    const named = [wanted('shop.apps.internal', { host: 'shop', domainGuid: 'inside', internal: true })];
    expect(portsOf({ named })).toEqual([]);
    // Unless a task is to ask it: inside then.
    const { trials } = made({ named, inputs: inputs({ smokeTest: [check()] }) }).intent;
    expect(trials).toEqual([
      {
        route: wanted('shop-candidate-t0.apps.internal', {
          ...{ host: 'shop-candidate-t0', domainGuid: 'inside', internal: true },
        }),
        to: PUSHED,
      },
    ]);
    const lost = inputs({ smokeTest: [check({ headers: { a: 'b' } })] });
    expect(portsOf({ named, inputs: lost })).toEqual([]);
    expect(portsOf({ named: [SHOP, ...named], inputs: inputs({ smokeTest: [check()] }) })).toEqual([PUSHED]);
  });
});

describe('a manifest that names another protocol than live has', () => {
  const named = [{ ...SHOP, protocol: 'http2' }];
  const seen = on(route(SHOP.url, [to('old')]));

  test('is deployed side by side, each version asked by its own', () => {
    expect(made({ named }, seen).problems).toEqual([]);
  });

  test('is refused where both versions are one app', () => {
    const rolling = inputs({ strategy: 'rolling' });
    expect(made({ named, inputs: rolling }, seen).problems.join()).toMatch(
      /Route shop\.apps\.example .* http1 .* http2.*strategy: blue-green/,
    );
    const same = [{ ...SHOP, protocol: 'http1' }];
    expect(made({ named: same, inputs: rolling }, seen).problems).toEqual([]);
  });
});

describe('a route of another space', () => {
  const foreign = { routes: [route(SHOP.url, [], { spaceGuid: 'space-2' })] };

  test('is refused unless it is shared with ours', () => {
    expect(made({}, foreign).problems.join()).toContain('belongs to another space, which does not share it');
    expect(made({ shared: [`route ${SHOP.url}`] }, foreign).problems).toEqual([]);
  });

  test('that live has is shared', () => {
    const seen = on(route(SHOP.url, [to('old')], { spaceGuid: 'space-2' }));
    expect(made({}, seen).problems).toEqual([]);
  });
});

describe('what the last manifest named and this one does not', () => {
  const record = { ...NOTHING_NAMED, services: ['db', 'queue'], processes: { web: ['command', 'timeout'] } };
  const seen = { live: remembering(ANNOTATION.manifestNamed, record) };
  const parts = { app: manifestApp({ services: ['db'] }) };
  const rolled = { ...parts, inputs: inputs({ strategy: 'rolling' }) };

  test('is taken from live in place, and said', () => {
    const { intent, notes } = made(rolled, seen);
    expect(intent.taken).toEqual({ ...record, services: ['queue'] });
    expect(notes.join()).toContain('binding to service instance queue, command of web, timeout of web');
  });

  test('is nothing without a record, and nobody takes it from another app', () => {
    expect(made(rolled, { live: live() }).intent).not.toHaveProperty('taken');
    expect(made(parts, seen).intent).not.toHaveProperty('taken');
  });
});

describe('what was before', () => {
  test('live with its version, its destinations, and whether somebody answered', () => {
    const seen = on(route(SHOP.url, [to('old', { port: 9000 }), to('x')]));
    expect(made({}, seen).intent.before).toEqual({
      guid: 'old',
      version: 'v1',
      ran: true,
      destinations: [{ url: SHOP.url, to: [{ processType: 'web', port: 9000, protocol: 'http1' }] }],
    });
  });

  test.each<[string, Partial<AppState>]>([
    ['stopped', { state: 'STOPPED', processes: [process('web', 1, { instancesSeen: [] })] }],
    ['crashed for good', { processes: [process('web', 1, { instancesSeen: [] })] }],
  ])('a live that is %s did not answer', (_name, over) => {
    expect(made({}, { live: live(over) }).intent.before?.ran).toBe(false);
  });

  test('an adopted live has the version that it is given, and nobody has none', () => {
    const { version: _none, ...adopted } = live({ labels: {} });
    expect(made({}, { live: adopted }).intent.before?.version).toBe('adopted');
    expect(made().intent.before).toBeUndefined();
  });

  test('how many instances did not run is known to whoever goes back', () => {
    const processes = [
      process('web', 3, { instancesSeen: [instance(0, 'RUNNING'), instance(1, 'CRASHED')] }),
      process('worker', 1),
    ];
    expect(made({}, { live: live({ processes }) }).intent.before?.down).toEqual({ web: 2 });
    expect(made({}, { live: live() }).intent.before).not.toHaveProperty('down');
  });
});

describe('environment', () => {
  const lives = { live: live({ env: { OLD: '1', NAMED: '2', GIVEN: '3' } }) };
  const parts = { app: manifestApp({ envNames: ['NAMED'] }), inputs: inputs({ env: { GIVEN: 'new' } }) };

  test('the input wins, the manifest speaks for itself, the rest is carried', () => {
    const { intent, notes } = made(parts, lives);
    expect(intent.env).toEqual({ OLD: '1', GIVEN: 'new' });
    expect(intent.carriedEnv).toEqual(['OLD']);
    expect(notes.join()).toContain('OLD');
    expect(notes.join()).not.toContain('1');
  });

  test('what the manifest named before and names no more is not carried', () => {
    const before = { live: { ...remembering(ANNOTATION.manifestEnv, ['OLD']), env: { OLD: '1' } } };
    const { intent, notes } = made({}, before);
    expect(intent.env).toEqual({});
    expect(notes.join()).toContain('Not carried');
  });

  test('names are recorded, values are not', () => {
    const { facts } = made(parts, lives).intent;
    expect(JSON.parse(facts[ANNOTATION.manifestEnv] ?? '')).toEqual(['NAMED', 'GIVEN']);
    expect(JSON.stringify(facts)).not.toContain('new');
  });
});

describe('scale', () => {
  const scaled = (
    lives: AppState['processes'],
    named: Record<string, { instances?: number; memoryMb?: number }>,
    before?: Record<string, WantedScale>,
    over: Partial<AppState> = {},
  ) => {
    const processes = Object.fromEntries(
      Object.entries(named).map(([type, one]) => [type, { ...one, named: [] }]),
    );
    const annotations = before ? { [ANNOTATION.manifestScale]: JSON.stringify(before) } : {};
    return made(
      { app: manifestApp({ processes }) },
      { live: live({ processes: lives, annotations, ...over }) },
    ).intent;
  };
  const size = { memoryMb: 256, diskMb: 1_024, logRateBps: -1 };

  test('scaled to 10 by hand, 2 in the manifest: 10', () => {
    const intent = scaled([process('web', 10)], { web: { instances: 2 } }, { web: { instances: 2 } });
    expect(intent.scale.web).toEqual({ instances: 10, ...size });
    expect(intent.keepInstancesOf).toEqual(['web']);
  });

  test('what the manifest changed since the last deploy wins', () => {
    const intent = scaled([process('web', 10)], { web: { instances: 3 } }, { web: { instances: 2 } });
    expect(intent.scale.web).toEqual(size);
    expect(intent.keepInstancesOf).toEqual([]);
  });

  test('without a last deploy of ours nobody knows that it changed', () => {
    expect(scaled([process('web', 10)], { web: { instances: 3 } }).scale.web?.instances).toBe(10);
  });

  test('what the manifest names is its own, the rest is as live has it', () => {
    const intent = scaled([process('web', 1)], { web: { memoryMb: 64 } });
    expect(intent.scale.web).toEqual({ diskMb: 1_024, logRateBps: -1 });
  });

  test.each<[string, number, number, number, number | undefined]>([
    ['as the manifest says it: nothing is to be set', 64, 64, 64, undefined],
    ['changed by hand, and the manifest says what it said: kept', 256, 64, 64, 256],
    ['changed by hand and in the manifest: the manifest wins', 256, 64, 128, undefined],
  ])('memory %s', (_, now, was, named, kept) => {
    const processes = { web: { memoryMb: named } };
    const intent = scaled([process('web', 1, { memoryMb: now })], processes, { web: { memoryMb: was } });
    expect(intent.scale.web?.memoryMb).toBe(kept);
  });

  test('a stopped live keeps no instances', () => {
    expect(scaled([process('web', 10)], {}, undefined, { state: 'STOPPED' }).scale.web).toEqual(size);
  });

  test('a worker that nobody named keeps its instances', () => {
    expect(scaled([process('web', 1), process('worker', 2)], {}).scale.worker?.instances).toBe(2);
  });

  test('exactly the manifest when asked', () => {
    const { intent } = made(
      { inputs: inputs({ scale: 'manifest' }) },
      { live: live({ processes: [process('web', 10)] }) },
    );
    expect(intent.scale).toEqual({});
    expect(intent.keepInstancesOf).toEqual([]);
  });

  test('no instances at all would leave nothing to prove', () => {
    const none = manifestApp({ processes: { web: { instances: 0, named: [] } } });
    expect(made({ app: none }).problems.join()).toContain('no instances');
  });
});

describe('the path that is probed', () => {
  const check = (target: SmokeCheck['target'], method = 'GET'): SmokeCheck => ({
    label: 'x',
    target,
    method,
    status: 'success',
    headers: {},
    follow: false,
    withinMs: 1,
    attemptsInARow: 1,
    on: 'trial',
  });
  test.each([
    ['the input', inputs({ watchPath: '/up', smokeTest: [check({ path: '/health' })] }), '/up'],
    [
      'the first check on a path that only reads',
      inputs({
        smokeTest: [check({ url: 'https://x/' }), check({ path: '/do' }, 'POST'), check({ path: '/health' })],
      }),
      '/health',
    ],
    ['the root', inputs(), '/'],
  ])('is %s', (_name, given, path) => {
    expect(made({ inputs: given }).intent.probePath).toBe(path);
  });
});
