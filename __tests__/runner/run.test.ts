import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Fixture, fixture } from './fixture.js';

let made: Fixture[] = [];
function action(script: string, yaml?: string): Fixture {
  const one = fixture(script, yaml);
  made.push(one);
  return one;
}
afterEach(() => {
  for (const one of made) one.remove();
  made = [];
});

const WRITE_ENV = `fs.writeFileSync('env.json', JSON.stringify(env)); append('GITHUB_STATE', 'isPost=true\\n');`;

describe('inputs and environment', () => {
  test('are what the runner gives', async () => {
    const one = action(`if (!isPost) { ${WRITE_ENV} }`);
    const result = await one.run({
      inputs: { API: 'https://api', 'not known': '1', old: 'x' },
      env: { GITHUB_SHA: 'abc', MY: 'own' },
      runId: '77',
      attempt: 3,
      event: { name: 'workflow_dispatch', payload: { ref: 'main' } },
    });
    const env = JSON.parse(readFileSync(`${one.folder}/workspace/env.json`, 'utf8')) as Record<
      string,
      string
    >;
    expect(env).toMatchObject({
      INPUT_API: 'https://api',
      INPUT_SMOKE_TEST: '/health',
      INPUT_NOT_KNOWN: '1',
      'INPUT_GITHUB-TOKEN': expect.stringMatching(/^ghs_/),
      GITHUB_SHA: 'abc',
      GITHUB_RUN_ID: '77',
      GITHUB_RUN_ATTEMPT: '3',
      GITHUB_EVENT_NAME: 'workflow_dispatch',
      GITHUB_ACTIONS: 'true',
      HOME: `${one.folder}/work/home`,
      MY: 'own',
    });
    expect(JSON.parse(readFileSync(env.GITHUB_EVENT_PATH ?? '', 'utf8'))).toEqual({ ref: 'main' });
    expect(Object.keys(env).filter((name) => /^(npm_|JEST_|NODE_)/.test(name))).toEqual([]);
    expect(result.masks).toContain(env['INPUT_GITHUB-TOKEN']);
    expect(result.annotations.map(({ message }) => message)).toEqual([
      "Input 'old' has been deprecated with message: use api",
      "Unexpected input(s) 'not known', valid inputs are ['api', 'smoke test', 'github-token', 'old']",
    ]);
  });

  test('a default that is an unknown expression is refused', async () => {
    const expression = `\${{ secrets.A }}`;
    const one = action('', `inputs: { a: { default: '${expression}' } }\nruns: { main: dist/index.js }`);
    await expect(one.run()).rejects.toThrow(`${expression} is not evaluated here`);
  });
});

describe('results', () => {
  test('of a step that succeeds', async () => {
    const result = await action(`
      if (isPost) { console.log('post of ' + env.STATE_key + ' ' + env.ADDED + ' ' + env.PATH.split(':')[0]); process.exit(); }
      console.log('::group::Deploy');
      console.error('::error file=manifest.yml,line=3::broken');
      append('GITHUB_OUTPUT', 'result=deployed\\nlive<<EOF\\n{\\n}\\nEOF\\n');
      append('GITHUB_STATE', 'isPost=true\\nkey=value\\n');
      append('GITHUB_ENV', 'ADDED=env\\n');
      append('GITHUB_PATH', '/opt/cf\\n');
      append('GITHUB_STEP_SUMMARY', '### Deployed with hunter2\\n');
    `).run({ secrets: ['hunter2'] });
    expect(result).toMatchObject({
      exitCode: 0,
      succeeded: true,
      outputs: { result: 'deployed', live: '{\n}' },
      state: { isPost: 'true', key: 'value' },
      env: { ADDED: 'env' },
      path: ['/opt/cf'],
      summary: '### Deployed with ***\n',
      annotations: [{ level: 'error', file: 'manifest.yml', line: 3, message: 'broken' }],
      orphans: [],
      post: { exitCode: 0, shown: 'post of value env /opt/cf\n' },
    });
    expect(result.log).toContain('::group::Deploy\n');
    expect(result.shown).toContain('##[group]Deploy\n');
  });

  test('of a step that fails: its exit code, and post still runs', async () => {
    const result = await action(
      `if (isPost) process.exit(0); append('GITHUB_STATE', 'isPost=true\\n'); process.exit(3);`,
    ).run();
    expect(result).toMatchObject({ exitCode: 3, succeeded: false, post: { exitCode: 0 } });
  });

  test('a file that cannot be read fails the step', async () => {
    const result = await action(`append('GITHUB_OUTPUT', 'no format');`).run({ post: false });
    expect(result).toMatchObject({ exitCode: 0, succeeded: false, outputs: {} });
    expect(result.post).toBeUndefined();
    expect(result.shown).toContain("##[error]Unable to process file command 'output' successfully");
  });

  test('a summary over 1 MiB is dropped', async () => {
    const result = await action(`append('GITHUB_STEP_SUMMARY', 'x'.repeat(1024 * 1024 + 1));`).run({
      post: false,
    });
    expect(result.summary).toBe('');
    expect(result.annotations[0]?.message).toContain('supports content up to a size of 1024k');
  });
});

