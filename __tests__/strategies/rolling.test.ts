import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { Deployment, Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { Phase } from '../../src/model/words.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { LIVE_WISH } from '../../src/steps/live-wish.js';
import { NOTHING_NAMED } from '../../src/steps/named.js';
import type { Work } from '../../src/steps/step.js';
import { backward } from '../../src/strategies/backward.js';
import { forward } from '../../src/strategies/forward.js';
import { wayOf } from '../../src/strategies/settle.js';
import { groups } from '../../src/strategies/work.js';
import {
  candidateAt,
  intent as firstDeploy,
  ours,
  process,
  route,
  runningInstances,
  snapshot,
  to,
  trialRoute,
  wanted,
} from './support.js';

const URL = 'shop.apps.example';
const NEW_URL = 'new.apps.example';
const OLD_URL = 'old.apps.example';
const LIVE = ours('old', 'live', 'v1', { name: 'shop', currentDropletGuid: 'd1' });
const TRIAL = trialRoute('trial.apps.example', [to('new')]);

function intent(over: Partial<Intent> = {}): Intent {
  const destinations = [{ url: URL, to: [{ processType: 'web', port: 8080, protocol: 'http1' }] }];
  return firstDeploy({
    version: 'v2',
    inPlace: { maxInFlight: 1 },
    before: { guid: 'old', version: 'v1', ran: true, dropletGuid: 'd1', destinations },
    ...over,
  });
}

function deployment(of: 'candidate' | 'live', over: Partial<Deployment> = {}): Deployment {
  return {
    guid: `deployment of ${of}`,
    createdAtMs: 0,
    value: 'ACTIVE',
    reason: 'DEPLOYING',
    strategy: 'rolling',
    dropletGuid: 'copy',
    labels: { [LABEL.version]: 'v2', [LABEL.role]: of },
    annotations: {},
    ...over,
  };
}

const DONE = { value: 'FINALIZED', reason: 'DEPLOYED' } as const;
const CANCELED = { value: 'FINALIZED', reason: 'CANCELED' } as const;
const SUPERSEDED = { value: 'FINALIZED', reason: 'SUPERSEDED' } as const;

function at(phase: Phase, over: Partial<Snapshot> = {}): Snapshot {
  const copied = { [ANNOTATION.copiedDroplet]: 'copy', [ANNOTATION.package]: 'p' };
  const lock = candidateAt(phase, { annotations: { ...copied, ...recorded(intent()) } });
  return snapshot({
    live: LIVE,
    candidate: lock,
    lock,
    routes: [route(URL, [to('old')]), TRIAL],
    ...over,
  });
}

const TRIAL_ENDS = 'delete-route trial.apps.example';

/** The lock names it, as the one that live is built of. */
function packageOfLive(builtOf: string): Pick<Snapshot, 'candidate' | 'lock'> {
  const annotations = { [ANNOTATION.package]: 'p', [ANNOTATION.builtOf]: builtOf, ...recorded(intent()) };
  const lock = candidateAt('switching', { annotations });
  return { candidate: lock, lock };
}

/** The group that is done next, as `stage: steps`. */
function next(work: Work): string {
  const [first] = groups([{ app: 'shop', work }]);
  if (!first) return 'nothing';
  const all = [...first.steps, ...first.after].map(({ step }) => inWords(step));
  return `${first.stage}: ${all.join(', ')}`;
}

function inWords(step: object & { do: string }): string {
  const { phase, of, url, side, name } = step as Record<string, string | undefined>;
  return [step.do, phase, of, side, url, name].filter((word) => word !== undefined).join(' ');
}

describe('rolling asks for', () => {
  test('all of it, in order, before there is anything', () => {
    const work = forward(intent(), snapshot({ live: LIVE, routes: [route(URL, [to('old')])] }));
    expect(groups([{ app: 'shop', work }]).map(({ stage }) => stage)).toEqual([
      'lock',
      'routes',
      'bits',
      'stage',
      'start',
      'run',
      'check',
      'switch',
      'roll',
      'await',
      'prove',
      'drain',
      'crown',
      'end',
    ]);
  });

  const own = (over: Partial<Deployment> = {}) => ({ deployments: [deployment('candidate', over)] });
  test.each<[string, Snapshot, string]>([
    ['a record of live before live is changed', at('proven'), 'switch: record-live, mark switching'],
    [
      'a copy of the droplet before the record',
      at('proven', { candidate: candidateAt('proven') }),
      'switch: copy-droplet, record-live, mark switching',
    ],
    [
      'what the manifest changes, and the deployment',
      at('switching'),
      'roll: apply-to-live, create-deployment candidate',
    ],
    [
      'its end, and beside it the package for live and the end of the trial route',
      at('switching', own()),
      `await: await-deployment candidate, copy-package live, ${TRIAL_ENDS}`,
    ],
    [
      'its end alone, where all that was done',
      at('switching', { ...own(), ...packageOfLive('p of live'), routes: [route(URL, [to('old')])] }),
      'await: await-deployment candidate',
    ],
    [
      'the package where builtOf names only what goes with the candidate',
      at('switching', { ...own(), ...packageOfLive('p'), routes: [route(URL, [to('old')])] }),
      'await: await-deployment candidate, copy-package live',
    ],
    [
      'its end, however it ended',
      at('switching', own(SUPERSEDED)),
      `await: await-deployment candidate, copy-package live, ${TRIAL_ENDS}`,
    ],
    [
      'the proof on production',
      at('switching', { ...own(DONE), ...packageOfLive('p of live') }),
      'prove: copy-package live, scale-live, await-instances live, prove candidate, mark serving',
    ],
    [
      'the proof alone, where the candidate has no package',
      at('switching', { ...own(DONE), candidate: candidateAt('switching') }),
      'prove: scale-live, await-instances live, prove candidate, mark serving',
    ],
    [
      'the package before the proof, where it was not asked for beside the deployment',
      at('switching', own(DONE)),
      'prove: copy-package live, scale-live, await-instances live, prove candidate, mark serving',
    ],
    ['the watched time', at('serving', own(DONE)), 'drain: bake, mark drained'],
    ['the end of the trial route', at('drained', own(DONE)), 'tidy: delete-route trial.apps.example'],
    ['its name', at('drained', { ...own(DONE), routes: [route(URL, [to('old')])] }), 'crown: crown'],
    [
      'the end of what was made for it',
      at('drained', { live: ours('old', 'live', 'v2', { name: 'shop' }) }),
      'tidy: delete-route trial.apps.example',
    ],
    [
      'the end of the lock, last of all',
      at('drained', { live: ours('old', 'live', 'v2', { name: 'shop' }), routes: [route(URL, [to('old')])] }),
      'end: delete-app shop-candidate',
    ],
    ['nothing', snapshot({ live: ours('old', 'live', 'v2', { name: 'shop' }) }), 'nothing'],
  ])('%s', (_what, seen, expected) => {
    expect(next(forward(intent(), seen))).toBe(expected);
  });

  test('a route that is new before the deployment, and takes one away that is dropped after the proof', () => {
    const asked = intent({ production: [wanted(URL), wanted(NEW_URL)], dropped: [OLD_URL] });
    const routes = [route(URL, [to('old')]), route(NEW_URL), route(OLD_URL, [to('old')]), TRIAL];
    expect(next(forward(asked, at('switching', { routes })))).toBe(`map: map live ${NEW_URL}`);
    const mapped = [route(URL, [to('old')]), route(NEW_URL, [to('old')]), route(OLD_URL, [to('old')]), TRIAL];
    expect(next(forward(asked, at('serving', { routes: mapped, ...own(DONE) })))).toBe(
      `unmap: unmap live ${OLD_URL}`,
    );
  });

  test('no more than the proof when it is held', () => {
    const held = intent({ until: 'held', hold: true });
    expect(next(forward(held, at('made')))).toBe('check: stay-up, smoke, record-wish, mark proven');
    expect(next(forward(held, at('proven')))).toBe('switch: mark held');
    expect(forward(held, at('held'))).toEqual({});
  });
});

test('live is taken off a service when nothing goes back any more, and before it is called by the version', () => {
  const taken = { ...NOTHING_NAMED, services: ['queue'], labels: ['team'] };
  const drained = at('drained', { deployments: [deployment('candidate', DONE)] });
  const crowned = { ...drained, routes: [route(URL, [to('old')])] };
  const left = groups([{ app: 'shop', work: forward(intent({ taken }), crowned) }]);
  const all = left.flatMap(({ steps, after }) => [...steps, ...after]).map(({ step }) => step.do);
  expect(all).toEqual(['unbind', 'crown', 'delete-app']);
  const before = groups([{ app: 'shop', work: forward(intent({ taken }), at('serving')) }]);
  expect(before[0]?.steps.map(({ step }) => step.do)).not.toContain('unbind');
  const none = groups([
    { app: 'shop', work: forward(intent({ taken: { ...taken, services: [] } }), crowned) },
  ]);
  expect(none.flatMap(({ steps }) => steps)).toEqual([]);
});

describe('back from rolling asks for', () => {
  const roll = (over: Partial<Deployment> = {}) => deployment('candidate', over);
  const back = (over: Partial<Deployment> = {}) => deployment('live', over);
  const STARTING = process('web', 2, { instancesSeen: runningInstances(1) });
  const TWO = [process('web', 1), process('web', 1, { guid: 'new-web' })];
  const RETURN = 'prove: restore-live, await-instances live, prove live, mark restored';
  test.each<[string, Snapshot, string]>([
    ['nothing of live before the switch', at('proven'), 'tidy: delete-route trial.apps.example'],
    ['a mark, first of all', at('switching', { deployments: [roll()] }), 'switch: mark reverting'],
    ['the settings, where no deployment was made', at('reverting'), RETURN],
    ['a cancel', at('reverting', { deployments: [roll()] }), 'roll: cancel-deployment'],
    [
      'the end of the cancel',
      at('reverting', { deployments: [roll({ reason: 'CANCELING' })] }),
      'await: await-deployment live',
    ],
    ['the settings after the cancel', at('reverting', { deployments: [roll(CANCELED)] }), RETURN],
    [
      'the old instances, which start again after a cancel',
      at('reverting', { live: { ...LIVE, processes: [STARTING] }, deployments: [roll(CANCELED)] }),
      'await: await-deployment live',
    ],
    [
      'one web process, which is left after a cancel',
      at('reverting', { live: { ...LIVE, processes: TWO }, deployments: [roll(CANCELED)] }),
      'await: await-deployment live',
    ],
    [
      'nothing of live, where another hand has brought its version before ours came to be',
      at('switching', { deployments: [{ ...roll(DONE), createdAtMs: 1, labels: {} }] }),
      'tidy: delete-route trial.apps.example',
    ],
    [
      'a mark, where another hand brought its version before this deploy began',
      at('switching', { deployments: [{ ...roll(DONE), labels: {} }] }),
      'switch: mark reverting',
    ],
    [
      'the droplet from before, after one that came to its end',
      at('reverting', { deployments: [roll(DONE)] }),
      'roll: restore-live, create-deployment live',
    ],
    [
      'the end of the return',
      at('reverting', { deployments: [back(), roll(DONE)] }),
      'await: await-deployment live',
    ],
    ['the settings after the return', at('reverting', { deployments: [back(DONE), roll(DONE)] }), RETURN],
    [
      'the candidate out of the way',
      at('restored', { routes: [route(URL, [to('old')])] }),
      'retire: rename candidate',
    ],
  ])('%s', (_what, seen, expected) => {
    expect(next(backward(intent(), seen))).toBe(expected);
  });

  test('the routes that it brought, once live is back', () => {
    const asked = intent({ production: [wanted(URL), wanted(NEW_URL)] });
    const routes = [route(URL, [to('old')]), route(NEW_URL, [to('old')]), TRIAL];
    expect(next(backward(asked, at('restored', { routes })))).toBe(`unmap: unmap live ${NEW_URL}`);
  });
});

describe('an interrupted rolling deploy', () => {
  const wasHeld = (wish: object) => {
    const annotations = { ...recorded(intent({ hold: true })) };
    const lock = candidateAt('switching', { annotations, env: { [LIVE_WISH]: JSON.stringify(wish) } });
    return at('switching', { candidate: lock, lock });
  };
  const roll = (over: Partial<Deployment> = {}) => ({ deployments: [deployment('candidate', over)] });
  test.each<[string, string, string, Snapshot]>([
    ['proven', 'back', 'back', at('proven')],
    ['with no deployment yet: only its run knew the manifest', 'back', 'back', at('switching')],
    ['that was held and has no deployment yet', 'forward', 'back', wasHeld({ manifest: '', env: {} })],
    ['that was held, and what live shall get cannot be read', 'back', 'back', wasHeld({})],
    ['with a deployment under way', 'forward', 'back', at('switching', roll())],
    ['with one that is being cancelled', 'back', 'back', at('switching', roll({ reason: 'CANCELING' }))],
    ['with one that was cancelled', 'back', 'back', at('switching', roll(CANCELED))],
    ['with one that another superseded', 'back', 'back', at('switching', roll(SUPERSEDED))],
    ['with one that has come to its end', 'forward', 'forward', at('switching', roll(DONE))],
    ['that serves', 'forward', 'forward', at('serving', roll(DONE))],
    ['that goes back', 'back', 'back', at('reverting', roll())],
  ])('%s goes %s, and cancelled by its user %s', (_what, killed, cancelled, seen) => {
    expect(wayOf([seen])).toBe(killed);
    expect(wayOf([seen], [], true)).toBe(cancelled);
  });
});
