/** A deployment of another hand: waited for as long as it goes on, and no longer. */
import { expect, test } from '@jest/globals';
import { awaitOthers, tellOthers } from '../../src/commands/await-others.js';
import type { Deployment } from '../../src/model/cloud.js';
import { PlatformRefusal, Refused } from '../../src/model/errors.js';
import { LABEL } from '../../src/platform/names.js';
import { worldOf } from '../steps/scripted.js';
import { candidateAt, ours, process, runningInstances, snapshot } from '../strategies/support.js';

const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const THEIRS: Deployment = {
  guid: 'theirs',
  createdAtMs: 0,
  value: 'ACTIVE',
  reason: 'DEPLOYING',
  strategy: 'rolling',
  dropletGuid: 'd',
  labels: {},
  annotations: {},
};
const GONE = new PlatformRefusal('not found', 404, 10_010, 'CF-ResourceNotFound');

/** Its new process has one instance more at each of these times, milliseconds since the wait began; `endMs`: then it is over. */
function going(growsAtMs: readonly number[], endMs: number, end: Partial<Deployment> | 'gone' = DONE) {
  const world = worldOf({
    deployment: async () => {
      if (world.clock.now() - startMs < endMs) return THEIRS;
      if (end === 'gone') throw GONE;
      return { ...THEIRS, ...end };
    },
    processes: async () => [
      process('web', 3),
      process('web', 1 + growsAtMs.filter((ms) => world.clock.now() - startMs >= ms).length, { guid: 'new' }),
      process('worker', 1),
    ],
  });
  const startMs = world.clock.now();
  return { world, waitedMs: () => world.clock.now() - startMs };
}

const CANCELED: Partial<Deployment> = { value: 'FINALIZED', reason: 'CANCELED' };
const DONE: Partial<Deployment> = { value: 'FINALIZED', reason: 'DEPLOYED' };
const seen = (deployments: Deployment[], over = {}) => [snapshot({ live: LIVE, deployments, ...over })];
const MINUTE_MS = 60_000;

test('as long as it goes on, however long that takes', async () => {
  // No instance takes longer than one alone may: three minutes and some seconds.
  const { world, waitedMs } = going([3 * MINUTE_MS, 6 * MINUTE_MS, 9 * MINUTE_MS], 12 * MINUTE_MS);
  expect(await awaitOthers(seen([THEIRS]), world)).toBe(true);
  expect(waitedMs()).toBeGreaterThanOrEqual(12 * MINUTE_MS);
  expect(world.told[0]).toContain('theirs');
});

test.each<[string, Partial<Deployment> | 'gone']>([
  ['replaced', { value: 'FINALIZED', reason: 'SUPERSEDED' }],
  ['paused: whoever prepares says what that means', { reason: 'PAUSED' }],
  ['gone', 'gone'],
])('it is over when it is %s', async (_name, end) => {
  const { world, waitedMs } = going([], MINUTE_MS, end);
  expect(await awaitOthers(seen([THEIRS]), world)).toBe(true);
  expect(waitedMs()).toBeLessThan(2 * MINUTE_MS);
});

test('it was cancelled: until one web process is left and all of it runs', async () => {
  const { world, waitedMs } = going([], 0, CANCELED);
  const old = process('web', 3, { guid: 'old' });
  world.platform.processes = async () =>
    waitedMs() < MINUTE_MS ? [old, process('web', 1, { guid: 'new' })] : [old];
  world.platform.instances = async (guid) =>
    runningInstances(guid === 'new' ? 1 : waitedMs() < 2 * MINUTE_MS ? 2 : 3);
  expect(await awaitOthers(seen([THEIRS]), world)).toBe(true);
  expect(waitedMs()).toBeGreaterThanOrEqual(2 * MINUTE_MS);
});

test('it was cancelled, and its app is stopped: nothing has to run', async () => {
  const { world, waitedMs } = going([], 0, CANCELED);
  const live = { ...LIVE, state: 'STOPPED' as const };
  expect(await awaitOthers(seen([THEIRS], { live }), world)).toBe(true);
  expect(waitedMs()).toBe(0);
});

test('refused when it was cancelled, and its instances do not come back', async () => {
  const { world } = going([], 0, CANCELED);
  world.platform.processes = async () => [process('web', 3, { guid: 'old' })];
  world.platform.instances = async () => runningInstances(1);
  await expect(awaitOthers(seen([THEIRS]), world)).rejects.toMatchObject({ code: 'in-flight' });
});

test('one that is paused is refused at once, and so is a plan', async () => {
  const paused = seen([THEIRS]).concat(seen([{ ...THEIRS, guid: 'held', reason: 'PAUSED' }]));
  const refusal = { name: 'Refused', code: 'in-flight', message: expect.stringContaining('held') };
  const world = worldOf({});
  await expect(awaitOthers(paused, world)).rejects.toMatchObject(refusal);
  expect(world.told).toEqual([]);
  expect(() => tellOthers(paused, world)).toThrow(expect.objectContaining(refusal));
});

test('a plan names the one that it would wait for', () => {
  const world = worldOf({});
  tellOthers(seen([THEIRS]), world);
  expect(world.told).toEqual([expect.stringMatching(/\(theirs\) of shop.*would be waited for/)]);
});

test('refused when it does not go on', async () => {
  const { world, waitedMs } = going([MINUTE_MS], Number.POSITIVE_INFINITY);
  const error = await awaitOthers(seen([THEIRS]), world).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refused);
  expect((error as Refused).code).toBe('in-flight');
  expect((error as Refused).next).toContain('cf cancel-deployment shop');
  expect(waitedMs()).toBeGreaterThan(4 * MINUTE_MS);
  expect(waitedMs()).toBeLessThan(6 * MINUTE_MS);
});

test.each<[string, Deployment[], object]>([
  ['it has none', [], {}],
  ['it came to its end', [{ ...THEIRS, ...DONE }], {}],
  [
    'it is of the deploy that the lock tells of',
    [{ ...THEIRS, labels: { [LABEL.version]: 'v2', [LABEL.role]: 'candidate' } }],
    { lock: candidateAt('switching') },
  ],
])('nobody waits, and nothing is called, when %s', async (_name, deployments, over) => {
  expect(await awaitOthers(seen(deployments, over), worldOf({}))).toBe(false);
});
