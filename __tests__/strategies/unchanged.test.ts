import { describe, expect, test } from '@jest/globals';
import { saidOf } from '../../src/manifest/said.js';
import type { AppState, Deployment, Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { NOTHING_NAMED } from '../../src/steps/named.js';
import type { LiveConfiguration } from '../../src/strategies/configuration.js';
import { driftOf, whyAsked, whyOther, whyUnsound } from '../../src/strategies/unchanged.js';
import { candidateAt, instance, intent, ours, process, route, snapshot, to, wanted } from './support.js';

const MANIFEST = `applications:
  - name: shop
    memory: 256M
    disk_quota: 1G
    instances: 2
    buildpacks: [nodejs_buildpack]
    health-check-type: http
    health-check-http-endpoint: /health
    timeout: 60
    env: {COLOUR: ((colour)), SIZE: 3}
    services: [db]
    features: {ssh: false}
    metadata: {labels: {team: red}, annotations: {about: a shop}}
    routes: [{route: shop.apps.example, protocol: http2}]
    processes:
      - type: worker
        instances: 1
        memory: 128M
        command: node worker.js
`;
const VARIABLES = { colour: 'the-secret-colour' };
const said = (text = MANIFEST, variables: Readonly<Record<string, unknown>> = VARIABLES) =>
  saidOf({ file: 'manifest.yml', text, variables }, 'shop');
const NOW = { bits: 'sha256-1:abc', manifest: said().hash };

const WEB = process('web', 2, { healthCheck: { type: 'http', endpoint: '/health', timeoutS: 60 } });
const WORKER = process('worker', 1, { memoryMb: 128, healthCheck: { type: 'process' } });
const LIVE = ours('blue', 'live', 'v1', {
  name: 'shop',
  lifecycle: { type: 'buildpack', buildpacks: ['nodejs_buildpack'], stack: 'cflinuxfs4' },
  env: { COLOUR: 'the-secret-colour', SIZE: '3' },
  processes: [WEB, WORKER],
  annotations: {
    about: 'a shop',
    [ANNOTATION.bits]: NOW.bits,
    [ANNOTATION.manifestHash]: NOW.manifest,
    [ANNOTATION.package]: 'package-1',
  },
});
LIVE.labels = { ...LIVE.labels, team: 'red' };
const READ: LiveConfiguration = {
  bindings: ['db'],
  features: { ssh: false, revisions: true },
  sidecars: [],
  commands: { web: 'npm start', worker: 'node worker.js' },
  dropletCommands: { web: 'npm start' },
  packageGuid: 'package-1',
  hidesVariables: false,
};
const URL = 'shop.apps.example';

interface Change {
  live?: Partial<AppState>;
  read?: Partial<LiveConfiguration>;
  intent?: Partial<Intent>;
  snapshot?: Partial<Snapshot>;
  manifest?: string;
  variables?: Readonly<Record<string, unknown>>;
}

function sidesOf(change: Change = {}) {
  const live: AppState = { ...LIVE, ...change.live };
  const worker = { worker: { diskMb: 1_024, logRateBps: -1 } };
  return {
    said: said(change.manifest, change.variables),
    live,
    snapshot: snapshot({
      live,
      routes: [route(URL, [to('blue', { protocol: 'http2' })])],
      ...change.snapshot,
    }),
    read: { ...READ, ...change.read },
    intent: intent({
      production: [{ ...wanted(URL), protocol: 'http2' }],
      scale: { web: { logRateBps: -1 }, ...worker },
      keepInstancesOf: ['web', 'worker'],
      env: {},
      facts: { [ANNOTATION.manifestRoutes]: JSON.stringify([URL]) },
      ...change.intent,
    }),
  };
}

const web = (over: Partial<typeof WEB>): Change => ({ live: { processes: [{ ...WEB, ...over }, WORKER] } });

test('live is what is asked for', () => {
  const sides = sidesOf();
  expect(whyOther(sides, NOW)).toEqual([]);
  expect(whyUnsound(sides)).toEqual([]);
  expect(driftOf(sides)).toEqual([]);
});

describe('what only live has', () => {
  const has: Change = {
    live: {
      labels: { ...LIVE.labels, desk: 'shop' },
      processes: [{ ...WEB, healthCheck: { type: 'http', endpoint: '/by-hand', timeoutS: 99 } }, WORKER],
    },
    read: { bindings: [...READ.bindings, 'extra'], features: { ssh: false, revisions: true } },
  };

  test('is a difference where nothing is carried', () => {
    expect(whyOther(sidesOf(has), NOW)).toEqual(
      expect.arrayContaining(['web health check', 'binding to service instance extra', 'label desk']),
    );
  });

  test('is none where it is carried: such a live was deployed so', () => {
    const carry = { named: { ...NOTHING_NAMED, services: READ.bindings }, what: [] };
    const why = whyOther(sidesOf({ ...has, intent: { carry } }), NOW);
    for (const what of [
      'web health check',
      'binding to service instance extra',
      'label desk',
      'app feature ssh',
    ])
      expect(why).not.toContain(what);
  });

  test('is one again where the manifest before named it', () => {
    const carry = { named: { ...NOTHING_NAMED, services: [...READ.bindings, 'extra'] }, what: [] };
    expect(whyOther(sidesOf({ ...has, intent: { carry } }), NOW)).toContain(
      'binding to service instance extra',
    );
  });
});

describe('a live that was rolled has the copy of a droplet, which names no package:', () => {
  const rolled = (version: string, over: Partial<Deployment> = {}): Deployment => ({
    guid: 'roll',
    createdAtMs: 0,
    value: 'FINALIZED',
    reason: 'DEPLOYED',
    strategy: 'rolling',
    dropletGuid: 'copy',
    labels: { [LABEL.version]: version, [LABEL.role]: 'candidate' },
    annotations: {},
    ...over,
  });
  const why = (deployments: Deployment[]) => {
    const { packageGuid: _, ...read } = READ;
    const sides = sidesOf({ live: { currentDropletGuid: 'copy' }, snapshot: { deployments } });
    return whyOther({ ...sides, read }, NOW);
  };

  test('the deployment of its version says that it is its own', () => {
    expect(why([rolled('v1')])).toEqual([]);
  });

  test.each<[string, Deployment[]]>([
    ['none is there any more', []],
    ['it is of another version', [rolled('v0')]],
    ['it was cancelled', [rolled('v1', { reason: 'CANCELED' })]],
    ['live has another droplet since then', [rolled('v1', { dropletGuid: 'other' })]],
    [
      'it brought back what was before',
      [rolled('v1', { labels: { [LABEL.version]: 'v1', [LABEL.role]: 'live' } })],
    ],
  ])('and else it is not known which bits live has: %s', (_name, deployments) => {
    expect(why(deployments)).toEqual(['it is not known which bits live has']);
  });
});

describe('what is carried over from live is no change:', () => {
  test.each<[string, Change]>([
    ['a variable', { live: { env: { ...LIVE.env, X: '1' } }, intent: { env: { X: '1' } } }],
    ['more instances', web({ instances: 5 })],
    [
      'a route',
      {
        intent: { production: [{ ...wanted(URL), protocol: 'http2' }, wanted('more.apps.example')] },
        snapshot: {
          routes: [route(URL, [to('blue', { protocol: 'http2' })]), route('more.apps.example', [to('blue')])],
        },
      },
    ],
    ['a label of ours', { live: { labels: { ...LIVE.labels, 'cf-zero-downtime.github.io/x': 'y' } } }],
  ])('%s', (_, change) => expect(whyOther(sidesOf(change), NOW)).toEqual([]));
});

describe('a change:', () => {
  const without = (line: RegExp) => MANIFEST.replace(line, '');
  test.each<[string, Change, string | RegExp]>([
    ['a value of a variable', { variables: { colour: 'blue' } }, 'variable COLOUR'],
    ['a variable that live lost', { live: { env: { SIZE: '3' } } }, 'variable COLOUR'],
    ['a variable that is dropped', { live: { env: { ...LIVE.env, OLD: '1' } } }, 'variable OLD'],
    ['memory', web({ memoryMb: 512 }), 'web memory'],
    ['disk', web({ diskMb: 512 }), 'web disk'],
    ['log rate', web({ logRateBps: 1_000 }), 'web log rate'],
    ['fewer instances', web({ instances: 1 }), 'web instances'],
    ['a health check', web({ healthCheck: { type: 'port' } }), 'web health check'],
    ['its endpoint', web({ healthCheck: { type: 'http', endpoint: '/', timeoutS: 60 } }), 'web health check'],
    ['its timeout', web({ healthCheck: { type: 'http', endpoint: '/health' } }), 'web health check'],
    ['a readiness check', web({ readiness: { type: 'http', endpoint: '/' } }), 'web readiness health check'],
    ['a command', { read: { commands: { web: 'node other.js', worker: 'node worker.js' } } }, 'web command'],
    [
      'a command of a process',
      { read: { commands: { web: 'npm start', worker: 'other' } } },
      'worker command',
    ],
    ['a process that live lacks', { live: { processes: [WEB] } }, 'worker instances'],
    ['a process that only live has', { live: { processes: [WEB, WORKER, process('clock', 1)] } }, /^clock /],
    ['buildpacks', { live: { lifecycle: { type: 'buildpack', buildpacks: [] } } }, 'buildpacks'],
    ['a stack', { manifest: MANIFEST.replace('    env:', '    stack: windows\n    env:') }, 'stack'],
    ['a service', { read: { bindings: [] } }, 'binding to service instance db'],
    ['a service that only live has', { read: { bindings: ['db', 'mail'] } }, /instance mail/],
    ['a feature', { read: { features: { ssh: true, revisions: true } } }, 'app feature ssh'],
    ['a sidecar that only live has', { read: { sidecars: ['proxy'] } }, 'sidecar proxy'],
    ['a label', { live: { labels: { team: 'blue' } } }, 'label team'],
    ['a label that only live has', { live: { labels: { ...LIVE.labels, a: 'b' } } }, 'label a'],
    ['an annotation', { live: { annotations: { ...LIVE.annotations, about: '' } } }, 'annotation about'],
    [
      'a route',
      { intent: { production: [wanted(URL), wanted('new.apps.example')] } },
      'route new.apps.example',
    ],
    ['a route that is dropped', { intent: { production: [] } }, `route ${URL}`],
    [
      'a protocol of a route',
      { snapshot: { routes: [route(URL, [to('blue')])] } },
      `protocol of route ${URL}`,
    ],
    ['the bits', { live: { annotations: { ...LIVE.annotations, [ANNOTATION.bits]: 'x' } } }, 'other bits'],
    [
      'a droplet of another hand',
      { read: { packageGuid: 'package-2' } },
      'it is not known which bits live has',
    ],
    ['no record', { live: { annotations: {} } }, 'it is not known which bits live has'],
    ['commands that are hidden', { read: { commands: undefined as never } }, /^commands, which/],
    ['variables that are hidden', { read: { hidesVariables: true } }, /^variables, which/],
    [
      'parameters of a service',
      { manifest: MANIFEST.replace('[db]', '[{name: db, parameters: {a: 1}}]') },
      /^parameters of service instance db, which/,
    ],
    [
      'a variable in what is not compared',
      { manifest: `${MANIFEST}    sidecars: [{name: x, command: ((colour))}]\n` },
      /^sidecars, which/,
    ],
  ])('%s', (_, change, reason) => {
    const sides = sidesOf(change);
    const reasons = whyOther(sides, { ...NOW, manifest: sides.said.hash });
    expect(reasons).toContainEqual(expect.stringMatching(reason));
    expect(JSON.stringify(reasons)).not.toContain('secret');
  });

  test.each([
    ['a key that is gone', without(/ +timeout: 60\n/)],
    ['a key that is new', `${MANIFEST}    something: new\n`],
    ['a name of a variable', MANIFEST.replace('SIZE', 'WIDTH')],
  ])('in the words of the manifest: %s', (_, text) => {
    expect(whyOther(sidesOf(), { ...NOW, manifest: said(text).hash })).toEqual(['another manifest']);
  });

  test('bits that cannot be told', () => {
    expect(whyOther(sidesOf(), undefined)).toEqual(['the bits cannot be told from others']);
  });
});

test('no value of a variable has a part in the hash', () => {
  expect(said(MANIFEST, { colour: 'other' }).hash).toBe(NOW.manifest);
  expect(said(MANIFEST.replace('SIZE: 3', 'SIZE: 4')).hash).toBe(NOW.manifest);
  expect(said(MANIFEST.replace('memory: 256M', 'memory: 512M')).hash).not.toBe(NOW.manifest);
});

describe('live is not a state to leave alone:', () => {
  const crashed = { ...WEB, instancesSeen: [instance(0, 'RUNNING'), instance(1, 'CRASHED')] };
  const LEFT = 'something of an earlier deploy is left';
  test.each<[string, Change, string]>([
    ['a crashed instance', { live: { processes: [crashed, WORKER] } }, 'not all instances of live run'],
    ['stopped', { live: { state: 'STOPPED' } }, 'not all instances of live run'],
    ['a candidate', { snapshot: { candidate: candidateAt('made') } }, LEFT],
    ['a lock', { snapshot: { lock: candidateAt('made') } }, LEFT],
    ['a failed one that runs', { snapshot: { failed: [ours('f', 'failed', 'v2')] } }, LEFT],
    ['a taker', { snapshot: { takers: [ours('t', 'lock', 'v2')] } }, LEFT],
    [
      'a route that is not mapped',
      { snapshot: { routes: [route(URL)] } },
      `route ${URL} is not served by live alone`,
    ],
    [
      'a route that another app serves, too',
      { snapshot: { routes: [route(URL, [to('blue'), to('other')])] } },
      `route ${URL} is not served by live alone`,
    ],
  ])('%s', (_, change, reason) => expect(whyUnsound(sidesOf(change))).toContain(reason));

  test('nothing is live', () => {
    const { live: _, ...none } = snapshot({});
    expect(whyUnsound({ snapshot: none, intent: intent({}) })).toEqual(['nothing is live']);
  });
});

test('what is asked for by name is deployed', () => {
  expect(whyAsked({ force: false, env: {} })).toEqual([]);
  expect(whyAsked({ force: true, env: { A: '1' } })).toHaveLength(2);
});

test('the drift names variables, never their values, and leaves alone what the manifest leaves to scale', () => {
  const sides = sidesOf({
    live: {
      env: { COLOUR: 'another-secret', BY_HAND: 'third-secret' },
      processes: [{ ...WEB, memoryMb: 512, logRateBps: 5 }, WORKER],
    },
  });
  expect(driftOf(sides)).toEqual([
    'The manifest would add: variable SIZE.',
    'The manifest would change: variable COLOUR, web memory.',
    'Only live has: variable BY_HAND.',
  ]);
});
