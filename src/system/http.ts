import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream';
import * as tls from 'node:tls';
import { HttpFailure } from '../model/errors.js';
import type { Http, HttpRequest, HttpResponse } from '../model/ports.js';
import { usualAuthorities } from './authorities.js';
import { Gate } from './gate.js';
import { proxyFor, proxyHeaders, TunnelAgent } from './proxy.js';

const SOCKETS_PER_HOST = 24;
/** Shorter than any server's patience with idle connections: a request never meets one that is just being closed. */
const IDLE_MS = 4_000;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

export interface HttpOptions {
  /** PEM of a private authority, trusted beside the usual ones. */
  caCertificate?: string;
  skipSslValidation: boolean;
  /** Where proxies are named (`https_proxy` and the like); none without it. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface ClosableHttp extends Http {
  /** Closes every connection. Without it a kept connection may hold the process for some seconds. */
  close(): void;
}

/** HTTP over a bounded pool of kept connections for each host; a request that waits for a free one uses up its own timeout. */
export function createHttp(options: HttpOptions): ClosableHttp {
  const pool = { keepAlive: true, maxSockets: SOCKETS_PER_HOST, timeout: IDLE_MS };
  const plain = new PlainAgent(pool);
  const secure = new SecureAgent(pool);
  let context: tls.SecureContext | undefined;
  // Made once, when it is first needed: hundreds of certificates are read for it.
  const trust = () => {
    const { caCertificate, skipSslValidation } = options;
    context ??= tls.createSecureContext({
      ca: [...usualAuthorities(), ...(caCertificate === undefined ? [] : [caCertificate])],
    });
    return { rejectUnauthorized: !skipSslValidation, secureContext: context };
  };
  const tunnels = new Map<string, TunnelAgent>();
  const tunnel = (proxy: URL, fresh: boolean): SecureAgent => {
    if (fresh) return new TunnelAgent(proxy, {});
    const kept = tunnels.get(proxy.href) ?? new TunnelAgent(proxy, pool);
    tunnels.set(proxy.href, kept);
    return kept;
  };
  const gates = new Map<string, Gate>();
  const gate = (host: string): Gate => {
    const known = gates.get(host) ?? new Gate(SOCKETS_PER_HOST);
    gates.set(host, known);
    return known;
  };
  const wire = { plain, secure, tunnel, gate, trust, env: options.env ?? {} };
  return {
    request: (request) => exchange(request, wire),
    close() {
      for (const agent of [plain, secure, ...tunnels.values()]) agent.destroy();
    },
  };
}

interface Wire {
  plain: PlainAgent;
  secure: SecureAgent;
  tunnel(proxy: URL, fresh: boolean): SecureAgent;
  /** Before the tunnels to a host: Node's agent counts no connection that is still being opened, and would open one for each request. */
  gate(host: string): Gate;
  trust(): { rejectUnauthorized: boolean; secureContext: tls.SecureContext };
  env: Readonly<Record<string, string | undefined>>;
}

