import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type FindCf, findCf } from '../../src/cli/find.js';
import { runnerToolCache } from '../../src/cli/tool-cache.js';
import { createChildren } from '../../src/system/children.js';
import { files } from '../../src/system/files.js';
import { createHttp } from '../../src/system/http.js';
import { type Answer, fakeCf, folder, hastyClock, listener, serve } from './helpers.js';

/** Real processes, on a machine that has other work. */
jest.setTimeout(30_000);

const PLATFORM = { os: 'linux', arch: 'x64' } as const;
const ARCHIVE_PATH = '/v8.18.4/cf8-cli_8.18.4_linux_x86-64.tgz';
const SAYS_VERSION = (version: string) =>
  `if (args[0] === 'version') console.log('cf version ${version}+abc.2026-06-29');`;

let home: Awaited<ReturnType<typeof folder>>;
let server: Awaited<ReturnType<typeof serve>>;
let archive: Buffer;
let sum: string;
let answers: Answer[];
const http = createHttp({ skipSslValidation: false });

/** The release's archive: the binary `cf8`, and `cf` as a link to it. */
beforeEach(async () => {
  home = await folder();
  const release = join(home.path, 'release');
  await mkdir(release);
  await fakeCf(release, SAYS_VERSION('8.18.4'), 'cf8');
  await symlink('cf8', join(release, 'cf'));
  archive = execFileSync('tar', ['-czf', '-', '-C', release, 'cf', 'cf8']);
  sum = createHash('sha256').update(archive).digest('hex');
  answers = [];
  server = await serve(
    ({ path }) =>
      answers.shift() ?? (path === ARCHIVE_PATH ? { status: 200, body: archive } : { status: 404 }),
  );
  process.env.RUNNER_TOOL_CACHE = join(home.path, 'tools');
  process.env.RUNNER_TEMP = home.path;
});

afterEach(async () => {
  delete process.env.RUNNER_TOOL_CACHE;
  delete process.env.RUNNER_TEMP;
  http.close();
  server.close();
  await home.remove();
});

async function ask(inputs: Partial<FindCf['inputs']> = {}, rest: Partial<FindCf> = {}) {
  const clock = hastyClock();
  const heard = listener();
  const into = await files.privateFolder(home.path, 'run-');
  const find: FindCf = {
    inputs: { cfVersion: '8.18.4', cfChecksum: sum, cfUrl: server.url, ...inputs },
    env: { PATH: '/usr/bin:/bin', INPUT_PASSWORD: 'secret' },
    platform: PLATFORM,
    children: createChildren(),
    http,
    clock,
    files,
    toolCache: runnerToolCache(),
    folder: into,
    listener: heard,
    ...rest,
  };
  return { clock, heard, into, found: findCf(find) };
}

describe('a binary that is there', () => {
  test('CF_CLI wins, whatever its version, and sees nothing of the runner', async () => {
    const { path, record } = await fakeCf(home.path, SAYS_VERSION('8.18.3'), 'my-cf');
    const { found, heard } = await ask(
      {},
      { env: { PATH: '/usr/bin:/bin', CF_CLI: path, INPUT_PASSWORD: 'secret' } },
    );
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    expect(await found).toEqual({ path, version: '8.18.3', source: 'CF_CLI', sha256 });
    const text = `cf 8.18.3 is ${path} (from CF_CLI), SHA-256 ${sha256}`;
    expect(heard.events).toEqual([{ type: 'note', text }]);
    expect(await readFile(record, 'utf8')).not.toContain('secret');
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['is not there', '/no/such/cf'],
    ['is something else', '/bin/true'],
  ])('CF_CLI %s: refused', async (_how, CF_CLI) => {
    const { found } = await ask({}, { env: { CF_CLI } });
    await expect(found).rejects.toMatchObject({ name: 'Refused', code: 'cf-cli' });
  });

  test.each([
    ['8.18.4', '8.18.4', 'path'],
    ['8.17.1', '8', 'path'],
    ['8.18.3', '8.18.4', 'download'],
  ])('cf %s on the PATH, %s asked for: %s', async (there, cfVersion, source) => {
    const { path } = await fakeCf(home.path, SAYS_VERSION(there));
    const { found } = await ask({ cfVersion }, { env: { PATH: `${home.path}:/usr/bin:/bin` } });
    const { path: used, ...cf } = await found;
    expect(cf.source).toBe(source);
    expect(used === path).toBe(source === 'path');
  });
});

test('for Windows is unpacked by the tar of Windows, which knows ZIP', async () => {
  const commands: string[][] = [];
  answers = [{ status: 200, body: archive }];
  const children: FindCf['children'] = {
    run: async ({ file, args }) => {
      commands.push([file, ...args]);
      const stdout = args[0] === 'version' ? 'cf version 8.18.4+x' : '';
      return { code: 0, signal: null, stdout, stderr: '', timedOut: false };
    },
  };
  const { found, into } = await ask(
    { cfChecksum: sum },
    { platform: { os: 'win32', arch: 'x64' }, children, env: { SystemRoot: 'C:\\Win', PATH: '' } },
  );
  expect(await found).toMatchObject({ path: join(into, 'cf.exe'), source: 'download' });
  expect(server.requests.map(({ path }) => path)).toEqual(['/v8.18.4/cf8-cli_8.18.4_winx64.zip']);
  expect(commands).toEqual([
    ['C:\\Win\\System32\\tar.exe', '-xf', join(into, 'cf.zip'), '-C', into],
    [join(into, 'cf.exe'), 'version'],
  ]);
});

