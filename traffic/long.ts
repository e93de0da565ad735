/** Connections that are open for long: a slow request and a websocket, each saying how and when it ended. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { frame, readFrames } from './frames.js';
import { shoot } from './request.js';

export interface LongEnd {
  openedAtMs: number;
  endedAtMs: number;
  /** Complete, with the expected status. */
  ok: boolean;
  status?: number;
  version?: string;
  /** Why not ok. */
  reason?: string;
}

/** Asks `path` for an answer that takes `ms` (sent as that query) and waits for the whole answer. Gives up 10 s after it is due. */
export async function openLongRequest(
  router: string,
  url: { host: string; path?: string },
  ms: number,
): Promise<LongEnd> {
  const openedAtMs = Date.now();
  const outcome = await shoot({
    router,
    route: { host: url.host, path: `${url.path ?? '/slow'}?ms=${ms}` },
    timeoutMs: ms + 10_000,
  });
  return {
    openedAtMs,
    endedAtMs: Date.now(),
    ok: outcome.failure === undefined,
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
    ...(outcome.version === undefined ? {} : { version: outcome.version }),
    ...(outcome.failure === undefined ? {} : { reason: outcome.failure.reason }),
  };
}

export interface WebsocketEnd {
  openedAtMs: number;
  endedAtMs: number;
  /** `closed`: a close frame came first. `cut`: the connection just ended. `us`: we closed it. */
  how: 'closed' | 'cut' | 'us';
  /** Echoes that came back, and those that were asked for. */
  echoes: number;
  asked: number;
  /** Of the latest echo. */
  lastEchoAtMs?: number;
}

export interface Websocket {
  /** The version that answered the handshake. */
  version?: string;
  /** Sends a text and waits for the same text. Rejects when the connection has ended. */
  echo(text: string): Promise<void>;
  close(): void;
  ended: Promise<WebsocketEnd>;
}

const GUID_OF_RFC_6455 = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Opens a websocket through the router, and then asks for an echo every `everyMs`. Rejects when the handshake fails.
 */
export async function openWebsocket(
  router: string,
  url: { host: string; path?: string },
  everyMs = 200,
): Promise<Websocket> {
  const key = randomBytes(16).toString('base64');
  const at = new URL(router);
  const asking = request({
    host: at.hostname,
    port: at.port || 80,
    path: url.path ?? '/ws',
    headers: {
      host: url.host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
    },
  });
  asking.once('response', (answer) => {
    asking.destroy(new Error(`${answer.statusCode} instead of 101`));
  });
  asking.end();
  const [answer, socket, head] = (await once(asking, 'upgrade')) as [
    import('node:http').IncomingMessage,
    Socket,
    Buffer,
  ];
  const accept = createHash('sha1')
    .update(key + GUID_OF_RFC_6455)
    .digest('base64');
  if (answer.headers['sec-websocket-accept'] !== accept) {
    socket.destroy();
    throw new Error('the handshake was not answered by a websocket server');
  }
  const version = answer.headers['x-app-version'];
  return { ...(typeof version === 'string' ? { version } : {}), ...converse(socket, head, everyMs) };
}

function converse(socket: Socket, head: Buffer, everyMs: number): Omit<Websocket, 'version'> {
  const openedAtMs = Date.now();
  const waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  let how: WebsocketEnd['how'] = 'cut';
  let asked = 0;
  let echoes = 0;
  let lastEchoAtMs: number | undefined;

  const read = readFrames((opcode, payload) => {
    if (opcode === 8 && how === 'cut') {
      how = 'closed';
      socket.end(frame(8, payload, true));
    }
    if (opcode !== 1) return;
    const first = waiting.shift();
    if (first?.text !== payload.toString()) {
      first?.reject(new Error(`another text came back: ${payload.toString()}`));
      return;
    }
    echoes += 1;
    lastEchoAtMs = Date.now();
    first.resolve();
  });
  const echo = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) {
        reject(new Error('the websocket has ended'));
        return;
      }
      asked += 1;
      waiting.push({ text, resolve, reject });
      socket.write(frame(1, Buffer.from(text), true));
    });
  const ticking = setInterval(() => {
    echo(`tick ${asked}`).catch(() => undefined);
  }, everyMs);

  const ended = new Promise<WebsocketEnd>((resolve) => {
    socket.once('close', () => {
      clearInterval(ticking);
      for (const one of waiting.splice(0)) one.reject(new Error('the websocket has ended'));
      const last = lastEchoAtMs === undefined ? {} : { lastEchoAtMs };
      resolve({ openedAtMs, endedAtMs: Date.now(), how, echoes, asked, ...last });
    });
  });
  // A reset is an end like any other: `close` follows.
  socket.on('error', () => undefined);
  socket.on('data', read);
  socket.on('end', () => socket.end());
  if (head.length > 0) read(head);

  const close = (): void => {
    how = 'us';
    clearInterval(ticking);
    socket.end(frame(8, Buffer.alloc(0), true));
  };
  return { echo, close, ended };
}
