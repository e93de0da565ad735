/** Live as it was: what is written down, what of it differs later, and how it is put back. */
import { describe, expect, test } from '@jest/globals';
import type { App, Process, Sidecar } from '../../src/model/cloud.js';
import { PlatformFault, Refused, Stuck } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import {
  differences,
  isNone,
  LIVE_BEFORE,
  type LiveRead,
  type LiveRecord,
  readRecord,
  recordOf,
  type Touched,
} from '../../src/steps/live-record.js';
import { NOTHING_NAMED } from '../../src/steps/named.js';
import { candidateAt, ours, process } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const HELPER: Sidecar = { guid: 's', name: 'helper', command: 'run', processTypes: ['web'], memoryMb: 64 };

function read(over: Partial<LiveRead> = {}): LiveRead {
  return {
    app: {
      lifecycle: { type: 'buildpack', buildpacks: ['node'], stack: 'cflinuxfs4' },
      labels: { team: 'a', [LABEL.role]: 'live' },
      annotations: { note: 'n' },
    },
    env: { KEPT: 'old', PASSWORD: 'swordfish' },
    processes: [process('web', 3, { guid: 'p' }), process('worker', 1)],
    commands: { web: 'npm start', worker: 'npm run own' },
    dropletCommands: { web: 'npm start', worker: 'npm run work' },
    bindings: [{ guid: 'b', instance: 'db' }],
    sidecars: [HELPER],
    features: { ssh: true, revisions: true },
    ...over,
  };
}

function withoutGuid({ guid: _, ...sidecar }: Sidecar): Omit<Sidecar, 'guid'> {
  return sidecar;
}

/** The record with one thing changed. */
const changed = (over: Partial<LiveRead>) => recordOf(read(over));
const BEFORE = recordOf(read());

describe('the record', () => {
  test('has a command of its own alone where the droplet starts another one, and no label of ours', () => {
    expect(BEFORE.processes.web?.command).toBeNull();
    expect(BEFORE.processes.worker?.command).toBe('npm run own');
    expect(BEFORE.labels).toEqual({ team: 'a' });
  });

  test('survives JSON, and what another hand wrote there is none', () => {
    const written = { [LIVE_BEFORE]: JSON.stringify(BEFORE) };
    expect(isNone(differences(readRecord(written) as LiveRecord, BEFORE))).toBe(true);
    for (const text of ['', 'no JSON', 'null', '3', '{}'])
      expect(readRecord({ [LIVE_BEFORE]: text })).toBeUndefined();
    expect(readRecord({})).toBeUndefined();
  });
});

