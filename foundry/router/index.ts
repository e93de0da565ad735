import type { Clock, RouterEvents, RouteTable } from '../ports.js';
import type { RouteFigures } from './figures.js';

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
}

export interface Routers extends RouteTable {
  /** The one address of all routers is 127.0.0.1 and this port. */
  port: number;
  seed: number;
  /** What was counted since the start or the last reset, by route. */
  figures(): readonly RouteFigures[];
  /** Counts from zero again. */
  reset(): void;
  close(): Promise<void>;
}

export function startRouters(_options: RouterOptions, _events: RouterEvents): Promise<Routers> {
  throw new Error('not built yet');
}
