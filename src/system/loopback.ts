/** The real side of `Loopback`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Loopback } from '../model/ports.js';

/** Requests of ours are forms of some hundred bytes. */
const MAX_BYTES = 64 * 1024;

export const loopback: Loopback = {
  async serve(path, answer) {
    const server = createServer((request, response) => {
      let size = 0;
      request.on('data', (part: Buffer) => {
        size += part.length;
        if (size > MAX_BYTES) request.destroy();
      });
      request.on('end', () => {
        const here = request.method === 'POST' && request.url?.split('?')[0] === path;
        const answered = here ? answer() : Promise.resolve({ status: 404, body: {} });
        answered.then(
          ({ status, body }) =>
            response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
          () => response.destroy(),
        );
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    // Whoever forgets to close it is not kept alive by it.
    server.unref();
    return {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close() {
        server.closeAllConnections();
        server.close();
      },
    };
  },
};
