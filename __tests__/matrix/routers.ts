/** The foundry's routers without their sockets: the same tables, the same propagation, asked in turn. */

import type { Endpoint, RouteRecord, RouterEvents } from '../../foundry/ports.js';
import { wantedInstance } from '../../foundry/router/headers.js';
import type { RouterOptions, Routers } from '../../foundry/router/index.js';
import { createLearning } from '../../foundry/router/learning.js';
import { type Backend, Pool, type Wanted } from '../../foundry/router/pool.js';
import { seededRandom } from '../../foundry/router/random.js';
import {
  badInstanceHeader,
  endpointFailure,
  type Refusal,
  unknownRoute,
} from '../../foundry/router/refusal.js';
import { createTable } from '../../foundry/router/table.js';
import type { AppVersion } from './cells.js';

export interface RouterAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface PlayedRouters extends Routers {
  /** The next router answers, as it would over a connection of its own. Header names in lower case. */
  ask(host: string, path: string, headers: Readonly<Record<string, string>>): RouterAnswer;
  /** The version behind the next router's port; `refused`: it listens on no such port, `closed`: it knows nobody there. */
  connect(port: number): AppVersion | 'refused' | 'closed';
}

export function playRouters(
  { clock, routers: count, propagationMs, seed }: RouterOptions,
  events: RouterEvents,
  listening: (port: number) => AppVersion | undefined,
): PlayedRouters {
  const random = seededRandom(seed);
  const all = Array.from({ length: count }, (_, router) => {
    const table = createTable(clock);
    const delayMs = () => random() * propagationMs;
    const ports = new Map<number, Pool>();
    const apply = (record: RouteRecord) => {
      if (record.port === undefined) table.apply(record);
      else if (record.endpoints.length > 0)
        ports.set(record.port, new Pool(record, clock, ports.get(record.port)));
      else if (ports.get(record.port)?.record.routeGuid === record.routeGuid) ports.delete(record.port);
    };
    return {
      table,
      ports,
      learning: createLearning({ clock, apply, delayMs, applied: events.applied, router }),
    };
  });
  let turn = 0;
  /** @param told hears who was asked last, answered or not */
  const answering = (
    pool: Pool,
    wanted?: Wanted,
    told: (endpoint: Endpoint) => void = () => undefined,
  ): AppVersion | undefined => {
    const tried = new Set<Backend>();
    for (;;) {
      const backend = pool.next({ ...(wanted ? { wanted } : {}), tried });
      if (!backend || backend === 'overloaded') return undefined;
      told(backend.endpoint);
      const app = listening(backend.endpoint.port);
      if (app) return app;
      backend.failedAtMs = clock.now();
      tried.add(backend);
    }
  };
  return {
    port: 1,
    seed,
    publish: (record) => {
      for (const { learning } of all) learning.publish(record);
    },
    withdraw: (guid) => {
      for (const { learning } of all) learning.withdraw(guid);
    },
    figures: () => [],
    reset: () => undefined,
    close: async () => {
      for (const { learning } of all) learning.close();
    },
    ask(host, path, headers) {
      const router = turn++ % all.length;
      const { table } = all[router] as (typeof all)[number];
      const wanted = wantedInstance(headers);
      if (typeof wanted === 'string') return refused(badInstanceHeader(wanted));
      const pool = table.find(host, path.replace(/[?#].*$/, ''));
      if (!pool || (wanted && !pool.has(wanted))) return refused(unknownRoute(host, wanted));
      let endpoint: Endpoint | undefined;
      const app = answering(pool, wanted, (one) => {
        endpoint = one;
      });
      const text = `${host} - "GET ${path} HTTP/1.1" ${app ? 200 : 502}`;
      if (endpoint)
        events.log({
          appGuid: endpoint.appGuid,
          source: 'RTR',
          instance: String(router),
          stream: 'OUT',
          text,
        });
      return app ? answered(app, path) : refused(endpointFailure('connection refused'));
    },
    connect(port) {
      const pool = all[turn++ % all.length]?.ports.get(port);
      // The listener is there as long as one router wants it.
      if (!pool) return all.some(({ ports }) => ports.has(port)) ? 'closed' : 'refused';
      return answering(pool) ?? 'closed';
    },
  };
}

/** What the app answers to a request. */
export function answered({ version, health = 200 }: AppVersion, path: string): RouterAnswer {
  const status = path.startsWith('/health') ? health : 200;
  return { status, headers: { 'content-type': 'text/plain', 'x-app-version': version }, body: version };
}

function refused({ status, error, text }: Refusal): RouterAnswer {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return {
    status,
    headers: error === undefined ? headers : { ...headers, 'x-cf-routererror': error },
    body: text,
  };
}
