/** The real side of `Loopback`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalAnswer, LocalRequest, Loopback } from '../model/ports.js';
import { headersOf } from './http.js';

export const loopback: Loopback = {
  async serve(answer) {
    // Bits may take longer to come up than Node gives any request, and nobody else asks here.
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
      answer(localRequest(request, response))
        .then(({ status, headers, body }: LocalAnswer) => void response.writeHead(status, headers).end(body))
        // Also an answer that cannot be written as it is: it must end this request alone, not the run.
        .catch(() => response.destroy());
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

function localRequest(request: IncomingMessage, response: ServerResponse): LocalRequest {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) gone.abort();
  });
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: headersOf(request),
    // Whoever does not read it to its end can answer still.
    body: request.iterator({ destroyOnReturn: false }),
    signal: gone.signal,
  };
}
