import { afterEach, expect, test } from '@jest/globals';
import type { LocalAnswer, LocalRequest } from '../../src/model/ports.js';
import { loopback } from '../../src/system/loopback.js';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const served of open.splice(0)) served.close();
});

const FINE: LocalAnswer = { status: 200, headers: {}, body: 'fine' };

async function serve(answer: (request: LocalRequest) => Promise<LocalAnswer>) {
  const served = await loopback.serve(answer);
  open.push(served);
  return served.origin;
}

test('answers on this machine, with all that was asked', async () => {
  const origin = await serve(async ({ method, path, headers, body }) => {
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part);
    const seen = [method, path, headers['x-asked'], Buffer.concat(parts).toString()];
    return { status: 201, headers: { 'x-answered': 'yes' }, body: Buffer.from(JSON.stringify(seen)) };
  });
  expect(new URL(origin).hostname).toBe('127.0.0.1');
  const answer = await fetch(`${origin}/some/path?x=1`, {
    method: 'POST',
    headers: { 'X-Asked': 'this' },
    body: 'the body',
  });
  expect([answer.status, answer.headers.get('x-answered')]).toEqual([201, 'yes']);
  expect(await answer.json()).toEqual(['POST', '/some/path?x=1', 'this', 'the body']);
});

test("a body that nobody reads is in nobody's way", async () => {
  const origin = await serve(async () => FINE);
  const body = Buffer.alloc(8 * 1024 * 1024);
  for (const _ of [1, 2]) expect(await (await fetch(origin, { method: 'POST', body })).text()).toBe('fine');
});

test('breaks off where there is no answer', async () => {
  const origin = await serve(() => Promise.reject(new Error('none')));
  await expect(fetch(origin)).rejects.toThrow();
});

test.each([
  ['a status that is none', { ...FINE, status: 99 }],
  ['trailers that do not follow', { ...FINE, headers: { trailer: 'x-late', 'content-length': '4' } }],
])('breaks off alone where the answer has %s', async (_, answer) => {
  const origin = await serve(async ({ path }) => (path === '/odd' ? answer : FINE));
  await expect(fetch(`${origin}/odd`)).rejects.toThrow();
  expect(await (await fetch(origin)).text()).toBe('fine');
});

test('says when whoever asked is gone, and not after an answer', async () => {
  const signals: AbortSignal[] = [];
  const heard = new Promise<void>((resolve) => {
    void serve(async ({ path, signal }) => {
      signals.push(signal);
      if (path === '/fine') return FINE;
      signal.addEventListener('abort', () => resolve());
      asking.abort();
      return new Promise(() => undefined);
    }).then(async (origin) => {
      await (await fetch(`${origin}/fine`)).text();
      await fetch(`${origin}/gone`, { signal: asking.signal }).catch(() => undefined);
    });
  });
  const asking = new AbortController();
  await heard;
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
});

test('is gone when it is closed', async () => {
  const origin = await serve(async () => FINE);
  open.pop()?.close();
  await expect(fetch(origin)).rejects.toThrow();
});
