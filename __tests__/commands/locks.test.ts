/** How a run takes the locks of several apps, shows that it has them, and gives them away. */
import { expect, test } from '@jest/globals';
import { pursue, type Strategy } from '../../src/commands/pursue.js';
import { Cancelled, PlatformFault } from '../../src/model/errors.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../../src/steps/world.js';
import { type Hook, TARGET } from './space.js';
import { intentFor, standing } from './standing.js';

const SET = ['web', 'shop', 'api', 'mail'];
const IN_ORDER = ['api', 'mail', 'shop', 'web'].map((app) => `${app}-candidate`);

/** There are signs of life meanwhile. */
const LONG_MS = 15_000;

const onlyLocks: Strategy = (_intent, { lock }) =>
  lock ? {} : { lock: { steps: [{ do: 'make-candidate' }] } };
const locksMadeLive: Strategy = (intent, snapshot) => {
  if (snapshot.live) return {};
  return snapshot.lock
    ? { crown: { steps: [{ do: 'rename', side: 'candidate', to: 'live' }] } }
    : onlyLocks(intent, snapshot);
};

/**
 * A space without any of the apps, in which asking for a lock takes its time, and the first answer to this new name is lost.
 * `shown`: locks asked for, and LOOK for all apps read.
 */
async function beginning(postMs: (name: string) => number = () => 0, lostName = '') {
  const at = standing();
  at.space.apps.splice(0);
  const { platform } = at.world;
  const asked: string[] = [];
  const beats: string[] = [];
  at.space.hook = (call) => {
    if (call === 'domains') asked.push('read');
  };
  const slow: World['platform'] = {
    ...platform,
    createApp: async (space, app) => {
      asked.push(app.name);
      await at.clock.sleep(postMs(app.name));
      return platform.createApp(space, app);
    },
    updateApp: async (guid, change) => {
      if (ANNOTATION.heartbeat in (change.annotations ?? {})) beats.push(`${guid} ${asked.at(-1)}`);
      const app = await platform.updateApp(guid, change);
      if (change.name !== lostName || asked.includes('lost')) return app;
      asked.push('lost');
      throw new PlatformFault('No answer.', true, 503, LONG_MS);
    },
  };
  const apps: AppWorld[] = [];
  for (const app of SET) {
    const { before: _none, ...intent } = intentFor({ app, set: SET, production: [], trials: [] });
    const snapshot = await takeSnapshot(platform, TARGET, { name: app, wanted: [] });
    apps.push({ intent, snapshot, found: nothingFound() });
  }
  asked.splice(0);
  const also = (hook: Hook) => {
    const first = at.space.hook;
    at.space.hook = (...call) => {
      first(...call);
      hook(...call);
    };
  };
  const run = (strategy = onlyLocks) =>
    pursue({ world: { ...at.world, platform: slow }, apps, strategy, way: 'forward' });
  const shown = () => asked.join(' ').replaceAll(SET.map(() => 'read').join(' '), 'LOOK');
  return { ...at, also, run, shown, beats, names: () => at.space.apps.map(({ name }) => name) };
}

test('all of them between two looks, in the order of names', async () => {
  const { run, shown } = await beginning();
  await run();
  expect(shown()).toBe(`LOOK ${IN_ORDER.join(' ')} LOOK`);
});

test('what was made is asked for by the first reads of the next look', async () => {
  const { run, also, space } = await beginning();
  const calls: string[] = [];
  also((call, args) => {
    calls.push(call === 'environment' ? `${call} of ${args[0]}` : call);
  });
  await run();
  const { guid } = space.app('api-candidate');
  const look = calls.slice(calls.lastIndexOf('createApp'));
  const asked = look.indexOf(`environment of ${guid}`);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(look.lastIndexOf('domains'));
  expect(look.filter((call) => call === `environment of ${guid}`)).toHaveLength(1);
});

test('one that another run has: none after it is asked for, and it is looked who has it', async () => {
  const { run, shown, space, also, names } = await beginning();
  const labels = { [LABEL.app]: 'shop', [LABEL.role]: 'candidate', [LABEL.owner]: 'run-2-theirs' };
  also((call) => {
    if (call === 'createApp' && !names().includes('shop-candidate'))
      space.addApp('shop-candidate', { labels });
  });
  await expect(run()).rejects.toMatchObject({ name: 'Refused', code: 'locked' });
  expect(shown()).toBe('LOOK api-candidate mail-candidate shop-candidate LOOK');
  expect(space.app('shop-candidate').labels).toEqual(labels);
});

test('an answer that is lost: what was made is seen by the next look, and the rest is asked for', async () => {
  const { run, shown, space, also, names } = await beginning();
  let lost = false;
  also((call) => {
    if (call !== 'createApp' || lost || !names().includes('api-candidate')) return;
    lost = true;
    space.addApp('mail-candidate', {
      labels: { [LABEL.app]: 'mail', [LABEL.role]: 'candidate', [LABEL.owner]: intentFor().owner },
    });
    throw new PlatformFault('No answer.', true);
  });
  await run();
  expect(shown()).toBe('LOOK api-candidate mail-candidate LOOK shop-candidate web-candidate LOOK');
  expect(names().sort()).toEqual(IN_ORDER);
});

test('a run that is cancelled asks for no other one', async () => {
  const { run, shown, also, cancelling, names } = await beginning();
  also((call) => {
    if (call === 'createApp' && names().length === 1) cancelling.abort(new Cancelled('SIGINT'));
  });
  await expect(run()).rejects.toThrow(Cancelled);
  expect(shown()).toBe('LOOK api-candidate mail-candidate');
});

test('a run that slept looks whether those that it has are its own before it asks for the next one', async () => {
  const { run, shown, space } = await beginning((name) => {
    if (name !== 'mail-candidate') return 0;
    space.app('api-candidate').labels[LABEL.owner] = 'run-2-theirs';
    return 60_000;
  });
  await expect(run()).rejects.toMatchObject({ name: 'Refused', code: 'locked' });
  // A sign of life is shown after such a sleep only when what it is for was read again.
  expect(shown()).toBe('LOOK api-candidate mail-candidate LOOK');
});

test('those that it has show signs of life while the platform lets the next one wait', async () => {
  const { run, beats } = await beginning((name) => (name === 'shop-candidate' ? 50_000 : 0));
  await run();
  const meanwhile = beats.filter((beat) => beat.endsWith(' shop-candidate'));
  expect(meanwhile.length).toBeGreaterThanOrEqual(8);
  expect(new Set(meanwhile).size).toBe(2);
});

test('what was renamed without an answer gets no sign of life before it is read again', async () => {
  const { run, beats, shown, space } = await beginning(() => LONG_MS, 'shop');
  await run(locksMadeLive);
  expect(shown()).toContain(' lost LOOK');
  // Before it there were some, and what had become live by then had none.
  expect(beats.filter((beat) => beat.endsWith(' web-candidate'))).not.toEqual([]);
  expect(beats.filter((beat) => beat.endsWith(' lost'))).toEqual([]);
  expect(space.app('shop').annotations).not.toHaveProperty([ANNOTATION.heartbeat]);
});
