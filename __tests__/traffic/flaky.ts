import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Flaky {
  url: string;
  /** Requests that came, by path. */
  seen: ReadonlyMap<string, number>;
  /** Refuses connections for a while, after so many more requests. */
  shut(afterRequests: number, forMs: number): void;
  close(): Promise<void>;
}

/** Every n-th request of a path goes wrong, in the way that the path names. */
export const EVERY = 3;

/** Ways in which an answer goes wrong, by path. `/ok` never does. */
const WRONG: Record<string, (to: ServerResponse, socket: Socket) => void> = {
  '/reset': (_, socket) => socket.resetAndDestroy(),
  '/closed': (_, socket) => socket.end(),
  '/cut': (to, socket) => {
    to.writeHead(200, { 'content-length': 1_000 });
    to.write('the first bytes', () => socket.destroy());
  },
  '/cut-chunked': (to, socket) => {
    to.writeHead(200);
    to.write('the first chunk', () => socket.destroy());
  },
  '/500': (to) => to.writeHead(500).end('no\n'),
  '/404': (to) => to.writeHead(404).end('no\n'),
  '/router': (to) => to.writeHead(502, { 'x-cf-routererror': 'endpoint_failure (EOF)' }).end('bad gateway\n'),
  '/timeout': () => undefined,
  '/stalled': (to) => {
    to.writeHead(200, { 'content-length': 1_000 });
    to.write('the first bytes');
  },
};

export const PATHS = ['/ok', ...Object.keys(WRONG)];

/** A server that fails in a known way at a known request: what a client counts can be compared with what it did. */
export async function startFlaky(): Promise<Flaky> {
  const seen = new Map<string, number>();
  let reopening: NodeJS.Timeout | undefined;
  let onRequest: () => void = () => undefined;
  const server = createServer((from: IncomingMessage, to: ServerResponse) => {
    const path = from.url ?? '/';
    const number = (seen.get(path) ?? 0) + 1;
    seen.set(path, number);
    onRequest();
    from.resume();
    from.once('end', () => {
      const wrong = number % EVERY === 0 ? WRONG[path] : undefined;
      if (wrong) wrong(to, from.socket);
      else to.writeHead(200, { 'x-app-version': number % 2 === 0 ? 'v2' : 'v1' }).end('fine\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    shut: (afterRequests, forMs) => {
      let left = afterRequests;
      onRequest = () => {
        left -= 1;
        if (left !== 0) return;
        server.close();
        reopening = setTimeout(() => server.listen(port, '127.0.0.1'), forMs);
      };
    },
    close: async () => {
      clearTimeout(reopening);
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

/** An address of this machine at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const flaky = await startFlaky();
  await flaky.close();
  return flaky.url;
}
