import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Event, Listener } from '../../src/model/ports.js';

/** A clock that tells how long was slept and does not wait. */
export function hastyClock(): Clock & { slept: number[]; nowMs: number } {
  return {
    slept: [],
    nowMs: 1_000_000,
    now() {
      return this.nowMs;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      this.slept.push(ms);
      this.nowMs += ms;
    },
  };
}

export function listener(): Listener & { events: Event[] } {
  const events: Event[] = [];
  return { events, tell: (event) => events.push(event) };
}

export async function folder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'cli-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface Request {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Ends the connection instead. */
  reset?: true;
}

/** A loopback server; `answer` may be changed at any time. */
export async function serve(answer: (request: Request) => Answer) {
  const requests: Request[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(parts).toString('utf8'),
      };
      requests.push(request);
      const { status, headers, body, reset } = running.answer(request);
      if (reset) incoming.socket.resetAndDestroy();
      else outgoing.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const running = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return running;
}

export const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** An unsigned token, as the CLI reads it. Seconds. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`;
}

/**
 * A `cf` that appends its arguments, environment and standard input to a file, as one line of JSON for each call, then does
 * what `script` (JavaScript with `args`, `env`, `home`, `fs`) says.
 */
export async function fakeCf(folderPath: string, script: string, name = 'cf') {
  const path = join(folderPath, name);
  const record = join(folderPath, `${name}.calls`);
  await writeFile(
    path,
    `#!${process.execPath}
const fs = require('node:fs');
const args = process.argv.slice(2), env = process.env, home = env.CF_HOME;
fs.appendFileSync(${JSON.stringify(record)}, JSON.stringify({ args, env, stdin: fs.readFileSync(0, 'utf8') }) + '\\n');
${script}
`,
  );
  await chmod(path, 0o755);
  return { path, record };
}