function exchange(request: HttpRequest, wire: Wire): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const url = new URL(request.url);
    const route = routeOrFailure(request, url, wire);
    if (route instanceof HttpFailure) {
      reject(route);
      return;
    }
    let connected = false;
    let settled = false;
    let outgoing: ClientRequest | undefined;
    let leave = () => {};

    const settle = (act: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', abort);
      act();
      leave();
    };
    const fail = (kind: HttpFailure['kind'], why: string) =>
      settle(() => {
        reject(new HttpFailure(`${request.method} ${url.origin}${url.pathname}: ${why}`, kind, connected));
        outgoing?.destroy();
      });
    const timer = setTimeout(
      () => fail('timeout', `no answer within ${request.timeoutMs} ms`),
      request.timeoutMs,
    );
    const abort = () => fail('aborted', 'given up');

    const send = () => {
      outgoing = (route.secure ? secureRequest : plainRequest)({
        method: request.method,
        host: route.host,
        port: route.port,
        path: route.path,
        headers: { host: url.host, ...route.headers, ...request.headers },
        agent: route.agent,
        ...(route.secure
          ? { ...wire.trust(), servername: isIP(bare(url.hostname)) ? '' : url.hostname }
          : {}),
      });
      outgoing.on('socket', (socket) => {
        if (isReady(socket)) connected = true;
        else
          socket.once(route.secure ? 'secureConnect' : 'connect', () => {
            connected = true;
          });
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        fail(kindOf(error), error.message || String(error.code)),
      );
      outgoing.on('response', (answer) => {
        connected = true;
        receive(answer, request.maxBytes ?? DEFAULT_MAX_BYTES).then(
          ({ body, cut }) =>
            settle(() =>
              resolve({
                status: answer.statusCode ?? 0,
                headers: headersOf(answer),
                body,
                cut,
                durationMs: performance.now() - startedAt,
              }),
            ),
          (error: NodeJS.ErrnoException) => fail(kindOf(error), `the answer broke off: ${error.message}`),
        );
      });
      sendBody(request.body, outgoing);
    };
    // What cannot be sent at all (a header that is none) must not end in whoever makes room for it.
    const begin = () => {
      try {
        send();
      } catch (error) {
        settle(() => reject(error));
      }
    };

    request.signal?.addEventListener('abort', abort, { once: true });
    if (request.signal?.aborted) abort();
    else if (route.gate) leave = route.gate.enter(begin);
    else begin();
    if (settled) leave();
  });
}

/** What goes wrong with a stream ends the request, which says so. */
function sendBody(body: HttpRequest['body'], outgoing: ClientRequest): void {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) outgoing.end(body);
  else pipeline(body, outgoing, () => {});
}

/** Over which connection a request goes. A proxy is for addresses as they are, not for `connectTo`. */
function routeOf(request: HttpRequest, url: URL, wire: Wire) {
  const fresh = request.fresh === true;
  const to = request.connectTo ?? {
    protocol: url.protocol,
    host: url.hostname,
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
  const secure = to.protocol === 'https:';
  const direct = {
    secure,
    host: bare(to.host),
    port: to.port,
    path: `${url.pathname}${url.search}`,
    headers: {},
    agent: fresh ? (false as const) : secure ? wire.secure : wire.plain,
    gate: undefined as Gate | undefined,
  };
  const proxy = request.connectTo === undefined ? proxyFor(url, wire.env) : undefined;
  if (proxy === undefined) return direct;
  const gate = fresh ? {} : { gate: wire.gate(`${proxy.href} ${url.host}`) };
  if (secure) return { ...direct, ...gate, agent: wire.tunnel(proxy, fresh) };
  return {
    ...direct,
    host: bare(proxy.hostname),
    port: Number(proxy.port) || 80,
    path: url.href,
    headers: proxyHeaders(proxy),
  };
}

function routeOrFailure(request: HttpRequest, url: URL, wire: Wire) {
  try {
    return routeOf(request, url, wire);
  } catch (error) {
    const { message } = error as Error;
    return new HttpFailure(`${request.method} ${url.origin}: ${message}`, kindOf(error as Error), false);
  }
}

/**
 * What is written to it now may arrive. A kept one announces no second `connect`, and one that was opened for a request which was
 * given up meanwhile has announced its first to nobody.
 */
function isReady(socket: Socket & { secureConnecting?: boolean }): boolean {
  return !socket.connecting && socket.secureConnecting !== true;
}

async function receive(answer: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; cut: boolean }> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    // Leaving the loop destroys the connection: what follows is not read.
    if (size > maxBytes) return { body: Buffer.concat(parts).subarray(0, maxBytes), cut: true };
  }
  return { body: Buffer.concat(parts), cut: false };
}

/** Names in lower case; repeated ones joined by a comma and a space. */
export function headersOf(answer: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(answer.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]),
  );
}

const KINDS: Readonly<Record<string, HttpFailure['kind']>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EPROTO: 'tls',
  ERR_PROXY: 'proxy',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
};

/** Of an error of a socket. */
export function kindOf(error: NodeJS.ErrnoException): HttpFailure['kind'] {
  const code = error.code ?? '';
  return (
    KINDS[code] ?? (/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code) ? 'tls' : 'other')
  );
}

/** `[::1]` in a URL is `::1` to a socket. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
