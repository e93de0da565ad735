import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Ports } from '../../src/commands/open.js';
import type { Inputs, RunContext } from '../../src/model/asked.js';
import { HttpFailure, InputError } from '../../src/model/errors.js';
import { Log } from '../../src/report/log.js';
import type { RunRecord } from '../../src/report/record.js';
import { recording } from '../../src/report/recording.js';
import { redactor } from '../../src/report/redact.js';
import { jsonPath, reportPath, withRecord, writeReport } from '../../src/report/written.js';
import { reportsBeside } from '../../src/system/reports.js';
import { deployed } from './support.js';

const SECRET = 's3cr3t-of-the-app';
const PAGE = '<html><script type="application/json" id="record">{{record}}</script></html>';

let folder = '';
let workspace = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
  workspace = join(folder, 'work');
  await mkdir(workspace);
  await writeFile(join(folder, 'report.html'), PAGE);
});
afterEach(() => rm(folder, { recursive: true }));

const API = 'https://api.example.com';

function writing(path: string, secret = SECRET) {
  const lines: string[] = [];
  const clock = { now: () => 1_000, sleep: async () => undefined };
  const redact = redactor([secret]);
  const log = new Log({ clock, write: (line) => lines.push(line), redact });
  log.recorder.keepAll();
  log.tell({ type: 'foreign', source: 'app', text: `a line\u001b[31m with ${SECRET} </script>` });
  const inputs = { command: 'deploy', strategy: 'blue-green', api: API, org: 'o', space: 's' } as Inputs;
  const asked = { inputs, context: { workspace, runId: '1', attempt: '1' } as RunContext };
  return {
    lines,
    write: () => writeReport(deployed(), { path, asked, reports: reportsBeside(folder), log, redact }),
  };
}

describe('the files', () => {
  test('a page with the record, and the record beside it; for nobody else on the machine, and without a secret', async () => {
    const { lines, write } = writing('out/deep/report.html');
    const before = lines.length;
    expect(await write()).toBe(join(workspace, 'out/deep/report.html'));
    expect(lines).toHaveLength(before);
    const files = join(workspace, 'out/deep');
    expect((await readdir(files)).sort()).toEqual(['report.html', 'report.json']);
    expect((await stat(join(files, 'report.html'))).mode & 0o777).toBe(0o600);
    const html = await readFile(join(files, 'report.html'), 'utf8');
    const json = await readFile(join(files, 'report.json'), 'utf8');
    expect([html.includes(SECRET), json.includes(SECRET)]).toEqual([false, false]);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    const record: RunRecord = JSON.parse(json);
    expect(record.log.at(-1)).toMatchObject({ source: 'app', text: 'a line with *** </script>' });
    expect(record).toMatchObject({ format: 1, result: 'deployed', run: { runId: '1' }, command: 'deploy' });
    const [, inPage = ''] = /id="record">([\s\S]*)<\/script>/.exec(html) ?? [];
    expect(JSON.parse(inPage)).toEqual(record);
  });

  test.each([
    [
      'a folder is in its place',
      async () => void (await mkdir(join(workspace, 'out/report.html'), { recursive: true })),
    ],
    ['a file is where a folder should be', async () => writeFile(join(workspace, 'out'), '')],
    ['a link leads out of the workspace', async () => symlink(folder, join(workspace, 'out'))],
  ])('%s: told once, and nothing is thrown', async (_, spoil) => {
    await spoil();
    const { lines, write } = writing('out/report.html');
    const before = lines.length;
    expect(await write()).toBeUndefined();
    expect(lines.slice(before)).toEqual([
      expect.stringMatching(/^::warning::The report out\/report\.html could not be written: \S/),
    ]);
    expect(await readdir(folder)).not.toContain('report.json');
    const left = await readdir(join(workspace, 'out')).catch(() => []);
    expect(left.filter((name) => /^report\.(html|json)\./.test(name))).toEqual([]);
  });

  test('without a page there is nothing at all, and it is told once', async () => {
    await rm(join(folder, 'report.html'));
    const { lines, write } = writing('out/report.html');
    const before = lines.length;
    expect(await write()).toBeUndefined();
    expect(lines.slice(before)).toEqual([expect.stringContaining('could not be written')]);
    expect(await readdir(workspace)).toEqual([]);
  });

  test.each(['steps', 'pass', 'log', 'At'])('the secret %s hides no name of ours', async (secret) => {
    await writing('report.html', secret).write();
    const named = Object.keys(JSON.parse(await readFile(join(workspace, 'report.json'), 'utf8')));
    expect(named).toEqual(expect.arrayContaining(['steps', 'log', 'startedAtMs', 'probes']));
  });
});

