import { describe, expect, test } from '@jest/globals';
import type { CrashEvent, Instance } from '../../src/model/cloud.js';
import { VersionFault } from '../../src/model/errors.js';
import { codeOf, healthOf, startLimitMs, stayMs } from '../../src/steps/await-instances.js';
import { perform } from '../../src/steps/index.js';
import { instancesOf, instancesOn, runningOn } from '../../src/steps/instances.js';
import { candidateAt, instance, process, to } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const crash = (atMs: number): CrashEvent => ({ atMs, index: 0, reason: 'CRASHED', exitDescription: 'boom' });
const web = (wanted: number, ...instances: Instance[]) => ({
  process: { type: 'web', instances: wanted },
  instances,
});

describe('healthOf', () => {
  const up = instance(0, 'RUNNING');
  test.each<[string, Parameters<typeof healthOf>, Partial<ReturnType<typeof healthOf>>]>([
    ['all run', [[web(1, up)], [], 0], { ready: true, state: 'instances ready 1/1' }],
    [
      'one is still starting',
      [[web(2, up, instance(1, 'STARTING'))], [], 0],
      { ready: false, state: 'instances ready 1/2 (1 starting)' },
    ],
    ['one is not seen at all', [[web(2, up)], [], 0], { ready: false, state: 'instances ready 1/2' }],
    [
      'one runs and takes no traffic',
      [[web(1, instance(0, 'RUNNING', { routable: false }))], [], 0],
      { ready: false, state: 'instances ready 0/1 (1 not routable)' },
    ],
    [
      'the platform cannot tell whether it is routable',
      [[web(1, instance(0, 'RUNNING', { routable: null }))], [], 0],
      { ready: true },
    ],
    [
      'an old index still runs beside too few',
      [[web(1, up, instance(1, 'RUNNING')), web(1, instance(0, 'DOWN'))], [], 0],
      { ready: false, state: 'instances ready 1/2 (1 down)' },
    ],
    ['a process that wants nobody', [[web(1, up), web(0)], [], 0], { ready: true }],
    [
      'two crashes are borne',
      [[web(1, instance(0, 'CRASHED'))], [crash(2), crash(1)], 0],
      { ready: false, state: 'instances ready 0/1 (1 crashed), last crash: instance 0: CRASHED: boom' },
    ],
  ])('%s', (_name, asked, health) => {
    expect(healthOf(...asked)).toMatchObject(health);
    expect(healthOf(...asked).hopeless).toBeUndefined();
  });

  test('crash after crash is hopeless', () => {
    const health = healthOf([web(1, instance(0, 'CRASHED'))], [crash(3), crash(2), crash(1)], 0);
    expect(health.hopeless).toContain('crashed 3 times');
  });

  test('what was down before is not waited for, and crashes as before', () => {
    const seen = [web(3, up, instance(1, 'RUNNING'), instance(2, 'CRASHED'))];
    expect(healthOf(seen, [crash(3), crash(2), crash(1)], 0, { web: 1 })).toMatchObject({ ready: true });
    const fewer = [web(3, up, instance(1, 'STARTING'), instance(2, 'CRASHED'))];
    const health = healthOf(fewer, [crash(3), crash(2), crash(1)], 0, { web: 1 });
    expect([health.ready, health.hopeless]).toEqual([false, undefined]);
  });

  test('no room is waited for, for a while', () => {
    const details = 'insufficient resources: memory';
    const full = [web(1, instance(0, 'DOWN', { details }))];
    expect(healthOf(full, [], 60_000).hopeless).toBeUndefined();
    expect(healthOf(full, [], 60_001).hopeless).toContain(details);
    expect(codeOf(healthOf(full, [], 60_001))).toBe('no-room');
    expect(codeOf(healthOf(full, [crash(1)], 0))).toBe('start');
    expect(codeOf(healthOf([web(1)], [], 60_001))).toBe('start');
  });
});

test.each([
  [undefined, 15_000],
  [0, 3_000],
  [5_000, 5_000],
  [90_000, 15_000],
])('booted in %p ms, it has to stay up for %i ms', (bootMs, ms) => {
  expect(stayMs(bootMs)).toBe(ms);
});

test.each([
  ['one with the default', [process('web', 1)], 2 * 60_000 + 60_000 + 2_000],
  [
    'the slowest counts, and each instance',
    [process('web', 3, { healthCheck: { type: 'http', timeoutS: 180 } }), process('worker', 2)],
    2 * 180_000 + 60_000 + 10_000,
  ],
  ['none', [], 60_000],
])('startLimitMs: %s', (_name, processes, ms) => {
  expect(startLimitMs(processes)).toBe(ms);
});