describe('what differs', () => {
  const web = (over: Partial<Process>) => [process('web', 3, { guid: 'p', ...over }), process('worker', 1)];
  const CASES: [string, Partial<LiveRead>, object][] = [
    [
      'a variable',
      { env: { KEPT: 'new', CAME: 'x' } },
      { env: { KEPT: 'old', PASSWORD: 'swordfish', CAME: null } },
    ],
    [
      'a label of others',
      { app: { ...read().app, labels: { team: 'b', more: 'x', [LABEL.role]: 'previous' } } },
      { labels: { team: 'a', more: null } },
    ],
    ['an annotation', { app: { ...read().app, annotations: {} } }, { annotations: { note: 'n' } }],
    [
      'the stack',
      { app: { ...read().app, lifecycle: { type: 'buildpack', buildpacks: ['node'], stack: 'new' } } },
      { lifecycle: BEFORE.lifecycle },
    ],
    [
      'a command',
      { commands: { web: 'mine', worker: 'npm run own' } },
      { processes: { web: { command: null } } },
    ],
    [
      'a command that another droplet starts',
      { commands: { web: 'new', worker: 'npm run own' }, dropletCommands: { web: 'new', worker: 'w' } },
      {},
    ],
    [
      'a health check, of which nothing stays',
      { processes: web({ healthCheck: { type: 'http', endpoint: '/up', timeoutS: 20 } }) },
      { processes: { web: { healthCheck: { type: 'port', timeoutS: null } } } },
    ],
    [
      'sizes',
      { processes: web({ memoryMb: 512, diskMb: 2 }) },
      { processes: { web: { scale: { memoryMb: 256, diskMb: 1_024 } } } },
    ],
    ['a count', { processes: web({ instances: 5 }) }, { processes: { web: { scale: { instances: 3 } } } }],
    [
      'a process type that came, which nobody can take away',
      { processes: [...read().processes, process('clock', 1), process('idle', 0)] },
      { processes: { clock: { scale: { instances: 0 } } } },
    ],
    [
      'a binding',
      { bindings: [...read().bindings, { guid: 'c', instance: 'queue' }] },
      { addedBindings: ['c'] },
    ],
    [
      'sidecars',
      {
        sidecars: [
          { ...HELPER, command: 'other' },
          { ...HELPER, guid: 't', name: 'two' },
        ],
      },
      { addedSidecars: ['t'], changedSidecars: [HELPER] },
    ],
    ['a sidecar that was taken off', { sidecars: [] }, { goneSidecars: [withoutGuid(HELPER)] }],
    ['a feature', { features: { ssh: false, revisions: true } }, { features: { ssh: true } }],
  ];
  const NONE = differences(BEFORE, BEFORE);

  const NAMES: Touched = {
    ...{ services: ['queue'], sidecars: ['helper', 'two'], features: ['ssh'], labels: ['team', 'more'] },
    ...{ annotations: ['note'], env: ['KEPT', 'PASSWORD', 'CAME'] },
    processes: { web: ['command', 'health-check-type', 'memoryMb', 'diskMb'] },
  };
  const NOBODY: Touched = { ...NOTHING_NAMED, env: [] };
  // The deploy itself changes what it is built with, its counts and its process types.
  const ALWAYS = ['the stack', 'a count', 'a process type that came, which nobody can take away'];

  test.each(CASES)('%s, where the deploy has touched it', (name, over, expected) => {
    expect(differences({ ...BEFORE, touched: NAMES }, changed(over))).toEqual({ ...NONE, ...expected });
    const none = differences({ ...BEFORE, touched: NOBODY }, changed(over));
    if (!ALWAYS.includes(name)) expect(none).toEqual(NONE);
  });

  test.each(CASES)('%s', (_, over, expected) => {
    expect(differences(BEFORE, changed(over))).toEqual({ ...NONE, ...expected });
    expect(isNone(differences(BEFORE, changed(over)))).toBe(Object.keys(expected).length === 0);
  });
});

/** A platform whose live is as `has` says, and everything that is written to it. */
function platform(has: LiveRead, written: unknown[], over: Partial<Platform> = {}): Partial<Platform> {
  return {
    appsByGuid: async () => [{ ...ours('old', 'live', 'v1'), ...has.app } as App],
    environment: async () => has.env,
    processes: async () => has.processes,
    command: async (guid) => has.commands[has.processes.find((one) => one.guid === guid)?.type ?? ''] ?? '',
    currentDroplet: async () => ({
      guid: 'd',
      state: 'STAGED',
      createdAtMs: 0,
      commands: has.dropletCommands,
    }),
    serviceBindings: async () => has.bindings,
    features: async () => has.features,
    setFeature: async (guid, name, on) => void written.push({ feature: guid, name, on }),
    createSidecar: async (guid, sidecar) => void written.push({ made: guid, sidecar }),
    userSidecars: async () => has.sidecars,
    setEnvironment: async (guid, change) => void written.push({ env: guid, change }),
    updateApp: async (guid, change) => {
      written.push({ app: guid, change });
      return ours('old', 'live', 'v1');
    },
    updateProcess: async (guid, change) => void written.push({ process: guid, change }),
    scale: async (guid, to) => void written.push({ scale: guid, to }),
    removeBinding: async (guid) => void written.push({ unbind: guid }),
    removeSidecar: async (guid) => void written.push({ removed: guid }),
    updateSidecar: async (sidecar) => void written.push({ sidecar }),
    ...over,
  };
}

