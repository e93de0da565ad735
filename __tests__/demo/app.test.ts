import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type AppVersion, manifestOf, writeAppVersion } from '../../demo/app.js';
import { openLongRequest, openWebsocket } from '../../traffic/long.js';
import { shoot } from '../../traffic/request.js';

/** On a busy machine processes start slowly. */
jest.setTimeout(60_000);

const running: ChildProcess[] = [];
const dirs: string[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

/** Below those that the system gives to whoever asks for any: nobody gets it between this look and the app's start. */
async function freePort(): Promise<number> {
  const port = randomInt(10_000, 32_000);
  const server = createServer().listen(port, '127.0.0.1');
  const listening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!listening) return freePort();
  server.close();
  await once(server, 'close');
  return port;
}

async function written(app: AppVersion): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'app-'));
  dirs.push(dir);
  await writeAppVersion(dir, app);
  return dir;
}

/** Starts the app as its package.json says, and resolves with its first line that starts with `until`. */
async function start(
  app: AppVersion,
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; url: string; listens: Promise<void> }> {
  const dir = await written(app);
  const port = await freePort();
  const pack = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  const [, ...args] = pack.scripts.start.split(' ');
  const child = spawn(process.execPath, args, { cwd: dir, env: { PORT: String(port), ...env } });
  running.push(child);
  const listens = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('listens')) resolve();
    });
  });
  return { child, url: `http://127.0.0.1:${port}`, listens };
}

describe('the demo app', () => {
  test('answers with its version, takes bodies, and reports its health', async () => {
    const { url, listens } = await start({ version: 'v1' });
    await listens;
    const root = await fetch(`${url}/`);
    expect([root.status, root.headers.get('x-app-version'), await root.text()]).toEqual([200, 'v1', 'v1\n']);
    const post = await fetch(`${url}/`, { method: 'POST', body: 'x'.repeat(3_000) });
    expect(await post.text()).toBe('3000 bytes\n');
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/missing`)).status).toBe(404);
  });

  test.each([
    [{ health: '500' as const }, [500]],
    [{ health: 'redirect' as const }, [302]],
    [{ firstAnswers404: 2 }, [404, 404, 200]],
  ])('%j: /health answers %j', async (options, statuses) => {
    const { url, listens } = await start({ version: 'v1', ...options });
    await listens;
    const seen: number[] = [];
    for (const _ of statuses) seen.push((await fetch(`${url}/health`, { redirect: 'manual' })).status);
    expect(seen).toEqual(statuses);
  });

  test('a health check that hangs gets no answer while the rest answers', async () => {
    const { url, listens } = await start({ version: 'v1', health: 'hang' });
    await listens;
    await expect(fetch(`${url}/health`, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    expect((await fetch(`${url}/`)).status).toBe(200);
  });

  test('turns bad when it is told to, where that is its nature', async () => {
    const [steady, moody] = await Promise.all([
      start({ version: 'v1' }),
      start({ version: 'v2', turnsBad: true }),
    ]);
    await Promise.all([steady.listens, moody.listens]);
    const statuses = async ({ url }: { url: string }) => {
      const seen: number[] = [];
      for (const path of ['/', '/turn-bad', '/', '/health']) seen.push((await fetch(url + path)).status);
      return seen;
    };
    expect(await statuses(steady)).toEqual([200, 200, 200, 200]);
    expect(await statuses(moody)).toEqual([200, 500, 500, 500]);
  });

  test('fails on one host, whatever is asked there, and on no other', async () => {
    const { url, listens } = await start({ version: 'v1', failsOnHost: 'shop.example.com' });
    await listens;
    const asked = (host: string, path: string) =>
      shoot({ router: url, route: { host, path }, timeoutMs: 5_000 }).then(({ status }) => status);
    for (const host of ['shop.example.com', 'shop.example.com:8443'])
      expect([await asked(host, '/'), await asked(host, '/health')]).toEqual([500, 500]);
    expect(await asked('trial.example.com', '/health')).toBe(200);
  });

  test('finishes a slow answer after SIGTERM and then ends, saying goodbye to websockets', async () => {
    const { child, url, listens } = await start({ version: 'v1' });
    await listens;
    const socket = await openWebsocket(url, { host: 'app.example.com' });
    await socket.echo('hello');
    const slow = openLongRequest(url, { host: 'app.example.com' }, 800);
    const [head] = await Promise.all([fetch(`${url}/`), new Promise((resolve) => setTimeout(resolve, 200))]);
    expect(head.status).toBe(200);
    child.kill('SIGTERM');
    expect(await slow).toMatchObject({ ok: true, status: 200, version: 'v1' });
    expect((await socket.ended).how).toBe('closed');
    if (child.exitCode === null) await once(child, 'close');
    expect(child.exitCode).toBe(0);
  });

  test.each([
    ['on the named instance', '1', 7],
    ['on no other one', '0', null],
  ])('crashes %s', async (_, index, code) => {
    const { child, listens } = await start(
      { version: 'v1', crash: { afterMs: 300, onlyIndex: 1 } },
      { CF_INSTANCE_INDEX: index },
    );
    await listens;
    if (code !== null) await once(child, 'close');
    else await new Promise((resolve) => setTimeout(resolve, 600));
    expect(child.exitCode).toBe(code);
  });

  test('a failing start ends before it listens', async () => {
    const { child } = await start({ version: 'v1', failStart: true });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
  });

  test('bits that cannot be staged have nothing that a buildpack detects', async () => {
    expect(await readdir(await written({ version: 'v1', failStaging: true }))).toEqual(['README.txt']);
  });

  test('a manifest names the routes as asked', () => {
    expect(manifestOf({ name: 'shop', routes: ['*.a.example'], more: ['stack: cflinuxfs4'] })).toBe(
      `applications:
  - name: shop
    memory: 64M
    disk_quota: 128M
    instances: 1
    stack: cflinuxfs4
    routes:
      - route: '*.a.example'
`,
    );
  });
});
