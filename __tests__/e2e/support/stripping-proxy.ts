import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StrippingProxy {
  /** For the input `router`. */
  url: string;
  close(): Promise<void>;
}

/**
 * What stands before the routers of many foundations and lets no `X-Cf-App-Instance` through: whoever asks behind it gets the
 * answer of whichever instance the router chooses. A new connection to the router each time.
 */
export async function strippingProxy(router: string): Promise<StrippingProxy> {
  const { hostname, port } = new URL(router);
  const server = createServer((asked, answer) => {
    const { 'x-cf-app-instance': _, ...headers } = asked.headers;
    const { method, url: path } = asked;
    const onward = request({ hostname, port, method, path, headers, agent: false }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
