/**
 * The demo app itself, the way it runs on the platform: `app.json` beside package.json says which version it is and how it
 * behaves. Everything a deploy can meet is here: slow answers, websockets, bodies, a boot that takes long, a crash.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { frame, readFrames } from '../traffic/frames.js';

/** The content of `app.json`. */
export interface AppBehaviour {
  version: string;
  /** What `/health` answers. `hang`: nothing at all; `redirect`: to a login page, whose page is a 200. Default `ok`. */
  health?: 'ok' | '500' | 'hang' | 'redirect';
  /** Milliseconds until it listens. */
  bootMs?: number;
  /** So many first answers of `/health`, by each instance, are the app's own 404. */
  firstAnswers404?: number;
  /** Ends with exit status 7, `afterMs` after its start, on one instance or on all. */
  crash?: { afterMs: number; onlyIndex?: number };
  /** Ends with exit status 1 before it listens. */
  failStart?: boolean;
  /** Printed at the start, one line each. */
  says?: readonly string[];
  /** Body of `/` and `/health`. Default: the version. */
  body?: string;
  /** Every answer to a request for this host is a 500. */
  failsOnHost?: string;
  /** How much longer every answer takes. */
  slowMs?: number;
  /** From the first request for `/turn-bad` on, every answer of that instance is a 500. */
  turnsBad?: boolean;
  /** Only under this app's name it is as the rest says; under any other name it is good. */
  onlyAs?: string;
  /** A service that it needs: with a password that is none of these it does not start. `/password` answers the one that it has. */
  bound?: { service: string; passwords: readonly string[] };
  /** Ends at SIGTERM without finishing what is under way, as a program does that does not listen to it. */
  stopsAtOnce?: boolean;
  /** From SIGTERM on every answer is a 500, for so long: it lets go of what it needs before it ends. */
  stopsBadlyMs?: number;
}

const GUID_OF_RFC_6455 = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const behaviour = asCalled(JSON.parse(readFileSync('app.json', 'utf8')) as AppBehaviour);
const index = Number(process.env.CF_INSTANCE_INDEX ?? 0);
const websockets = new Set<Socket>();
let healthAnswers = 0;
let bad = false;

function asCalled(written: AppBehaviour): AppBehaviour {
  const { application_name: name } = JSON.parse(process.env.VCAP_APPLICATION ?? '{}') as Record<
    string,
    unknown
  >;
  return written.onlyAs === undefined || written.onlyAs === name ? written : { version: written.version };
}

function answer(
  to: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  to.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  to.end(body);
}

function health(to: ServerResponse): void {
  healthAnswers += 1;
  const how = healthAnswers <= (behaviour.firstAnswers404 ?? 0) ? '404' : (behaviour.health ?? 'ok');
  if (how === '404') answer(to, 404, 'not here yet\n');
  if (how === 'ok') answer(to, 200, behaviour.body ?? `${behaviour.version}\n`);
  if (how === '500') answer(to, 500, behaviour.body ?? 'no connection to the database\n');
  if (how === 'redirect') answer(to, 302, '', { location: '/login' });
}

/** Streams for `ms`; a platform's stop does not cut it as long as it lets the process live. */
function slow(to: ServerResponse, ms: number): void {
  const until = performance.now() + ms;
  to.writeHead(200, { 'content-type': 'text/plain' });
  const next = (): void => {
    const left = until - performance.now();
    if (left <= 0) {
      to.end('end\n');
      return;
    }
    to.write('.');
    setTimeout(next, Math.min(100, left));
  };
  next();
}

/** Without the port, which a client names where it is not the usual one. */
function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').replace(/:\d+$/, '');
}

function handle(from: IncomingMessage, to: ServerResponse): void {
  to.setHeader('x-app-version', behaviour.version);
  to.setHeader('x-app-instance', String(index));
  const url = new URL(from.url ?? '/', 'http://app');
  bad ||= behaviour.turnsBad === true && url.pathname === '/turn-bad';
  if (bad || hostOf(from) === behaviour.failsOnHost) answer(to, 500, 'out of order\n');
  else if (from.method === 'POST') count(from, to);
  else if (url.pathname === '/health') health(to);
  else if (url.pathname === '/slow') slow(to, Number(url.searchParams.get('ms') ?? 1_000));
  else if (url.pathname === '/missing') answer(to, 404, 'not found\n');
  else if (url.pathname === '/password') answer(to, 200, password() ?? 'none');
  else if (url.pathname === '/staged') answer(to, 200, readFileSync('staging_info.yml', 'utf8'));
  else answer(to, 200, behaviour.body ?? `${behaviour.version}\n`);
}

function password(): string | undefined {
  const services = JSON.parse(process.env.VCAP_SERVICES ?? '{}') as Record<
    string,
    { name: string; credentials: { password?: string } }[]
  >;
  const bound = Object.values(services).flat();
  return bound.find(({ name }) => name === behaviour.bound?.service)?.credentials.password;
}

function count(from: IncomingMessage, to: ServerResponse): void {
  let bytes = 0;
  from.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  from.on('end', () => answer(to, 200, `${bytes} bytes\n`));
}

function upgrade(from: IncomingMessage, socket: Socket): void {
  const accept = createHash('sha1')
    .update(`${from.headers['sec-websocket-key'] ?? ''}${GUID_OF_RFC_6455}`)
    .digest('base64');
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
      `X-App-Version: ${behaviour.version}`,
      '\r\n',
    ].join('\r\n'),
  );
  websockets.add(socket);
  socket.on('close', () => websockets.delete(socket));
  socket.on('error', () => undefined);
  socket.on(
    'data',
    readFrames((opcode, payload) => {
      if (opcode === 8) socket.end(frame(8, payload, false));
      else if (opcode === 9) socket.write(frame(10, payload, false));
      else if (opcode === 1) socket.write(frame(1, payload, false));
    }),
  );
}

function stop(server: ReturnType<typeof createServer>): void {
  if (behaviour.stopsBadlyMs !== undefined) {
    bad = true;
    setTimeout(() => process.exit(0), behaviour.stopsBadlyMs);
    return;
  }
  console.log('stopping: what is under way is finished');
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  const goingAway = Buffer.from([0x03, 0xe9]);
  for (const socket of websockets) socket.end(frame(8, goingAway, false));
}

for (const line of behaviour.says ?? []) console.log(line);
if (behaviour.failStart) {
  console.error('cannot start: the configuration names no database');
  process.exit(1);
}
if (behaviour.bound && !behaviour.bound.passwords.includes(password() ?? '')) {
  console.error('cannot start: the database refuses the password');
  process.exit(1);
}
if (behaviour.crash && (behaviour.crash.onlyIndex ?? index) === index) {
  setTimeout(() => {
    console.error('out of luck: this instance ends itself');
    process.exit(7);
  }, behaviour.crash.afterMs);
}
const server = createServer((from, to) => {
  if (behaviour.slowMs) setTimeout(handle, behaviour.slowMs, from, to);
  else handle(from, to);
});
server.on('upgrade', upgrade);
// A router may keep connections idle for long; one that is closed under it would look like a failure of the deploy.
server.keepAliveTimeout = 120_000;
setTimeout(() => {
  server.listen(Number(process.env.PORT ?? 8080), () => console.log(`version ${behaviour.version} listens`));
}, behaviour.bootMs ?? 0);
if (!behaviour.stopsAtOnce) process.on('SIGTERM', () => stop(server));
