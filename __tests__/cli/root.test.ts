import { afterAll, describe, expect, test } from '@jest/globals';
import { checkedAddress, parseRoot, readRoot } from '../../src/cli/root.js';
import { PlatformFault, Refused } from '../../src/model/errors.js';
import { createHttp } from '../../src/system/http.js';
import { type Answer, hastyClock, json, serve } from './helpers.js';

const API = 'https://api.example.com';
const links = (change: Record<string, unknown> = {}) =>
  JSON.stringify({
    links: {
      self: { href: API },
      cloud_controller_v3: { href: `${API}/v3`, meta: { version: '3.200.0' } },
      cloud_controller_v2: null,
      uaa: { href: 'https://uaa.example.com' },
      login: { href: 'https://login.example.com/' },
      log_cache: { href: 'https://log-cache.example.com' },
      logging: { href: 'wss://doppler.example.com:443' },
      network_policy_v1: { href: `${API}/networking/v1/external` },
      app_ssh: { href: 'ssh.example.com:2222', meta: { oauth_client: 'ssh-proxy' } },
      ...change,
    },
  });

describe('parseRoot', () => {
  test('takes the addresses that are needed', () => {
    expect(parseRoot(API, links())).toEqual({
      api: API,
      apiVersion: '3.200.0',
      hasV2: false,
      uaa: 'https://uaa.example.com',
      login: 'https://login.example.com',
      logCache: 'https://log-cache.example.com',
      networkPolicy: `${API}/networking/v1/external`,
    });
  });

  test('names version 2 only where it is switched on', () => {
    const v2 = { cloud_controller_v2: { href: `${API}/v2`, meta: { version: '2.260.0' } } };
    expect(parseRoot(API, links(v2)).hasV2).toBe(true);
  });

  test('does with what an old platform names', () => {
    const old = parseRoot(
      API,
      links({ login: null, log_cache: undefined, network_policy_v1: undefined, cloud_controller_v3: null }),
    );
    expect(old).toEqual({
      api: API,
      apiVersion: '0.0.0',
      hasV2: false,
      uaa: 'https://uaa.example.com',
      login: 'https://uaa.example.com',
    });
  });

  test.each(['login', 'uaa', 'log_cache', 'credhub', 'logging'])('refuses %s in the clear', (name) => {
    const scheme = name === 'logging' ? 'ws' : 'http';
    const act = () => parseRoot(API, links({ [name]: { href: `${scheme}://remote.example.com` } }));
    expect(act).toThrow(Refused);
    expect(act).toThrow(new RegExp(`link ${name} is ${scheme}://remote.example.com`));
  });

  test.each(['', '<html></html>', 'null', '[]', '{"links":null}'])('refuses what is no root: %s', (text) => {
    expect(() => parseRoot(API, text)).toThrow(expect.objectContaining({ code: 'api' }));
  });

  test('a root without its UAA is a fault', () => {
    expect(() => parseRoot(API, '{"links":{}}')).toThrow(PlatformFault);
  });
});

describe('checkedAddress', () => {
  test.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://api.example.com:8443/', 'https://api.example.com:8443'],
    ['wss://doppler.example.com:4443', 'wss://doppler.example.com:4443'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.8.9.1', 'http://127.8.9.1'],
    ['http://[::1]:80/', 'http://[::1]'],
    ['http://localhost:1', 'http://localhost:1'],
  ])('%s is %s', (text, address) => {
    expect(checkedAddress(text, 'api')).toBe(address);
  });

  test.each([
    'http://api.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://128.0.0.1',
    'http://[::2]',
    'ftp://127.0.0.1',
    'https://user:password@api.example.com',
    'https://',
  ])('%s is refused', (text) => {
    expect(() => checkedAddress(text, 'api')).toThrow(expect.objectContaining({ code: 'address' }));
  });
});

describe('readRoot', () => {
  const http = createHttp({ skipSslValidation: false });
  const closing: (() => void)[] = [() => http.close()];
  afterAll(() => {
    for (const close of closing) close();
  });

  async function platform(...answers: Answer[]) {
    const server = await serve(() => answers.shift() ?? json(200, { links: { uaa: { href: server.url } } }));
    closing.push(server.close);
    return server;
  }

  test('is patient with a platform that does not answer yet', async () => {
    const server = await platform({ status: 502 }, { status: 200, reset: true }, { status: 429 });
    const clock = hastyClock();
    expect(await readRoot(server.url, { http, clock })).toMatchObject({ api: server.url, login: server.url });
    expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
  });

  test('gives up in the end', async () => {
    const server = await platform(...Array.from({ length: 9 }, () => ({ status: 502 })));
    await expect(readRoot(server.url, { http, clock: hastyClock() })).rejects.toMatchObject({
      name: 'PlatformFault',
      status: 502,
      ambiguous: false,
    });
  });

  test.each([
    ['a redirect', { status: 301, headers: { location: 'https://elsewhere.example.com' } }],
    ['not found', { status: 404 }],
    ['a page', { status: 200, body: '<html></html>' }],
  ])('refuses %s at once', async (_what, answer) => {
    const server = await platform(answer);
    await expect(readRoot(server.url, { http, clock: hastyClock() })).rejects.toMatchObject({
      name: 'Refused',
      code: 'api',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('asks no address in the clear', async () => {
    await expect(readRoot('http://api.example.com', { http, clock: hastyClock() })).rejects.toMatchObject({
      code: 'address',
    });
  });
});
