import { describe, expect, test } from '@jest/globals';
import { settle } from '../../src/commands/settle.js';
import { recorded } from '../../src/engine/journal.js';
import { Cancelled, PlatformFault } from '../../src/model/errors.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { intentFor, NEW, OLD, standing } from './standing.js';

/** A run died when its candidate had come to this phase, long ago. */
function interrupted(
  phase: string,
  more: { journal?: boolean; beatsMs?: number; set?: readonly string[] } = {},
) {
  const at = standing();
  const intent = intentFor({ owner: 'run-0-dead', ...(more.set ? { set: more.set } : {}) });
  const beat = at.clock.now() - (more.beatsMs ?? 600_000);
  const candidate = at.space.addApp('shop-candidate', {
    state: 'STARTED',
    labels: {
      [LABEL.app]: 'shop',
      [LABEL.role]: 'candidate',
      [LABEL.phase]: phase,
      [LABEL.version]: NEW,
      [LABEL.owner]: 'run-0-dead',
    },
    annotations: {
      ...(more.journal === false ? {} : recorded(intent)),
      [ANNOTATION.heartbeat]: String(beat),
      [ANNOTATION.package]: 'bits',
    },
    packages: [{ guid: 'bits', type: 'bits', state: 'READY', createdAtMs: beat }],
    droplet: 'droplet-of-bits',
  });
  return { at, candidate };
}

const owner = 'run-1-ours';

test('nothing was left there', async () => {
  const at = standing();
  expect(await settle('shop', owner, at.world)).toBeUndefined();
  expect(at.space.writes).toEqual([]);
});

test('before the switch the interrupted deploy is taken back', async () => {
  const { at } = interrupted('made');
  expect(await settle('shop', owner, at.world)).toEqual({
    told: `An interrupted deploy of ${NEW} was taken back first.`,
    rolledBack: [],
  });
  expect(at.space.apps.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'shop STARTED',
    `shop-failed-${NEW} STOPPED`,
  ]);
});

test('from the switch on it is finished', async () => {
  const { at, candidate } = interrupted('serving');
  const [route] = at.space.routes;
  if (route) at.space.map(route, candidate.guid);
  expect(await settle('shop', owner, at.world)).toEqual({
    told: `An interrupted deploy of ${NEW} was finished first.`,
    rolledBack: [],
  });
  expect(at.space.apps.map(({ name }) => name).sort()).toEqual(['shop', `shop-previous-${OLD}`]);
  expect(at.space.app('shop').guid).toBe(candidate.guid);
});

test.each(['held', 'drained'])(
  'an app of the interrupted deploy that another deploy has by now is none of its own: that one is %s',
  async (phase) => {
    const { at } = interrupted('made', { set: ['shop', 'web'] });
    at.space.addApp('web-candidate', {
      state: 'STARTED',
      labels: {
        [LABEL.app]: 'web',
        [LABEL.role]: 'candidate',
        [LABEL.phase]: phase,
        [LABEL.version]: NEW,
        [LABEL.owner]: 'run-9-other',
      },
      annotations: recorded(intentFor({ app: 'web', set: ['web'], owner: 'run-9-other', hold: true })),
    });
    const before = JSON.stringify(at.space.app('web-candidate'));
    expect(await settle('shop', owner, at.world)).toMatchObject({ rolledBack: [] });
    expect(JSON.stringify(at.space.app('web-candidate'))).toBe(before);
    expect(at.space.apps.map(({ name }) => name)).toEqual(['shop', `shop-failed-${NEW}`, 'web-candidate']);
  },
);

test('a run that lives is left alone', async () => {
  const { at, candidate } = interrupted('made', { beatsMs: 1_000 });
  at.space.hook = (call) => {
    // It goes on beating.
    if (call === 'appsByName') candidate.annotations[ANNOTATION.heartbeat] = String(at.clock.now());
  };
  await expect(settle('shop', owner, at.world)).rejects.toMatchObject({ name: 'Refused', code: 'locked' });
  expect(at.space.writes).toEqual([]);
});

test('a lock that its owner had asked to be deleted goes after it was taken over: its deploy is over, and our taker goes too', async () => {
  const { at, candidate } = interrupted('made');
  let looks = 0;
  at.space.hook = (call) => {
    const isTaken = at.space.apps.some(({ name }) => name === 'shop-candidate-lock-1');
    if (!isTaken || call !== 'appsByLabel') return;
    looks += 1;
    // Whoever takes a lock looks once more; then the job of the delete comes to its end.
    if (looks === 2) at.space.apps.splice(at.space.apps.indexOf(candidate), 1);
  };
  expect(await settle('shop', owner, at.world)).toBeUndefined();
  expect(looks).toBeGreaterThanOrEqual(2);
  expect(at.space.apps.map(({ name, state }) => `${name} ${state}`)).toEqual(['shop STARTED']);
  expect(at.space.writes).toEqual(['createApp', 'deleteApp']);
});