describe('the path', () => {
  test.each([
    ['report.html', 'report.html'],
    ['./out//report.html', 'out/report.html'],
    ['/work/out/report.html', 'out/report.html'],
    ['a/../report.html', 'report.html'],
  ])('%s', (path, inside) => expect(reportPath(path, '/work')).toBe(inside));

  test.each(['../report.html', '/elsewhere/report.html', 'a/../../report.html', '/workshop/report.html'])(
    '%s leads out of the workspace: refused before anything is done',
    (path) => expect(() => reportPath(path, '/work')).toThrow(InputError),
  );

  test('of the JSON', () => {
    expect([jsonPath('out/a.html'), jsonPath('b.HTM'), jsonPath('c.html.html')]).toEqual([
      ...['out/a.json', 'b.json', 'c.html.json'],
    ]);
  });
});

test('signs that a replacement could take for its own stay as they are', () => {
  const record = { meaning: "$& $' $` {{record}}" } as RunRecord;
  expect(withRecord(PAGE, record)).toBe(
    `<html><script type="application/json" id="record">${JSON.stringify(record)}</script></html>`,
  );
});

test('each call is written down beside doing it: neither query, user nor words of a command that may be secret', async () => {
  const lines: string[] = [];
  let nowMs = 0;
  const clock = { now: () => nowMs, sleep: async () => undefined };
  const { recorder } = new Log({ clock, write: (line) => lines.push(line), redact: (text) => text });
  recorder.keepAll();
  const request = async ({ url }: { url: string }) => {
    nowMs += 5;
    if (url.includes('lost')) throw new HttpFailure('lost', 'reset', true);
    return { status: 201, headers: {}, body: Buffer.alloc(0), cut: false, durationMs: 5 };
  };
  const run = async () => ({ code: null, signal: 'SIGKILL', stdout: '', stderr: '', timedOut: false });
  const plain = { http: { request }, publicHttp: { request }, children: { run }, clock } as unknown as Ports;
  const { http, publicHttp, children } = recording(plain, recorder, `${API}/`);
  const ask = { method: 'POST', timeoutMs: 1 };
  await http.request({ ...ask, url: `${API}/v3/apps?names=a` });
  await publicHttp.request({ ...ask, url: 'https://user:pass@uaa.example.com/oauth/token?code=x' });
  await http.request({ ...ask, url: 'https://shop.example.com/health', fresh: true });
  await http.request({ ...ask, url: `${API}/`, fresh: true });
  await expect(http.request({ ...ask, url: `${API}/lost` })).rejects.toThrow('lost');
  await children.run({ file: '/x/cf8', args: ['push', 'shop', '-f', 'secret.yml'], env: {} });
  await children.run({ file: '/bin/sh', args: ['-c', 'curl secret'], env: {} });
  expect(recorder.story().calls.map(({ method, path, status }) => [method, path, status])).toEqual([
    ['POST', '/v3/apps', 201],
    ['POST', 'https://uaa.example.com/oauth/token', 201],
    ['POST', '/', 201],
    ['POST', '/lost', 0],
    ['cf', 'push shop', -1],
    ['run', 'sh', -1],
  ]);
});
