import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { deployWatched } from './support/deploys.js';
import { type CfCall, environmentIn, type RecordingCf, recordingCf } from './support/recording-cf.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

/** Values that a user hands over, none of which anybody but the platform may see again. */
const SECRETS = {
  header: 'smoke-hdr-7Qd2"x&y',
  env: 'db/pw-Zr81+kk=="',
  variable: 'var-9Lm3nUe5%s',
  random: 'c4f1QhT0m2Zk8sVb6Yw3Ne7J',
};
const NAMES_OF_NO_CHILD = /^(INPUT_|STATE_|ACTIONS_)|^GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)$/i;

/** Says all that it knows, and keeps its environment for the test. */
const SCRIPT = [
  'cat /proc/$$/environ > script-environment',
  'env',
  'echo "asked $TRIAL_URL with $CHECK_TOKEN"',
  'echo "::set-output name=stolen::$CHECK_TOKEN"',
].join('\n');

let world: World;
let cf: RecordingCf;
let client: { id: string; secret: string };
beforeAll(async () => {
  world = await startWorld();
  cf = await recordingCf(join(world.dir, 'recording-cf'));
  client = (await world.foundry.control('GET', 'client')) as typeof client;
  // By the user and its password.
  const { outputs } = await world.deploy({ version: 'v1' }, {}, { env: { CF_CLI: cf.path } });
  expect(outputs.result).toBe('deployed');
});
afterAll(() => world.close());

const asClient = () => ({
  ...{ username: '', password: '', 'client-id': client.id, 'client-secret': client.secret },
});
const secretInputs = {
  env: `DATABASE_PASSWORD: '${SECRETS.env}'\nSEED: ${SECRETS.random}`,
  vars: `token: '${SECRETS.variable}'`,
  'smoke-test': `- path: /health\n  headers:\n    X-Check: '${SECRETS.header}'`,
  'smoke-script': SCRIPT,
};
const MORE = ['env:', '  FROM_VARIABLE: ((token))'];
const all = () => [world.foundry.password, client.secret, ...Object.values(SECRETS)];
/** The job has settings for a cf of its own: ours would print every token with them. */
const job = () => ({
  ...{ CF_CLI: cf.path, CF_TRACE: 'true', CF_HOME: world.dir, CF_PASSWORD: SECRETS.random },
  CHECK_TOKEN: SECRETS.header,
});

/** Searches all that runs and platform wrote, also for the tokens that cf was signed in with. */
async function expectNoLeak(): Promise<void> {
  const tokens = (await cf.calls()).flatMap((call) => call.tokens);
  expect(tokens.length).toBeGreaterThan(0);
  expect(await world.leaks(...all(), ...new Set(tokens))).toEqual([]);
  const events = await world.cf('curl', '/v3/audit_events?per_page=5000');
  expect(events).toContain('audit.app');
  expect(all().filter((secret) => events.includes(secret))).toEqual([]);
}

/** What the run left in the runner's temp folder, but for what the runner itself put there. */
async function leftInTemp(since: number): Promise<string[]> {
  const folders = (await readdir(world.dir)).filter((name) => name.startsWith('runner-'));
  expect(folders.length).toBeGreaterThan(since);
  const left = await Promise.all(folders.map((name) => readdir(join(world.dir, name, '_temp'))));
  return left.flat().filter((name) => !/^(event\.json|_runner_file_commands)$/.test(name));
}

function expectKept(calls: readonly CfCall[]): void {
  expect(calls.length).toBeGreaterThan(0);
  for (const { args, env, homeMode } of calls) {
    expect(Object.keys(env).filter((name) => NAMES_OF_NO_CHILD.test(name))).toEqual([]);
    expect(args.filter((arg) => all().some((secret) => arg.includes(secret)))).toEqual([]);
    const named = Object.entries(env).filter(([, value]) => all().some((secret) => value.includes(secret)));
    // The sign-in alone is told one, and only its own.
    expect(named.map(([name]) => name)).toEqual(args[0] === 'auth' ? ['CF_PASSWORD'] : []);
    const ours = Object.keys(env).filter((name) => name.startsWith('CF_'));
    const known = ['CF_HOME', 'CF_COLOR', ...(args[0] === 'auth' ? ['CF_USERNAME', 'CF_PASSWORD'] : [])];
    expect(ours.filter((name) => !known.includes(name))).toEqual([]);
    if (env.CF_HOME !== undefined) expect(homeMode).toBe('700');
  }
}

