import { connect, createServer, type Server, type Socket } from 'node:net';
import { ownBlock } from '../own-block.js';
import type { Clock, RouteRecord } from '../ports.js';
import { type Backend, Pool } from './pool.js';
import { MAX_ATTEMPTS } from './proxy.js';

/** Below the ports of instances. */
const LOWEST = 14_000;
const BLOCKS = 200;
const BLOCK = 30;

/** The TCP routers: they listen on the ports of TCP routes, behind the same address as the HTTP ones. */
export interface TcpRouters {
  /** Ports that routes may have. */
  ports: { first: number; last: number };
  /** One of the routers takes a record over; one without endpoints takes the route off. */
  apply(router: number, record: RouteRecord, port: number): void;
  close(): Promise<void>;
}

export async function startTcpRouters(clock: Clock, routers: number): Promise<TcpRouters> {
  const { first, guard } = await ownBlock(LOWEST, BLOCKS, BLOCK);
  const tables = Array.from({ length: routers }, () => new Map<number, Pool>());
  const listeners = new Map<number, Server>();
  const sockets = new Set<Socket>();
  let turn = 0;

  function accept(client: Socket, port: number): void {
    hold(client);
    const pool = tables[turn++ % tables.length]?.get(port);
    // A router that knows no backend listens on no such port.
    if (pool) reach(client, pool, new Set());
    else client.resetAndDestroy();
  }

  function reach(client: Socket, pool: Pool, tried: Set<Backend>): void {
    const backend = tried.size < MAX_ATTEMPTS ? pool.next({ tried }) : undefined;
    if (!backend || backend === 'overloaded') return void client.resetAndDestroy();
    tried.add(backend);
    const server = connect({ host: '127.0.0.1', port: backend.endpoint.port, allowHalfOpen: true });
    hold(server);
    let isConnected = false;
    server.once('connect', () => {
      isConnected = true;
      backend.open += 1;
      client.pipe(server);
      server.pipe(client);
    });
    server.once('error', () => {
      if (isConnected) return void client.resetAndDestroy();
      backend.failedAtMs = clock.now();
      reach(client, pool, tried);
    });
    server.once('close', () => {
      if (!isConnected) return;
      backend.open -= 1;
      client.destroySoon();
    });
    client.once('close', () => server.destroy());
  }

  function hold(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  }

  function listen(port: number): void {
    const isWanted = tables.some((table) => table.has(port));
    const listener = listeners.get(port);
    if (isWanted && !listener) {
      const made = createServer({ noDelay: true, allowHalfOpen: true }, (client) => accept(client, port));
      made.on('error', (error) => process.stderr.write(`foundry: port ${port}: ${error.message}\n`));
      made.listen(port, '127.0.0.1');
      listeners.set(port, made);
    } else if (!isWanted && listener) {
      listener.close();
      listeners.delete(port);
    }
  }

  return {
    ports: { first: first + 1, last: first + BLOCK - 1 },
    apply(router, record, port) {
      const table = tables[router];
      const before = table?.get(port);
      if (record.endpoints.length > 0) table?.set(port, new Pool(record, clock, before));
      // The same port may by now be another route's.
      else if (before?.record.routeGuid === record.routeGuid) table?.delete(port);
      listen(port);
    },
    async close() {
      const closed = [guard, ...listeners.values()].map(
        (server) => new Promise((resolve) => server.close(resolve)),
      );
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
