import { createHash } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** https://www.rfc-editor.org/rfc/rfc6455#section-1.3 */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * The stream of an app's lines, at which cf v6 listens while it stages: it opens, and stays silent, as lines are told by the log
 * cache alone. Whoever asks for another stream is cut off.
 */
export function streamSilence(server: Server): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const key = request.headers['sec-websocket-key'];
    socket.on('error', () => socket.destroy());
    if (key === undefined || !/^\/apps\/[^/]+\/stream$/.test(request.url ?? '')) {
      socket.destroy();
      return;
    }
    const accept = createHash('sha1').update(`${key}${MAGIC}`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    // A closing frame, or the end: either way nothing is left to be said.
    socket.once('data', () => socket.end());
    socket.once('end', () => socket.destroy());
  });
}
