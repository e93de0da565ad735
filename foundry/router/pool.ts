import type { Clock, Endpoint, RouteRecord } from '../ports.js';

/** A backend that refused a connection is passed over for a quarter of the stale threshold (platform facts A4). */
const INELIGIBLE_MS = 30_000;
/** max_conns of a backend (A4). */
const MAX_CONNECTIONS = 500;

/** An endpoint as one router sees it. */
export interface Backend {
  readonly endpoint: Endpoint;
  /** Requests and websockets in flight. */
  open: number;
  /** When a connection to it failed last. */
  failedAtMs: number | undefined;
}

/** The instance that a request asks for by header. */
export interface Wanted {
  by: 'app' | 'process';
  guid: string;
  /** As it was sent: `01` is not 1. Undefined: any instance of the process. */
  index: string | undefined;
}

export interface Choice {
  wanted?: Wanted | undefined;
  /** GUID of the instance that the request's cookie names. */
  sticky?: string | undefined;
  tried: ReadonlySet<Backend>;
}

/** The backends of one route in one router, taken in turn. */
export class Pool {
  private readonly backends: readonly Backend[];
  private turn: number;

  /** `before`: the pool of the route until now; turn, failures and counts of backends that stay are kept. */
  constructor(
    readonly record: RouteRecord,
    private readonly clock: Clock,
    before?: Pool,
  ) {
    const kept = new Map(before?.backends.map((backend) => [keyOf(backend.endpoint), backend]));
    this.backends = record.endpoints.map(
      (endpoint) => kept.get(keyOf(endpoint)) ?? { endpoint, open: 0, failedAtMs: undefined },
    );
    this.turn = before?.turn ?? 0;
  }

  /** Whether the route has such an instance at all. */
  has(wanted: Wanted): boolean {
    return this.backends.some((backend) => isWanted(backend, wanted));
  }

  /**
   * The next backend in turn of those wanted and not yet tried; the sticky one first. `overloaded`: each has its full
   * number of connections; undefined: none is left.
   */
  next({ wanted, sticky, tried }: Choice): Backend | 'overloaded' | undefined {
    const left = this.backends.filter((one) => !tried.has(one) && (!wanted || isWanted(one, wanted)));
    if (left.length === 0) return undefined;
    const free = left.filter((one) => one.open < MAX_CONNECTIONS);
    if (free.length === 0) return 'overloaded';
    const bound = sticky && free.find((one) => one.endpoint.instanceGuid === sticky);
    if (bound) return bound;
    const eligible = free.filter((one) => !this.hasFailed(one));
    // When all have failed, all are tried again.
    const allowed = eligible.length > 0 ? eligible : free;
    if (this.record.loadBalancing !== 'least-connection') return this.inTurn(allowed);
    const least = Math.min(...allowed.map((one) => one.open));
    return this.inTurn(allowed.filter((one) => one.open === least));
  }

  private hasFailed({ failedAtMs }: Backend): boolean {
    return failedAtMs !== undefined && this.clock.now() - failedAtMs < INELIGIBLE_MS;
  }

  /** The first one at or after the turn, in the order of the record. */
  private inTurn(allowed: readonly Backend[]): Backend | undefined {
    const count = this.backends.length;
    for (let step = 0; step < count; step += 1) {
      const at = (this.turn + step) % count;
      const backend = this.backends[at];
      if (!backend || !allowed.includes(backend)) continue;
      this.turn = (at + 1) % count;
      return backend;
    }
    return undefined;
  }
}

function isWanted({ endpoint }: Backend, { by, guid, index }: Wanted): boolean {
  const found = by === 'app' ? endpoint.appGuid : endpoint.processGuid;
  return found === guid && (index === undefined || index === String(endpoint.index));
}

function keyOf({ instanceGuid, port }: Endpoint): string {
  return `${instanceGuid}:${port}`;
}
