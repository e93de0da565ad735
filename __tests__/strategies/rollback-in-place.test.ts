/** A rollback in place: what comes from the version and what from today, and which steps it has in place of a push. */
import { describe, expect, test } from '@jest/globals';
import type { AppState } from '../../src/model/cloud.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { forward } from '../../src/strategies/forward.js';
import {
  type InPlaceRollbackParts,
  makeInPlaceRollbackIntent,
} from '../../src/strategies/rollback-in-place-intent.js';
import { DOMAIN, inputs, ours, process, route, snapshot, to } from './support.js';

const named = (...names: string[]) => ({ [ANNOTATION.manifestEnv]: JSON.stringify(names) });
const LIVE: AppState = ours('guid', 'live', 'v2', {
  name: 'shop',
  annotations: named('MODE', 'CAME'),
  env: { MODE: 'two', CAME: 'given', BY_HAND: 'now' },
  processes: [process('web', 3, { memoryMb: 96 })],
  currentDropletGuid: 'd2',
});
const SEEN = snapshot({ live: LIVE, routes: [route('shop.apps.example', [to('guid')])] });
const PARTS: InPlaceRollbackParts = {
  inputs: inputs({ maxInFlight: 2 }),
  context: { runId: '1', attempt: '1', workspace: '/', temp: '/', actor: 'ann', commit: 'of-the-run' },
  snapshot: SEEN,
  live: LIVE,
  target: {
    version: 'v1',
    dropletGuid: 'd1',
    isGone: false,
    untilMs: 1,
    annotations: { ...named('MODE', 'GONE'), [ANNOTATION.commit]: 'c1', [ANNOTATION.withdrawn]: '{}' },
  },
  env: { MODE: 'one', GONE: 'given', BY_HAND: 'then' },
  commands: { web: null },
  brought: [],
  set: ['shop'],
  owner: 'me',
  adoptedVersion: 'adopted',
  trialDomain: { guid: DOMAIN, name: 'apps.example' },
  token: () => 'x',
};

describe('a rollback in place', () => {
  test('takes from the version what its manifest set, and from today what was set by hand', () => {
    const { intent, problems } = makeInPlaceRollbackIntent(PARTS);
    expect(problems).toEqual([]);
    expect(intent.env).toEqual({ MODE: 'one', GONE: 'given', BY_HAND: 'now', CAME: null });
    expect(intent).toMatchObject({
      version: 'v1',
      inPlace: { maxInFlight: 2, source: { dropletGuid: 'd1', by: 'me' } },
      before: { guid: 'guid', version: 'v2', dropletGuid: 'd2' },
      scale: { web: { memoryMb: 96 } },
      production: [{ url: 'shop.apps.example' }],
    });
    expect(intent.scale.web).not.toHaveProperty('instances');
    expect(intent.facts).toMatchObject({ [ANNOTATION.commit]: 'c1', [ANNOTATION.strategy]: 'rollback' });
    expect(intent.facts).not.toHaveProperty([ANNOTATION.withdrawn]);
  });

  test('without a record of what manifests set the revision’s own are used, and it is said', () => {
    const bare = { ...LIVE, annotations: {} };
    const { intent, notes } = makeInPlaceRollbackIntent({ ...PARTS, live: bare });
    expect(intent.env).toEqual({ MODE: 'one', GONE: 'given', BY_HAND: 'then', CAME: null });
    expect(notes.join()).toMatch(/not recorded.*BY_HAND, CAME, GONE, MODE/);
  });

  test('without a revision variables and commands stay, and it is said', () => {
    const { env: _, ...parts } = PARTS;
    const { intent, notes } = makeInPlaceRollbackIntent({ ...parts, commands: { web: 'own' } });
    expect(intent.env).toEqual(LIVE.env);
    expect(intent.commands).toEqual({ web: 'own' });
    expect(notes.join()).toMatch(/keeps its variables and commands of today/);
  });

  test.each<[string, Partial<InPlaceRollbackParts>, RegExp]>([
    ['is stopped', { live: { ...LIVE, state: 'STOPPED' } }, /live is stopped: start it first/],
    ['has a buildpack’s sidecar', { brought: ['proxy'] }, /the sidecar proxy from a buildpack/],
    [
      'is of cloud native buildpacks',
      { live: { ...LIVE, lifecycle: { type: 'cnb', buildpacks: [] } } },
      /cnb/,
    ],
  ])('is refused where live %s', (_name, over, why) => {
    expect(makeInPlaceRollbackIntent({ ...PARTS, ...over }).problems.join()).toMatch(why);
  });

  test('pushes, builds and applies no manifest', () => {
    const { intent } = makeInPlaceRollbackIntent(PARTS);
    const work = forward(intent, SEEN);
    const done = Object.values(work).flatMap(({ steps, after = [] }) =>
      [...steps, ...after].map((step) => step.do),
    );
    for (const step of ['push-bits', 'stage', 'copy-droplet', 'apply-to-live'])
      expect(done).not.toContain(step);
    expect(work.stage?.steps).toEqual([{ do: 'take-droplet' }]);
    expect(work.configure?.steps).toContainEqual(expect.objectContaining({ do: 'map', side: 'candidate' }));
    expect(work.roll?.after?.map((step) => step.do)).toEqual(['apply-version', 'create-deployment']);
  });
});
