import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { SmokeCheck } from '../../src/model/asked.js';
import { isAnswer } from '../../src/probe/answer.js';
import { type AskInside, commandInside, notInside, readInside } from '../../src/probe/inside.js';
import { check } from './support.js';

const asked = (more: Partial<SmokeCheck> = {}, path = '/health'): AskInside => ({
  check: { ...check({ attemptsInARow: 2, withinMs: 1_000, ...more }), target: { path } },
  host: '0.0.1',
  port: 0,
  indexes: [127],
});

/** Runs the command against a server on this machine: the instance 127 of the host 0.0.1. */
async function run(ask: AskInside, answer: (url: string, count: number) => [number, string]) {
  const urls: string[] = [];
  const server = createServer((request, response) => {
    urls.push(`${request.method} ${request.url}`);
    const [status, body] = answer(request.url ?? '', urls.length);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const command = commandInside({ ...ask, port });
  const env = { PATH: process.env.PATH ?? '' };
  const ended = await promisify(execFile)('/bin/sh', ['-c', command], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  );
  server.close();
  const lines = ended.stdout
    .split('\n')
    .map((text) => ({ atMs: 0, source: 'APP/TASK/c', instance: '0', text }));
  return { ...ended, urls, told: readInside(lines, 'c'), other: readInside(lines, 'd') };
}

describe('a check by a task', () => {
  test('asks as often in a row as is wanted, and tells what was answered', async () => {
    const path = "/it's?a=$(id)&b[0]=1";
    const ran = await run(asked({ withinMs: 20_000 }, path), (_, count) =>
      count === 1 ? [503, ''] : [200, 'fine ✓'],
    );
    expect([ran.code, ran.urls]).toEqual([0, Array.from({ length: 3 }, () => `GET ${path}`)]);
    expect(ran.told.answers.get(127)).toMatchObject({ status: 200, bodyStart: 'fine ✓' });
    expect(ran.other.answers.size).toBe(0);
  });

  test('fails when its time is over, with the last answer', async () => {
    const ran = await run(asked({ method: 'POST', status: [201, 202] }), () => [200, 'no']);
    expect(ran.code).toBe(1);
    expect(ran.urls[0]).toBe('POST /health');
    expect(ran.told.answers.get(127)).toMatchObject({ status: 200, bodyStart: 'no' });
  });

  test('tells that nobody was reached', async () => {
    const ran = await run({ ...asked(), host: '0.0.2' }, () => [200, '']);
    const outcome = ran.told.answers.get(127);
    expect(ran.code).toBe(1);
    expect(outcome && !isAnswer(outcome) && outcome.failure.message).toMatch(/^curl ended with \d+$/);
  });

  test('reads nothing from lines that another one wrote', () => {
    const line = (source: string, text: string) => ({ atMs: 0, source, instance: '0', text });
    const lines = [
      line('APP/PROC/WEB', 'zero-downtime-check 0 200 0 aGVsbG8='),
      line('APP/TASK/c', 'zero-downtime-check zero 200 0'),
      line('APP/TASK/c', 'zero-downtime-check 1 200 0 ::error::x'),
      line('APP/TASK/c', 'zero-downtime-check no curl'),
    ];
    expect(readInside(lines, 'c')).toEqual({ answers: new Map(), hasNoCurl: true });
  });
});

test('no task can ask what only this run may know, or what comes later', () => {
  expect(notInside(check())).toBeUndefined();
  expect(notInside(check({ target: { url: 'https://status.example.com' } }))).toBeUndefined();
  expect(notInside(check({ headers: { a: 'b' } }))).toContain('headers');
  expect(notInside(check({ follow: true }))).toContain('redirects');
  expect(notInside(check({ on: 'production' }))).toContain('after the switch');
});
