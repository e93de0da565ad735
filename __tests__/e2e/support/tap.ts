/** Stands between one run and an address of the foundry: sees each call of that run alone, and may act before and after it. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TappedCall {
  method: string;
  /** With its query. */
  path: string;
  host: string;
  body: string;
  atMs: number;
  /** undefined: not answered yet. */
  status?: number;
}

export interface TapHooks {
  /** The call is on its way, and nobody has done it yet; it waits for what is returned. */
  before?: (call: TappedCall) => unknown;
  /** It was done, and its answer is on its way. */
  after?: (call: TappedCall) => unknown;
}

export interface Tap {
  /** In place of the address. */
  url: string;
  calls: readonly TappedCall[];
  close(): Promise<void>;
}

/** A new connection to `address` for each call, so that a router behind it is met as by a new user. */
export async function tapOn(address: string, { before, after }: TapHooks = {}): Promise<Tap> {
  const { hostname, port } = new URL(address);
  const calls: TappedCall[] = [];
  const server = createServer(async (asked, answer) => {
    const { method = '', url: path = '', headers } = asked;
    const body = await bodyOf(asked).catch(() => undefined);
    if (body === undefined) return;
    const call: TappedCall = {
      method,
      path,
      host: headers.host ?? '',
      body: body.toString(),
      atMs: Date.now(),
    };
    calls.push(call);
    await before?.(call);
    const onward = request({ hostname, port, method, path, headers, agent: false }, async (got) => {
      const content = await bodyOf(got).catch(() => undefined);
      if (got.statusCode !== undefined) call.status = got.statusCode;
      after?.(call);
      if (content === undefined) answer.destroy();
      else give(answer, got, content);
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function give(answer: ServerResponse, got: IncomingMessage, content: Buffer): void {
  const { 'transfer-encoding': _, ...headers } = got.headers;
  answer.writeHead(got.statusCode ?? 502, headers);
  answer.end(content);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
