import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { Clock } from '../ports.js';
import type { AccessLog } from './access-log.js';
import type { Counter } from './figures.js';
import { stickyInstance, type Trace, towardsBackend, towardsClient } from './headers.js';
import type { Backend, Pool, Wanted } from './pool.js';
import { endpointFailure, overloaded, type Refusal, refusalHeaders, unknownRoute } from './refusal.js';

/** max_attempts (platform facts A4). */
export const MAX_ATTEMPTS = 3;
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** What a router brings to each request. */
export interface ProxyContext {
  clock: Clock;
  counter: Counter;
  access: AccessLog;
  agent: Agent;
  /** Milliseconds that a backend has for its whole answer. */
  requestTimeoutMs: number;
}

/** A request whose route was found. */
export interface Routed {
  pool: Pool;
  host: string;
  wanted: Wanted | undefined;
  trace: Trace;
}

export function refuse(response: ServerResponse, refusal: Refusal, trace: Trace): void {
  response.writeHead(refusal.status, refusalHeaders(refusal, trace.requestId));
  response.end(`${refusal.text}\n`);
}

/**
 * Passes a request to a backend and its answer back, both as they come. A backend that cannot be reached is left for another for
 * every method; one that breaks off before its headers, for requests that may safely be repeated (platform facts A4).
 */
export function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  { pool, host, wanted, trace }: Routed,
  context: ProxyContext,
): void {
  const sticky = stickyInstance(incoming.headers);
  const hasBody =
    'transfer-encoding' in incoming.headers || Number(incoming.headers['content-length'] ?? 0) > 0;
  const repeatable =
    !hasBody && (IDEMPOTENT.has(incoming.method ?? '') || 'idempotency-key' in incoming.headers);
  const tried = new Set<Backend>();
  let call: ClientRequest | undefined;
  let app: string | undefined;
  let asked: Backend | undefined;
  let error: string | undefined;
  let sent = 0;
  let cut = false;
  let late = false;

  const deadline = setTimeout(() => {
    late = true;
    call?.destroy(new Error('context deadline exceeded'));
  }, context.requestTimeoutMs);

  response.once('close', () => {
    clearTimeout(deadline);
    call?.destroy();
    // 499: the client left before there was an answer.
    const status = response.headersSent ? response.statusCode : 499;
    if (!cut) count(status);
    log(status);
  });

  function log(status: number): void {
    if (!asked) return;
    const { endpoint } = asked;
    const why = error === undefined ? {} : { error };
    context.access({ incoming, host, trace, endpoint, status, sent, ...why });
  }

  function refuseBy(refusal: Refusal): void {
    error = refusal.error;
    refuse(response, refusal, trace);
  }

  function count(status: number | 'cut'): void {
    context.counter.count({ route: pool.record, status, app });
  }

  function tryNext(lastReason?: string): void {
    const backend = tried.size < MAX_ATTEMPTS ? pool.next({ wanted, sticky, tried }) : undefined;
    if (backend && backend !== 'overloaded') send(backend);
    else refuseBy(noBackend(backend, lastReason, host, wanted));
  }

  function send(backend: Backend): void {
    const { endpoint } = backend;
    asked = backend;
    tried.add(backend);
    backend.open += 1;
    let connected = false;
    const current = request({
      host: '127.0.0.1',
      port: endpoint.port,
      method: incoming.method,
      path: incoming.url,
      headers: towardsBackend(incoming, endpoint, trace),
      agent: context.agent,
      setHost: false,
    });
    call = current;
    const onConnected = () => {
      connected = true;
      // Not before: what a backend that cannot be reached has swallowed could not be sent to another.
      if (hasBody) incoming.pipe(current);
    };
    current.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', onConnected);
      else onConnected();
    });
    if (!hasBody) current.end();
    current.once('close', () => {
      backend.open -= 1;
    });
    current.on('error', (broken: NodeJS.ErrnoException) => {
      if (response.headersSent || response.destroyed) return;
      incoming.unpipe(current);
      if (late) return refuseBy(endpointFailure('context deadline exceeded'));
      if (!connected) {
        backend.failedAtMs = context.clock.now();
        return tryNext(dialReason(broken, endpoint.port));
      }
      // A kept connection that the backend had closed meanwhile says nothing of the backend.
      if (current.reusedSocket && repeatable) return send(backend);
      const reason = brokenReason(broken);
      if (reason === 'EOF' && repeatable) return tryNext(reason);
      refuseBy(endpointFailure(reason));
    });
    current.once('response', (answer) => {
      app = endpoint.appGuid;
      sent = Number(answer.headers['content-length'] ?? 0);
      response.writeHead(
        answer.statusCode ?? 502,
        answer.statusMessage,
        towardsClient(answer, endpoint, trace, sticky),
      );
      // A body of unknown length may be a stream that begins later than its headers.
      if (answer.headers['content-length'] === undefined) response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => {});
      answer.once('close', () => {
        if (answer.complete || response.destroyed) return;
        cut = true;
        count('cut');
        incoming.socket.resetAndDestroy();
      });
    });
  }

  tryNext();
}

/** Why there is no backend to try: all are full, none ever was, or the last one failed. */
export function noBackend(
  backend: 'overloaded' | undefined,
  lastReason: string | undefined,
  host: string,
  wanted: Wanted | undefined,
): Refusal {
  if (backend === 'overloaded') return overloaded(host);
  return lastReason === undefined ? unknownRoute(host, wanted) : endpointFailure(lastReason);
}

/** As Go words a failed connection. */
export function dialReason(error: NodeJS.ErrnoException, port: number): string {
  const why = error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
  return `dial tcp 127.0.0.1:${port}: connect: ${why}`;
}

/** As Go words a connection that broke before the headers of the answer. */
function brokenReason(error: NodeJS.ErrnoException): string {
  if (error.message === 'socket hang up') return 'EOF';
  if (error.code === 'ECONNRESET') return 'read: connection reset by peer';
  if (error.code === 'EPIPE') return 'write: broken pipe';
  return error.message;
}
