import type { Clock, RouteRecord } from '../ports.js';

/** One change, for an invariant checker. `atMs` is milliseconds since the epoch. */
export type Change = { atMs: number } & (
  | { kind: 'app'; change: 'created' | 'deleted' | 'started' | 'stopped'; appGuid: string; name: string }
  | { kind: 'name'; appGuid: string; from: string; to: string }
  | { kind: 'route'; change: 'created' | 'deleted'; routeGuid: string; url: string }
  | {
      kind: 'destination';
      change: 'added' | 'removed';
      routeGuid: string;
      url: string;
      destinationGuid: string;
      appGuid: string;
      processType: string;
      port: number | null;
    }
  | {
      kind: 'instance';
      appGuid: string;
      processGuid: string;
      processType: string;
      index: number;
      instanceGuid: string;
      /** GONE: the platform no longer has it. */
      state: 'STARTING' | 'RUNNING' | 'CRASHED' | 'DOWN' | 'STOPPING' | 'GONE';
      routable: boolean;
    }
  | {
      kind: 'applied';
      router: number;
      routeGuid: string;
      host: string;
      path: string;
      endpoints: { appGuid: string; instanceGuid: string; index: number; processType: string }[];
    }
);

/** A change before it is stamped. */
export type NewChange = Change extends infer C ? (C extends unknown ? Omit<C, 'atMs'> : never) : never;

/** Every change since the start, oldest first. */
export class History {
  readonly #changes: Change[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(change: NewChange): void {
    this.#changes.push({ atMs: this.#clock.now(), ...change });
  }

  /** A router took a record over. */
  applied(router: number, record: RouteRecord, atMs: number): void {
    this.#changes.push({
      atMs,
      kind: 'applied',
      router,
      routeGuid: record.routeGuid,
      host: record.host,
      path: record.path,
      endpoints: record.endpoints.map((e) => ({
        appGuid: e.appGuid,
        instanceGuid: e.instanceGuid,
        index: e.index,
        processType: e.processType,
      })),
    });
  }

  all(): readonly Change[] {
    return this.#changes;
  }
}
