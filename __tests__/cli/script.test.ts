import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type RunScript, runScript } from '../../src/cli/script.js';
import { createChildren } from '../../src/system/children.js';
import { files } from '../../src/system/files.js';
import { folder, listener } from './helpers.js';

/** Real processes, on a machine that has other work. */
jest.setTimeout(30_000);

let home: Awaited<ReturnType<typeof folder>>;
beforeEach(async () => {
  home = await folder();
});
afterEach(async () => {
  expect(await readdir(home.path)).not.toContainEqual(expect.stringContaining('smoke-script'));
  await home.remove();
});

function run(command: string, rest: Partial<RunScript> = {}) {
  const heard = listener();
  const done = runScript({
    command,
    candidate: { trialUrl: 'https://trial.example.com', appName: 'shop-candidate', appGuid: 'guid-1' },
    env: { PATH: '/usr/bin:/bin' },
    cwd: home.path,
    timeoutMs: 10_000,
    children: createChildren(),
    files,
    temp: home.path,
    listener: heard,
    ...rest,
  });
  return { done, heard };
}

test('sees the candidate and the environment of the workflow, and nothing of the inputs or of the runner', async () => {
  const kept = {
    PATH: '/usr/bin:/bin',
    HOME: '/home/runner',
    GITHUB_SHA: 'abc',
    GITHUB_WORKSPACE: '/w',
    CF_STARTUP_TIMEOUT: '9',
    SHOP_TOKEN: 'of the workflow',
  };
  const held = {
    INPUT_PASSWORD: 'x',
    'INPUT_CLIENT-SECRET': 'x',
    STATE_HOME: 'x',
    ACTIONS_RUNTIME_TOKEN: 'x',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    GITHUB_ENV: 'x',
    GITHUB_PATH: 'x',
    GITHUB_OUTPUT: 'x',
    GITHUB_STATE: 'x',
    GITHUB_STEP_SUMMARY: 'x',
    CF_HOME: 'x',
  };
  await run('env -0 > seen', { env: { ...held, ...kept, NOTHING: undefined } }).done;
  const seen = (await readFile(join(home.path, 'seen'), 'utf8')).split('\0').filter((line) => line !== '');
  const names = seen
    .map((line) => line.split('=')[0])
    .filter((name) => !/^(PWD|OLDPWD|SHLVL|_)$/.test(String(name)));
  expect(names.sort()).toEqual([...Object.keys(kept), 'TRIAL_URL', 'APP_NAME', 'APP_GUID'].sort());
  for (const line of ['TRIAL_URL=https://trial.example.com', 'APP_NAME=shop-candidate', 'APP_GUID=guid-1'])
    expect(seen).toContain(line);
});

test('is not on a command line, and its output is told as foreign', async () => {
  const { done, heard } = run('ps -ww -o args= -p $$; echo oh >&2');
  await done;
  const texts = heard.events.map((event) => (event as { text: string }).text);
  expect(texts).toContain('oh');
  expect(texts.some((text) => text.includes('smoke-script.sh'))).toBe(true);
  expect(texts.some((text) => text.includes('echo oh'))).toBe(false);
  expect(heard.events.every(({ type }) => type === 'foreign')).toBe(true);
});

describe('fails', () => {
  test('with the first command that does, and its last lines are the evidence', async () => {
    const { done } = run('for i in $(seq 30); do echo line $i; done\nfalse\necho never');
    await expect(done).rejects.toMatchObject({
      name: 'VersionFault',
      code: 'script',
      message: 'The smoke-script ended with exit code 1.',
      evidence: Array.from({ length: 20 }, (_, index) => `line ${index + 11}`),
    });
  });

  test('when its time is over', async () => {
    await expect(run('echo begun; sleep 600', { timeoutMs: 200 }).done).rejects.toMatchObject({
      name: 'VersionFault',
      message: 'The smoke-script did not end within 0.2 s.',
      evidence: ['begun'],
    });
  });

  test('not, but is given up, when the run is', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const { done } = run('echo up; sleep 600', {
      signal: controller.signal,
      listener: { tell: () => controller.abort(reason) },
    });
    await expect(done).rejects.toBe(reason);
  });
});

test('runs with sh where there is no bash', async () => {
  await expect(run('exit 4', { env: { PATH: '/nowhere' } }).done).rejects.toMatchObject({
    message: 'The smoke-script ended with exit code 4.',
  });
});
