/**
 * How containers reach internal names. On the platform every program resolves them; on loopback all instances share one address, and
 * a name that is made up for them resolves nowhere. So `curl` stands in for all programs: each container has a `.curlrc` that
 * sends its connections through a proxy of the cells, which knows from its credentials whose container it is.
 */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Inside } from '../ports.js';

export interface InsideProxy {
  /** Writes the `.curlrc` of one container of the app into the directory, which is its `CURL_HOME`. */
  join(appGuid: string, directory: string): Promise<void>;
  close(): void;
}

export function createInsideProxy(inside: Inside): InsideProxy {
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connection', hold);
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    const [, name = '', port = ''] = /^(.*):(\d+)$/.exec(url) ?? [];
    const met = inside(appOf(headers['proxy-authorization']), name, Number(port));
    if (typeof met === 'string') return void client.end(`HTTP/1.1 502 ${met}\r\n\r\n`);
    const to = connect(
      met === undefined ? { host: name, port: Number(port) } : { host: '127.0.0.1', port: met },
    );
    hold(to);
    to.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(to).pipe(client);
    });
    to.once('close', () => client.destroy());
    client.once('close', () => to.destroy());
  });
  const listening = new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  return {
    async join(appGuid, directory) {
      const lines = [
        `proxy = "http://127.0.0.1:${await listening}"`,
        `proxy-user = "${appGuid}:"`,
        'proxytunnel',
        'suppress-connect-headers',
        'noproxy = "127.0.0.1,localhost"',
      ];
      await writeFile(join(directory, '.curlrc'), `${lines.join('\n')}\n`);
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function appOf(authorization = ''): string {
  return Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .replace(/:.*$/, '');
}
