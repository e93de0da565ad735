/** The played CLI is worth as much as its recording: here the real one is recorded again, and harmed in the same ways. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { cf6Cli, cfCli } from '../../runner/tools.js';
import { type Scripted, scripted } from '../foundry/scripted.js';
import { memory, runAction } from './action.js';
import { pushByHand } from './by-hand.js';
import { CF6, CF8, type CfRecording } from './cf-recording.js';
import { Life } from './life.js';
import { API, type ApiCall, type Platform, startPlatform } from './platform.js';
import { playCf } from './played-cf.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { type Trial, Wire } from './wire.js';

jest.setTimeout(120_000);

const CANDIDATE = 'shop-candidate';
const LIVE = 'shop';
/** How a call of `push` goes wrong: its name, the harm, and the same harm as a fault of the foundry. */
const FAULTS = {
  '500': { status: 500 },
  '429': { status: 429 },
  '401': { status: 401 },
  reset: { reset: true },
};
const CASES: readonly [name: string, harm: keyof typeof FAULTS][] = [
  ['POST /v3/spaces/*/manifest_diff', '500'],
  ['POST /v3/spaces/*/manifest_diff', '401'],
  ['POST /v3/spaces/*/manifest_diff', 'reset'],
  ['POST /v3/packages', '500'],
  ['POST /v3/packages', 'reset'],
  ['POST /v3/packages/*/upload', '429'],
  ['GET /v3/jobs/*', '500'],
  ['GET /v3/jobs/*', '429'],
  ['GET /v3/jobs/*', '401'],
  ['GET /v3/packages/*', 'reset'],
  ['POST /v3/spaces/*/manifest_diff', '429'],
  ['POST /v3/spaces/*/actions/apply_manifest', '500'],
  ['POST /v3/spaces/*/actions/apply_manifest', 'reset'],
  ['GET /v3/jobs/*', 'reset'],
];

/** Of `v3-zdt-push`. */
const CASES_OF_V6: typeof CASES = [
  ['PATCH /v3/apps/*', 'reset'],
  ['POST /v3/packages/*/upload', '500'],
  ['GET /v3/packages/*', '500'],
  ['GET /v3/builds/*', 'reset'],
  ['POST /v3/builds', '429'],
  ['POST /v3/deployments', '500'],
  ['POST /v3/deployments', 'reset'],
  ['GET /v3/processes/*/stats', '500'],
  ['GET /v2/apps/*/instances', 'reset'],
  ['GET /v3/builds/*', '401'],
];

let dir: string;
const foundries: Scripted[] = [];
const platforms: Platform[] = [];
const folders = new Folders();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recording-'));
  await mkdir(join(dir, 'bits'));
  await writeFile(join(dir, 'bits', 'app.json'), '{}');
  await writeFile(join(dir, 'vars.yml'), '{}\n');
  await writeFile(join(dir, 'manifest.yml'), manifest());
});
afterAll(async () => {
  await Promise.all([...foundries, ...platforms].map((one) => one.close()));
  folders.remove();
  await rm(dir, { recursive: true, force: true });
});

function manifest(): string {
  const route = `${CANDIDATE}-abcdef.apps.localhost`;
  return `applications:\n- name: ${CANDIDATE}\n  path: ${join(dir, 'bits')}\n  routes:\n  - route: ${route}\n`;
}

const push = (manifestPath = join(dir, 'manifest.yml'), varsPath = join(dir, 'vars.yml')) => [
  ...['push', CANDIDATE, '--no-start', '-f', manifestPath, '--vars-file', varsPath, '--redact-env'],
];
const signIn = ({ api, org, space }: { api: string; org: string; space: string }) => [
  ['api', api],
  ['auth'],
  ['target', '-o', org, '-s', space],
];

interface Ran {
  code: number | null;
  text: string;
  /** Method and path, with its query where the CLI is the real one. */
  calls: string[];
}

