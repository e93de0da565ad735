import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { cfCli } from '../../runner/tools.js';
import { type Authority, authority } from './support/authority.js';
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

describe('the CLI from a mirror of a private authority', () => {
  let folder: string;
  let trusted: Authority;
  let mirror: Server;
  let archive: Buffer;
  let asked = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirror-'));
    trusted = await authority(join(folder, 'trusted'));
    const pem = await readFile(await trusted.sign('127.0.0.1'));
    await symlink(cfCli(), join(folder, 'cf'));
    await promisify(execFile)('tar', ['-chf', 'cf.tar', 'cf'], { cwd: folder });
    archive = gzipSync(await readFile(join(folder, 'cf.tar')), { level: 1 });
    mirror = createServer({ key: pem, cert: pem }, (_request, response) => {
      asked += 1;
      response.end(archive);
    });
    await once(mirror.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    mirror.closeAllConnections();
    mirror.close();
    await rm(folder, { recursive: true });
  });

  const ask = (more: Readonly<Record<string, string>> = {}) => {
    const { port } = mirror.address() as AddressInfo;
    const asks = {
      ...{ 'cf-url': `https://127.0.0.1:${port}/cf.tgz`, 'ca-certificate': trusted.certificate },
      'cf-checksum': createHash('sha256').update(archive).digest('hex'),
    };
    const env = { CF_CLI: '', PATH: '/usr/bin:/bin', RUNNER_TOOL_CACHE: join(folder, 'tools') };
    return world.deploy({ version: 'v1' }, { ...inputs, ...asks, ...more }, { env });
  };

  test('is fetched once, kept, and taken anew when what was kept has changed', async () => {
    expect((await ask()).outputs.result).toBe('ready');
    expect((await ask()).outputs.result).toBe('ready');
    expect(asked).toBe(1);
    const kept = (await readdir(join(folder, 'tools'), { recursive: true })).find((name) =>
      name.endsWith('.tgz'),
    );
    await appendFile(join(folder, 'tools', kept ?? ''), 'and more');
    const third = await ask();
    expect([third.outputs.result, asked]).toEqual(['ready', 2]);
    expect(third.annotations.map(({ message }) => message).join()).toMatch(
      /is not what it was: it is not used/,
    );
  });

  test('is refused where the authority is not trusted, or the archive is another one', async () => {
    const before = (await world.foundry.requests()).length;
    const untrusted = await ask({ 'ca-certificate': '', 'cf-version': '8.18.3' });
    expect([untrusted.exitCode, untrusted.outputs.result, untrusted.outputs.error]).toEqual([
      1,
      'refused',
      'tls',
    ]);
    const other = await ask({ 'cf-checksum': '0'.repeat(64), 'cf-version': '8.18.3' });
    expect([other.exitCode, other.outputs.result, other.outputs.error]).toEqual([
      1,
      'refused',
      'cf-checksum',
    ]);
    expect((await world.foundry.requests()).length).toBe(before);
  });

  test('is refused when it is for another platform', async () => {
    // The magic of a program for macOS on arm64.
    await writeFile(
      join(folder, 'cf-other'),
      Buffer.concat([Buffer.from('cffaedfe0c000001', 'hex'), Buffer.alloc(9000)]),
      {
        mode: 0o755,
      },
    );
    const args = ['-czf', 'other.tgz', '--transform', 's/cf-other/cf/', 'cf-other'];
    await promisify(execFile)('tar', args, { cwd: folder });
    archive = await readFile(join(folder, 'other.tgz'));
    const result = await ask({ 'cf-version': '8.18.2' });
    expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([1, 'refused', 'cf-cli']);
    expect(result.annotations.map(({ message }) => message).join()).toMatch(/holds no cf that runs here/);
  });
});
