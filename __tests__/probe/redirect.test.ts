import { describe, expect, test } from '@jest/globals';
import { isInside } from '../../src/probe/redirect.js';
import { runSmoke, type SmokeRequest } from '../../src/probe/smoke.js';
import { CANDIDATE, check, instancesOf, type Scripted, type SeenRequest, scene } from './support.js';

test.each([
  ['127.0.0.1', true],
  ['10.1.2.3', true],
  ['169.254.169.254', true],
  ['172.31.0.1', true],
  ['172.32.0.1', false],
  ['192.168.1.1', true],
  ['100.100.100.200', true],
  ['0.0.0.0', true],
  ['93.184.216.34', false],
  ['::1', true],
  ['::', true],
  ['fd00::1', true],
  ['fe80::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:93.184.216.34', false],
  ['64:ff9b::7f00:1', true],
  ['2002:a00:7::1', true],
  ['2001:0:4136:e378:8000:63bf:f5ff:fff8', true],
  ['2001:4860:4860::8888', false],
  ['2606:2800:220:1::1', false],
])('%s inside: %s', (address, inside) => {
  expect(isInside(address)).toBe(inside);
});

const request: SmokeRequest = {
  checks: [],
  trialUrl: 'trial.example.com',
  instances: instancesOf(CANDIDATE, 1),
  headerReaches: true,
  onlyDestination: true,
};
const names: Record<string, string> = {
  'trial.example.com': '93.184.216.1',
  'login.example.com': '93.184.216.2',
  'shop.example.com': '93.184.216.3',
  'inside.example.com': '10.0.0.7',
  'trial.inside.example.com': '10.0.0.8',
};

function redirecting(location: string, status = 302) {
  return scene(
    ({ path, host }: SeenRequest): Scripted =>
      path === '/health' && host.startsWith('trial.') ? { status, headers: { location } } : {},
    { resolve: async (host) => (names[host] ? [names[host]] : Promise.reject(new Error('ENOTFOUND'))) },
  );
}

describe('a redirect', () => {
  const follow = check({ follow: true, attemptsInARow: 1, headers: { Authorization: 'secret' } });

  test('is an answer where the check does not follow', async () => {
    const { ctx, http, tell } = redirecting('https://login.example.com/');
    await expect(runSmoke(ctx, { ...request, checks: [check()] }, tell)).rejects.toMatchObject({
      name: 'VersionFault',
      code: 'smoke',
      evidence: expect.arrayContaining(['location: https://login.example.com/']),
    });
    expect(http.seen.every(({ host }) => host === 'trial.example.com')).toBe(true);
  });

  test('on the same origin keeps headers and instance', async () => {
    const { ctx, http, tell } = redirecting('/other');
    await runSmoke(ctx, { ...request, checks: [follow] }, tell);
    expect(http.seen[1]).toMatchObject({
      url: 'https://trial.example.com/other',
      wants: `${CANDIDATE}:0`,
      headers: { Authorization: 'secret' },
    });
  });

  test('to another origin drops the headers, connects to what was judged, and proves nothing', async () => {
    const { ctx, http, tell } = redirecting('https://login.example.com/in?token=1');
    const report = await runSmoke(ctx, { ...request, checks: [follow] }, tell);
    expect(http.seen[1]?.headers).toEqual({});
    expect(http.seen[1]?.connectTo).toEqual({ protocol: 'https:', host: '93.184.216.2', port: 443 });
    expect(report.passed).toEqual([expect.objectContaining({ shows: 'nothing' })]);
  });

  test.each([
    ['http://169.254.169.254/latest', 'inside a private network'],
    ['http://2130706433/', 'inside a private network'],
    ['http://[::1]:8080/', 'inside a private network'],
    ['https://inside.example.com/', 'inside a private network'],
    ['https://nowhere.example.org/', 'has no address'],
    ['file:///etc/passwd', 'leads to file:'],
    ['https://shop.example.com/', 'a production route'],
    ['/health', 'more than 10 redirects'],
  ])('to %s is refused: %s', async (location, why) => {
    const { ctx, http, tell } = redirecting(location);
    const asked = { ...request, checks: [follow], productionHosts: ['shop.example.com'] };
    await expect(runSmoke(ctx, asked, tell)).rejects.toThrow(why);
    expect(new Set(http.seen.map(({ host }) => host))).toEqual(new Set(['trial.example.com']));
  });

  test('inside is followed where the check starts inside', async () => {
    const { ctx, tell } = redirecting('https://inside.example.com/');
    const asked = { ...request, trialUrl: 'trial.inside.example.com', checks: [follow] };
    await expect(runSmoke(ctx, asked, tell)).resolves.toMatchObject({ passed: [{ shows: 'nothing' }] });
  });

  test.each([
    ['POST', 302, 'GET'],
    ['PUT', 302, 'PUT'],
    ['POST', 303, 'GET'],
    ['POST', 307, 'POST'],
    ['HEAD', 303, 'HEAD'],
  ])('of %s by %i is followed with %s', async (method, status, next) => {
    const { ctx, http, tell } = redirecting('/other', status);
    await runSmoke(ctx, { ...request, checks: [{ ...follow, method }] }, tell);
    expect(http.seen[1]?.method).toBe(next);
  });
});