const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const withRecord = (record: LiveRecord) => ({ [LIVE_BEFORE]: JSON.stringify(record) });

function standing(
  has: LiveRead,
  env: Record<string, string>,
  over: Partial<Platform> = {},
  wish: Partial<Intent> = {},
) {
  const written: unknown[] = [];
  const hidden: string[] = [];
  const candidate = candidateAt('proven', { env });
  const app = appWorld({ live: LIVE, candidate, lock: candidate }, { inPlace: { maxInFlight: 1 }, ...wish });
  const world = worldOf(platform(has, written, over), { hide: (secrets) => void hidden.push(...secrets) });
  return { written, hidden, app, world };
}

describe('record-live', () => {
  test('writes all of it into one variable of the candidate, and hides what looks like a secret', async () => {
    const { written, hidden, app, world } = standing(read(), {});
    await perform({ do: 'record-live' }, app, world);
    expect(written).toEqual([{ env: 'new', change: { [LIVE_BEFORE]: JSON.stringify(BEFORE) } }]);
    expect(hidden).toContain('swordfish');
  });

  test('says what this deploy may change: by manifest, inputs and what the last manifest named', async () => {
    const named = { ...NOTHING_NAMED, services: ['db'], labels: ['team'], processes: { web: ['command'] } };
    const { written, app, world } = standing(
      read(),
      {},
      {},
      {
        env: { COLOUR: 'green', GONE: null, CARRIED: 'x' },
        carriedEnv: ['CARRIED'],
        taken: { ...NOTHING_NAMED, sidecars: ['helper'], processes: { web: ['timeout'] } },
      },
    );
    const annotations = {
      [ANNOTATION.manifestNamed]: JSON.stringify(named),
      [ANNOTATION.manifestEnv]: JSON.stringify(['OF_MANIFEST']),
      [ANNOTATION.manifestScale]: JSON.stringify({ web: { memoryMb: 64 } }),
    };
    const lock = { ...candidateAt('proven'), annotations };
    app.snapshot = { ...app.snapshot, candidate: lock, lock };
    await perform({ do: 'record-live' }, app, { ...world, liveManifest: () => '' });
    const [{ change }] = written as [{ change: Record<string, string> }];
    expect(readRecord(change)?.touched).toEqual({
      ...{ services: ['db'], sidecars: ['helper'], features: [], labels: ['team'], annotations: [] },
      env: ['OF_MANIFEST', 'COLOUR', 'GONE'],
      processes: { web: ['command', 'timeout', 'memoryMb'] },
    });
  });

  test('of a version that comes back, what it brings and live has not', async () => {
    const { written, app, world } = standing(
      read(),
      {},
      {},
      {
        asLive: true,
        env: { KEPT: 'old', PASSWORD: 'other', GONE: null, CAME: 'x' },
        commands: { web: null },
      },
    );
    await perform({ do: 'record-live' }, app, world);
    const [{ change }] = written as [{ change: Record<string, string> }];
    const touched = { ...NOTHING_NAMED, env: ['PASSWORD', 'CAME'], processes: { web: ['command'] } };
    expect(readRecord(change)?.touched).toEqual(touched);
  });

  test('replaces what an earlier try has written: live was not changed by it, but may have been by another hand', async () => {
    const { written, app, world } = standing(read({ env: {} }), withRecord(BEFORE));
    await perform({ do: 'record-live' }, app, world);
    expect(written).toEqual([
      { env: 'new', change: { [LIVE_BEFORE]: JSON.stringify({ ...BEFORE, env: {} }) } },
    ]);
  });

  test('writes nothing down while two versions of a process are there, nor where a command may not be read', async () => {
    const two = standing(read({ processes: [process('web', 1), process('web', 1, { guid: 'second' })] }), {});
    await expect(perform({ do: 'record-live' }, two.app, two.world)).rejects.toBeInstanceOf(PlatformFault);
    const hidden = standing(read(), {}, { command: async () => undefined });
    await expect(perform({ do: 'record-live' }, hidden.app, hidden.world)).rejects.toBeInstanceOf(Refused);
    expect([...two.written, ...hidden.written]).toEqual([]);
  });
});

