/** The process of `proxy.ts`: tunnels every name to one address, for whoever knows its password. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

const [to = '', user = ''] = process.argv.slice(2);
const [host = '', port = ''] = to.split(':');
const wanted = `Basic ${Buffer.from(user).toString('base64')}`;
const open = new Map<Duplex, string>();

const server = createServer((_request, response) => response.writeHead(405).end());
server.on('connect', (request, client: Duplex) => {
  const allowed = request.headers['proxy-authorization'] === wanted;
  process.send?.({ target: request.url, allowed });
  if (!allowed) {
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
    return;
  }
  const inside = connect(Number(port), host);
  open.set(client, request.url ?? '');
  inside.once('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(inside).pipe(client);
  });
  const end = () => {
    open.delete(client);
    client.destroy();
    inside.destroy();
  };
  for (const socket of [client, inside]) socket.on('error', end).on('close', end);
});
process.on('message', (message: { drop: string }) => {
  for (const [client, target] of open) if (target.startsWith(message.drop)) client.destroy();
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
