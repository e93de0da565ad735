/** The bundle where the runner is not as it should be, or not there at all: it works, or ends with one clear error, and nothing is half done. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { cfCli, node24, projectRoot } from '../../runner/tools.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(180_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const { outputs } = await world.deploy({ version: 'v1' });
  expect(outputs.result).toBe('deployed');
});
afterAll(() => world.close());

interface Ended {
  code: number;
  text: string;
  /** Whatever the step left in its temporary folder. */
  left: string[];
  errors: string[];
  /** Writes on the platform meanwhile. */
  written: string[];
}

/** Runs `node dist/index.js` with these inputs and nothing that a runner sets but what is given. */
async function plain(
  version: string,
  env: Readonly<Record<string, string>> = {},
  wrap: (command: string[]) => string[] = (command) => command,
): Promise<Ended> {
  const { api, router, org, space, username, password } = world.foundry;
  const inputs = { api, router, org, space, username, password, 'smoke-test': '/health', drain: '1s' };
  const given = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const folder = await mkdtemp(join(world.dir, 'temp-'));
  const home = await mkdtemp(join(world.dir, 'home-'));
  const bundle = process.env.E2E_BUNDLE || join(projectRoot(), 'dist', 'index.js');
  const file = bundle.endsWith('.js') ? bundle : join(bundle, 'index.js');
  const cwd = await world.workspace({ version });
  const before = (await world.foundry.requests()).length;
  const { code, text } = await new Promise<{ code: number; text: string }>((resolve) => {
    const [program = '', ...args] = wrap([node24(), file]);
    execFile(
      program,
      args,
      {
        cwd,
        env: {
          ...Object.fromEntries(given),
          PATH: process.env.PATH ?? '',
          HOME: home,
          TMPDIR: folder,
          CF_CLI: cfCli(),
          ...env,
        },
        maxBuffer: 16 * 1024 * 1024,
      },
      (error, stdout, stderr) =>
        resolve({
          code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
          text: stdout + stderr,
        }),
    );
  });
  expect(text).not.toContain(password);
  return {
    code,
    text,
    left: await readdir(folder).catch(() => []),
    errors: text.split('\n').filter((line) => line.startsWith('Error ')),
    written: writes((await world.foundry.requests()).slice(before)).map(
      ({ method, path }) => `${method} ${path}`,
    ),
  };
}

test('outside any runner, with its inputs alone: deployed, and the outputs are in the log', async () => {
  const { code, text, left, errors } = await plain('v2');
  expect({ code, errors, left }).toEqual({ code: 0, errors: [], left: [] });
  expect(text).toMatch(/^result: deployed$/m);
  expect(text).not.toMatch(/^::/m);
  expect(await world.meet()).toBe('v2');
});

test('a proxy that never answers is not waited for once the result is told', async () => {
  const proxy = createServer().listen(0, '127.0.0.1');
  const heldMs = new Promise<number>((resolve) => {
    proxy.once('connection', (socket) => {
      const began = performance.now();
      socket.on('error', () => undefined).resume();
      socket.once('close', () => resolve(performance.now() - began));
    });
  });
  await once(proxy, 'listening');
  const { code, text, errors } = await plain('v2', {
    INPUT_ORG: 'nowhere',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318',
    https_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  });
  expect([code, errors]).toEqual([1, [expect.stringContaining('nowhere')]]);
  expect(text).toMatch(/^Warning: OpenTelemetry was not told .*no answer/m);
  // By itself the connection is given up after thirty seconds.
  expect(await heldMs).toBeLessThan(20_000);
  proxy.close();
});

describe('a file of the runner that is not there', () => {
  test.each(['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_PATH'])(
    '%s: one error that names it, and nothing was changed',
    async (name) => {
      const live = await world.meet();
      const { code, errors, written, left } = await plain('v3', { [name]: join(world.dir, 'nowhere', name) });
      expect({ code, written, left }).toEqual({ code: 1, written: [], left: [] });
      expect(errors).toEqual([expect.stringContaining(name)]);
      expect(errors[0]).toContain('Error runner-files');
      expect(await world.meet()).toBe(live);
    },
  );

  test('GITHUB_STEP_SUMMARY only informs: deployed, with a warning', async () => {
    const { code, text, errors } = await plain('v4', { GITHUB_STEP_SUMMARY: join(world.dir, 'nowhere') });
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(text).toMatch(/^Warning: .*GITHUB_STEP_SUMMARY/m);
    expect(text.match(/^Warning: /gm)).toHaveLength(1);
    expect(await world.meet()).toBe('v4');
    const full = await plain('v4', { GITHUB_STEP_SUMMARY: '/dev/full' });
    expect({ code: full.code, errors: full.errors }).toEqual({ code: 0, errors: [] });
    expect(full.text).toMatch(/^result: unchanged$/m);
    expect(full.text.match(/^Warning: .*summary.*$/gm)).toEqual([
      expect.stringMatching(/could not be written: .*no space left/i),
    ]);
  });
});

describe('the temporary folder', () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ['is not there', async () => undefined],
    ['is a file', (path) => writeFile(path, '')],
  ])('%s: one error, and nothing was changed', async (_, make) => {
    const path = join(world.dir, `temp-of-${Math.random().toString(36).slice(2)}`);
    await make(path);
    const { code, errors, written, text } = await plain('v5', { RUNNER_TEMP: path });
    expect({ code, written }).toEqual({ code: 1, written: [] });
    expect(errors).toEqual([expect.stringContaining('Error runner-files')]);
    expect(text).toMatch(/^ {2}Next: .*RUNNER_TEMP/m);
  });

  // A small disk of one's own takes a name space of one's own, which not every machine allows.
  const mayMount = spawnSync('unshare', ['-Urm', 'true']).status === 0;
  (mayMount ? test : test.skip).each(['4k', '8k', '12k'])(
    'has room for %s: one error, live is untouched, and nothing stays on the platform',
    async (size) => {
      const live = await world.meet();
      const disk = await mkdtemp(join(world.dir, 'disk-'));
      const script = `mount -t tmpfs -o size=${size} tmpfs "$0" && exec "$@"`;
      const ended = await plain('v6', { RUNNER_TEMP: disk }, (command) => [
        ...['unshare', '-Urm', 'sh', '-c', script, disk],
        ...command,
      ]);
      expect(ended.code).toBe(1);
      expect(ended.errors).toEqual([expect.stringMatching(/no space left on device/i)]);
      expect(await world.meet()).toBe(live);
      const { apps, routes } = await world.foundry.state();
      expect(apps.map(({ name }) => name).filter((name) => name.includes('candidate'))).toEqual([]);
      expect(routes.map(({ url }) => url).filter((url) => url.includes('candidate'))).toEqual([]);
    },
  );
});
