/**
 * A service registry: `PUT /NAME/ID` with an address as body, `DELETE /NAME/ID`, and `GET /NAME`, which answers all addresses of the
 * name as JSON. Whoever does not say again that it is there is forgotten.
 */
import { createServer } from 'node:http';

const FORGOTTEN_MS = 60_000;
const known = new Map<string, { address: string; atMs: number }>();

function addressesOf(name: string): string[] {
  const found = [...known].filter(
    ([key, { atMs }]) => key.startsWith(`/${name}/`) && Date.now() - atMs < FORGOTTEN_MS,
  );
  return [...new Set(found.map(([, { address }]) => address))];
}

const server = createServer((from, to) => {
  const path = from.url ?? '/';
  let body = '';
  from.on('data', (chunk: Buffer) => {
    body += chunk;
  });
  from.on('end', () => {
    if (from.method === 'PUT') known.set(path, { address: body, atMs: Date.now() });
    if (from.method === 'DELETE') known.delete(path);
    const answer = from.method === 'GET' ? JSON.stringify(addressesOf(path.slice(1))) : '';
    to.writeHead(200, { 'content-type': 'application/json', 'x-app-version': 'registry' });
    to.end(answer);
  });
});
server.listen(Number(process.env.PORT ?? 8080));
