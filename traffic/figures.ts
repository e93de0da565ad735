/** What the traffic client counts, as values, and the account that counts it. No sockets and no clock in here. */

/**
 * `connect`: no connection. `reset`: the connection ended before the answer's head was there. `cut`: it ended inside the
 * body. `timeout`: not complete in time. `router`: the router answered in the app's place (`X-Cf-RouterError`).
 * `status`: another status than the expected one.
 */
export type FailureKind = 'connect' | 'reset' | 'cut' | 'timeout' | 'router' | 'status';

/** How one request ended. `version` is the answer's `X-App-Version`. */
export interface Outcome {
  status?: number;
  version?: string;
  /** Absent: the expected answer came, complete. */
  failure?: { kind: FailureKind; reason: string };
}

/** One failed request. Times are milliseconds since the epoch. */
export interface Failure {
  atMs: number;
  /** `host/path` */
  route: string;
  kind: FailureKind;
  reason: string;
  version?: string;
}

export interface VersionFigures {
  ok: number;
  firstAtMs: number;
  lastAtMs: number;
}

export interface RouteFigures {
  ok: number;
  failed: number;
  /** Longest time between two successes, the open ends before the first and after the last one included. */
  longestGapMs: number;
  /** Start of that gap. */
  gapAtMs: number;
}

/** Times are milliseconds since the epoch, latencies milliseconds from the moment at which the request was due. */
export interface Figures {
  startedAtMs: number;
  endedAtMs: number;
  sent: number;
  ok: number;
  failed: number;
  /** Sent and not ended yet; 0 in the last figures. */
  pending: number;
  /** Sent later than it was due: the load was not as steady as asked. */
  late: number;
  byStatus: Record<string, number>;
  /** Successes by `X-App-Version`; `none` for answers without it. */
  byVersion: Record<string, VersionFigures>;
  byKind: Partial<Record<FailureKind, number>>;
  latencyMs: { p50: number; p95: number; max: number };
  longestGapMs: number;
  /** By `host/path`. */
  routes: Record<string, RouteFigures>;
  firstFailures: Failure[];
}

const FAILURES_KEPT = 25;

interface RouteAccount {
  ok: number;
  failed: number;
  lastGoodMs: number;
  longestGapMs: number;
  gapAtMs: number;
  /** The latest failed request's end, for the gap that is open at the end. */
  lastBadMs: number;
}

/** Counts outcomes. Times are passed in, milliseconds since the epoch. */
export class Account {
  private sent = 0;
  private ok = 0;
  private failed = 0;
  private late = 0;
  private readonly byStatus: Record<string, number> = {};
  private readonly byVersion: Record<string, VersionFigures> = {};
  private readonly byKind: Partial<Record<FailureKind, number>> = {};
  private readonly routes = new Map<string, RouteAccount>();
  private readonly firstFailures: Failure[] = [];
  /** Whole milliseconds -> requests. */
  private readonly latencies = new Map<number, number>();

  constructor(private readonly startedAtMs: number) {}

  /** A request leaves. `late`: not when it was due. */
  send(route: string, atMs: number, late: boolean): void {
    this.sent += 1;
    if (late) this.late += 1;
    if (this.routes.has(route)) return;
    this.routes.set(route, {
      ok: 0,
      failed: 0,
      lastGoodMs: atMs,
      longestGapMs: 0,
      gapAtMs: atMs,
      lastBadMs: 0,
    });
  }

  /** A request that left on `route` has ended. Throws when none ever left there. */
  end(route: string, outcome: Outcome, atMs: number, latencyMs: number): void {
    const account = this.routes.get(route);
    if (!account) throw new Error(`no request was sent on ${route}`);
    const ms = Math.max(0, Math.round(latencyMs));
    this.latencies.set(ms, (this.latencies.get(ms) ?? 0) + 1);
    if (outcome.status !== undefined) {
      this.byStatus[outcome.status] = (this.byStatus[outcome.status] ?? 0) + 1;
    }
    if (outcome.failure) this.bad(route, account, outcome, outcome.failure, atMs);
    else this.good(account, outcome.version ?? 'none', atMs);
  }

  private good(account: RouteAccount, version: string, atMs: number): void {
    this.ok += 1;
    account.ok += 1;
    widen(account, atMs);
    account.lastGoodMs = atMs;
    const seen = this.byVersion[version];
    if (seen) {
      seen.ok += 1;
      seen.lastAtMs = atMs;
    } else {
      this.byVersion[version] = { ok: 1, firstAtMs: atMs, lastAtMs: atMs };
    }
  }

  private bad(
    route: string,
    account: RouteAccount,
    outcome: Outcome,
    failure: NonNullable<Outcome['failure']>,
    atMs: number,
  ): void {
    this.failed += 1;
    account.failed += 1;
    account.lastBadMs = atMs;
    this.byKind[failure.kind] = (this.byKind[failure.kind] ?? 0) + 1;
    if (this.firstFailures.length >= FAILURES_KEPT) return;
    this.firstFailures.push({
      atMs,
      route,
      kind: failure.kind,
      reason: failure.reason,
      ...(outcome.version === undefined ? {} : { version: outcome.version }),
    });
  }

  figures(atMs: number): Figures {
    const routes: Record<string, RouteFigures> = {};
    for (const [name, account] of this.routes) {
      const closed = { ...account };
      if (closed.lastBadMs > closed.lastGoodMs) widen(closed, closed.lastBadMs);
      const { ok, failed, longestGapMs, gapAtMs } = closed;
      routes[name] = { ok, failed, longestGapMs, gapAtMs };
    }
    return {
      startedAtMs: this.startedAtMs,
      endedAtMs: atMs,
      sent: this.sent,
      ok: this.ok,
      failed: this.failed,
      pending: this.sent - this.ok - this.failed,
      late: this.late,
      byStatus: { ...this.byStatus },
      byVersion: structuredClone(this.byVersion),
      byKind: { ...this.byKind },
      latencyMs: quantiles(this.latencies),
      longestGapMs: Math.max(0, ...Object.values(routes).map((route) => route.longestGapMs)),
      routes,
      firstFailures: [...this.firstFailures],
    };
  }
}

function widen(account: RouteAccount, atMs: number): void {
  const gap = atMs - account.lastGoodMs;
  if (gap <= account.longestGapMs) return;
  account.longestGapMs = gap;
  account.gapAtMs = account.lastGoodMs;
}

function quantiles(latencies: ReadonlyMap<number, number>): Figures['latencyMs'] {
  const sorted = [...latencies].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const at = (share: number): number => {
    let seen = 0;
    for (const [ms, count] of sorted) {
      seen += count;
      if (seen >= share * total) return ms;
    }
    return 0;
  };
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1)?.[0] ?? 0 };
}
