/** A restart and a restage: what is taken over from live, what they are made of by each strategy, and what forbids them. */
import { describe, expect, test } from '@jest/globals';
import type { Inputs } from '../../src/model/asked.js';
import type { AppState } from '../../src/model/cloud.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { hasItsCopy } from '../../src/steps/vouched.js';
import { forward } from '../../src/strategies/forward.js';
import { makeRestartIntent, type RestartParts } from '../../src/strategies/restart-intent.js';
import { DOMAIN, inputs, ours, process, route, snapshot, to } from './support.js';

const LIVE: AppState = ours('guid', 'live', 'v1', {
  name: 'shop',
  lifecycle: { type: 'buildpack', buildpacks: ['nodejs'], stack: 'cflinuxfs4' },
  annotations: {
    [ANNOTATION.commit]: 'c1',
    [ANNOTATION.bits]: 'hash',
    [ANNOTATION.builtOf]: 'p1',
    [`${ANNOTATION.manifestNamed}-1`]: '{',
    [`${ANNOTATION.manifestNamed}-2`]: '}',
    [ANNOTATION.actor]: 'bob',
    [ANNOTATION.ended]: '"v0"',
  },
  env: { MODE: 'one', SAME: 'yes' },
  processes: [process('web', 3, { memoryMb: 96 }), process('worker', 2)],
  currentDropletGuid: 'd1',
});
const SEEN = snapshot({ live: LIVE, routes: [route('shop.apps.example', [to('guid')])] });
const PARTS: RestartParts = {
  inputs: inputs({ command: 'restart', strategy: 'rolling', env: { MODE: 'two' } }),
  context: { runId: '1', attempt: '1', workspace: '/', temp: '/', actor: 'ann', commit: 'of-the-run' },
  snapshot: SEEN,
  live: LIVE,
  version: 'v2',
  dropletGuid: 'd1',
  packageGuid: 'p1',
  brought: [],
  set: ['shop'],
  owner: 'me',
  adoptedVersion: 'adopted',
  trialDomain: { guid: DOMAIN, name: 'apps.example' },
  token: () => 'x',
};

function of(asked: Partial<Inputs>, over: Partial<RestartParts> = {}) {
  return makeRestartIntent({ ...PARTS, inputs: { ...PARTS.inputs, ...asked }, ...over });
}

function done({ intent }: ReturnType<typeof of>): string[] {
  return Object.values(forward(intent, SEEN)).flatMap(({ steps, after = [] }) =>
    [...steps, ...after].map((step) => step.do),
  );
}

describe('each of them', () => {
  test.each<[string, Partial<Inputs>]>([
    ['restart in place', {}],
    ['restart beside live', { strategy: 'blue-green' }],
    ['restage in place', { command: 'restage' }],
    ['restage beside live', { command: 'restage', strategy: 'blue-green' }],
  ])(
    '%s: a new version of the same commit and the same bits, with variables and routes of live',
    (_name, asked) => {
      const { intent, problems } = of(asked);
      expect(problems).toEqual([]);
      expect(intent).toMatchObject({
        version: 'v2',
        asLive: true,
        env: { MODE: 'two', SAME: 'yes' },
        carriedEnv: ['SAME'],
        production: [{ url: 'shop.apps.example' }],
        dropped: [],
        before: { guid: 'guid', version: 'v1', dropletGuid: 'd1' },
        facts: {
          [ANNOTATION.commit]: 'c1',
          [ANNOTATION.bits]: 'hash',
          [`${ANNOTATION.manifestNamed}-1`]: '{',
          [`${ANNOTATION.manifestNamed}-2`]: '}',
          [ANNOTATION.actor]: 'ann',
          [ANNOTATION.version]: 'v2',
        },
      });
      expect(intent.facts).not.toHaveProperty([ANNOTATION.ended]);
    },
  );

  test.each<[string, Partial<Inputs>, object, string[], string[]]>([
    [
      'restart in place',
      {},
      { bits: { from: 'droplet', guid: 'd1' }, inPlace: { source: { dropletGuid: 'd1', by: 'me' } } },
      ['take-droplet', 'smoke', 'record-live', 'apply-version', 'create-deployment', 'crown'],
      ['copy-package', 'stage', 'copy-droplet', 'push-bits', 'apply-to-live', 'apply-to-candidate'],
    ],
    [
      'restart as a canary',
      { strategy: 'canary', instanceSteps: [50] },
      { bits: { from: 'droplet' }, inPlace: { instanceSteps: [50], instances: 3, source: { by: 'me' } } },
      ['take-droplet', 'judge-canary', 'apply-version'],
      ['push-bits', 'copy-droplet', 'apply-to-live'],
    ],
    [
      'restart beside live',
      { strategy: 'blue-green' },
      { bits: { from: 'droplet', guid: 'd1', packageGuid: 'p1' }, keepPrevious: 1 },
      ['copy-package', 'take-droplet', 'scale', 'smoke', 'map', 'unmap', 'rename'],
      ['push-bits', 'stage', 'copy-droplet', 'apply-version', 'apply-to-candidate', 'create-deployment'],
    ],
    [
      'restage in place',
      { command: 'restage' },
      { bits: { from: 'package', guid: 'p1' } },
      ['copy-package', 'stage', 'smoke', 'copy-droplet', 'apply-version', 'create-deployment'],
      ['push-bits', 'take-droplet', 'apply-to-live', 'apply-to-candidate'],
    ],
    [
      'restage beside live',
      { command: 'restage', strategy: 'blue-green' },
      { bits: { from: 'package', guid: 'p1' } },
      ['copy-package', 'stage', 'scale', 'smoke', 'map', 'unmap', 'rename'],
      ['push-bits', 'take-droplet', 'apply-version', 'create-deployment'],
    ],
  ])('%s: its steps', (_name, asked, wanted, some, none) => {
    const made = of(asked);
    expect(made.intent).toMatchObject(wanted);
    const kinds = done(made);
    expect(kinds).toEqual(expect.arrayContaining(some));
    expect(kinds.filter((kind) => none.includes(kind))).toEqual([]);
  });

  test('the package that live keeps is still the one of its droplet only where that stays', () => {
    expect(of({}).intent.facts).toHaveProperty([ANNOTATION.builtOf], 'p1');
    for (const asked of [{ command: 'restage' }, { strategy: 'blue-green' }] as const)
      expect(of(asked).intent.facts).not.toHaveProperty([ANNOTATION.builtOf]);
  });

  test('of bits that another hand gave live nothing is told that was told of others', () => {
    for (const asked of [{}, { command: 'restage' }, { strategy: 'blue-green' }] as const) {
      const { facts } = of(asked, { isStrange: true }).intent;
      expect(facts).toHaveProperty([ANNOTATION.commit], 'c1');
      for (const told of [ANNOTATION.bits, ANNOTATION.builtOf]) expect(facts).not.toHaveProperty([told]);
    }
  });

  test('beside live it has all that live has of each process; in place one instance of its size is proven', () => {
    expect(of({ strategy: 'blue-green' }).intent).toMatchObject({
      scale: { web: { instances: 3, memoryMb: 96 }, worker: { instances: 2 } },
      keepInstancesOf: ['web', 'worker'],
    });
    const { scale, keepInstancesOf } = of({}).intent;
    expect([Object.keys(scale), scale.web?.memoryMb, scale.web?.instances, keepInstancesOf]).toEqual([
      ['web'],
      96,
      undefined,
      [],
    ]);
  });
});

