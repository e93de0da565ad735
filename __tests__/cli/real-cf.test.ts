/** The real cf CLI against the foundry: what it really says, and what it really does with our files and variables. */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../foundry/start.js';
import { cfCli } from '../../runner/tools.js';
import { findCf } from '../../src/cli/find.js';
import { type OpenSession, openSession } from '../../src/cli/session.js';
import type { CfSession } from '../../src/cli/signed-in.js';
import type { Clock } from '../../src/model/ports.js';
import { createChildren } from '../../src/system/children.js';
import { realClock } from '../../src/system/clock.js';
import { files } from '../../src/system/files.js';
import { createHttp } from '../../src/system/http.js';
import { loopback } from '../../src/system/loopback.js';
import { realRandom } from '../../src/system/random.js';
import { folder, hastyClock, listener, serve } from './helpers.js';

/** Real processes, on a machine that has other work. */
jest.setTimeout(30_000);

const VERSION = '8.18.3';
const http = createHttp({ skipSslValidation: false });
let foundry: Foundry;
let home: Awaited<ReturnType<typeof folder>>;
const sessions: CfSession[] = [];

beforeAll(async () => {
  foundry = await startFoundry();
  home = await folder();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  await control('DELETE', 'faults');
});
afterAll(async () => {
  http.close();
  await foundry.close();
  await home.remove();
});

async function control(method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${foundry.api}/__foundry/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
}

async function open(inputs: Partial<OpenSession['inputs']> = {}, its?: Clock) {
  const heard = listener();
  const hasty = hastyClock();
  const clock = its ?? hasty;
  const session = await openSession({
    cf: { path: cfCli(), version: VERSION },
    inputs: {
      api: foundry.api,
      org: foundry.org,
      space: foundry.space,
      credentials: { kind: 'user', username: foundry.username, password: foundry.password },
      skipSslValidation: false,
      ...inputs,
    },
    children: createChildren(),
    http,
    publicHttp: http,
    loopback,
    random: realRandom,
    hide: () => undefined,
    clock,
    files,
    temp: home.path,
    cores: 2,
    listener: heard,
    env: { PATH: process.env.PATH },
  });
  sessions.push(session);
  return { session, heard, clock: hasty };
}

const client = () => ({
  kind: 'client' as const,
  clientId: foundry.clientId,
  clientSecret: foundry.clientSecret,
});

/** Method and last word of each call since the manifest was sent, up to the last upload and after it. */
async function callsOfPush() {
  const response = await fetch(`${foundry.api}/__foundry/requests`);
  const calls = ((await response.json()) as { method: string; path: string }[]).map(
    ({ method, path }) =>
      `${method} ${path
        .replace(/\?.*|\/[0-9a-f-]{36}$/g, '')
        .split('/')
        .at(-1)}`,
  );
  const from = calls.lastIndexOf('POST apply_manifest');
  const upload = calls.lastIndexOf('POST upload');
  return { pushed: calls.slice(from, upload + 1), after: calls.slice(upload + 1) };
}

async function bits(app: string) {
  const path = join(home.path, 'bits');
  const manifestPath = join(home.path, `${app}.yml`);
  const varsFilePath = join(home.path, 'vars.yml');
  await mkdir(path, { recursive: true });
  await writeFile(
    join(path, 'server.js'),
    'require("node:http").createServer((q, r) => r.end()).listen(process.env.PORT);',
  );
  await writeFile(
    manifestPath,
    `applications:\n- name: ${app}\n  path: ${path}\n  command: node server.js\n  no-route: true\n  env:\n    KEY: ((key))\n`,
  );
  await files.writePrivate(varsFilePath, 'key: value-of-the-app\n');
  return { app, manifestPath, varsFilePath };
}

test('an archive with the real binary is found, verified and used', async () => {
  const release = await files.privateFolder(home.path, 'release-');
  await files.link(cfCli(), join(release, 'cf'));
  const tar = execFileSync('tar', ['-chf', '-', '-C', release, 'cf'], { maxBuffer: 256 * 1024 * 1024 });
  const archive = gzipSync(tar, { level: 1 });
  const mirror = await serve(() => ({ status: 200, body: archive }));
  try {
    const into = await files.privateFolder(home.path, 'found-');
    const cf = await findCf({
      inputs: {
        cfVersion: VERSION,
        cfChecksum: createHash('sha256').update(archive).digest('hex'),
        cfUrl: mirror.url,
      },
      env: { PATH: '/usr/bin:/bin' },
      platform: { os: 'linux', arch: 'x64' },
      children: createChildren(),
      http,
      clock: realClock,
      files,
      folder: into,
      listener: listener(),
    });
    expect(cf).toMatchObject({ path: join(into, 'cf'), version: VERSION, source: 'download' });
  } finally {
    mirror.close();
  }
});

