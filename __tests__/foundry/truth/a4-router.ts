/** Platform facts A4: what gorouter answers, measured; asked over real connections. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect } from '@jest/globals';
import { APP, type Ask, type Town } from '../router/harness.js';
import { row as rowOf } from './table.js';

const row = rowOf<Town>;
export const HOST = 'shop.example.com';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;
export const named =
  (name: string): Listener =>
  (_, response) =>
    void response.end(name);
const cookie =
  (name: string, session = 'JSESSIONID=s; Path=/'): Listener =>
  (_, response) =>
    void response.setHeader('set-cookie', session).end(name);

/** Status and `X-Cf-RouterError`. */
const told = async (t: Town, ask: Ask = {}, path = '/') => {
  const { status, headers } = await t.ask(path, ask);
  return [status, headers['x-cf-routererror']];
};

export const bodies = async (t: Town, count: number, ask: Ask = {}) => {
  const seen: string[] = [];
  for (let n = 0; n < count; n += 1) seen.push((await t.ask('/', ask)).body);
  return seen;
};

/** Two backends, `a` with the index 0 and `b` with the index 1. */
export async function pair(t: Town): Promise<void> {
  t.route([await t.backend(named('a')), await t.backend(named('b'))]);
}

/** One that takes the request and hangs up. */
const closing = (t: Town) => t.rawBackend((socket) => void socket.once('data', () => socket.end()));

const NOT_HERE = {
  'x-cf-routererror': 'unknown_route',
  'cache-control': 'no-cache, no-store',
  'x-content-type-options': 'nosniff',
  'content-type': 'text/plain; charset=utf-8',
};
const FAILED = '502 Bad Gateway: Registered endpoint failed to handle the request.\n';
const pick = (headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.keys(NOT_HERE).map((name) => [name, headers[name]]));

