import { type IncomingMessage, request, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { stickyInstance, type Trace, towardsBackend, towardsClient } from './headers.js';
import type { Backend } from './pool.js';
import { dialReason, MAX_ATTEMPTS, noBackend, type ProxyContext, type Routed } from './proxy.js';
import { endpointFailure, type Refusal, refusalHeaders } from './refusal.js';

/** The router's own answer on a connection that asked for another protocol. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal, trace: Trace): void {
  const headers = ['Connection', 'close', ...refusalHeaders(refusal, trace.requestId)];
  socket.end(`${head(refusal.status, STATUS_CODES[refusal.status], headers)}${refusal.text}\n`);
}

/** Joins the client with a backend for as long as both want (websockets); losing the destination does not end it. */
export function forwardUpgrade(
  incoming: IncomingMessage,
  socket: Duplex,
  first: Buffer,
  { pool, host, wanted, trace }: Routed,
  context: ProxyContext,
): void {
  const sticky = stickyInstance(incoming.headers);
  const tried = new Set<Backend>();
  let asked: Backend | undefined;
  const count = (status: number, app?: string) => {
    context.counter.count({ route: pool.record, status, app });
    if (asked) context.access({ incoming, host, trace, endpoint: asked.endpoint, status });
  };
  socket.on('error', () => {});

  function refused(refusal: Refusal): void {
    count(refusal.status);
    refuseUpgrade(socket, refusal, trace);
  }

  function tryNext(lastReason?: string): void {
    const backend = tried.size < MAX_ATTEMPTS ? pool.next({ wanted, sticky, tried }) : undefined;
    if (backend && backend !== 'overloaded') send(backend);
    else refused(noBackend(backend, lastReason, host, wanted));
  }

  function send(backend: Backend): void {
    const { endpoint } = backend;
    asked = backend;
    tried.add(backend);
    backend.open += 1;
    let connected = false;
    const call = request({
      host: '127.0.0.1',
      port: endpoint.port,
      method: incoming.method,
      path: incoming.url,
      headers: towardsBackend(incoming, endpoint, trace, true),
      agent: false,
      setHost: false,
    });
    call.once('socket', (to) => {
      to.once('connect', () => {
        connected = true;
      });
      to.once('close', () => {
        backend.open -= 1;
      });
    });
    call.once('upgrade', (answer, to, rest) => {
      count(101, endpoint.appGuid);
      socket.write(head(101, answer.statusMessage, towardsClient(answer, endpoint, trace, sticky, true)));
      if (rest.length > 0) socket.write(rest);
      if (first.length > 0) to.write(first);
      join(socket, to);
    });
    call.once('response', (answer) => {
      count(answer.statusCode ?? 502, endpoint.appGuid);
      const headers = ['Connection', 'close', ...towardsClient(answer, endpoint, trace, sticky)];
      socket.write(head(answer.statusCode ?? 502, answer.statusMessage, headers));
      answer.pipe(socket);
    });
    call.on('error', (error) => {
      if (socket.destroyed) return;
      if (connected) return refused(endpointFailure('EOF'));
      backend.failedAtMs = context.clock.now();
      tryNext(dialReason(error, endpoint.port));
    });
    socket.once('close', () => call.destroy());
    call.end();
  }

  tryNext();
}

function join(one: Duplex, other: Duplex): void {
  one.pipe(other);
  other.pipe(one);
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    here.on('error', () => there.destroy());
    here.once('close', () => there.destroy());
  }
}

function head(status: number, message: string | undefined, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${message ?? ''}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${text}\r\n`;
}
