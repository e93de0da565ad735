import { describe, expect, test } from '@jest/globals';
import { PlatformFault, Refused } from '../../src/model/errors.js';
import { readLinks } from '../../src/platform/links.js';
import { API, FakeClock, FakeHttp, inTurn, lost, ROUTER_404, type Script } from './scripted.js';

const LINKS = {
  cloud_controller_v3: { href: `${API}/v3`, meta: { version: '3.200.0' } },
  uaa: { href: 'https://uaa.example.com/' },
  login: { href: 'https://login.example.com' },
  log_cache: { href: 'https://log-cache.example.com' },
  network_policy_v1: { href: `${API}/networking/v1/external` },
  logging: null,
};

function read(script: Script, api = API) {
  const http = new FakeHttp(script);
  return { http, links: readLinks({ http, clock: new FakeClock() }, api) };
}

test('the root names every address, and is asked without a token', async () => {
  const { http, links } = read(inTurn({ json: { links: LINKS } }));
  expect(await links).toEqual({
    uaa: 'https://uaa.example.com',
    login: 'https://login.example.com',
    logCache: 'https://log-cache.example.com',
    networkPolicy: `${API}/networking/v1/external`,
    cloudControllerVersion: '3.200.0',
  });
  expect(http.requests[0]?.headers).toEqual({ accept: 'application/json' });
});

test('what a platform does not have is left out', async () => {
  const { cloud_controller_v3, login } = LINKS;
  expect(await read(inTurn({ json: { links: { cloud_controller_v3, login } } })).links).toEqual({
    uaa: 'https://login.example.com',
    login: 'https://login.example.com',
    cloudControllerVersion: '3.200.0',
  });
});

describe('addresses in the clear', () => {
  test.each([
    'http://api.example.com',
    'ftp://api.example.com',
    'api.example.com',
    'http://127.0.0.1.example.com',
  ])('%s is refused before anything is sent', async (api) => {
    const { http, links } = read(inTurn({ json: { links: LINKS } }), api);
    await expect(links).rejects.toThrow(Refused);
    expect(http.requests).toHaveLength(0);
  });

  test.each(['uaa', 'login', 'log_cache', 'network_policy_v1'])('%s is refused', async (name) => {
    const links = { ...LINKS, [name]: { href: 'http://elsewhere.example.com' } };
    await expect(read(inTurn({ json: { links } })).links).rejects.toThrow(Refused);
  });

  test.each(['http://127.0.0.1:8080', 'http://localhost:8080/', 'http://[::1]:8080'])(
    '%s is on this machine',
    async (api) => {
      await expect(read(inTurn({ json: { links: LINKS } }), api).links).resolves.toBeDefined();
    },
  );
});

test.each([
  ['503', { status: 503, text: '' }],
  ['a lost connection', lost(true)],
])('%s is asked again, and in the end a fault', async (_, answer) => {
  await expect(read(inTurn(answer, answer, { json: { links: LINKS } })).links).resolves.toBeDefined();
  await expect(read(inTurn(answer)).links).rejects.toThrow(PlatformFault);
});

test.each([
  ['a root without v3', { json: { links: { uaa: LINKS.uaa } } }, Refused],
  ['a redirect', { status: 302, text: '' }, Refused],
  ["a router's 404", ROUTER_404, PlatformFault],
])('%s is no platform', async (_, answer, type) => {
  await expect(read(inTurn(answer)).links).rejects.toThrow(type);
});
