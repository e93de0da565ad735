import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SmokeCheck } from '../../src/model/asked.js';
import { HttpFailure } from '../../src/model/errors.js';
import type { Clock, Http, HttpRequest, HttpResponse } from '../../src/model/ports.js';
import type { InstanceRef, ProbeContext } from '../../src/probe/context.js';

import { realClock } from '../../src/system/clock.js';
import { connect } from '../../src/system/connect.js';
import { createHttp } from '../../src/system/http.js';

export const LIVE = '11111111-1111-4111-8111-111111111111';
export const CANDIDATE = '22222222-2222-4222-8222-222222222222';

export function instancesOf(appGuid: string, count: number): readonly InstanceRef[] {
  return Array.from({ length: count }, (_, index) => ({ appGuid, index }));
}

/** Time that stands still until nobody has anything else to do, then goes on to whoever sleeps shortest. */
export class FakeClock implements Clock {
  private nowMs = 1_000_000;
  private sleepers: { atMs: number; wake: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cut = () => {
        this.sleepers = this.sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', cut);
        resolve();
      };
      const sleeper = { atMs: this.nowMs + ms, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', cut);
      setImmediate(() => this.goOn());
    });
  }

  private goOn(): void {
    this.sleepers.sort((one, other) => one.atMs - other.atMs);
    const next = this.sleepers.shift();
    if (!next) return;
    this.nowMs = next.atMs;
    next.wake();
  }
}

export interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  failure?: HttpFailure;
  /** How long the answer takes. */
  afterMs?: number;
}

export interface SeenRequest extends HttpRequest {
  atMs: number;
  host: string;
  path: string;
  /** `GUID:INDEX` that was asked for. */
  wants?: string;
}

export class ScriptedHttp implements Http {
  readonly seen: SeenRequest[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly answer: (request: SeenRequest, count: number) => Scripted,
  ) {}

  async request(request: HttpRequest): Promise<HttpResponse> {
    const url = new URL(request.url);
    const wants = request.headers?.['X-Cf-App-Instance'];
    const seen: SeenRequest = {
      ...request,
      atMs: this.clock.now(),
      host: url.hostname,
      path: url.pathname,
      ...(wants === undefined ? {} : { wants }),
    };
    this.seen.push(seen);
    const {
      status = 200,
      headers = {},
      body = '',
      failure,
      afterMs = 5,
    } = this.answer(seen, this.seen.length);
    await this.clock.sleep(Math.min(afterMs, request.timeoutMs), request.signal);
    if (afterMs > request.timeoutMs) throw new HttpFailure('timed out', 'timeout', true);
    if (failure) throw failure;
    return { status, headers, body: Buffer.from(body), cut: false, durationMs: afterMs };
  }
}

export const REFUSED = new HttpFailure('connection refused', 'refused', false);
export const UNKNOWN_ROUTE: Scripted = { status: 404, headers: { 'x-cf-routererror': 'unknown_route' } };
export const UNKNOWN_INSTANCE: Scripted = { status: 400, headers: { 'x-cf-routererror': 'unknown_route' } };
export const ENDPOINT_FAILURE: Scripted = {
  status: 502,
  headers: { 'x-cf-routererror': 'endpoint_failure (EOF)' },
};

export interface Scene {
  ctx: ProbeContext;
  http: ScriptedHttp;
  clock: FakeClock;
  told: string[];
  tell: (text: string) => void;
}

export function scene(
  answer: (request: SeenRequest, count: number, clock: Clock) => Scripted,
  more: Partial<ProbeContext> = {},
): Scene {
  const clock = new FakeClock();
  const http = new ScriptedHttp(clock, (request, count) => answer(request, count, clock));
  const told: string[] = [];
  const random = { token: (length: number) => 'r'.repeat(length) };
  const ctx: ProbeContext = {
    http,
    connect: async () => undefined,
    clock,
    random,
    skipSslValidation: false,
    ...more,
  };
  return { ctx, http, clock, told, tell: (text) => told.push(text) };
}

export function check(more: Partial<SmokeCheck> = {}): SmokeCheck {
  return {
    label: 'GET /health',
    target: { path: '/health' },
    method: 'GET',
    status: 'success',
    headers: {},
    follow: false,
    withinMs: 30_000,
    attemptsInARow: 3,
    on: 'trial',
    ...more,
  };
}

/** What a router like gorouter would do for the destinations that it knows at this moment. */
export interface SmallRouter {
  ctx: ProbeContext;
  /** App guids, each with its number of instances, by host. */
  routes: Map<string, Map<string, number>>;
  /** What an app does with a request that reaches it. */
  app: (appGuid: string, index: number, request: IncomingMessage, response: ServerResponse) => void;
  /** Local ports of the clients, one a connection. */
  clients: Set<number>;
  close(): Promise<void>;
}

export async function smallRouter(): Promise<SmallRouter> {
  let turn = 0;
  const refuse = (response: ServerResponse, status: number) =>
    response.writeHead(status, { 'X-Cf-RouterError': 'unknown_route' }).end('does not exist\n');
  const server = createServer((request, response) => {
    router.clients.add(request.socket.remotePort ?? 0);
    const apps =
      router.routes.get((request.headers.host ?? '').replace(/:.*/, '')) ?? new Map<string, number>();
    const wants = request.headers['x-cf-app-instance'];
    const all = [...apps].flatMap(([guid, count]) =>
      Array.from({ length: count }, (_, index) => ({ guid, index })),
    );
    const chosen = wants
      ? all.find(({ guid, index }) => wants === `${guid}:${index}`)
      : all[turn++ % all.length];
    if (!chosen) return refuse(response, wants ? 400 : 404);
    router.app(chosen.guid, chosen.index, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const router: SmallRouter = {
    ctx: {
      http: createHttp({ skipSslValidation: false }),
      connect,
      clock: realClock,
      random: { token: (length) => Math.random().toString(36).slice(2).padEnd(length, '0').slice(0, length) },
      router: { protocol: 'http:', host: '127.0.0.1', port },
      skipSslValidation: false,
    },
    routes: new Map(),
    app: (guid, _index, _request, response) =>
      void response.writeHead(200, { 'X-App-Version': guid.slice(0, 8) }).end('ok'),
    clients: new Set(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return router;
}