describe('restore-live', () => {
  test('puts back everything that differs, each where it belongs', async () => {
    const now = read({
      app: { ...read().app, labels: { team: 'b' }, lifecycle: { type: 'buildpack', buildpacks: [] } },
      env: { KEPT: 'new', CAME: 'x' },
      processes: [process('web', 3, { guid: 'p', memoryMb: 512 }), process('worker', 1)],
      commands: { web: 'mine', worker: 'npm run own' },
      bindings: [...read().bindings, { guid: 'c', instance: 'queue' }],
      sidecars: [HELPER, { ...HELPER, guid: 't', name: 'two' }],
    });
    const { written, app, world } = standing(now, withRecord(BEFORE));
    await perform({ do: 'restore-live' }, app, world);
    expect(written).toEqual([
      { env: 'old', change: { KEPT: 'old', PASSWORD: 'swordfish', CAME: null } },
      { app: 'old', change: { lifecycle: BEFORE.lifecycle, labels: { team: 'a' }, annotations: {} } },
      { unbind: 'c' },
      { removed: 't' },
      { process: 'p', change: { command: null } },
      { scale: 'p', to: { memoryMb: 256 } },
    ]);
  });

  test('what another hand gave live meanwhile stays', async () => {
    const now = read({
      app: { ...read().app, labels: { team: 'b' }, annotations: { note: 'n', scanned: 'today' } },
      env: { KEPT: 'new', PASSWORD: 'swordfish', BY_HAND: 'x' },
      bindings: [...read().bindings, { guid: 'c', instance: 'queue' }, { guid: 'd', instance: 'logs' }],
      sidecars: [{ ...HELPER, guid: 't', name: 'two' }],
      features: { ssh: false, revisions: false },
    });
    const touched = {
      ...NOTHING_NAMED,
      env: ['KEPT'],
      services: ['queue'],
      sidecars: ['helper'],
      features: ['ssh'],
    };
    const { written, app, world } = standing(now, withRecord({ ...BEFORE, touched }));
    await perform({ do: 'restore-live' }, app, world);
    expect(written).toEqual([
      { env: 'old', change: { KEPT: 'old' } },
      { unbind: 'c' },
      { made: 'old', sidecar: withoutGuid(HELPER) },
      { feature: 'old', name: 'ssh', on: true },
    ]);
  });

  test('writes nothing where nothing differs', async () => {
    const { written, app, world } = standing(read(), withRecord(BEFORE));
    await perform({ do: 'restore-live' }, app, world);
    expect(written).toEqual([]);
  });

  test('more instances by another hand stay; fewer come back, and so do those that this deploy changed', async () => {
    const grown = read({ processes: [process('web', 5, { guid: 'p' }), process('worker', 1)] });
    const shrunk = read({ processes: [process('web', 2, { guid: 'p' }), process('worker', 1)] });
    const scaled = { scale: { web: { instances: 5 } } };
    const back = [{ scale: 'p', to: { instances: 3 } }];
    for (const [has, wish, expected] of [
      [grown, {}, []],
      [shrunk, {}, back],
      [grown, scaled, back],
    ] as const) {
      const { written, app, world } = standing(has, withRecord(BEFORE), {}, wish);
      await perform({ do: 'restore-live' }, app, world);
      expect(written).toEqual(expected);
    }
  });

  test('is stuck without a record: nobody guesses what live was', async () => {
    const { written, app, world } = standing(read(), { [LIVE_BEFORE]: '{' });
    await expect(perform({ do: 'restore-live' }, app, world)).rejects.toBeInstanceOf(Stuck);
    expect(written).toEqual([]);
  });
});

test('a failed candidate is kept without the record', async () => {
  const { written, app, world } = standing(read(), withRecord(BEFORE));
  await perform({ do: 'rename', side: 'candidate', to: 'failed' }, app, world);
  expect(written[0]).toEqual({ env: 'new', change: { [LIVE_BEFORE]: null } });
  expect(written).toHaveLength(2);
});
