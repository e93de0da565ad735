/**
 * A service that others find through the registry, and that finds and calls another one through it all the time. What becomes of each
 * call stands in a file. At SIGTERM it leaves the registry and goes on answering for a while those who have looked it up before.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';

/** One line of the file, as JSON. */
export interface Called {
  by: string;
  /** The version that answered; undefined: none of the addresses did. */
  met?: string;
  /** Those that were tried in vain. */
  vain: readonly string[];
}

interface Told {
  version: string;
  /** Absolute path. */
  callsIn: string;
  /** Under which name it is found, and whom it calls. */
  service: { name: string; calls: string; as: 'instance' | 'first-uri' };
}

const SAY_MS = 500;
const CALL_MS = 50;
const LEAVE_MS = 5_000;

const { version, callsIn, service } = JSON.parse(readFileSync('app.json', 'utf8')) as Told;
const { REGISTRY_HOST = '', ROUTER = '', CF_INSTANCE_GUID: id = '' } = process.env;

interface Answer {
  body: string;
  version: string;
}

/** @param address `host:port` of an instance, or a name that the router knows */
function ask(address: string, method = 'GET', path = '/', body = ''): Promise<Answer> {
  const base = new URL(/:\d+$/.test(address) ? `http://${address}` : ROUTER);
  return new Promise((resolve, reject) => {
    const options = { method, path, headers: { host: address }, agent: false, timeout: 30_000 };
    const call = request(base, options, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      answer.on('end', () => {
        const who = answer.headers['x-app-version'];
        if (answer.statusCode === 200 && who) resolve({ body: text, version: String(who) });
        else reject(new Error(`${answer.statusCode}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', reject);
    call.end(body);
  });
}

/** Its own address, as it tells it others. */
function own(): string {
  const { CF_INSTANCE_INTERNAL_IP = '127.0.0.1', PORT = '8080', VCAP_APPLICATION = '{}' } = process.env;
  const { application_uris: uris = [] } = JSON.parse(VCAP_APPLICATION) as { application_uris?: string[] };
  return service.as === 'instance' ? `${CF_INSTANCE_INTERNAL_IP}:${PORT}` : (uris[0] ?? '');
}

const said = (method: 'PUT' | 'DELETE') =>
  ask(REGISTRY_HOST, method, `/${service.name}/${id}`, own()).then(
    () => true,
    () => false,
  );

/** Until then nobody of that name is there yet, and nothing is called. */
let wasFound = false;

/** As a client-side load balancer does: any address of the name will do. */
async function call(): Promise<void> {
  const found = await ask(REGISTRY_HOST, 'GET', `/${service.calls}`).catch(() => undefined);
  if (!found) return;
  const addresses = (JSON.parse(found.body) as string[]).sort(() => Math.random() - 0.5);
  wasFound ||= addresses.length > 0;
  if (!wasFound) return;
  const vain: string[] = [];
  let met: string | undefined;
  for (const address of addresses) {
    met = await ask(address).then(
      (answer) => answer.version,
      () => undefined,
    );
    if (met !== undefined) break;
    vain.push(address);
  }
  const line: Called = { by: `${service.name} ${version}`, ...(met === undefined ? {} : { met }), vain };
  appendFileSync(callsIn, `${JSON.stringify(line)}\n`);
}

const server = createServer((_from, to) => {
  to.writeHead(200, { 'content-type': 'text/plain', 'x-app-version': version });
  to.end(`${service.name} ${version}\n`);
});
server.keepAliveTimeout = 120_000;
let leaves = false;
server.listen(Number(process.env.PORT ?? 8080), () => {
  void said('PUT');
  setInterval(() => leaves || void said('PUT'), SAY_MS);
  const again = (): void => void call().finally(() => leaves || setTimeout(again, CALL_MS));
  again();
});
process.on('SIGTERM', () => {
  leaves = true;
  void said('DELETE');
  setTimeout(() => process.exit(0), LEAVE_MS);
});
