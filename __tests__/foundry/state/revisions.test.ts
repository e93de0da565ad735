import { beforeEach, expect, test } from '@jest/globals';
import { realClock } from '../../../foundry/clock.js';
import type * as r from '../../../foundry/state/records.js';
import {
  latestRevision,
  recordRevision,
  recordRollback,
  rollbackReasons,
} from '../../../foundry/state/revisions.js';
import { Store } from '../../../foundry/state/store.js';

let store: Store;
let app: r.App;

beforeEach(() => {
  store = new Store(realClock);
  app = store.apps.add({
    ...store.base(),
    name: 'a',
    spaceGuid: 'space',
    state: 'STOPPED',
    lifecycle: { type: 'buildpack', buildpacks: [], stack: 'cflinuxfs4' },
    env: { A: '1' },
    dropletGuid: 'first',
    features: { ssh: true, revisions: true },
  });
});

const record = (change: Partial<r.App> = {}) => {
  Object.assign(app, change);
  const recorded = recordRevision(store, app);
  if (!recorded) throw new Error('nothing was recorded');
  return recorded.revision;
};

test('without a droplet, and switched off, nothing is recorded', () => {
  expect(recordRevision(store, { ...app, features: { ssh: true, revisions: false } })).toBeUndefined();
  const { dropletGuid: _none, ...without } = app;
  expect(recordRevision(store, without)).toBeUndefined();
  expect(store.revisions.size).toBe(0);
});

test('what is the same as the newest one is that one', () => {
  const first = record();
  expect(recordRevision(store, app)).toEqual({ revision: first, isNew: false });
  // As one before the newest: that is a change again.
  record({ env: { A: '2' } });
  expect(record({ env: { A: '1' } })).toMatchObject({
    version: 3,
    description: 'New environment variables deployed.',
  });
});

test('the order in which variables came is no difference', () => {
  record({ env: { A: '1', B: '2' } });
  expect(recordRevision(store, Object.assign(app, { env: { B: '2', A: '1' } }))?.isNew).toBe(false);
});

test('the newest of two web processes counts', () => {
  const process = (command: string): r.Process => {
    const check: r.Check = {
      type: 'process',
      timeout: null,
      invocationTimeout: null,
      interval: null,
      endpoint: null,
    };
    return store.processes.add({
      ...store.base(),
      appGuid: app.guid,
      type: 'web',
      command,
      instances: 1,
      memoryMb: 1,
      diskMb: 1,
      logRateBps: -1,
      healthCheck: check,
      readiness: check,
      ports: [],
      version: 'v',
    });
  };
  process('old');
  process('new');
  expect(record().commands).toEqual({ web: 'new' });
});

test('after 9999 comes 1, in the place of the one that had it', () => {
  const first = record();
  const last = record({ env: { A: 'last' } });
  last.version = 9999;
  const again = record({ env: { A: 'again' } });
  expect(again.version).toBe(1);
  expect(store.revisions.get(first.guid)).toBeUndefined();
  expect(store.revisions.of(app.guid)).toEqual([last, again]);
  expect(latestRevision(store, app)).toBe(again);
  expect(record({ env: { A: 'next' } }).version).toBe(2);
});

test('a rollback is a new revision of what the old one was, and says so after what changed', () => {
  const first = record();
  record({ env: { A: '2' }, dropletGuid: 'second' });
  expect(rollbackReasons(store, app, first)).toEqual([
    'New droplet deployed.',
    'New environment variables deployed.',
  ]);
  const back = recordRollback(store, app, first);
  expect(back).toMatchObject({
    version: 3,
    dropletGuid: 'first',
    env: { A: '1' },
    description: 'New droplet deployed. New environment variables deployed. Rolled back to revision 1.',
  });
  expect(back?.guid).not.toBe(first.guid);
  expect(rollbackReasons(store, app, first)).toEqual([]);
});
