/** TCP routes through real routers, route services, and the spread by open requests. */
import { createServer, type Server as HttpServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { realClock } from '../../../foundry/clock.js';
import type { Endpoint } from '../../../foundry/ports.js';
import { type Routers, startRouters } from '../../../foundry/router/index.js';

let routers: Routers;
let applied = 0;
const servers: (Server | HttpServer)[] = [];

beforeEach(async () => {
  applied = 0;
  const options = { clock: realClock, port: 0, routers: 2, propagationMs: 1, seed: 1 };
  const count = () => {
    applied += 1;
  };
  routers = await startRouters(options, { applied: count, log: () => undefined });
});
afterEach(async () => {
  await routers.close();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const endpoint = (port: number, name: string): Endpoint => ({
  appGuid: name,
  processGuid: name,
  processType: 'web',
  index: 0,
  instanceGuid: name,
  port,
  appName: name,
});

/** Each of the two routers has heard of `records` changes. */
async function heard(records: number): Promise<void> {
  while (applied < records * 2) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** What a connection answers to `hello`, or how it fails. */
function say(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.end('hello'));
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    socket.on('close', () => resolve(text));
  });
}

const echo = (name: string) =>
  listen(createTcp((socket) => void socket.on('data', (chunk) => socket.end(`${name}: ${String(chunk)}`))));
const ask = async (host: string, headers: Record<string, string> = {}) => {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = request({
      port: routers.port,
      host: '127.0.0.1',
      path: '/x',
      agent: false,
      headers: { host, ...headers },
    });
    call.on('error', reject);
    call.on('response', (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += String(chunk);
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    call.end();
  });
};

test('a port forwards to its backends in turn, past one that is dead, until it is withdrawn', async () => {
  const first = routers.tcpPorts?.first ?? 0;
  expect(await say(first)).toBe('ECONNREFUSED');
  const [a, b] = [await echo('a'), await echo('b')];
  const record = { routeGuid: 'r', host: 'tcp.localhost', path: '', port: first };
  routers.publish({ ...record, endpoints: [endpoint(1, 'dead'), endpoint(a, 'a'), endpoint(b, 'b')] });
  await heard(1);
  const answers = await Promise.all(Array.from({ length: 8 }, () => say(first)));
  expect(new Set(answers)).toEqual(new Set(['a: hello', 'b: hello']));
  routers.withdraw('r');
  await heard(2);
  expect(await say(first)).toBe('ECONNREFUSED');
});

test('requests of a route with a service go through the service, and back with its signature', async () => {
  const app = await listen(createServer((_request, response) => response.end('app')));
  const seen: Record<string, unknown>[] = [];
  const service = await listen(
    createServer((incoming, response) => {
      seen.push(incoming.headers);
      const { 'x-cf-proxy-signature': signature, 'x-cf-forwarded-url': url } = incoming.headers;
      void ask(new URL(String(url)).host, {
        'x-cf-proxy-signature': String(signature),
        'x-cf-forwarded-url': String(url),
      }).then(({ text }) => response.end(`through the service: ${text}`));
    }),
  );
  const route = { path: '', endpoints: [endpoint(app, 'app')] };
  const routeServiceUrl = 'https://gateway.apps.localhost';
  routers.publish({ ...route, routeGuid: 'r', host: 'shop.apps.localhost', routeServiceUrl });
  await heard(1);
  expect((await ask('shop.apps.localhost')).status).toBe(502);
  routers.publish({
    routeGuid: 's',
    host: 'gateway.apps.localhost',
    path: '',
    endpoints: [endpoint(service, 's')],
  });
  await heard(2);
  expect(await ask('shop.apps.localhost')).toEqual({ status: 200, text: 'through the service: app' });
  expect(seen).toEqual([expect.objectContaining({ 'x-cf-forwarded-url': 'http://shop.apps.localhost/x' })]);
  const forged = { 'x-cf-proxy-signature': 'x', 'x-cf-forwarded-url': 'http://shop.apps.localhost/x' };
  expect((await ask('shop.apps.localhost', forged)).status).toBe(400);
});
