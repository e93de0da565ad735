import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { realClock } from '../../../foundry/clock.js';
import type { Clock, Endpoint, RouteRecord, RouterEvents, Timer } from '../../../foundry/ports.js';
import { type RouterOptions, type Routers, startRouters } from '../../../foundry/router/index.js';

export const APP = '11111111-1111-4111-8111-111111111111';
export const OTHER_APP = '22222222-2222-4222-8222-222222222222';
export const PROCESS = '33333333-3333-4333-8333-333333333333';

/** A clock that only moves when told. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run): Timer {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > until) break;
        timers.delete(next);
        now = next.at;
        next.run();
      }
      now = until;
    },
  };
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Ask {
  method?: string;
  host?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

export interface Applied {
  router: number;
  record: RouteRecord;
  atMs: number;
}

export interface Town {
  routers: Routers;
  applied: Applied[];
  /** Lines of the access log. */
  logged: Parameters<RouterEvents['log']>[0][];
  /** A backend that answers as given. */
  backend(listener: RequestListener, over?: Partial<Endpoint>): Promise<Endpoint>;
  /** A backend that does with its connections as given. */
  rawBackend(onSocket: (socket: Socket) => void, over?: Partial<Endpoint>): Promise<Endpoint>;
  /** A port on which nobody listens. */
  deadEndpoint(over?: Partial<Endpoint>): Promise<Endpoint>;
  route(endpoints: readonly Endpoint[], over?: Partial<RouteRecord>): void;
  ask(path: string, ask?: Ask): Promise<Answer>;
  close(): Promise<void>;
}

/** Routers with backends, ended together. Routes are known at once unless told otherwise. */
export async function town(options: Partial<RouterOptions> = {}): Promise<Town> {
  const applied: Applied[] = [];
  const logged: Town['logged'] = [];
  const servers: (Server | TcpServer)[] = [];
  const sockets = new Set<Socket>();
  const immediate: Clock = {
    now: realClock.now,
    after: (_ms, run) => {
      run();
      return { cancel() {} };
    },
  };
  const routers = await startRouters(
    { clock: immediate, port: 0, routers: 1, propagationMs: 0, seed: 1, ...options },
    {
      applied: (router, record, atMs) => void applied.push({ router, record, atMs }),
      log: (line) => void logged.push(line),
    },
  );
  let count = 0;
  async function listen(server: Server | TcpServer, over: Partial<Endpoint>): Promise<Endpoint> {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const index = count++;
    return {
      appGuid: APP,
      processGuid: PROCESS,
      processType: 'web',
      index,
      instanceGuid: `instance-${index}`,
      port: (server.address() as AddressInfo).port,
      appName: 'shop',
      ...over,
    };
  }
  return {
    routers,
    applied,
    logged,
    backend: (listener, over = {}) => listen(createServer(listener), over),
    rawBackend: (onSocket, over = {}) => listen(createTcpServer(onSocket), over),
    async deadEndpoint(over = {}) {
      const server = createTcpServer();
      const endpoint = await listen(server, over);
      await new Promise((resolve) => server.close(resolve));
      return endpoint;
    },
    route: (endpoints, over = {}) =>
      routers.publish({ routeGuid: 'route', host: 'shop.example.com', path: '', endpoints, ...over }),
    ask: (path, { method = 'GET', host = 'shop.example.com', headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const call = request({
          host: '127.0.0.1',
          port: routers.port,
          path,
          method,
          agent: false,
          headers: { ...headers, host },
        });
        call.on('error', reject);
        call.on('response', (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            text += chunk;
          });
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
          );
        });
        call.end(body);
      }),
    async close() {
      await routers.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
