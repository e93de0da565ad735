import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { APP, OTHER_APP, PROCESS, type Town, town } from './harness.js';

/** A GUID with letters in it. */
const LETTERS = 'abcdefab-cdef-4abc-8def-abcdefabcdef';

let t: Town;

beforeEach(async () => {
  t = await town({ requestTimeoutMs: 300 });
});

afterEach(async () => {
  await t.close();
});

const named = (name: string) => (_: IncomingMessage, response: ServerResponse) => void response.end(name);

/** Rows of the gorouter table in platform facts A4. */
describe('as the measured gorouter does', () => {
  test('unknown host: 404 unknown_route', async () => {
    const answer = await t.ask('/', { host: 'nope.example.com' });
    expect(answer.status).toBe(404);
    expect(answer.body).toBe("404 Not Found: Requested route ('nope.example.com') does not exist.\n");
    expect(answer.headers).toMatchObject({
      'x-cf-routererror': 'unknown_route',
      'cache-control': 'no-cache, no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'text/plain; charset=utf-8',
    });
  });

  test('last endpoint gone: the same 404, not 503', async () => {
    t.route([await t.backend(named('a'))]);
    expect((await t.ask('/')).status).toBe(200);
    t.route([]);
    const answer = await t.ask('/');
    expect([answer.status, answer.headers['x-cf-routererror']]).toEqual([404, 'unknown_route']);
  });

  test('two backends: exact round robin', async () => {
    t.route([await t.backend(named('a')), await t.backend(named('b'))]);
    const bodies: string[] = [];
    for (let i = 0; i < 40; i += 1) bodies.push((await t.ask('/')).body);
    expect(bodies.filter((body) => body === 'a')).toHaveLength(20);
    expect(bodies.slice(0, 4)).toEqual(['a', 'b', 'a', 'b']);
  });

  test.each(['GET', 'POST'])('one of two refuses connections: %s is 200 at the other', async (method) => {
    t.route([await t.deadEndpoint(), await t.backend((request, response) => void request.pipe(response))]);
    for (let i = 0; i < 4; i += 1) {
      const answer = await t.ask('/', { method, ...(method === 'POST' ? { body: 'order' } : {}) });
      expect([answer.status, answer.body]).toEqual([200, method === 'POST' ? 'order' : '']);
    }
  });

  test('the only endpoint refuses: 502 endpoint_failure with the reason', async () => {
    const dead = await t.deadEndpoint();
    t.route([dead]);
    const answer = await t.ask('/');
    expect(answer.status).toBe(502);
    expect(answer.body).toBe('502 Bad Gateway: Registered endpoint failed to handle the request.\n');
    expect(answer.headers['x-cf-routererror']).toBe(
      `endpoint_failure (dial tcp 127.0.0.1:${dead.port}: connect: connection refused)`,
    );
  });

  test.each([
    { method: 'GET', status: 200 },
    { method: 'HEAD', status: 200 },
    { method: 'OPTIONS', status: 200 },
    { method: 'POST', status: 502 },
    { method: 'DELETE', status: 502 },
    { method: 'POST', status: 502, body: 'x', headers: { 'idempotency-key': 'k' } },
    { method: 'DELETE', status: 200, headers: { 'idempotency-key': 'k' } },
  ])('backend closes without an answer: $method $headers -> $status', async ({ status, ...ask }) => {
    const closing = await t.rawBackend((socket) => void socket.once('data', () => socket.end()));
    t.route([closing, await t.backend(named('b'))]);
    const answer = await t.ask('/', ask);
    expect(answer.status).toBe(status);
    if (status === 502) expect(answer.headers['x-cf-routererror']).toBe('endpoint_failure (EOF)');
  });

  test('backend slower than the timeout: 502, not tried elsewhere', async () => {
    let others = 0;
    const other = await t.backend((_, response) => {
      others += 1;
      response.end();
    });
    t.route([await t.backend(() => {}), other]);
    const answer = await t.ask('/');
    expect(answer.status).toBe(502);
    expect(answer.headers['x-cf-routererror']).toBe('endpoint_failure (context deadline exceeded)');
    expect(others).toBe(0);
  });

  test.each([
    ['of known length', { 'content-length': '100' }],
    ['in chunks', {}],
  ])('reset after the headers, answer %s: the client is reset in mid body, no 502', async (_, headers) => {
    t.route([
      await t.backend((_request, response) => {
        response.writeHead(200, headers);
        response.write('half');
        setTimeout(() => response.socket?.destroy(), 20);
      }),
    ]);
    await expect(t.ask('/')).rejects.toThrow('ECONNRESET');
    expect(t.routers.figures()[0]).toMatchObject({ requests: 1, byStatus: { cut: 1 }, byApp: { [APP]: 1 } });
  });

  test('sticky: an app that sets no cookie anew gets a gone one replaced', async () => {
    const a = await t.backend(named('a'));
    t.route([a]);
    const asked = (instance: string) =>
      t
        .ask('/', { headers: { cookie: `__VCAP_ID__=${instance}; JSESSIONID=s` } })
        .then(({ headers }) => headers['set-cookie']);
    expect(await asked('gone')).toEqual([`__VCAP_ID__=${a.instanceGuid}; Path=/; HttpOnly`]);
    expect(await asked(a.instanceGuid)).toBeUndefined();
  });

  test('sticky: __VCAP_ID__ beside JSESSIONID; a gone instance is no error', async () => {
    const [a, b] = await Promise.all([
      t.backend((_, response) => void response.setHeader('set-cookie', 'JSESSIONID=s; Path=/').end('a')),
      t.backend((_, response) => void response.setHeader('set-cookie', 'JSESSIONID=s; Path=/').end('b')),
    ]);
    t.route([a, b]);
    const first = await t.ask('/');
    expect(first.headers['set-cookie']).toEqual([
      'JSESSIONID=s; Path=/',
      `__VCAP_ID__=${a.instanceGuid}; Path=/; HttpOnly`,
    ]);
    const cookie = `JSESSIONID=s; __VCAP_ID__=${a.instanceGuid}`;
    for (let i = 0; i < 3; i += 1) expect((await t.ask('/', { headers: { cookie } })).body).toBe('a');
    const half = { cookie: `__VCAP_ID__=${a.instanceGuid}` };
    const bodies = [(await t.ask('/', { headers: half })).body, (await t.ask('/', { headers: half })).body];
    expect(bodies.sort()).toEqual(['a', 'b']);
    t.route([b]);
    const moved = await t.ask('/', { headers: { cookie } });
    expect([moved.status, moved.body]).toEqual([200, 'b']);
    expect(moved.headers['set-cookie']).toContain(`__VCAP_ID__=${b.instanceGuid}; Path=/; HttpOnly`);
  });

  test.each([
    { name: 'app and index', header: 'x-cf-app-instance', value: `${APP}:1`, status: 200, body: 'b' },
    {
      name: 'missing index',
      header: 'x-cf-app-instance',
      value: `${APP}:7`,
      status: 400,
      error: 'unknown_route',
      body: `400 Bad Request: Requested instance ('7') with guid ('${APP}') does not exist for route ('shop.example.com')\n`,
    },
    {
      name: 'foreign app',
      header: 'x-cf-app-instance',
      value: `${OTHER_APP}:0`,
      status: 400,
      error: 'unknown_route',
    },
    ...[APP, `${APP}:x`, `${APP}:1:2`, 'nonsense:0', `${APP}:-1`].map((value) => ({
      name: `malformed ${value}`,
      header: 'x-cf-app-instance',
      value,
      status: 400,
      error: 'invalid_cf_app_instance_header',
      body: '400 Bad Request: Invalid X-CF-App-Instance Header\n',
    })),
    {
      name: 'process and index',
      header: 'x-cf-process-instance',
      value: `${PROCESS}:1`,
      status: 200,
      body: 'b',
    },
    { name: 'process', header: 'x-cf-process-instance', value: PROCESS, status: 200 },
    {
      name: 'absent process, with an index',
      header: 'x-cf-process-instance',
      value: `${APP}:0`,
      status: 400,
      error: 'unknown_route',
      body: `400 Bad Request: Requested instance ('0') with process guid ('${APP}') does not exist for route ('shop.example.com')\n`,
    },
    {
      name: 'absent process',
      header: 'x-cf-process-instance',
      value: APP,
      status: 400,
      error: 'unknown_route',
      body: `400 Bad Request: Requested instance with process guid ('${APP}') does not exist for route ('shop.example.com')\n`,
    },
    ...['7', '01'].map((index) => ({
      name: `absent index ${index} of the process`,
      header: 'x-cf-process-instance',
      value: `${PROCESS}:${index}`,
      status: 400,
      error: 'unknown_route',
    })),
    ...[
      'x',
      `${PROCESS}:`,
      `${PROCESS}:x`,
      `${PROCESS}:0:1`,
      ':0',
      LETTERS.toUpperCase(),
      ` ${PROCESS}x`,
    ].map((value) => ({
      name: `malformed process ${value}`,
      header: 'x-cf-process-instance',
      value,
      status: 400,
      error: 'invalid_cf_process_instance_header',
      body: '400 Bad Request: Invalid X-CF-Process-Instance Header\n',
    })),
  ])('instance header, $name -> $status', async ({ header, value, status, error, body }) => {
    t.route([await t.backend(named('a')), await t.backend(named('b'))]);
    for (let i = 0; i < 2; i += 1) {
      const answer = await t.ask('/', { headers: { [header]: value } });
      expect(answer.status).toBe(status);
      expect(answer.headers['x-cf-routererror']).toBe(error);
      if (body !== undefined) expect(answer.body).toBe(body);
    }
  });

  test('two processes of one app: their own GUIDs tell them apart, the GUID of the app does not', async () => {
    const old = await t.backend(named('old'), { processGuid: APP, index: 0 });
    const canary = await t.backend(named('canary'), { processGuid: LETTERS, index: 0 });
    t.route([old, canary]);
    const answers = async (header: string, value: string) => {
      const headers = { [header]: value };
      const both = [await t.ask('/', { headers }), await t.ask('/', { headers })];
      return both.map((answer) => answer.body).sort();
    };
    expect(await answers('x-cf-process-instance', LETTERS)).toEqual(['canary', 'canary']);
    expect(await answers('x-cf-process-instance', `${LETTERS}:0`)).toEqual(['canary', 'canary']);
    expect(await answers('x-cf-process-instance', APP)).toEqual(['old', 'old']);
    expect(await answers('x-cf-app-instance', `${APP}:0`)).toEqual(['canary', 'old']);
  });

  test('an unknown host is told by the header too', async () => {
    const headers = { 'x-cf-process-instance': PROCESS };
    const answer = await t.ask('/', { host: 'nobody.example.com', headers });
    expect([answer.status, answer.headers['x-cf-routererror']]).toEqual([400, 'unknown_route']);
    expect((await t.ask('/', { host: 'nobody.example.com' })).status).toBe(404);
  });

  test('both instance headers: the app one wins, also over a malformed one', async () => {
    t.route([await t.backend(named('a')), await t.backend(named('b'))]);
    for (const process of [`${PROCESS}:0`, 'x']) {
      const headers = { 'x-cf-app-instance': `${APP}:1`, 'x-cf-process-instance': process };
      expect((await t.ask('/', { headers })).body).toBe('b');
    }
  });

  test('headers to the app', async () => {
    const endpoint = await t.backend(
      (request, response) => void response.end(JSON.stringify(request.headers)),
    );
    t.route([endpoint]);
    const answer = await t.ask('/', {
      headers: { 'x-forwarded-for': '10.0.0.9', 'x-vcap-request-id': 'mine' },
    });
    const seen = JSON.parse(answer.body) as Record<string, string>;
    expect(seen).toMatchObject({
      host: 'shop.example.com',
      'x-cf-applicationid': APP,
      'x-cf-instanceid': endpoint.instanceGuid,
      'x-cf-instanceindex': '0',
      'x-forwarded-for': '10.0.0.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    expect(Number(seen['x-request-start'])).toBeGreaterThan(0);
    expect(seen['x-vcap-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['x-vcap-request-id']).toBe(seen['x-vcap-request-id']);
  });

  test('a request in flight across the loss of its destination completes', async () => {
    let answer: ServerResponse | undefined;
    const arrived = new Promise<void>((resolve) => {
      void t
        .backend((_, response) => {
          answer = response;
          resolve();
        })
        .then((endpoint) => t.route([endpoint]));
    });
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const asked = t.ask('/slow');
    await arrived;
    t.route([]);
    expect((await t.ask('/')).status).toBe(404);
    answer?.end('late');
    expect(await asked).toMatchObject({ status: 200, body: 'late' });
  });
});

describe('passing through', () => {
  test('a body is streamed both ways as it comes', async () => {
    t.route([await t.backend((request, response) => void request.pipe(response))]);
    const client = connect(t.routers.port, '127.0.0.1');
    let seen = '';
    const waitFor = async (text: string) => {
      while (!seen.includes(text)) seen += String((await once(client, 'data'))[0]);
    };
    client.write(
      'POST / HTTP/1.1\r\nHost: shop.example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n',
    );
    await waitFor('one');
    client.write('3\r\ntwo\r\n');
    await waitFor('two');
    client.write('0\r\n\r\n');
    await waitFor('0\r\n\r\n');
    client.destroy();
    expect(seen).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test('a client keeps its connection over several requests and loses no header of the answer', async () => {
    t.route([
      await t.backend((_, response) => {
        response.writeHead(201, 'Made', [
          'X-One',
          '1',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'Content-Length',
          '2',
        ]);
        response.end('ok');
      }),
    ]);
    const client = connect(t.routers.port, '127.0.0.1');
    for (let i = 0; i < 3; i += 1) {
      let seen = '';
      client.write('GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n');
      while (!seen.endsWith('\r\n\r\nok')) seen += String((await once(client, 'data'))[0]);
      expect(seen).toContain('HTTP/1.1 201 Made\r\nX-One: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n');
    }
    client.destroy();
  });

  test('a kept connection that the backend closed meanwhile is no failure for a GET', async () => {
    let connections = 0;
    const endpoint = await t.rawBackend((socket) => {
      connections += 1;
      const only = connections === 1;
      socket.on('data', () => {
        if (only && socket.bytesWritten > 0) return void socket.destroy();
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    t.route([endpoint]);
    expect((await t.ask('/')).status).toBe(200);
    expect((await t.ask('/')).status).toBe(200);
    expect(connections).toBe(2);
  });

  test('a websocket lives on when its destination goes', async () => {
    const endpoint = await t.rawBackend((socket) => {
      socket.once('data', (head) => {
        expect(String(head)).toMatch(/\r\nupgrade: websocket\r\n/i);
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
        socket.on('data', (data) => socket.write(`echo ${String(data)}`));
      });
    });
    t.route([endpoint]);
    const client = connect(t.routers.port, '127.0.0.1');
    client.write(
      'GET /ws HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    let seen = '';
    while (!seen.includes('\r\n\r\n')) seen += String((await once(client, 'data'))[0]);
    expect(seen).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
    t.route([]);
    expect((await t.ask('/')).status).toBe(404);
    client.write('still there?');
    expect(String((await once(client, 'data'))[0])).toBe('echo still there?');
    const closed = once(client, 'close');
    client.end();
    await closed;
    expect(t.routers.figures().find(({ routeGuid }) => routeGuid === 'route')?.byStatus).toEqual({ 101: 1 });
  });

  test('a websocket to a dead backend is 502, to an unknown route 404', async () => {
    const ask = async (host: string) => {
      const client = connect(t.routers.port, '127.0.0.1');
      client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      let seen = '';
      for await (const chunk of client) seen += String(chunk);
      return seen.slice(0, 12);
    };
    t.route([await t.deadEndpoint()]);
    expect(await ask('shop.example.com')).toBe('HTTP/1.1 502');
    expect(await ask('nope.example.com')).toBe('HTTP/1.1 404');
  });

  test('a client that leaves before the answer counts as 499 and frees the backend', async () => {
    let ended = () => {};
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const started = new Promise<void>((resolve) => {
      void t
        .backend((_, response) => {
          response.once('close', ended);
          resolve();
        })
        .then((endpoint) => t.route([endpoint]));
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const client = connect(t.routers.port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n');
    await started;
    client.destroy();
    await gone;
    expect(t.routers.figures()[0]?.byStatus).toEqual({ 499: 1 });
  });
});