describe('instances on a route', () => {
  const candidate = candidateAt('made', {
    processes: [
      process('web', 2, { instancesSeen: [instance(0, 'RUNNING'), instance(1, 'CRASHED')] }),
      process('worker', 5),
    ],
  });
  test('are those of the process types that are mapped there', () => {
    const route = { destinations: [to('new'), to('other', { processType: 'worker' })] };
    expect(instancesOn(route, candidate).map(({ index }) => index)).toEqual([0, 1]);
    expect(runningOn(route, candidate)).toEqual([{ appGuid: 'new', index: 0 }]);
  });

  test('of an app that had a deployment are named by their process: two of its processes have the same indexes', () => {
    const web = process('web', 1, { guid: 'second-web', instancesSeen: [instance(0, 'RUNNING')] });
    const rolled = candidateAt('made', { processes: [web, process('admin', 1)] });
    const route = { destinations: [to('new'), to('new', { processType: 'admin' })] };
    const refs = [
      { appGuid: 'new', processGuid: 'second-web', index: 0 },
      { appGuid: 'new', processGuid: 'admin-process', index: 0 },
    ];
    expect(instancesOn(route, rolled)).toEqual(refs);
    expect(runningOn(route, rolled)).toEqual(refs);
    expect(instancesOf(rolled)).toEqual(refs);
  });
});

describe('the wait for instances', () => {
  function waiting(looks: Instance[][], crashes: CrashEvent[] = []) {
    const world = worldOf({
      processes: async () => [process('web', 2, { guid: 'new' })],
      instances: async () => (looks.length > 1 ? looks.shift() : looks[0]) ?? [],
      crashes: async () => crashes,
    });
    const app = appWorld({ candidate: candidateAt('made', { processes: [process('web', 2)] }) });
    return { world, app };
  }
  const both = [instance(0, 'RUNNING'), instance(1, 'RUNNING')];
  const half = [instance(0, 'RUNNING'), instance(1, 'STARTING')];

  test('no room for a moment late in a slow start is not the end of it', async () => {
    const slow = [instance(0, 'RUNNING'), instance(1, 'STARTING')];
    const full = [instance(0, 'RUNNING'), instance(1, 'DOWN', { details: 'insufficient resources: memory' })];
    const { world, app } = waiting([...Array(60).fill(slow), full, full, slow, both]);
    await perform({ do: 'await-instances', side: 'candidate' }, app, world);
    expect(app.found.bootMs).toBeGreaterThan(70_000);
  });

  test('ends when all run, and remembers how long that took', async () => {
    const { world, app } = waiting([half, half, both]);
    await perform({ do: 'await-instances', side: 'candidate' }, app, world);
    expect(app.found.bootMs).toBe(world.clock.now() - 1_000_000);
    expect(world.told).toHaveLength(2);
  });

  test('ends in a sign against the version at its derived deadline, and at once when it is hopeless', async () => {
    const late = waiting([half]);
    const wait = { do: 'await-instances', side: 'candidate' } as const;
    await expect(perform(wait, late.app, late.world)).rejects.toBeInstanceOf(VersionFault);
    expect(late.world.clock.now() - 1_000_000).toBe(startLimitMs([process('web', 2)]));
    const hopeless = waiting([half], [crash(3), crash(2), crash(1)]);
    await expect(perform(wait, hopeless.app, hopeless.world)).rejects.toMatchObject({ code: 'start' });
    expect(hopeless.world.clock.now()).toBe(1_000_000);
  });

  test('stay-up counts from the look that ended the wait for them, to the moment', async () => {
    const { world, app } = waiting([half, both]);
    await perform({ do: 'await-instances', side: 'candidate' }, app, world);
    const upAtMs = world.clock.now();
    await world.clock.sleep(600);
    await perform({ do: 'stay-up' }, app, world);
    expect(world.clock.now() - upAtMs).toBe(3_000);
  });

  test('stay-up counts anew when it was not looked for a while, or when one crashed meanwhile', async () => {
    const late = waiting([both]);
    await perform({ do: 'await-instances', side: 'candidate' }, late.app, late.world);
    await late.world.clock.sleep(700);
    const begunMs = late.world.clock.now();
    await perform({ do: 'stay-up' }, late.app, late.world);
    expect(late.world.clock.now() - begunMs).toBe(3_000);
    const crashes: CrashEvent[] = [];
    const crashed = waiting([both], crashes);
    await perform({ do: 'await-instances', side: 'candidate' }, crashed.app, crashed.world);
    await crashed.world.clock.sleep(500);
    crashes.push(crash(1));
    const crashedMs = crashed.world.clock.now();
    await perform({ do: 'stay-up' }, crashed.app, crashed.world);
    expect(crashed.world.clock.now() - crashedMs).toBe(3_000);
  });

  test('stay-up starts anew after a crash that healed', async () => {
    const { world, app } = waiting([both, both, half, both]);
    app.found.bootMs = 3_000;
    await perform({ do: 'stay-up' }, app, world);
    // Two good looks, the bad one, then the whole while of 3 s.
    expect(world.clock.now() - 1_000_000).toBeGreaterThanOrEqual(2 * 700 + 3_000);
  });

  test('stay-up does not let a version pass that never stays up', async () => {
    const looks = Array.from({ length: 2_000 }, (_, turn) => (turn % 3 === 0 ? half : both));
    const { world, app } = waiting(looks);
    await expect(perform({ do: 'stay-up' }, app, world)).rejects.toThrow('do not stay up');
  });
});
