import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createHttp } from '../../src/system/http.js';
import { isLoopback, proxyFor } from '../../src/system/proxy.js';
import { certificate } from './certificate.js';

const PROXY = 'http://proxy.example.com:3128';

describe('proxyFor', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['https://api.example.com', {}, undefined],
    ['https://api.example.com', { https_proxy: PROXY }, PROXY],
    ['https://api.example.com', { HTTPS_PROXY: PROXY, https_proxy: 'http://other' }, PROXY],
    ['https://api.example.com', { https_proxy: 'proxy.example.com:3128' }, PROXY],
    ['https://api.example.com', { https_proxy: '' }, undefined],
    ['https://api.example.com', { http_proxy: PROXY }, undefined],
    ['http://api.example.com', { http_proxy: PROXY }, PROXY],
    ['http://api.example.com', { https_proxy: PROXY }, undefined],
    ['https://127.0.0.1:8443', { https_proxy: PROXY }, undefined],
    ['https://localhost', { https_proxy: PROXY }, undefined],
    ['https://[::1]', { https_proxy: PROXY }, undefined],
  ])('%s with %j: %s', (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.origin).toBe(expected);
  });

  test.each([
    ['api.example.com', '*', true],
    ['api.example.com', 'example.com', true],
    ['example.com', 'example.com', true],
    ['myexample.com', 'example.com', false],
    ['api.example.com', '.example.com', true],
    ['api.example.com', '*.example.com', true],
    ['example.com', '.example.com', false],
    ['api.example.com', 'other.org, EXAMPLE.com', true],
    ['api.example.com', 'example.com:443', true],
    ['api.example.com', 'example.com:8443', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '10.0.0.0/99', false],
    ['[2001:db8::1]', '2001:db8::/32', true],
    ['ten.example.com', '10.0.0.0/8', false],
    ['api.example.com', ' , ', false],
  ])('%s with no_proxy %s: exempt %s', (host, no_proxy, exempt) => {
    expect(proxyFor(new URL(`https://${host}`), { https_proxy: PROXY, no_proxy }) === undefined).toBe(exempt);
  });
});