describe('cancelling', () => {
  const cancelTimes = { interruptMs: 400, terminateMs: 300 };
  const start = `append('GITHUB_STATE', 'isPost=true\\n'); setInterval(() => {}, 1000); console.log('ready');`;

  test.each([
    ['ends well at SIGINT', `process.on('SIGINT', () => process.exit(0));`, 0, null, 0],
    ['ends at SIGINT', `process.on('SIGINT', () => process.exit(9));`, 9, null, 0],
    [
      'ends at SIGTERM',
      `process.on('SIGINT', () => {}); process.on('SIGTERM', () => process.exit(8));`,
      8,
      null,
      400,
    ],
    ['is killed', `process.on('SIGINT', () => {}); process.on('SIGTERM', () => {});`, null, 'SIGKILL', 700],
  ])('a step %s; post still runs', async (_, handlers, exitCode, signal, atLeastMs) => {
    const cancel = new AbortController();
    let cancelled = 0;
    const result = await action(`if (isPost) console.log('post'); else { ${handlers} ${start} }`).run({
      signal: cancel.signal,
      cancelTimes,
      onLine: (line) => {
        if (line !== 'ready') return;
        cancelled = performance.now();
        cancel.abort();
      },
    });
    expect(performance.now() - cancelled).toBeGreaterThanOrEqual(atLeastMs - 10);
    expect(result).toMatchObject({ exitCode, signal, succeeded: false, post: { shown: 'post\n' } });
  });

  test('signals go to the step alone; what it leaves running is ended after the job and named', async () => {
    const one = action(`
      if (!isPost) {
        append('GITHUB_STATE', 'isPost=true\\n');
        const child = spawn(process.execPath, ['-e', "setInterval(() => {}, 1000); process.on('SIGINT', () => process.exit()); console.log('up')", 'left-behind'], { stdio: ['ignore', 'pipe', 'ignore'] });
        child.stdout.once('data', () => { fs.writeFileSync('pid', String(child.pid)); console.log('ready'); });
      } else {
        process.kill(Number(fs.readFileSync('pid', 'utf8')), 0);
        console.log('alive in post');
      }
    `);
    const cancel = new AbortController();
    const result = await one.run({
      signal: cancel.signal,
      onLine: (line) => line === 'ready' && cancel.abort(),
    });
    const pid = Number(readFileSync(`${one.folder}/workspace/pid`, 'utf8'));
    expect(result).toMatchObject({ signal: 'SIGINT', post: { shown: 'alive in post\n' } });
    expect(result.orphans).toEqual([{ pid, command: expect.stringContaining('left-behind') }]);
    for (let look = 0; look < 50 && alive(pid); look += 1) await sleep(20);
    expect(alive(pid)).toBe(false);
  });

  test('without post the machine is gone', async () => {
    const one = action(`if (isPost) fs.writeFileSync('post', ''); else { ${start} }`);
    let step = 0;
    const result = await one.run({
      post: false,
      onStart: (pid) => {
        step = pid;
      },
      onLine: () => process.kill(step, 'SIGKILL'),
    });
    expect(result.signal).toBe('SIGKILL');
    expect(existsSync(`${one.folder}/workspace/post`)).toBe(false);
  });
});

/** A killed process stays a zombie until its parent reaps it: that counts as gone. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
