import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(120_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.foundry.control('POST', 'seed', { apps: 1, prefix: 'seen' });
});
afterAll(() => world.close());

const inputs = { command: 'setup', 'smoke-test': '', drain: '' };

test('setup: later steps use cf, signed in to the target', async () => {
  const { exitCode, outputs, env, path } = await world.deploy({ version: 'v1' }, inputs, { post: false });
  expect([exitCode, outputs.result]).toEqual([0, 'ready']);
  const home = env.CF_HOME ?? '';
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  const { stdout } = await promisify(execFile)('cf', ['apps'], {
    env: { ...env, PATH: [...path, process.env.PATH].join(delimiter) },
  });
  expect(stdout).toContain('seen-1');
  expect(outputs['cf-version']).toMatch(/^8\./);
  expect(await world.leaks()).toEqual([]);
});

test('its post step removes what it wrote', async () => {
  const { env, path, post } = await world.deploy({ version: 'v1' }, inputs);
  expect(post?.exitCode).toBe(0);
  expect(path).toHaveLength(1);
  for (const folder of [env.CF_HOME ?? '', ...path]) {
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
  }
  expect(await world.leaks()).toEqual([]);
});