test('a good deploy as a client: no child is told what it need not know, and nothing is written down', async () => {
  const workspace = await world.workspace({ version: 'v2', more: MORE, says: Object.values(SECRETS) });
  const { result } = await deployWatched(world, workspace, {
    inputs: { ...secretInputs, ...asClient() },
    run: { env: job() },
  });
  expect(await world.meet()).toBe('v2');

  const calls = await cf.calls();
  expectKept(calls);
  expect(calls.map(({ args }) => args[0])).toEqual(expect.arrayContaining(['api', 'auth', 'target', 'push']));
  expect(calls.some(({ args }) => args.includes('--client-credentials'))).toBe(true);

  const script = environmentIn(await readFile(join(workspace, 'script-environment'), 'utf8'));
  expect(Object.keys(script).filter((name) => NAMES_OF_NO_CHILD.test(name))).toEqual([]);
  expect(script).toMatchObject({
    TRIAL_URL: expect.stringMatching(/^http:\/\/shop-candidate-[a-z0-9]{6}\./),
    APP_NAME: 'shop',
    APP_GUID: result.outputs['app-guid'],
    CHECK_TOKEN: SECRETS.header,
  });
  expect(script.CF_HOME).toBeUndefined();
  // Seen, and hidden: the script did say it.
  expect(result.log).toMatch(/asked .* with \*\*\*/);
  expect(result.outputs.stolen).toBeUndefined();

  await expectNoLeak();
  expect(await leftInTemp(1)).toEqual([]);
});

describe('nothing is left, and nothing told, when', () => {
  test('the new version prints its secrets and fails to start', async () => {
    const watch = await world.watch();
    const result = await world.deploy(
      { version: 'v3', more: MORE, says: Object.values(SECRETS), failStart: true },
      { ...secretInputs, ...asClient() },
      { env: job() },
    );
    const seen = await watch.end();
    expect([result.exitCode, result.outputs.result]).toEqual([1, 'reverted']);
    expect(seen.figures.failed).toBe(0);
    expect(seen.problems).toEqual([]);
    // Its last words are shown all the same.
    expect(result.summary).toContain('cannot start: the configuration names no database');
    await expectNoLeak();
    expect(await leftInTemp(2)).toEqual([]);
    expectKept(await cf.calls());
  });

  test('the job is cancelled in the middle of cf push', async () => {
    const watch = await world.watch();
    const cancelled = new AbortController();
    const result = await world.deploy({ version: 'v4', more: MORE }, secretInputs, {
      env: job(),
      signal: cancelled.signal,
      onLine: (line) => {
        if (/cf \S+ \| Applying manifest/.test(line)) cancelled.abort();
      },
    });
    const seen = await watch.end();
    // By its own code within the runner's time, not by the runner's kill.
    expect([result.exitCode, result.signal]).toEqual([1, null]);
    expect(result.orphans).toEqual([]);
    expect(seen.figures.failed).toBe(0);
    expect(seen.problems).toEqual([]);
    expect(await world.meet()).toBe('v2');
    await expectNoLeak();
    expect(await leftInTemp(3)).toEqual([]);
    expect((await spaceOf(world)).leftovers).toEqual([]);
    expectKept(await cf.calls());
  });

  test('the process is killed in the middle of cf push: the post step takes away what it left, here and there', async () => {
    const trial = (url: string) => url.startsWith('other');
    const watch = await world.watch({ apps: ['shop', 'other'], trial });
    let pid = 0;
    const result = await world.deploy(
      { name: 'other', version: 'v1', more: MORE, routes: [world.url('other')] },
      secretInputs,
      {
        env: job(),
        onStart: (main) => {
          pid ||= main;
        },
        onLine: (line) => {
          if (/cf \S+ \| Applying manifest/.test(line)) process.kill(pid, 'SIGKILL');
        },
      },
    );
    const seen = await watch.end();
    expect(result.signal).toBe('SIGKILL');
    expect(result.post?.exitCode).toBe(0);
    expect(result.orphans).toEqual([]);
    expect(seen.figures.failed).toBe(0);
    expect(seen.problems).toEqual([]);
    await expectNoLeak();
    expect(await leftInTemp(4)).toEqual([]);
    expect((await spaceOf(world)).names.filter((name) => name.startsWith('other'))).toEqual([]);
    expectKept(await cf.calls());
  });
});