describe('what cannot be settled is no refusal: the lock was taken over', () => {
  test('a journal that cannot be read', async () => {
    const { at } = interrupted('made', { journal: false });
    const settled = await settle('shop', owner, at.world);
    expect(settled).toMatchObject({
      error: { code: 'journal' },
      snapshot: { name: 'shop', live: { name: 'shop' } },
    });
    expect(at.space.writes).toEqual(['createApp']);
  });

  test('a platform that fails', async () => {
    const { at } = interrupted('made');
    at.space.hook = (call) => {
      if (call === 'deleteRoute' || call === 'stopApp') throw new PlatformFault('down', false);
    };
    const settled = await settle('shop', owner, at.world);
    expect(settled).toMatchObject({ error: { name: 'PlatformFault' } });
    expect(at.space.servers('shop')).toEqual(['shop']);
  });

  test('a run that is cancelled meanwhile, though nothing can be read any more', async () => {
    const { at } = interrupted('made');
    at.space.hook = (call, args) => {
      at.cancelling.signal.throwIfAborted();
      if (call === 'updateApp' && JSON.stringify(args).includes('"name"'))
        at.cancelling.abort(new Cancelled('SIGINT'));
    };
    const settled = await settle('shop', owner, at.world);
    expect(settled).toMatchObject({
      error: { name: 'Cancelled' },
      snapshot: { candidate: { name: 'shop-candidate' } },
    });
  });
});

describe('live was deleted by hand in mid-switch', () => {
  /** `web` is on its way back, with both of its versions on its route; of `shop` the new version serves alone. */
  function halfGone(phase: string, order: readonly number[] = []) {
    const { at, candidate } = interrupted(phase, { set: ['shop', 'web'] });
    const { space } = at;
    const [route] = space.routes;
    if (route) space.map(route, candidate.guid);
    const labels = { [LABEL.app]: 'web', [LABEL.role]: 'live', [LABEL.version]: OLD };
    const live = space.addApp('web', { state: 'STARTED', labels, droplet: 'droplet-of-old' });
    const web = { processType: 'web', port: null, protocol: null };
    const [shops] = intentFor().production;
    const intents = ['shop', 'web'].map((app, one) => {
      const number = order[one];
      return intentFor({
        app,
        set: ['shop', 'web'],
        owner: 'run-0-dead',
        production: shops ? [{ ...shops, url: `${app}.example.com`, host: app }] : [],
        trials: [],
        before: {
          guid: app === 'shop' ? 'guid-1' : live.guid,
          version: OLD,
          ran: true,
          destinations: [{ url: `${app}.example.com`, to: [web] }],
        },
        ...(number ? { turn: { number, of: 2 } } : {}),
      });
    });
    const [ofShop, ofWeb] = intents;
    if (!ofShop || !ofWeb) throw new Error('two intents');
    Object.assign(candidate.annotations, recorded(ofShop));
    const other = space.addApp('web-candidate', {
      ...candidate,
      guid: 'guid-of-web-candidate',
      name: 'web-candidate',
      labels: { ...candidate.labels, [LABEL.app]: 'web', [LABEL.phase]: 'reverting' },
      annotations: { ...candidate.annotations, ...recorded(ofWeb) },
      process: { ...candidate.process, guid: 'process-of-web-candidate' },
    });
    space.addRoute('web', [live, other]);
    space.apps.splice(space.apps.indexOf(space.app('shop')), 1);
    for (const { destinations } of space.routes)
      destinations.splice(
        0,
        destinations.length,
        ...destinations.filter(({ appGuid }) => appGuid !== 'guid-1'),
      );
    return at;
  }

  test.each([[[]], [[1, 2]]])('the other app goes back all the same, in turns %j', async (order) => {
    const at = halfGone('serving', order);
    expect(await settle('web', owner, at.world)).toMatchObject({ error: { name: 'Stuck' } });
    expect(at.space.servers('web')).toEqual(['web']);
    expect(at.space.servers('shop')).toEqual(['shop-candidate']);
    expect(await settle('shop', 'run-2-next', at.world, { ended: owner })).toMatchObject({
      told: `An interrupted deploy of ${NEW} was finished first.`,
    });
    expect(at.space.servers('shop')).toEqual(['shop']);
  });

  test('an app of an earlier turn goes forward with it: what cannot go back would meet a version from before', async () => {
    const at = halfGone('serving', [2, 1]);
    expect(await settle('web', owner, at.world)).toMatchObject({
      told: `An interrupted deploy of ${NEW} was finished first.`,
    });
    expect(at.space.servers('web')).toEqual(['web']);
    expect(at.space.app('web').guid).toBe('guid-of-web-candidate');
    expect(at.space.servers('shop')).toEqual(['shop']);
  });

  test('on its way back, where nothing is left to go back to, the version that serves stays, and the next deploy replaces it', async () => {
    const at = halfGone('reverting');
    expect(await settle('web', owner, at.world)).toMatchObject({ error: { name: 'Stuck' } });
    expect(await settle('shop', 'run-2-next', at.world, { ended: owner })).toMatchObject({
      told: `An interrupted deploy of ${NEW} was finished first.`,
    });
    expect(at.space.servers('shop')).toEqual(['shop']);
  });
});
