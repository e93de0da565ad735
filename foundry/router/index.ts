import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Clock, RouteRecord, RouterEvents, RouteTable } from '../ports.js';
import { accessLog } from './access-log.js';
import { createCounter, type RouteFigures } from './figures.js';
import { createLearning } from './learning.js';
import { seededRandom } from './random.js';
import { createRouteServices } from './route-service.js';
import { createRouter } from './router.js';
import { createTable } from './table.js';
import { startTcpRouters } from './tcp.js';

export type { RouteFigures } from './figures.js';

export interface RouterOptions {
  clock: Clock;
  /** 0: any free port. */
  port: number;
  /** How many routers answer behind the one address. */
  routers: number;
  /** Milliseconds at most from a publication until a router knows it. */
  propagationMs: number;
  /** Seed of the random delays. */
  seed: number;
  /** Milliseconds that a backend has for its whole answer; gorouter's 900,000 by default. */
  requestTimeoutMs?: number;
}

export interface Routers extends RouteTable {
  /** The one address of all routers is 127.0.0.1 and this port. */
  port: number;
  /** Ports that TCP routes may have, also on 127.0.0.1. Absent: nothing listens on them. */
  tcpPorts?: { first: number; last: number };
  seed: number;
  /** What was counted since the start or the last reset, by route. */
  figures(): readonly RouteFigures[];
  /** Counts from zero again. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts the routers. Rejects when the port cannot be had. */
export async function startRouters(options: RouterOptions, events: RouterEvents): Promise<Routers> {
  const { clock, seed, requestTimeoutMs = 900_000 } = options;
  const counter = createCounter(clock);
  const random = seededRandom(seed);
  const delayMs = () => random() * options.propagationMs;
  const routeServices = createRouteServices();
  const tcp = await startTcpRouters(clock, options.routers);
  const all = Array.from({ length: options.routers }, (_, router) => {
    const table = createTable(clock);
    const apply = (record: RouteRecord) =>
      record.port === undefined ? table.apply(record) : tcp.apply(router, record, record.port);
    const learning = createLearning({ clock, apply, delayMs, applied: events.applied, router });
    const access = accessLog(router, clock, events.log);
    return { learning, ...createRouter({ clock, counter, access, requestTimeoutMs, table, routeServices }) };
  });

  const connections = new Set<Socket>();
  let turn = 0;
  const listener = createServer({ noDelay: true, allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    all[turn++ % all.length]?.accept(connection);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(options.port, '127.0.0.1', resolve);
  }).catch(async (error: unknown) => {
    await tcp.close();
    throw error;
  });

  return {
    port: (listener.address() as AddressInfo).port,
    tcpPorts: tcp.ports,
    seed,
    publish(record) {
      for (const { learning } of all) learning.publish(record);
    },
    withdraw(routeGuid) {
      for (const { learning } of all) learning.withdraw(routeGuid);
    },
    figures: counter.figures,
    reset: counter.reset,
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const one of all) {
        one.learning.close();
        one.close();
      }
      for (const connection of connections) connection.destroy();
      await Promise.all([closed, tcp.close()]);
    },
  };
}
