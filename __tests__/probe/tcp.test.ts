import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HttpFailure, PlatformFault, VersionFault } from '../../src/model/errors.js';
import { inShort, isFailed, isUnknownToRouter } from '../../src/probe/answer.js';
import { askOn, staysOpen, tcpReach } from '../../src/probe/tcp.js';
import { startWatch } from '../../src/probe/watch.js';
import { realClock } from '../../src/system/clock.js';
import { connect } from '../../src/system/connect.js';
import { scene } from './support.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** @returns its url on a TCP route, with the address as the routers' */
async function listening(greet: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    greet(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `tcp.example.com:${(server.address() as { port: number }).port}`;
}

const router = { protocol: 'https:', host: '127.0.0.1', port: 1 } as const;
/** As on a real network. */
const { ctx: real } = scene(() => ({ status: 200 }), { connect, clock: realClock, router });

describe('a connection to a TCP route', () => {
  test('that is left open, or on which the app speaks first, is a good one', async () => {
    for (const greet of [() => undefined, (socket: Socket) => void socket.end('220 hello\r\n')]) {
      const outcome = await askOn(real, await listening(greet), '/health');
      expect([isFailed(outcome), isUnknownToRouter(outcome), inShort(outcome)]).toEqual([
        false,
        false,
        'open',
      ]);
    }
  });

  test.each<[string, (socket: Socket) => void]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('that a router accepts and that is %s at once is none', async (_, greet) => {
    const url = await listening(greet);
    const outcome = await askOn(real, url, '/');
    expect([isFailed(outcome), isUnknownToRouter(outcome)]).toEqual([true, false]);
    expect(await tcpReach(real, url)).toBe('unreachable');
  });

  test('to a port on which no router listens says that no router knows the route', async () => {
    const url = await listening(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const outcome = await askOn(real, url, '/');
    expect([isFailed(outcome), isUnknownToRouter(outcome)]).toEqual([true, true]);
    expect(await tcpReach(real, url)).toBe('unknown-route');
  });

  test('is given up with its signal', async () => {
    const stopping = new AbortController();
    const url = await listening(() => stopping.abort(new Error('enough')));
    await expect(askOn({ ...real, signal: stopping.signal }, url, '/')).rejects.toThrow('enough');
  });
});

/** Each connection as it is told; the last one for ever. */
function connecting(...kinds: ('open' | 'closed' | 'refused')[]) {
  let made = 0;
  return async () => {
    const kind = kinds[Math.min(made++, kinds.length - 1)];
    if (kind === 'open') return;
    throw new HttpFailure(kind ?? '', kind === 'refused' ? 'refused' : 'reset', kind === 'closed');
  };
}

describe('that connections stay open', () => {
  const asked = { url: 'tcp.example.com:1234', inARow: 3, code: 'smoke' as const };

  test('is known when so many in a row do', async () => {
    const kinds = ['refused', 'open', 'open', 'closed', 'open', 'open', 'open'] as const;
    const { ctx, clock, tell, told } = scene(() => ({ status: 200 }), { connect: connecting(...kinds) });
    expect(await staysOpen(ctx, { ...asked, deadlineMs: clock.now() + 20_000 }, tell)).toBe(7);
    expect(told).toHaveLength(1);
  });

  test('that never opens tells nothing of the version, and one that is closed again does', async () => {
    const run = (kind: 'refused' | 'closed') => {
      const { ctx, clock, tell } = scene(() => ({ status: 200 }), { connect: connecting(kind) });
      return staysOpen(ctx, { ...asked, deadlineMs: clock.now() + 20_000 }, tell).catch(
        (error: unknown) => error,
      );
    };
    expect(await run('refused')).toBeInstanceOf(PlatformFault);
    const closed = await run('closed');
    expect(closed).toBeInstanceOf(VersionFault);
    expect(closed).toMatchObject({ code: 'smoke', message: expect.stringContaining('tcp.example.com:1234') });
  });
});

test('the watch makes connections on a TCP route, and asks by HTTP on the others', async () => {
  const to: unknown[] = [];
  const { ctx, http, clock, tell } = scene(() => ({ status: 200 }), {
    connect: async ({ host, port }) => {
      to.push([host, port]);
      if (to.length > 3) throw new HttpFailure('closed', 'reset', true);
    },
  });
  const routes = [{ url: 'tcp.example.com:1234' }, { url: 'shop.example.com' }];
  const options = { routes, path: '/', failureLimit: 2, platformAnswers: () => true };
  const watch = startWatch(ctx, options, tell);
  await watch.firstRound();
  await clock.sleep(2_000);
  const figures = await watch.stop();
  expect(to[0]).toEqual(['tcp.example.com', 1_234]);
  expect(http.seen.every(({ url }) => new URL(url).hostname === 'shop.example.com')).toBe(true);
  expect(watch.badSign()).toMatchObject({ route: 'tcp.example.com:1234' });
  expect(figures.failures).toBeGreaterThan(2);
});