/** A foundry of its own for the real CLI. */
async function realCli(cli = cfCli) {
  const foundry = await scripted({ jobMs: 20 });
  foundries.push(foundry);
  const home = await mkdtemp(join(dir, 'home-'));
  const recorded = async () =>
    ((await foundry.call('GET', '/__foundry/requests')).body as { method: string; path: string }[]).map(
      ({ method, path }) => `${method} ${path}`,
    );
  const { username: CF_USERNAME, password: CF_PASSWORD } = foundry;
  const cf = async (args: readonly string[]): Promise<Ran> => {
    const from = (await recorded()).length;
    const secrets = args[0] === 'auth' ? { CF_USERNAME, CF_PASSWORD } : {};
    const env = { PATH: process.env.PATH ?? '', HOME: home, CF_HOME: home, ...secrets };
    const ended = await promisify(execFile)(cli(), args, { env }).then(
      ({ stdout }) => ({ code: 0, text: stdout }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        text: `${stdout}\n${stderr}`,
      }),
    );
    return { ...ended, calls: (await recorded()).slice(from) };
  };
  return { foundry, cf };
}

/** An app that is started, with one route. */
async function withLive({ foundry }: Awaited<ReturnType<typeof realCli>>): Promise<void> {
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const clock = { drive: <T>(work: Promise<T>) => work, sleep };
  const call = async ({ method, path, headers = {}, body }: ApiCall) => {
    const sent = body === undefined || method === 'GET' ? {} : { body: new Uint8Array(Buffer.from(body)) };
    const answer = await fetch(foundry.api + path, { method, headers, ...sent });
    return { status: answer.status, headers: {}, body: await answer.text() };
  };
  const live = { name: LIVE, bits: join(dir, 'bits'), instances: 1, routes: ['shop.apps.localhost'] };
  await pushByHand({ foundry, clock, call }, live);
}

/** Names for GUIDs and for what was given. */
function named(call: string): string {
  const [path = '', query] = call.split('?');
  const guids = path.replace(/\/([a-z_]+)\/[0-9a-f-]{36}/g, '/$1/{$1}');
  if (query === undefined) return guids;
  const values = query
    .replace(/([a-z]+)_guids=[0-9a-f-]{36}/g, '$1_guids={$1s}')
    .replace(/organization_guid%3A[0-9a-f-]{36}/, 'organization_guid%3A{organizations}')
    .replace(/q=name%3A(shop|production)/, path.endsWith('spaces') ? 'q=name%3A{space}' : 'q=name%3A{org}')
    .replace(path.endsWith('apps') ? /names=(shop-candidate|shop)(?=&)/ : /^$/, 'names={app}')
    .replace(/names=(shop|production)/, path.endsWith('spaces') ? 'names={space}' : 'names={org}');
  return `${guids}?${values}`;
}

/** As the wire names calls. */
function short(call: string): string {
  return call.replace(/[0-9a-f-]{36}|\{\w+\}/g, '*').replace(/\?.*/, '');
}

/** Of a poll one call. */
function once(calls: readonly string[]): string[] {
  return calls.filter((call, at) => call !== calls[at - 1]);
}

test('the real CLI makes the recorded calls, command by command', async () => {
  const { foundry, cf } = await realCli();
  const version = await cf(['version']);
  expect(version.text).toContain(` version ${CF8.version}`);
  const calls: Record<string, string[]> = { version: version.calls };
  for (const args of [...signIn(foundry), push()])
    calls[args[0] ?? ''] = once((await cf(args)).calls.map(named));
  expect(calls).toEqual(CF8.calls);
});

const zdtPush = () => ['v3-zdt-push', LIVE, '-p', join(dir, 'bits'), '--no-route'];

test('and the real CLI v6 makes its own', async () => {
  const real = await realCli(cf6Cli);
  const version = await real.cf(['version']);
  expect(version.text).toContain(` version ${CF6.version}`);
  await withLive(real);
  const calls: Record<string, string[]> = { version: version.calls };
  const create = ['v3-create-package', LIVE, '-p', join(dir, 'bits')];
  for (const args of [...signIn(real.foundry), create, zdtPush()])
    calls[args[0] ?? ''] = once((await real.cf(args)).calls.map(named));
  expect(calls).toEqual(CF6.calls);
});