const CNB: AppState = { ...LIVE, lifecycle: { type: 'cnb', buildpacks: [] } };
const NO_PACKAGE: Partial<RestartParts> = (({ packageGuid: _, ...rest }) => rest)(PARTS);

describe('forbidden', () => {
  test.each<[string, Partial<Inputs>, Partial<RestartParts>, RegExp]>([
    ['live is stopped', {}, { live: { ...LIVE, state: 'STOPPED' } }, /^shop is stopped: start it/],
    ['no instances', {}, { live: { ...LIVE, processes: [process('web', 0)] } }, /^shop has no instances/],
    [
      'a sidecar, by restart',
      {},
      { brought: ['proxy'] },
      /sidecar proxy .*use command: restage with strategy: blue-green/,
    ],
    [
      'a sidecar, by restart beside live',
      { strategy: 'blue-green' },
      { brought: ['proxy'] },
      /sidecar proxy .*use command: restage/,
    ],
    [
      'a sidecar, by restage in place',
      { command: 'restage' },
      { brought: ['proxy'] },
      /sidecar proxy .*strategy: blue-green/,
    ],
    ['cnb, by restart', {}, { live: CNB }, /^shop has the lifecycle cnb.*use command: restage/],
    [
      'cnb, by restage in place',
      { command: 'restage' },
      { live: CNB },
      /lifecycle cnb.*strategy: blue-green/,
    ],
  ])('%s', (_name, asked, over, why) => {
    const { problems } = of(asked, over);
    expect(problems.join('\n')).toMatch(why);
    expect(problems).toHaveLength(1);
  });

  test('a restage without a package; a restart only says that there will be none', () => {
    const bare = (asked: Partial<Inputs>) =>
      makeRestartIntent({ ...(NO_PACKAGE as RestartParts), inputs: { ...PARTS.inputs, ...asked } });
    expect(bare({ command: 'restage' }).problems.join()).toMatch(/^shop cannot be staged anew: the package/);
    const beside = bare({ strategy: 'blue-green' });
    expect(beside.problems).toEqual([]);
    expect(beside.notes.join()).toMatch(/cannot be staged anew later/);
    expect(done(beside)).not.toContain('copy-package');
    expect(bare({})).toMatchObject({ problems: [], notes: [expect.stringMatching(/worker/)] });
  });

  test.each<[string, Partial<Inputs>, Partial<RestartParts>]>([
    ['a sidecar', { command: 'restage', strategy: 'blue-green' }, { brought: ['proxy'] }],
    ['cnb', { command: 'restage', strategy: 'blue-green' }, { live: CNB }],
  ])('not: %s, built anew beside live', (_name, asked, over) => {
    expect(of(asked, over).problems).toEqual([]);
  });
});

describe('whether live has the copied droplet of its version', () => {
  test.each<[string, Partial<AppState>, boolean]>([
    ['the one that its app was made with', { annotations: { [ANNOTATION.droplet]: 'd1' } }, true],
    ['another one since', { annotations: { [ANNOTATION.droplet]: 'd0' } }, false],
    ['none is recorded', { annotations: {} }, false],
  ])('%s', (_name, over, has) => {
    expect(hasItsCopy({ ...LIVE, ...over }, SEEN)).toBe(has);
  });
});
