import { Agent } from 'node:http';
import { Account, type Figures } from './figures.js';
import { shoot, type TrafficRoute } from './request.js';

export interface TrafficOptions {
  /** `http://address:port` of the router: every connection goes there. */
  router: string;
  /** Asked in turn. */
  routes: readonly TrafficRoute[];
  /** Requests a second over all routes. */
  rate: number;
  /** Share of requests on kept-alive connections; the others open their own. Default 0.5. */
  keepAliveShare?: number;
  /** Share of requests that POST a body. Default 0.1. */
  postShare?: number;
  /** Connect to last byte. Default 10,000. */
  timeoutMs?: number;
  /** Stop by itself after this many. */
  requests?: number;
}

export interface Load {
  figures(): Figures;
  /** Sends no more, waits for what is under way and returns the last figures. */
  stop(): Promise<Figures>;
  /** The same, when `requests` are through. */
  ended: Promise<Figures>;
}

/** Timers are only this exact on a busy machine; what leaves later than that is counted as late. */
const LATE_MS = 50;
const BODY = 'x'.repeat(2_048);

/**
 * Steady load in the open model: requests leave at a constant rate whether or not answers come, so that an outage costs as
 * many requests as users would have sent. Throws on options that cannot be sent.
 */
export function startLoad(options: TrafficOptions): Load {
  if (options.routes.length === 0) throw new Error('traffic needs at least one route');
  if (!(options.rate > 0)) throw new Error(`traffic needs a rate above 0, not ${options.rate}`);
  if (new URL(options.router).protocol !== 'http:')
    throw new Error(`the router must be http: ${options.router}`);
  // First in, first out: every kept connection stays in use and none goes stale in the pool.
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo' });
  const account = new Account(Date.now());
  const startedMs = performance.now();
  const under = new Set<Promise<void>>();
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  let finish: (figures: Figures) => void = () => undefined;
  const ended = new Promise<Figures>((resolve) => {
    finish = resolve;
  });
  let stopping = false;

  const dueMs = (number: number): number => startedMs + (number * 1_000) / options.rate;

  const fire = (number: number): void => {
    const route = pick(options.routes, number);
    const name = `${route.host}${route.path}`;
    const due = dueMs(number);
    account.send(name, Date.now(), performance.now() - due > LATE_MS);
    const round = Math.floor(number / options.routes.length);
    const shot = shoot({
      router: options.router,
      route,
      timeoutMs: options.timeoutMs ?? 10_000,
      ...(falls(round, 0.6180339887, options.keepAliveShare ?? 0.5) ? { agent } : {}),
      ...(falls(round, 0.7548776662, options.postShare ?? 0.1) ? { body: BODY } : {}),
    }).then((outcome) => {
      account.end(name, outcome, Date.now(), performance.now() - due);
      under.delete(shot);
    });
    under.add(shot);
  };

  const stop = (): Promise<Figures> => {
    if (stopping) return ended;
    stopping = true;
    clearTimeout(timer);
    void Promise.all(under).then(() => {
      agent.destroy();
      finish(account.figures(Date.now()));
    });
    return ended;
  };

  const turn = (): void => {
    while (dueMs(sent) <= performance.now() && sent !== options.requests) {
      fire(sent);
      sent += 1;
    }
    if (sent === options.requests) void stop();
    else timer = setTimeout(turn, Math.max(1, dueMs(sent) - performance.now()));
  };
  turn();

  return { figures: () => account.figures(Date.now()), stop, ended };
}

function pick(routes: readonly TrafficRoute[], number: number): TrafficRoute {
  const route = routes[number % routes.length];
  if (!route) throw new Error('traffic needs at least one route');
  return route;
}

/**
 * Whether the n-th request belongs to the share. Multiples of an irrational step spread evenly, and two steps are
 * independent of each other: no route only ever sees fresh connections, no POST only kept ones.
 */
function falls(number: number, step: number, share: number): boolean {
  return ((number + 0.5) * step) % 1 < share;
}