export const routeRows = [
  row(
    'A4 row 1',
    'an unknown host',
    async (t) => {
      const { status, body, headers } = await t.ask('/', { host: 'nope.example.com' });
      return [status, body, pick(headers)];
    },
    [404, "404 Not Found: Requested route ('nope.example.com') does not exist.\n", NOT_HERE],
  ),
  row(
    'A4 row 2',
    'the last endpoint goes: 404 at once, not 503',
    async (t) => {
      t.route([await t.backend(named('a'))]);
      const before = await told(t);
      t.route([]);
      return [before, await told(t)];
    },
    [
      [200, undefined],
      [404, 'unknown_route'],
    ],
  ),
  row(
    'A4 row 3',
    'a request in flight outlives the loss of its destination',
    async (t) => {
      let arrived: (answer: ServerResponse) => void = () => {};
      const there = new Promise<ServerResponse>((resolve) => {
        arrived = resolve;
      });
      t.route([await t.backend((_, response) => arrived(response))]);
      const asked = t.ask('/slow');
      const answer = await there;
      t.route([]);
      const meanwhile = (await t.ask('/')).status;
      answer.end('late');
      const { status, body } = await asked;
      return [meanwhile, status, body];
    },
    [404, 200, 'late'],
  ),
  row(
    'A4 row 4',
    'two backends: 20 and 20, in turn',
    async (t) => {
      await pair(t);
      const seen = await bodies(t, 40);
      return [seen.filter((one) => one === 'a').length, seen.slice(0, 4)];
    },
    [20, ['a', 'b', 'a', 'b']],
  ),
  ...['GET', 'POST', 'PUT', 'PATCH'].map((method) =>
    row(
      'A4 row 5',
      `one of two refuses connections: each ${method} is 200 at the other`,
      async (t) => {
        t.route([
          await t.deadEndpoint(),
          await t.backend((request, response) => void request.pipe(response)),
        ]);
        const seen: unknown[] = [];
        const body = method === 'GET' ? '' : 'order';
        for (let n = 0; n < 4; n += 1) {
          const answer = await t.ask('/', { method, ...(body === '' ? {} : { body }) });
          seen.push(answer.status, answer.body === body);
        }
        return seen;
      },
      [200, true, 200, true, 200, true, 200, true],
    ),
  ),
  row(
    'A4 row 6',
    'the only endpoint refuses',
    async (t) => {
      const dead = await t.deadEndpoint();
      t.route([dead]);
      const { status, body, headers } = await t.ask('/');
      return [status, body, String(headers['x-cf-routererror']).replace(String(dead.port), 'PORT')];
    },
    [502, FAILED, 'endpoint_failure (dial tcp 127.0.0.1:PORT: connect: connection refused)'],
  ),
  ...(
    [
      ['GET', 200],
      ['HEAD', 200],
      ['OPTIONS', 200],
      ['TRACE', 200],
      ['POST', 502],
      ['PUT', 502],
      ['PATCH', 502],
      ['DELETE', 502],
    ] as const
  ).map(([method, status]) =>
    row(
      'A4 row 7',
      `a backend hangs up without an answer: ${method} is ${status}`,
      async (t) => {
        t.route([await closing(t), await t.backend(named('b'))]);
        return told(t, { method });
      },
      [status, status === 200 ? undefined : 'endpoint_failure (EOF)'],
    ),
  ),
  row(
    'A4 row 7',
    'with an Idempotency-Key also others are repeated, with a body none is, not even a GET',
    async (t) => {
      const headers = { 'idempotency-key': 'k' };
      const seen: unknown[] = [];
      for (const ask of [
        { method: 'POST', headers },
        { method: 'POST', headers, body: 'x' },
        { method: 'GET', headers: { 'content-length': '1' }, body: 'x' },
      ]) {
        t.route([]);
        t.route([await closing(t), await t.backend(named('b'))]);
        seen.push((await told(t, ask))[0]);
      }
      return seen;
    },
    [200, 502, 502],
  ),
  row(
    'A4 row 8',
    'a backend slower than the timeout: 502, and nobody else is asked',
    async (t) => {
      let others = 0;
      const other = await t.backend((_, response) => {
        others += 1;
        response.end();
      });
      t.route([await t.backend(() => {}), other]);
      return [await told(t), others];
    },
    [[502, 'endpoint_failure (context deadline exceeded)'], 0],
  ),
  row(
    'A4 row 9',
    'a reset after the headers: the client is reset in the middle of the body',
    async (t) => {
      const broken = await t.backend((_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half');
        setTimeout(() => response.socket?.destroy(), 20);
      });
      t.route([broken]);
      return t.ask('/').then(
        ({ status }) => status,
        (error: NodeJS.ErrnoException) => error.code,
      );
    },
    'ECONNRESET',
  ),
  row(
    'A4 row 10',
    'sticky: __VCAP_ID__ goes with a JSESSIONID of the app, to the same instance',
    async (t) => {
      const a = await t.backend(cookie('a'));
      t.route([a, await t.backend(cookie('b'))]);
      const set = (await t.ask('/')).headers['set-cookie']?.map((one) => one.replace(a.instanceGuid, 'ID'));
      const both = { headers: { cookie: `JSESSIONID=s; __VCAP_ID__=${a.instanceGuid}` } };
      return [set, await bodies(t, 3, both)];
    },
    [
      ['JSESSIONID=s; Path=/', '__VCAP_ID__=ID; Path=/; HttpOnly'],
      ['a', 'a', 'a'],
    ],
  ),
  row(
    'A4 row 10',
    'one cookie of the two is not enough, and another name is none',
    async (t) => {
      const a = await t.backend(named('a'));
      t.route([a, await t.backend(named('b'))]);
      const seen = async (text: string) => new Set(await bodies(t, 2, { headers: { cookie: text } })).size;
      return [
        await seen(`__VCAP_ID__=${a.instanceGuid}`),
        await seen('JSESSIONID=s'),
        await seen(`SESSION=s; __VCAP_ID__=${a.instanceGuid}`),
        await seen(`JSESSIONID=s; __VCAP_ID__=${a.instanceGuid}`),
      ];
    },
    [2, 2, 2, 1],
  ),
  row(
    'A4 row 10',
    'an app that sets another cookie gets none',
    async (t) => {
      t.route([await t.backend(cookie('a', 'SESSION=s'))]);
      return (await t.ask('/')).headers['set-cookie'];
    },
    ['SESSION=s'],
  ),
  row(
    'A4 row 10',
    'the instance is gone: another answers, with its own __VCAP_ID__; no error',
    async (t) => {
      const b = await t.backend(named('b'));
      t.route([b]);
      const { status, headers } = await t.ask('/', { headers: { cookie: 'JSESSIONID=s; __VCAP_ID__=gone' } });
      return [status, headers['set-cookie']?.map((one) => one.replace(b.instanceGuid, 'ID'))];
    },
    [200, ['__VCAP_ID__=ID; Path=/; HttpOnly']],
  ),
  row(
    'A4 row 12',
    'the longest path by segment; /apix is not /api; case is the same in host and path',
    async (t) => {
      t.route([await t.backend(named('root'))]);
      t.route([await t.backend(named('api'))], { routeGuid: 'api', path: '/api' });
      t.route([await t.backend(named('deep'))], { routeGuid: 'deep', path: '/api/v2' });
      const at = async (path: string, host = HOST) => (await t.ask(path, { host })).body;
      return [
        await at('/'),
        await at('/apix'),
        await at('/api'),
        await at('/api/v1'),
        await at('/api/v2/x?y'),
        await at('/API', 'SHOP.Example.com'),
      ];
    },
    ['root', 'root', 'api', 'api', 'deep', 'api'],
  ),
  row(
    'A4 row 12',
    'a wildcard holds deeper labels too, an exact host wins, and its own domain is not its',
    async (t) => {
      t.route([await t.backend(named('wild'))], { host: '*.example.com' });
      t.route([await t.backend(named('exact'))], { routeGuid: 'exact', host: 'a.example.com' });
      const at = (host: string) =>
        t.ask('/', { host }).then(({ status, body }) => (status === 200 ? body : status));
      return [
        await at('b.example.com'),
        await at('c.b.example.com'),
        await at('a.example.com'),
        await at('example.com'),
      ];
    },
    ['wild', 'wild', 'exact', 404],
  ),
  row(
    'A4 row 13',
    'headers to the app',
    async (t) => {
      const one = await t.backend((request, response) => void response.end(JSON.stringify(request.headers)));
      t.route([one]);
      const answer = await t.ask('/', {
        headers: { 'x-forwarded-for': '10.0.0.9', 'x-vcap-request-id': 'mine' },
      });
      const seen = JSON.parse(answer.body);
      return {
        ...seen,
        'x-cf-instanceid': seen['x-cf-instanceid'] === one.instanceGuid,
        'x-vcap-request-id': seen['x-vcap-request-id'] === answer.headers['x-vcap-request-id'],
      };
    },
    expect.objectContaining({
      host: HOST,
      'x-cf-applicationid': APP,
      'x-cf-instanceid': true,
      'x-cf-instanceindex': '0',
      'x-forwarded-for': '10.0.0.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-start': expect.stringMatching(/^\d{13}$/),
      'x-vcap-request-id': true,
    }),
  ),
  row(
    'A4 line 1',
    'three attempts, and then no more: a fourth that would answer is not asked',
    async (t) => {
      const dead = [await t.deadEndpoint(), await t.deadEndpoint(), await t.deadEndpoint()];
      t.route([...dead, await t.backend(named('fourth'))]);
      const first = await told(t);
      // What failed is passed over from now on.
      return [first[0], await told(t)];
    },
    [502, [200, undefined]],
  ),
  row(
    'A4 line 1',
    'an endpoint is not tried twice: two that hang up are two connections',
    async (t) => {
      let connections = 0;
      const count = () =>
        t.rawBackend((socket) => {
          connections += 1;
          socket.once('data', () => socket.end());
        });
      t.route([await count(), await count()]);
      return [await told(t), connections];
    },
    [[502, 'endpoint_failure (EOF)'], 2],
  ),
  row(
    'A4 line 1',
    'a connection that is reset is not repeated',
    async (t) => {
      const reset = await t.rawBackend((socket) => void socket.once('data', () => socket.resetAndDestroy()));
      t.route([reset, await t.backend(named('b'))]);
      return told(t);
    },
    [502, 'endpoint_failure (read: connection reset by peer)'],
  ),
  row(
    'A4 defaults 1',
    'connections to backends are kept',
    async (t) => {
      let connections = 0;
      const one = await t.rawBackend((socket) => {
        connections += 1;
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
      });
      t.route([one]);
      return [await bodies(t, 5), connections];
    },
    [['ok', 'ok', 'ok', 'ok', 'ok'], 1],
  ),
  row(
    'A4 defaults 1',
    'a websocket goes through, and on when its destination goes; none to an unknown route',
    async (t) => {
      const one = await t.rawBackend((socket) => {
        socket.once('data', () => {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n',
          );
          socket.on('data', (data) => socket.write(`echo ${data}`));
        });
      });
      t.route([one]);
      const open = (host: string) => {
        const client = connect(t.routers.port, '127.0.0.1');
        client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
        return client;
      };
      const client = open(HOST);
      const head = String((await once(client, 'data'))[0]).slice(0, 12);
      t.route([]);
      client.write('you?');
      const heard = String((await once(client, 'data'))[0]);
      client.destroy();
      const lost = open(HOST);
      const refused = String((await once(lost, 'data'))[0]).slice(0, 12);
      lost.destroy();
      return [head, heard, refused];
    },
    ['HTTP/1.1 101', 'echo you?', 'HTTP/1.1 404'],
  ),
];
