/** The platform's job that applies live's manifest: what the lock says of it, and who waits for its end. */
import { describe, expect, test } from '@jest/globals';
import type { App } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { applyManifest, outlastManifest } from '../../src/steps/manifest-job.js';
import { candidateAt, ours } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const LIVE = ours('old', 'live', 'v1', { name: 'shop' });
const LOST = new PlatformFault('no answer', true);
const GONE = new PlatformFault('no such job', true, 404);
const FAILED = new PlatformRefusal(
  'The platform refused the job: no such service (422)',
  422,
  undefined,
  undefined,
);

/** What is done in order: what the lock is told, what is sent, and whose end is waited for. */
function standing(applying: unknown, calls: Partial<Platform> = {}) {
  const done: string[] = [];
  const annotations = applying === undefined ? {} : { [ANNOTATION.applying]: String(applying) };
  const lock = candidateAt('switching', { annotations });
  const app = appWorld({ live: LIVE, candidate: lock, lock }, { inPlace: { maxInFlight: 1 } });
  const world = worldOf({
    updateApp: async (guid, { annotations: change = {} }) => {
      done.push(`${guid} ${change[ANNOTATION.applying] ?? 'nothing'}`);
      return LIVE as App;
    },
    applyManifest: async (_space, manifest) => {
      done.push(manifest);
      return 'job';
    },
    finishJob: async (job) => void done.push(`end of ${job}`),
    ...calls,
  });
  const startMs = world.clock.now();
  return { done, app, world, startMs, waitedMs: () => world.clock.now() - startMs };
}

describe('what is applied to live', () => {
  test('the lock says that a job may come before it is asked for, and which one it is before its end is waited for', async () => {
    const { done, app, world, startMs } = standing(undefined);
    await applyManifest('yaml', app, world);
    expect(done).toEqual([`new {"lostMs":${startMs}}`, 'yaml', 'new {"job":"job"}', 'end of job']);
  });

  test('a job that was asked for before is followed, and none is asked for again', async () => {
    const { done, app, world } = standing('{"job":"first"}');
    await applyManifest('yaml', app, world);
    expect(done).toEqual(['end of first']);
  });

  test('one that the platform has forgotten is asked for again', async () => {
    const end = async (job: string) => (job === 'first' ? Promise.reject(GONE) : undefined);
    const { done, app, world, startMs } = standing('{"job":"first"}', { finishJob: end });
    await applyManifest('yaml', app, world);
    expect(done).toEqual([`new {"lostMs":${startMs}}`, 'yaml', 'new {"job":"job"}']);
  });

  test('one whose answer was lost is remembered beside the one that is asked for after it', async () => {
    const lost = standing(undefined, { applyManifest: () => Promise.reject(LOST) });
    await expect(applyManifest('yaml', lost.app, lost.world)).rejects.toBe(LOST);
    expect(lost.done).toEqual([`new {"lostMs":${lost.startMs}}`]);
    const again = standing('{"lostMs":7}');
    await applyManifest('yaml', again.app, again.world);
    expect(again.done).toEqual([
      `new {"lostMs":${again.startMs}}`,
      'yaml',
      'new {"job":"job","lostMs":7}',
      'end of job',
    ]);
  });

  test.each([
    ['refused', FAILED],
    ['surely not sent', new PlatformFault('no connection', false)],
  ])('one that was %s never comes', async (_what, error) => {
    const { done, app, world, startMs } = standing(undefined, { applyManifest: () => Promise.reject(error) });
    await expect(applyManifest('yaml', app, world)).rejects.toBe(error);
    expect(done).toEqual([`new {"lostMs":${startMs}}`, 'new nothing']);
  });
});

describe('before live is put back', () => {
  test.each<[string, unknown, Partial<Platform>]>([
    ['there is no job', undefined, {}],
    ['what is said of it cannot be read', '{', {}],
    ['it has failed', '{"job":"first"}', { finishJob: () => Promise.reject(FAILED) }],
    ['the platform has forgotten it', '{"job":"first"}', { finishJob: () => Promise.reject(GONE) }],
    ['one that was lost is over by now', '{"lostMs":1}', {}],
  ])('nothing is waited for where %s', async (_what, applying, calls) => {
    const { app, world, waitedMs } = standing(applying, calls);
    await outlastManifest(app, world);
    expect(waitedMs()).toBe(0);
  });

  test('its end is waited for where it runs', async () => {
    const { done, app, world } = standing('{"job":"first"}');
    await outlastManifest(app, world);
    expect(done).toEqual(['end of first']);
  });

  test('its end has to be seen', async () => {
    const { app, world } = standing('{"job":"first"}', { finishJob: () => Promise.reject(LOST) });
    await expect(outlastManifest(app, world)).rejects.toBe(LOST);
  });

  test('one that nobody can ask about is given its time', async () => {
    const { startMs } = standing(undefined);
    const lost = standing(JSON.stringify({ job: 'first', lostMs: startMs - 10_000 }));
    await outlastManifest(lost.app, lost.world);
    expect(lost.done).toEqual(['end of first']);
    expect(lost.waitedMs()).toBe(20_000);
    const skewed = standing(JSON.stringify({ lostMs: startMs + 3_600_000 }));
    await outlastManifest(skewed.app, skewed.world);
    expect(skewed.waitedMs()).toBe(30_000);
  });
});
