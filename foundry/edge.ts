/** What stands before a platform and ends TLS: one address for API and apps, told apart by the name that is asked for. */
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';

/** The API's name behind an edge; no machine resolves it, whoever comes has been led here. */
export const API_HOST = 'api.sys.localhost';

export interface EdgeOptions {
  /** PEM with the private key, the certificate and those above it. */
  file: string;
  /** Loopback ports. */
  apiPort: number;
  routerPort: number;
}

export interface Edge {
  port: number;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, on any port. Throws when the file is none. */
export async function startEdge({ file, apiPort, routerPort }: EdgeOptions): Promise<Edge> {
  const pem = await readFile(file);
  const sockets = new Set<Socket>();
  const server = createServer({ key: pem, cert: pem }, (outside) => {
    const inside = connect(outside.servername === API_HOST ? apiPort : routerPort, '127.0.0.1');
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
