import { expect, test } from '@jest/globals';
import { accountOf, scriptOf } from '../../bench/k6.js';

const load = {
  host: 'shop.apps',
  router: 'http://127.0.0.1:8081',
  ...{ rate: 100, slowRate: 2, slowMs: 5_000, limitMs: 3_000, keepAlive: true },
};

test('the script sends the whole rate to the router by the name of the route', () => {
  const script = scriptOf(load);
  const options = JSON.parse(/options = (.*);/.exec(script)?.[1] ?? '');
  expect(options.scenarios.quick.rate + options.scenarios.slow.rate).toBe(100);
  expect(options.hosts).toEqual({ 'shop.apps': '127.0.0.1:8081' });
  expect(options.noConnectionReuse).toBe(false);
  expect(script).toContain("timeout: '8000ms'");
  expect(scriptOf({ ...load, keepAlive: false })).toContain('"noConnectionReuse":true');
});

test('its account is what it counted, with the first failures', () => {
  const log = 'noise\nfailed request: at once\nmore noise\n';
  expect(accountOf('{"sent":1000,"failed":1,"missed":10}', log)).toEqual({
    sent: 1000,
    failed: 1,
    failures: ['failed request: at once'],
  });
});

test('what failed is told, however much could not be sent beside it', () => {
  expect(accountOf('{"sent":10,"failed":10,"missed":900}', '')).toMatchObject({ sent: 10, failed: 10 });
});

test.each([
  ['', 'gave no account: killed'],
  ['{"sent":0,"failed":0,"missed":0}', 'too busy'],
  ['{"sent":1000,"failed":0,"missed":51}', 'too busy'],
])('%s is none', (out, why) => {
  expect(() => accountOf(out, 'killed')).toThrow(why);
});