test('the played CLI makes them too, in a deploy', async () => {
  const platform = await startPlatform();
  platforms.push(platform);
  const { code, calls, commands } = await runAction(
    platform,
    commandOf(SCENARIOS[0] as Scenario, folders, 1),
  );
  expect(code).toBe(0);
  // The very commands that the real one is recorded with.
  const path = (name: string) => expect.stringContaining(name) as unknown as string;
  const { org, space } = platform.foundry;
  const pushed = push(path('manifest.yml'), path('vars.yml'));
  expect(commands).toEqual([['version'], ...signIn({ api: API, org, space }), pushed]);
  const made = calls.filter(({ by }) => by === 'cf').map(({ name }) => name);
  const { push: all, ...before } = CF8.calls;
  // It is ended when its bits are taken in: what it would show of the app is not read.
  const upTo = all.slice(0, all.indexOf('GET /v3/packages/{packages}') + 1);
  expect(once(made)).toEqual([...Object.values(before).flat(), ...upTo].map(short));
});

describe('what goes wrong, goes wrong for both alike', () => {
  let real: Ran[];
  let realV6: Ran[];
  beforeAll(async () => {
    real = await Promise.all(CASES.map((one) => harmedReal(...one)));
    realV6 = await Promise.all(CASES_OF_V6.map((one) => harmedReal(...one, cf6Cli)));
  });

  test.each(CASES_OF_V6.map(([name, harm], at) => [name, harm, at] as const))(
    'v6, %s: %s',
    async (name, harm, at) => {
      const played = await harmedPlayed({ point: { by: 'cf', name, number: 1 }, harm }, CF6);
      const { code, calls, text } = realV6[at] as Ran;
      expect([played.code, once(played.calls)]).toEqual([code, once(calls.map(short))]);
      if (code !== 0) expect(reason(played.text)).toBe(reason(text));
    },
  );

  test.each(CASES.map(([name, harm], at) => [name, harm, at] as const))('%s: %s', async (name, harm, at) => {
    const played = await harmedPlayed({ point: { by: 'cf', name, number: 1 }, harm });
    const { code, calls, text } = real[at] as Ran;
    expect([played.code, once(played.calls)]).toEqual([code, once(calls.map(short))]);
    if (code !== 0) expect(reason(played.text)).toBe(reason(text));
  });
});

/** What both say of a failure. */
function reason(text: string): string | undefined {
  return /Response Code: \d+|Request error|Invalid Auth Token/.exec(text)?.[0];
}

async function harmedReal(name: string, harm: keyof typeof FAULTS, cli?: typeof cf6Cli): Promise<Ran> {
  const real = await realCli(cli);
  const { foundry, cf } = real;
  if (cli) await withLive(real);
  for (const args of signIn(foundry)) expect(await cf(args)).toMatchObject({ code: 0 });
  const [method, path = ''] = name.split(' ');
  const fault = { method, path: `^${path.replaceAll('*', '[^/]+')}$`, times: 1, ...FAULTS[harm] };
  await foundry.call('POST', '/__foundry/faults', fault);
  return cf(cli ? zdtPush() : push());
}

async function harmedPlayed(trial: Trial, recording: CfRecording = CF8): Promise<Ran> {
  const platform = await startPlatform();
  platforms.push(platform);
  const life = new Life();
  const wire = new Wire(platform, life, trial);
  const files = memory();
  await files.writePrivate(join(dir, 'manifest.yml'), manifest());
  const { clock, foundry } = platform;
  const live = { name: LIVE, bits: join(dir, 'bits'), instances: 1, routes: ['shop.apps.localhost'] };
  if (recording === CF6) await pushByHand(platform, live);
  const world = { clock, files, send: (child: Life, call: ApiCall) => wire.send('cf', child, call) };
  const env = { CF_HOME: '/home', CF_USERNAME: foundry.username, CF_PASSWORD: foundry.password };
  const ran: Ran = { code: null, text: '', calls: [] };
  for (const args of [...signIn(foundry), recording === CF6 ? zdtPush() : push()]) {
    const from = wire.calls.length;
    const { code, stdout, stderr } = await clock.drive(
      playCf(world, life, { file: 'cf', args, env }, recording),
    );
    const calls = wire.calls.slice(from).map((call) => call.name);
    Object.assign(ran, { code, text: `${stdout}\n${stderr}`, calls });
  }
  return ran;
}
