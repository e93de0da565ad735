import { EventEmitter } from 'node:events';
import { mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cancelled } from '../../src/model/errors.js';
import { realClock } from '../../src/system/clock.js';
import { files } from '../../src/system/files.js';
import { realRandom } from '../../src/system/random.js';
import { listenForSignals } from '../../src/system/signals.js';

describe('clock', () => {
  test('sleeps as long as asked', async () => {
    const before = realClock.now();
    await realClock.sleep(60);
    expect(realClock.now() - before).toBeGreaterThanOrEqual(59);
  });

  test('wakes with the reason of the signal, before or during the sleep', async () => {
    const reason = new Error('enough');
    await expect(realClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = realClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });
});

test('random tokens are of lower-case letters and digits, and differ', () => {
  const tokens = Array.from({ length: 200 }, () => realRandom.token(6));
  for (const token of tokens) expect(token).toMatch(/^[a-z0-9]{6}$/);
  expect(new Set(tokens).size).toBe(200);
});

describe('files', () => {
  let parent = '';
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'files-test-'));
  });
  afterAll(async () => {
    await rm(parent, { recursive: true });
  });
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

  test('are private, replaced in one go, and removed with their folder', async () => {
    const folder = await files.privateFolder(parent, 'home-');
    const path = join(folder, 'secret');
    expect(await modeOf(folder)).toBe('700');
    expect(await files.read(path)).toBeUndefined();
    await writeFile(path, 'old', { mode: 0o644 });
    await files.writePrivate(path, 'new');
    expect(await modeOf(path)).toBe('600');
    expect((await files.read(path))?.toString()).toBe('new');
    expect(await readdir(folder)).toEqual(['secret']);
    await files.remove(folder);
    await files.remove(folder);
    expect(await readdir(parent)).toEqual([]);
  });

  test('are written with their folder, but not where all was removed', async () => {
    const folder = await files.privateFolder(parent, 'home-');
    const path = join(folder, '.cf', 'config.json');
    await files.writePrivate(path, 'one');
    await files.writePrivate(path, 'two');
    expect((await files.read(path))?.toString()).toBe('two');
    expect(await modeOf(join(folder, '.cf'))).toBe('700');
    await files.remove(folder);
    await expect(files.writePrivate(path, 'three')).rejects.toThrow(/ENOENT/);
    expect(await readdir(parent)).toEqual([]);
  });

  test('are linked to, with the folder for the link', async () => {
    const folder = await files.privateFolder(parent, 'home-');
    await files.link('/bin/sh', join(folder, 'bin', 'shell'));
    expect(await readlink(join(folder, 'bin', 'shell'))).toBe('/bin/sh');
    expect(await modeOf(join(folder, 'bin'))).toBe('700');
    await files.remove(folder);
  });

  test('that are there but cannot be read are an error', async () => {
    await expect(files.read(parent)).rejects.toThrow(/EISDIR/);
  });
});

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM'])('%s aborts with Cancelled', (name) => {
    const process = new EventEmitter();
    const { signal, again, close } = listenForSignals(process as unknown as NodeJS.Process);
    expect(signal.aborted).toBe(false);
    process.emit(name);
    expect(signal.reason).toBeInstanceOf(Cancelled);
    expect((signal.reason as Error).message).toContain(name);
    expect(again.aborted).toBe(false);
    process.emit('SIGTERM');
    expect(again.reason).toBeInstanceOf(Cancelled);
    expect((signal.reason as Error).message).toContain(name);
    close();
    expect(process.eventNames()).toEqual([]);
  });
});