describe('signing in', () => {
  test('as a user and as a client', async () => {
    for (const inputs of [{}, { credentials: client() }]) {
      const { session } = await open(inputs);
      await session.target();
      const answer = await http.request({
        method: 'GET',
        url: `${session.root.api}/v3/apps`,
        headers: { authorization: `bearer ${await session.token()}` },
        timeoutMs: 5_000,
      });
      expect(answer.status).toBe(200);
      expect(await session.cf(['apps'])).toContain(foundry.space);
    }
  });

  test.each<[string, () => Partial<OpenSession['inputs']>, string]>([
    [
      'password',
      () => ({ credentials: { kind: 'user', username: foundry.username, password: 'x' } }),
      'credentials',
    ],
    ['client secret', () => ({ credentials: { ...client(), clientSecret: 'x' } }), 'credentials'],
    ['organization', () => ({ org: 'no-such' }), 'target'],
    ['space', () => ({ space: 'no-such' }), 'target'],
  ])('a wrong %s is refused', async (_what, inputs, code) => {
    const { session } = await open(inputs());
    await expect(session.target()).rejects.toMatchObject({ name: 'Refused', code });
  });

  test.each([
    ['/oauth/token', { status: 503 }],
    ['/oauth/token', { reset: true }],
    ['/v3/organizations', { reset: true }],
    ['/v3/spaces', { status: 502 }],
  ])('a fault at %s is tried again: %j', async (path, fault) => {
    // The CLI itself asks three times where that is safe.
    await control('POST', 'faults', { path, times: 4, ...fault });
    const { session, clock } = await open();
    await session.target();
    expect(clock.slept.length).toBeGreaterThan(0);
  });

  test('the CLI works on when the token that it was given is over, also for a client', async () => {
    const { session, clock } = await open({ credentials: client() });
    await session.target();
    const minutes = 25 * 60_000;
    await control('POST', 'advance', { ms: minutes });
    clock.nowMs += minutes;
    expect(await session.cf(['apps'])).toContain(foundry.space);
  });
});

test('the CLI has its token renewed by us, and would otherwise be refused', async () => {
  const { session } = await open({ credentials: client() });
  await session.target();
  const path = join(session.cfHome, '.cf', 'config.json');
  const configuration = JSON.parse(await readFile(path, 'utf8'));
  const over = overNow(configuration.AccessToken);
  await writeFile(path, JSON.stringify({ ...configuration, AccessToken: over }));
  expect(await session.cf(['apps'])).toContain(foundry.space);
  const renewed = JSON.parse(await readFile(path, 'utf8'));
  expect(renewed.AccessToken).not.toBe(configuration.AccessToken);
  expect(renewed.AccessToken).toBe(`bearer ${await session.token()}`);
  // Where it asks UAA itself it has no secret to ask with.
  const unaided = { UaaEndpoint: foundry.api, AuthorizationEndpoint: foundry.api, AccessToken: over };
  await writeFile(path, JSON.stringify({ ...renewed, ...unaided }));
  const home = { CF_HOME: session.cfHome, PATH: process.env.PATH ?? '' };
  const alone = await createChildren().run({ file: cfCli(), args: ['apps'], env: home });
  expect(alone.code).toBe(1);
  expect(alone.stdout + alone.stderr).toMatch(/Credentials were rejected/);
});

/** The token as it will be when its time is over: the CLI looks at nothing but that. */
function overNow(authorization: string): string {
  const [header, claims = '', signature] = authorization.split('.');
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), exp: 1_000 };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

test('a token that the platform takes back before its time is not given to the next command', async () => {
  const { session } = await open({ credentials: client() });
  await session.target();
  // Of the platform alone: to the CLI and to us the token is good for long.
  await control('POST', 'advance', { ms: 25 * 60_000 });
  await expect(session.cf(['apps'])).rejects.toMatchObject({ name: 'ProgramFailed' });
  expect(await session.cf(['apps'])).toContain(foundry.space);
});

describe('pushBits', () => {
  test('uploads, starts nothing, and shows no value of a variable', async () => {
    const { session, heard } = await open({}, realClock);
    await session.target();
    await session.pushBits(await bits('quiet'));
    const { pushed, after } = await callsOfPush();
    expect(pushed).toContain('POST upload');
    // It is ended when its bits are taken in: what it would show of the app is not read.
    expect(after.filter((call) => call !== 'GET packages')).toEqual([]);
    const texts = heard.events.map((event) => (event as { text: string }).text);
    expect(texts.join('\n')).toContain('Updating with these attributes...\nManifest applied');
    expect(texts.join('\n')).not.toMatch(/value-of-the-app|KEY|\r/);
    expect(await session.cf(['app', 'quiet'])).toMatch(/requested state:\s+stopped/);
    expect(await session.cf(['env', 'quiet'])).toContain('value-of-the-app');
  });

  test('bits of any size come up as they are', async () => {
    const { session } = await open({}, realClock);
    await session.target();
    const push = await bits('large');
    const large = randomBytes(24 * 1024 * 1024);
    await writeFile(join(home.path, 'bits', 'large'), large);
    await session.pushBits(push);
    await rm(join(home.path, 'bits', 'large'));
    const guid = (await session.cf(['app', 'large', '--guid'])).trim();
    const { resources } = JSON.parse(await session.cf(['curl', `/v3/packages?app_guids=${guid}`]));
    // The foundry unpacks them, as the platform does: a part of them would be no archive.
    expect(resources).toMatchObject([{ state: 'READY', data: { checksum: { type: 'sha256' } } }]);
  });

  test.each([
    ['a reset', { path: 'apply_manifest', reset: true, times: 9 }],
    ['503', { path: 'apply_manifest', status: 503, times: 9 }],
    ['a job that cannot be read', { path: '/v3/jobs', status: 502, times: 9 }],
  ])('%s may have been done', async (_what, fault) => {
    const { session } = await open({}, realClock);
    await session.target();
    await control('POST', 'faults', fault);
    await expect(session.pushBits(await bits('lost'))).rejects.toMatchObject({
      name: 'PlatformFault',
      ambiguous: true,
    });
  });

  test('what the platform does not take is about the version', async () => {
    const { session } = await open({}, realClock);
    await session.target();
    const push = await bits('wrong');
    const manifest = await readFile(push.manifestPath, 'utf8');
    await writeFile(push.manifestPath, `${manifest}  memory: nonsense\n`);
    const error = await session.pushBits(push).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'ProgramFailed',
      code: 1,
      message: expect.stringMatching(/memory/i),
    });
  });
});