test.each([
  ['localhost', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
  ['128.0.0.1', false],
])('%s is loopback: %s', (hostname, loopback) => {
  expect(isLoopback(hostname)).toBe(loopback);
});

describe('requests', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
    server.on('connection', (socket) => closing.push(() => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  /** Opens every tunnel to `port`, whatever was asked for, or answers `status`; `opens` before it does. */
  async function proxy(port: number, status = 200, opens?: Promise<void>) {
    const asked: { what: string; authorization: string | undefined }[] = [];
    const note = (request: IncomingMessage) =>
      asked.push({
        what: `${request.method} ${request.url}`,
        authorization: request.headers['proxy-authorization'],
      });
    const server = createServer((request, response) => {
      note(request);
      response.end('from the proxy');
    });
    server.on('connect', async (request, socket: Socket) => {
      note(request);
      socket.on('error', () => {});
      await opens;
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
        return;
      }
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
    });
    const address = `http://me:p%40ss@127.0.0.1:${await listen(server)}`;
    const { key: _key, cert } = certificate();
    const http = createHttp({
      skipSslValidation: false,
      caCertificate: cert,
      env: { https_proxy: address, http_proxy: address },
    });
    closing.push(() => http.close());
    return { http, asked };
  }

  const me = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  const get = (url: string) => ({ method: 'GET', url, timeoutMs: 5_000 });

  test('over TLS go through a tunnel that is kept, and the proxy sees only where to', async () => {
    const port = await listen(
      createSecureServer(certificate(), (request, response) =>
        response.end(`${request.headers.host} ${request.headers['proxy-authorization'] ?? 'nothing'}`),
      ),
    );
    const { http, asked } = await proxy(port);
    for (const fresh of [false, false, true]) {
      const { body } = await http.request({ ...get('https://shop.example.com/secret'), fresh });
      expect(body.toString()).toBe('shop.example.com nothing');
    }
    const tunnel = { what: 'CONNECT shop.example.com:443', authorization: me };
    expect(asked).toEqual([tunnel, tunnel]); // the kept one, and the fresh one
  });

  test('share a bounded number of tunnels, and one that cannot be opened holds nobody up', async () => {
    let [open, most] = [0, 0];
    const server = createSecureServer(certificate(), (_, response) =>
      setTimeout(() => response.end('it'), 5),
    );
    server.on('connection', (socket) => {
      most = Math.max(most, ++open);
      socket.on('close', () => --open);
    });
    const many = Array.from({ length: 100 }, () => get('https://shop.example.com/'));
    const { http, asked } = await proxy(await listen(server));
    const answers = await Promise.all(many.map((one) => http.request({ ...one, timeoutMs: 20_000 })));
    expect(answers.map(({ body }) => body.toString())).toEqual(many.map(() => 'it'));
    expect([most, asked.length]).toEqual([24, 24]);

    const { http: refusing } = await proxy(0, 503);
    // Each half of them would fill the gate for ever if it did not leave.
    const odd = many.flatMap((one) => [one, { ...one, headers: { 'no header': '' } }]);
    const ends = await Promise.allSettled(odd.map((one) => refusing.request({ ...one, timeoutMs: 20_000 })));
    const refused = { kind: 'other', connected: false, message: expect.stringContaining('answered 503') };
    const unsent = { code: 'ERR_INVALID_HTTP_TOKEN' };
    expect(ends).toEqual(
      many.flatMap(() =>
        [refused, unsent].map((why) => ({ status: 'rejected', reason: expect.objectContaining(why) })),
      ),
    );
    const late = many.map((one) => refusing.request({ ...one, signal: AbortSignal.timeout(1) }));
    await Promise.allSettled(late);
    await expect(refusing.request(get('https://shop.example.com/'))).rejects.toMatchObject(refused);
  });

  test('sent over a connection that was opened for one which was given up may have been done', async () => {
    let shakenHands = () => {};
    const handshake = new Promise<void>((resolve) => {
      shakenHands = resolve;
    });
    const server = createSecureServer(certificate(), (request) => request.socket.destroy());
    server.on('secureConnection', () => shakenHands());
    // Older releases of Node keep no such connection.
    server.on('tlsClientError', () => shakenHands());
    let open = () => {};
    const opens = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { http, asked } = await proxy(await listen(server), 200, opens);
    const giveUp = new AbortController();
    const first = http.request({ ...get('https://shop.example.com/'), signal: giveUp.signal });
    giveUp.abort();
    await expect(first).rejects.toMatchObject({ kind: 'aborted', connected: false });
    open();
    await handshake;
    const write = http.request({ ...get('https://shop.example.com/'), method: 'POST', body: 'once' });
    await expect(write).rejects.toMatchObject({ kind: 'reset', connected: true });
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  test("in the clear are the proxy's to send", async () => {
    const { http, asked } = await proxy(0);
    const { body } = await http.request(get('http://shop.example.com/a?b'));
    expect(body.toString()).toBe('from the proxy');
    expect(asked).toEqual([{ what: 'GET http://shop.example.com/a?b', authorization: me }]);
  });

  test('that the proxy refuses were not sent, and its answer is not taken for one', async () => {
    const { http } = await proxy(0, 403);
    await expect(http.request(get('https://shop.example.com/'))).rejects.toMatchObject({
      name: 'HttpFailure',
      kind: 'proxy',
      connected: false,
      message: expect.stringContaining('the proxy answered 403'),
    });
  });

  test.each(['http://', 'ftp://me:my-password@proxy', 'http://me:my-password@:80:80'])(
    'have no way by what is no address of a proxy, which is not shown: %s',
    async (https_proxy) => {
      const http = createHttp({ skipSslValidation: false, env: { https_proxy } });
      closing.push(() => http.close());
      const error = await http.request(get('https://shop.example.com/')).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'HttpFailure', kind: 'proxy', connected: false });
      expect((error as Error).message).toMatch(/no http address/);
      expect((error as Error).message).not.toContain('my-password');
    },
  );
});
