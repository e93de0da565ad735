/** The foundry's routers without their sockets: the same tables, the same propagation, asked in turn. */

import type { RouterEvents } from '../../foundry/ports.js';
import { wantedInstance } from '../../foundry/router/headers.js';
import type { RouterOptions, Routers } from '../../foundry/router/index.js';
import { createLearning } from '../../foundry/router/learning.js';
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
    const { apply } = table;
    return { table, learning: createLearning({ clock, apply, delayMs, applied: events.applied, router }) };
  });
  let turn = 0;
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
      const { table } = all[turn++ % all.length] as (typeof all)[number];
      const wanted = wantedInstance(headers);
      if (typeof wanted === 'string') return refused(badInstanceHeader(wanted));
      const pool = table.find(host, path.replace(/[?#].*$/, ''));
      if (!pool || (wanted && !pool.has(wanted))) return refused(unknownRoute(host, wanted));
      const tried = new Set<never>();
      for (;;) {
        const backend = pool.next({ wanted, tried });
        if (!backend || backend === 'overloaded') return refused(endpointFailure('connection refused'));
        const app = listening(backend.endpoint.port);
        if (app) return answered(app, path);
        backend.failedAtMs = clock.now();
        tried.add(backend as never);
      }
    },
  };
}

function answered({ version, health = 200 }: AppVersion, path: string): RouterAnswer {
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
