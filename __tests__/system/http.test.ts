import { setMaxListeners } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HttpFailure } from '../../src/model/errors.js';
import { type ClosableHttp, createHttp, type HttpOptions } from '../../src/system/http.js';
import { certificate } from './certificate.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    (server as Server).closeAllConnections?.();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  return { server, port: await listening(server) };
}

async function serveTcp(connected: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    closing.push(() => socket.destroy());
    connected(socket);
  });
  return await listening(server);
}

function client(options: Partial<HttpOptions> = {}): ClosableHttp {
  const http = createHttp({ skipSslValidation: false, ...options });
  closing.push(() => http.close());
  return http;
}

async function failureOf(promise: Promise<unknown>): Promise<{ kind: string; connected: boolean }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HttpFailure) return { kind: error.kind, connected: error.connected };
    throw error;
  }
  throw new Error('it did not fail');
}

const get = (port: number, path = '/') => ({
  method: 'GET',
  url: `http://127.0.0.1:${port}${path}`,
  timeoutMs: 5_000,
});

describe('an answer', () => {
  test('has status, joined headers and body, and a redirect is one', async () => {
    const { port } = await serve((request, response) => {
      response.writeHead(302, [
        ['Location', '/elsewhere'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ] as unknown as string[]);
      request.pipe(response);
    });
    const answer = await client().request({ ...get(port), method: 'POST', body: 'ping' });
    expect(answer).toMatchObject({
      status: 302,
      cut: false,
      headers: { location: '/elsewhere', 'set-cookie': 'a=1, b=2' },
    });
    expect(answer.body.toString()).toBe('ping');
    expect(answer.durationMs).toBeGreaterThan(0);
  });

  test('is cut at maxBytes without waiting for the rest', async () => {
    const { port } = await serve((_request, response) => {
      response.write('0123456789'); // and never ends
    });
    const answer = await client().request({ ...get(port), maxBytes: 4 });
    expect(answer).toMatchObject({ status: 200, cut: true });
    expect(answer.body.toString()).toBe('0123');
  });
});

describe('connections', () => {
  test('are kept, but for a fresh one, and at most 24 at a time', async () => {
    const waiting: (() => void)[] = [];
    const { server, port } = await serve((request, response) => {
      if (request.url === '/wait') waiting.push(() => response.end());
      else response.end();
    });
    let opened = 0;
    server.on('connection', () => opened++);
    const http = client();
    await http.request(get(port));
    await http.request(get(port));
    expect(opened).toBe(1);
    await http.request({ ...get(port), fresh: true });
    await http.request({ ...get(port), fresh: true });
    expect(opened).toBe(3);

    const many = Array.from({ length: 40 }, () => http.request(get(port, '/wait')));
    while (waiting.length < 24) await new Promise(setImmediate);
    let answered = 0;
    const all = Promise.all(many).then(() => {
      answered = many.length;
    });
    while (answered === 0) {
      for (const answer of waiting.splice(0)) answer();
      await new Promise(setImmediate);
    }
    await all;
    expect(opened).toBe(26); // 24 at a time, one of them kept from before, and the two fresh ones
  });

  test('go where connectTo says, with the Host of the address', async () => {
    const { port } = await serve((request, response) =>
      response.end(`${request.headers.host}${request.url}`),
    );
    const answer = await client().request({
      method: 'GET',
      url: 'https://shop.example.com/a?b=c',
      timeoutMs: 5_000,
      connectTo: { protocol: 'http:', host: '127.0.0.1', port },
    });
    expect(answer.body.toString()).toBe('shop.example.com/a?b=c');
  });
});

describe('failures', () => {
  test('nobody listens', async () => {
    const port = await serveTcp(() => {});
    for (const close of closing.splice(0)) close();
    expect(await failureOf(client().request(get(port)))).toEqual({ kind: 'refused', connected: false });
  });

  test('no such name', async () => {
    const failure = await failureOf(
      client().request({ method: 'GET', url: 'http://nowhere.invalid/', timeoutMs: 5_000 }),
    );
    expect(failure).toEqual({ kind: 'dns', connected: false });
  });

  test('reset before any byte of an answer, also on a kept connection', async () => {
    let requests = 0;
    const port = await serveTcp((socket) => {
      socket.on('data', () => {
        requests++;
        if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else socket.resetAndDestroy();
      });
    });
    const http = client();
    await http.request(get(port));
    expect(await failureOf(http.request(get(port)))).toEqual({ kind: 'reset', connected: true });
    expect(requests).toBe(2);
  });

  test.each([
    ['ended', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('%s in the middle of the body', async (_how, finish) => {
    const port = await serveTcp((socket) => {
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome', () => finish(socket));
      });
    });
    expect(await failureOf(client().request(get(port)))).toEqual({ kind: 'reset', connected: true });
  });

  test.each([
    ['no answer at all', ''],
    ['a body that never ends', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'],
  ])('the time is over: %s', async (_what, said) => {
    const port = await serveTcp((socket) => {
      socket.on('data', () => socket.write(said));
    });
    expect(await failureOf(client().request({ ...get(port), timeoutMs: 150 }))).toEqual({
      kind: 'timeout',
      connected: true,
    });
  });

  test('the time is over while waiting for a free connection: nothing was sent', async () => {
    const { port } = await serve(() => {});
    const http = client();
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const busy = Array.from({ length: 24 }, () =>
      failureOf(http.request({ ...get(port), signal: controller.signal })),
    );
    expect(await failureOf(http.request({ ...get(port), timeoutMs: 150 }))).toEqual({
      kind: 'timeout',
      connected: false,
    });
    controller.abort();
    expect(await Promise.all(busy)).toContainEqual({ kind: 'aborted', connected: true });
  });

  test('given up before it began', async () => {
    let requests = 0;
    const { port } = await serve((_request, response) => {
      requests++;
      response.end();
    });
    const http = client();
    expect(await failureOf(http.request({ ...get(port), signal: AbortSignal.abort() }))).toEqual({
      kind: 'aborted',
      connected: false,
    });
    await http.request(get(port));
    expect(requests).toBe(1);
  });
});

describe('TLS', () => {
  const { key, cert } = certificate();

  async function secure() {
    const server = createSecureServer({ key, cert }, (request, response) => {
      response.end(
        `${request.headers.host} ${(request.socket as TLSSocket & { servername?: string }).servername}`,
      );
    });
    server.on('tlsClientError', () => {});
    const port = await listening(server);
    const ask = (url: string) => ({
      method: 'GET',
      url,
      timeoutMs: 5_000,
      connectTo: { protocol: 'https:' as const, host: '127.0.0.1', port },
    });
    return { ask, port };
  }

  test('a private authority is trusted when it is given, and the name of the address is asked for', async () => {
    const { ask } = await secure();
    const http = client({ caCertificate: cert });
    for (const fresh of [false, true, false]) {
      const answer = await http.request({ ...ask('https://shop.example.com/'), fresh });
      expect(answer.body.toString()).toBe('shop.example.com shop.example.com');
    }
  });

  test('otherwise, and for another name, it is refused before anything is sent', async () => {
    const { ask } = await secure();
    const refused = { kind: 'tls', connected: false };
    expect(await failureOf(client().request(ask('https://shop.example.com/')))).toEqual(refused);
    expect(
      await failureOf(client({ caCertificate: cert }).request(ask('https://other.example.com/'))),
    ).toEqual(refused);
  });

  test('skipSslValidation takes any', async () => {
    const { ask } = await secure();
    const answer = await client({ skipSslValidation: true }).request(ask('https://other.example.com/'));
    expect(answer.status).toBe(200);
  });
});
