import { afterEach, expect, test } from '@jest/globals';
import { loopback } from '../../src/system/loopback.js';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const served of open.splice(0)) served.close();
});

async function serve() {
  let asked = 0;
  const served = await loopback.serve('/secret/oauth/token', async () => {
    asked += 1;
    return { status: 201, body: { asked } };
  });
  open.push(served);
  return { served, asked: () => asked };
}

test('answers on this machine, and only on its path', async () => {
  const { served, asked } = await serve();
  expect(new URL(served.origin).hostname).toBe('127.0.0.1');
  const answer = await fetch(`${served.origin}/secret/oauth/token?x=1`, {
    method: 'POST',
    body: 'grant_type=x',
  });
  expect([answer.status, await answer.json()]).toEqual([201, { asked: 1 }]);
  for (const [method, path] of [
    ['GET', '/secret/oauth/token'],
    ['POST', '/oauth/token'],
    ['POST', '/secret'],
  ])
    expect((await fetch(served.origin + path, { method: method ?? '' })).status).toBe(404);
  expect(asked()).toBe(1);
});

test('takes no flood', async () => {
  const { served, asked } = await serve();
  const body = Buffer.alloc(1024 * 1024);
  await expect(fetch(`${served.origin}/secret/oauth/token`, { method: 'POST', body })).rejects.toThrow();
  expect(asked()).toBe(0);
});

test('is gone when it is closed', async () => {
  const { served } = await serve();
  served.close();
  await expect(fetch(`${served.origin}/secret/oauth/token`, { method: 'POST' })).rejects.toThrow();
});
