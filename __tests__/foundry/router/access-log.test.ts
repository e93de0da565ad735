import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Logs } from '../../../foundry/logs/log-cache.js';
import { APP, manualClock, type Town, town } from './harness.js';

let t: Town;

beforeEach(async () => {
  t = await town({ requestTimeoutMs: 300 });
});

afterEach(async () => {
  await t.close();
});

const FIELDS =
  /^(\S+) - \[\d{4}-\d\d-\d\dT\S+Z\] "(\S+) (\S+) HTTP\/1\.1" (\d+) (\d+) (\d+) "(.*?)" "(.*?)" "127\.0\.0\.1:\d+" "127\.0\.0\.1:\d+" x_forwarded_for:"127\.0\.0\.1" x_forwarded_proto:"http" vcap_request_id:"[0-9a-f-]{36}" response_time:\d+\.\d+ gorouter_time:\S+ app_id:"(\S+)" app_index:"0" instance_id:"\S+" x_cf_routererror:"(.*)"$/;

/** A line is written when the answer has gone, which is a moment after it was read. */
async function lines(count: number): Promise<string[][]> {
  while (t.logged.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  return t.logged.map(({ text }) => FIELDS.exec(text)?.slice(1) ?? [text]);
}

test('each request of an app is a line of its log, as the router of that number wrote it', async () => {
  const answers = (_: IncomingMessage, response: ServerResponse) => void response.end('12345');
  t.route([await t.backend(answers)]);
  await t.ask('/a?b=c', { headers: { 'user-agent': 'curl', referer: 'https://x.example' } });
  await t.ask('/d', { method: 'POST', body: 'xyz' });
  const host = expect.any(String);
  expect(await lines(2)).toEqual([
    [host, 'GET', '/a?b=c', '200', '0', '5', 'https://x.example', 'curl', APP, '-'],
    [host, 'POST', '/d', '200', expect.stringMatching(/^[03]$/), '5', '-', '-', APP, '-'],
  ]);
  expect(t.logged[0]).toMatchObject({ appGuid: APP, source: 'RTR', instance: '0', stream: 'OUT' });
});

test('one that an app did not answer is its line, too; one that met no app is nobody’s', async () => {
  t.route([await t.deadEndpoint()]);
  expect((await t.ask('/', { host: 'nobody.example.com' })).status).toBe(404);
  expect((await t.ask('/')).status).toBe(502);
  const [line = []] = await lines(1);
  expect([line[3], line[9]]).toEqual(['502', expect.stringContaining('endpoint_failure')]);
  expect(t.logged).toHaveLength(1);
});

test('the log cache keeps the newest lines, and gives a thousand at most at once', () => {
  const logs = new Logs(manualClock());
  const line = { appGuid: APP, source: 'RTR', instance: '0', stream: 'OUT' as const };
  for (let at = 0; at < 30_000; at += 1) logs.add({ ...line, text: String(at) });
  const read = (more: Record<string, string>) =>
    logs.read(APP, new URLSearchParams({ limit: '5000', ...more })).envelopes.batch as {
      log: { payload: string };
    }[];
  const textOf = (one: { log: { payload: string } } | undefined) =>
    Number(Buffer.from(one?.log.payload ?? '', 'base64').toString());
  expect(read({})).toHaveLength(1000);
  expect(textOf(read({ descending: 'true' })[0])).toBe(29_999);
  expect(textOf(read({})[0])).toBeGreaterThanOrEqual(19_000 - 1);
});
