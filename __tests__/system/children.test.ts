import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createChildren } from '../../src/system/children.js';

/** Real processes, on a machine that has other work. */
jest.setTimeout(30_000);

const children = createChildren();
const env = { PATH: process.env.PATH ?? '' };
const shell = (script: string) => ({ file: 'sh', args: ['-c', script], env });

/** A process that has ended but was not collected by its parent is gone for us. */
function isRunning(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<boolean> {
  for (const until = Date.now() + 5_000; Date.now() < until; ) {
    if (!pids.some(isRunning)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

describe('a command', () => {
  test('gives its exit code, output and lines', async () => {
    const lines: string[] = [];
    const result = await children.run({
      ...shell('echo one; printf "two\\r\\nthree"; echo oh >&2; exit 7'),
      onLine: (stream, line) => lines.push(`${stream} ${line}`),
    });
    expect(result).toEqual({
      code: 7,
      signal: null,
      stdout: 'one\ntwo\r\nthree',
      stderr: 'oh\n',
      timedOut: false,
    });
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout one',
      'stdout two',
      'stdout three',
    ]);
    expect(lines).toContain('stderr oh');
  });

  test('has the environment it was given and no other, its arguments as they are, and a standard input', async () => {
    process.env.INPUT_PASSWORD = 'secret-of-the-runner';
    try {
      const { stdout } = await children.run({
        file: process.execPath,
        args: ['-e', 'console.log(JSON.stringify([process.env, process.argv.slice(1)]))', '$HOME "x"', ''],
        env: { ...env, ONLY: 'this' },
      });
      const [seen, args] = JSON.parse(stdout) as [Record<string, string>, string[]];
      // What a shell sets by itself is no secret of ours.
      for (const name of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete seen[name];
      expect(seen).toEqual({ ...env, ONLY: 'this' });
      expect(args).toEqual(['$HOME "x"', '']);
    } finally {
      delete process.env.INPUT_PASSWORD;
    }
    expect((await children.run({ ...shell('cat'), stdin: 'given' })).stdout).toBe('given');
    expect((await children.run(shell('cat'))).stdout).toBe('');
    expect((await children.run({ ...shell('exit 0'), stdin: 'x'.repeat(1_000_000) })).code).toBe(0);
  });

  test('has the last part of a long output kept, and a line without an end in pieces', async () => {
    let longest = 0;
    let seen = 0;
    const { stdout } = await children.run({
      file: process.execPath,
      args: ['-e', 'process.stdout.write("x".repeat(3_000_000) + "end")'],
      env,
      onLine: (_stream, line) => {
        longest = Math.max(longest, line.length);
        seen += line.length;
      },
    });
    expect(stdout).toHaveLength(1024 * 1024);
    expect(stdout.endsWith('end')).toBe(true);
    expect(longest).toBe(64 * 1024);
    expect(seen).toBe(3_000_003);
  });

  test('that is not there, or may not be run, cannot be started', async () => {
    await expect(children.run({ file: 'no-such-program', args: [], env })).rejects.toThrow(/not on the PATH/);
    await expect(children.run({ file: '/no/such/program', args: [], env })).rejects.toThrow(/ENOENT/);
    await expect(children.run({ ...shell('true'), cwd: '/no/such/folder' })).rejects.toThrow(/ENOENT/);
  });
});

describe('the end', () => {
  test('of its time takes the whole group, also who ignores SIGTERM', async () => {
    const pids: number[] = [];
    const result = await children.run({
      ...shell("trap '' TERM; sleep 600 & echo $!; echo $$; wait; while :; do sleep 600; done"),
      timeoutMs: 300,
      onLine: (_stream, line) => pids.push(Number(line)),
    });
    expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
    expect(pids).toHaveLength(2);
    expect(await gone(pids)).toBe(true);
  });

  test('by the signal lets it finish on SIGTERM', async () => {
    const controller = new AbortController();
    const result = await children.run({
      ...shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done"),
      signal: controller.signal,
      onLine: (_stream, line) => {
        if (line === 'up') controller.abort();
      },
    });
    expect(result).toMatchObject({ code: 3, signal: null, timedOut: false });
    expect(result.stdout).toBe('up\nbye\n');
    await expect(children.run({ ...shell('true'), signal: AbortSignal.abort('why') })).rejects.toBe('why');
  });

  test('of the command is the end of what it left behind', async () => {
    const { stdout } = await children.run(shell('sleep 600 & echo $!'));
    expect(await gone([Number(stdout)])).toBe(true);
  });

  test('of ours, by SIGKILL, is its end', async () => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./leashed-parent.js', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = line.toString().trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    expect(pids.every(isRunning)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await gone(pids)).toBe(true);
  });
});

/** Its way to end programs, on another system: `taskkill` is a script here. */
describe('on Windows', () => {
  let folder: string;
  const windows = createChildren('win32');
  const path = () => [folder, process.env.PATH].join(delimiter);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windows-'));
    // taskkill /pid PID /t /f
    await writeFile(
      join(folder, 'taskkill'),
      '#!/bin/sh\nkill -s STOP "$2"; pkill -KILL -P "$2"; kill -s KILL "$2"\n',
      {
        mode: 0o755,
      },
    );
    await writeFile(join(folder, 'tool.exe'), '#!/bin/sh\necho "$1"\n', { mode: 0o755 });
  });
  afterAll(() => rm(folder, { recursive: true }));
  const script = (text: string) => ({ file: 'sh', args: ['-c', text], env: { PATH: path() } });

  test('a program is found by its name without .exe, and gives exit code and output', async () => {
    const { stdout } = await windows.run({ file: 'tool', args: ['seen'], env: { PATH: path() } });
    expect(stdout).toBe('seen\n');
    expect(await windows.run(script('cat; exit 7'))).toMatchObject({ code: 7, stdout: '', timedOut: false });
    await expect(windows.run({ ...script(''), file: 'not-there' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('the end of its time takes it with its children', async () => {
    const pids: number[] = [];
    const result = await windows.run({
      ...script('sleep 600 & echo $!; echo $$; wait'),
      timeoutMs: 500,
      onLine: (_stream, line) => pids.push(Number(line)),
    });
    expect([result.code, result.timedOut, pids.length]).toEqual([null, true, 2]);
    expect(await gone(pids)).toBe(true);
  });

  test('so does our own end', async () => {
    const main = fileURLToPath(new URL('./leashed-parent.js', import.meta.url));
    const parent = spawn(process.execPath, [main, 'win32'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: path() },
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = line.toString().trim().split(' ').map(Number);
    expect(pids.filter(isRunning)).toHaveLength(2);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await gone(pids)).toBe(true);
  });
});
