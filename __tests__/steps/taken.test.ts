/** In place: what an earlier manifest gave live and this one does not name. */
import { describe, expect, test } from '@jest/globals';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { perform } from '../../src/steps/index.js';
import { eitherOf, NOTHING_NAMED, namedOnlyBy } from '../../src/steps/named.js';
import { takeOff, withoutNamed } from '../../src/steps/taken.js';
import { app, candidateAt, ours, process } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const NAMED = {
  ...NOTHING_NAMED,
  services: ['db', 'queue'],
  labels: ['team'],
  processes: { web: ['command', 'timeout'] },
};

describe('what is named no more', () => {
  test('is what the last manifest named and this one does not', () => {
    const now = { ...NOTHING_NAMED, services: ['db'], labels: ['team'], processes: { web: ['timeout'] } };
    expect(namedOnlyBy(NAMED, now)).toEqual({
      ...NOTHING_NAMED,
      ...{ services: ['queue'], processes: { web: ['command'] } },
    });
  });

  test('is nothing without a record, nor where all of it is named', () => {
    expect(namedOnlyBy(undefined, NAMED)).toBeUndefined();
    expect(namedOnlyBy(NAMED, eitherOf(NAMED, { ...NOTHING_NAMED, services: ['more'] }))).toBeUndefined();
  });
});

describe('a process', () => {
  const check = { type: 'http', endpoint: '/up', timeoutS: 90, intervalS: 5 };
  test.each<[string, string, string[], object]>([
    ['its command', 'web', ['command'], { command: null }],
    ['its timeout alone', 'web', ['timeout'], { healthCheck: { type: 'http', timeoutS: null } }],
    [
      'its check',
      'web',
      ['health-check-type', 'health-check-http-endpoint'],
      { healthCheck: { type: 'port' } },
    ],
    ['its check, of another type', 'worker', ['health-check-type'], { healthCheck: { type: 'process' } }],
    [
      'its endpoint alone',
      'web',
      ['health-check-http-endpoint'],
      { healthCheck: { type: 'http', endpoint: '/' } },
    ],
    [
      'its readiness',
      'web',
      ['readiness-health-check-type', 'readiness-health-check-interval'],
      { readiness: { type: 'process', intervalS: null } },
    ],
    ['nothing', 'web', [], {}],
  ])('loses %s', (_, type, keys, change) => {
    expect(withoutNamed(process(type, 1, { healthCheck: check, readiness: check }), keys)).toEqual(change);
  });
});

function platform(written: unknown[], over: Partial<Platform> = {}): Partial<Platform> {
  const sidecar = { command: 'run', processTypes: ['web'], memoryMb: null };
  return {
    updateApp: async (guid, change) => {
      written.push({ guid, change });
      return app(guid);
    },
    setFeature: async (guid, name, on) => void written.push({ guid, name, on }),
    userSidecars: async () =>
      ['helper', 'other'].map((name) => ({ ...sidecar, guid: `sidecar ${name}`, name })),
    removeSidecar: async (guid) => void written.push({ removed: guid }),
    processes: async () => [process('web', 1), process('worker', 1)],
    updateProcess: async (guid, change) => void written.push({ guid, change }),
    serviceBindings: async () =>
      ['db', 'queue', 'logs'].map((instance) => ({ guid: `to ${instance}`, instance })),
    removeBinding: async (guid) => void written.push({ unbound: guid }),
    ...over,
  };
}

test('all but services is taken off before the deployment, and nothing else is touched', async () => {
  const written: unknown[] = [];
  const named = {
    ...{ services: ['db'], sidecars: ['helper'], features: ['ssh', 'file-based-vcap-services'] },
    ...{ labels: ['team'], annotations: ['note'], processes: { web: ['command'] } },
  };
  await takeOff(named, 'old', worldOf(platform(written)).platform);
  expect(written).toEqual([
    { guid: 'old', change: { labels: { team: null }, annotations: { note: null } } },
    { guid: 'old', name: 'ssh', on: true },
    { guid: 'old', name: 'file-based-vcap-services', on: false },
    { removed: 'sidecar helper' },
    { guid: 'web-process', change: { command: null } },
  ]);
});

describe('unbind', () => {
  const live = ours('old', 'live', 'v1', { name: 'shop' });
  const lock = candidateAt('drained');
  const run = (calls: Partial<Platform>) => {
    const world = worldOf(calls);
    const step = { do: 'unbind', services: ['db', 'queue', 'gone'] } as const;
    return perform(step, appWorld({ live, candidate: lock, lock }), world).then(() => world.told);
  };

  test('takes off the named ones alone', async () => {
    const written: unknown[] = [];
    expect(await run(platform(written))).toEqual([]);
    expect(written).toEqual([{ unbound: 'to db' }, { unbound: 'to queue' }]);
  });

  test.each([
    ['refused', new PlatformRefusal('the broker is tired', 422, undefined, undefined)],
    ['not answered', new PlatformFault('the broker is tired', true)],
  ])('one that is %s is told, and the deploy is none the worse', async (_, error) => {
    const written: unknown[] = [];
    const removeBinding = async (guid: string) => {
      if (guid === 'to db') throw error;
      written.push(guid);
    };
    const told = await run(platform(written, { removeBinding }));
    expect(told.join()).toMatch(/still bound to db.*the broker is tired.*cf unbind-service shop db/);
    expect(written).toEqual(['to queue']);
  });
});