describe('a download', () => {
  test('is verified, unpacked into the private folder, runs, and is kept for the next run', async () => {
    const first = await ask();
    expect(await first.found).toEqual({
      path: join(first.into, 'cf'),
      version: '8.18.4',
      source: 'download',
      sha256: sum,
    });
    expect(server.requests.map(({ path }) => path)).toEqual([ARCHIVE_PATH]);

    const second = await ask();
    expect(await second.found).toMatchObject({ path: join(second.into, 'cf'), source: 'cache', sha256: sum });
    expect(server.requests).toHaveLength(1);
  });

  test('is taken again when what was kept is not what it was', async () => {
    await (await ask()).found;
    const tools = join(home.path, 'tools');
    const kept = (await readdir(tools, { recursive: true })).find((name) => name.endsWith('cf.tgz'));
    await writeFile(join(tools, String(kept)), 'tampered');
    const { found, heard } = await ask();
    expect(await found).toMatchObject({ source: 'download', sha256: sum });
    expect(server.requests).toHaveLength(2);
    expect(heard.events).toContainEqual({
      type: 'warning',
      text: expect.stringContaining('is not what it was'),
    });
  });

  test.each([
    ['wrong', (): Answer => ({ status: 200, body: Buffer.concat([archive, Buffer.from('x')]) })],
    ['truncated', (): Answer => ({ status: 200, body: archive.subarray(0, 100) })],
    ['empty', (): Answer => ({ status: 200 })],
  ])('that is %s is refused, and nothing of it is unpacked or kept', async (_how, answer) => {
    answers = [answer()];
    const { found, into } = await ask();
    await expect(found).rejects.toMatchObject({
      name: 'Refused',
      code: 'cf-checksum',
      message: expect.stringContaining(sum),
    });
    expect(await readdir(into)).toEqual([]);
    expect(await readdir(home.path)).not.toContain('tools');
    expect(server.requests).toHaveLength(1);
  });

  test('that breaks off is tried again', async () => {
    answers = [
      { status: 200, headers: { 'content-length': String(archive.length + 10) }, body: archive, reset: true },
    ];
    const { found } = await ask();
    expect(await found).toMatchObject({ source: 'download' });
    expect(server.requests).toHaveLength(2);
  });

  test('answered with 503 twice comes the third time', async () => {
    answers = [{ status: 503, headers: { 'retry-after': '3' } }, { status: 503 }];
    const { found, clock } = await ask();
    expect(await found).toMatchObject({ source: 'download' });
    expect(clock.slept).toEqual([3_000, 2_000]);
  });

  test('answered with 503 for ever is a fault of the other side', async () => {
    answers = Array.from({ length: 9 }, () => ({ status: 503 }));
    const { found } = await ask();
    await expect(found).rejects.toMatchObject({ name: 'PlatformFault', status: 503 });
    expect(server.requests).toHaveLength(5);
  });

  test('answered with 404 is refused at once', async () => {
    const { found } = await ask({ cfUrl: `${server.url}/no-such-mirror` });
    await expect(found).rejects.toMatchObject({ name: 'Refused', code: 'cf-download', message: /404/ });
    expect(server.requests).toHaveLength(1);
  });

  test('follows redirects, but not for ever', async () => {
    answers = [{ status: 302, headers: { location: `${server.url}${ARCHIVE_PATH}` } }];
    expect(await (await ask({ cfUrl: `${server.url}/a.tgz` })).found).toMatchObject({ source: 'download' });

    answers = Array.from({ length: 9 }, () => ({ status: 302, headers: { location: '/again.tgz' } }));
    const { found } = await ask({ cfUrl: `${server.url}/b.tgz`, cfVersion: '8.18.3' });
    await expect(found).rejects.toMatchObject({ name: 'Refused', message: /circles/ });
  });

  test('without a known checksum is never begun', async () => {
    const { cfVersion, cfUrl } = { cfVersion: '8.17.0', cfUrl: server.url };
    const { found } = await ask({}, { inputs: { cfVersion, cfUrl } });
    await expect(found).rejects.toMatchObject({ name: 'Refused', code: 'cf-checksum' });
    expect(server.requests).toEqual([]);
  });

  test('with nothing in it that runs is refused', async () => {
    const other = join(home.path, 'other');
    await mkdir(other);
    await writeFile(join(other, 'cf'), 'not a program');
    await chmod(join(other, 'cf'), 0o644);
    const body = execFileSync('tar', ['-czf', '-', '-C', other, 'cf']);
    answers = [{ status: 200, body }];
    const cfChecksum = createHash('sha256').update(body).digest('hex');
    const { found } = await ask({ cfChecksum });
    await expect(found).rejects.toMatchObject({ name: 'Refused', code: 'cf-cli' });
    expect(await readdir(home.path)).not.toContain('tools');
  });

  test('works on a runner that keeps nothing', async () => {
    const { found, heard } = await ask(
      {},
      {
        toolCache: {
          find: async () => undefined,
          keep: async () => {
            throw new Error('read-only');
          },
        },
      },
    );
    expect(await found).toMatchObject({ source: 'download' });
    expect(heard.events).toContainEqual({ type: 'note', text: expect.stringContaining('read-only') });
  });
});
