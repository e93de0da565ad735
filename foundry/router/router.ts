import { Agent, createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../ports.js';
import type { AccessLog } from './access-log.js';
import type { Counter } from './figures.js';
import { newTrace, type Trace, wantedInstance } from './headers.js';
import { Pool } from './pool.js';
import { forward, type ProxyContext, type Routed, refuse } from './proxy.js';
import { badInstanceHeader, missingHost, type Refusal, unknownRoute } from './refusal.js';
import type { RouteServices } from './route-service.js';
import type { Table } from './table.js';
import { forwardUpgrade, refuseUpgrade } from './upgrade.js';

/** One router: it never listens itself, connections are handed to it. */
export interface Router {
  accept(connection: Socket): void;
  close(): void;
}

export interface OneRouterOptions {
  clock: Clock;
  counter: Counter;
  access: AccessLog;
  requestTimeoutMs: number;
  table: Table;
  routeServices: RouteServices;
}

/** Idle connections to backends stay open as gorouter's do, whatever the backend says of its own patience. */
class BackendAgent extends Agent {
  override keepSocketAlive(socket: Socket): boolean {
    socket.setKeepAlive(true);
    socket.unref();
    return true;
  }
}

export function createRouter(options: OneRouterOptions): Router {
  const { clock, counter, access, requestTimeoutMs, table, routeServices } = options;
  const agent = new BackendAgent({ keepAlive: true, maxFreeSockets: 100 });
  const context: ProxyContext = { clock, counter, access, agent, requestTimeoutMs };
  const server: Server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: 1024 * 1024 });

  function route(incoming: IncomingMessage, trace: Trace): Routed | Refusal {
    const host = incoming.headers.host ?? '';
    const name = host.replace(/:\d+$/, '').toLowerCase();
    // A balancer's own address in Host is no host (gorouter's look-up).
    if (name === '' || name === incoming.socket.remoteAddress) return missingHost();
    const wanted = wantedInstance(incoming.headers);
    if (typeof wanted === 'string') return badInstanceHeader(wanted);
    const pool = table.find(name, (incoming.url ?? '/').replace(/[?#].*$/, ''));
    if (!pool || (wanted && !pool.has(wanted))) return unknownRoute(host, wanted);
    const led = routeServices.lead(incoming, pool, host, table);
    if (!(led instanceof Pool)) return led;
    // The service is no instance of the app that was asked for.
    return { pool: led, host, wanted: led === pool ? wanted : undefined, trace };
  }

  server.on('request', (incoming, response) => {
    const trace = newTrace(clock.now());
    const found = route(incoming, trace);
    if ('pool' in found) return forward(incoming, response, found, context);
    counter.count({ route: undefined, status: found.status });
    refuse(response, found, trace);
  });
  server.on('upgrade', (incoming, socket, first) => {
    const trace = newTrace(clock.now());
    const found = route(incoming, trace);
    if ('pool' in found) return forwardUpgrade(incoming, socket, first, found, context);
    counter.count({ route: undefined, status: found.status });
    refuseUpgrade(socket, found, trace);
  });

  return {
    accept: (connection) => void server.emit('connection', connection),
    close: () => agent.destroy(),
  };
}
