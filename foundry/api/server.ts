import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Fault, type Faults, faultAnswer } from '../control/faults.js';
import type { Requests } from '../control/requests.js';
import { streamSilence } from '../logs/stream.js';
import type { Tokens } from '../uaa/tokens.js';
import { type Core, errorBodies, SYSTEM } from './core.js';
import { ApiError, ApiErrors, invalidToken, notAuthenticated, parseError, unknownRequest } from './errors.js';
import { isObject } from './metadata.js';
import type { RateLimit } from './rate-limit.js';
import { assertMay } from './roles.js';
import { type Answer, type Call, type Caller, RouteIndex, type Row } from './table.js';

export interface ApiServerOptions {
  rows: readonly Row[];
  controlRows: readonly Row[];
  core: Core;
  tokens: Tokens;
  faults: Faults;
  requests: Requests;
  rateLimit: RateLimit;
  /** Milliseconds that each call takes at least. */
  latencyMs: number;
}

const CONTROL = '/__foundry/';

/** The HTTP side of API, UAA, log cache and control. */
export function createApiServer(options: ApiServerOptions): Server {
  const api = new RouteIndex(options.rows);
  const control = new RouteIndex(options.controlRows);
  const server = createServer((request, response) => {
    const url = request.url ?? '/';
    const cut = url.indexOf('?');
    const path = cut < 0 ? url : url.slice(0, cut);
    const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1));
    const asked = { request, response, path, query, method: request.method ?? 'GET' };
    if (path.startsWith(CONTROL)) void answerControl(options, control, asked);
    else void answerApi(options, api, asked);
  });
  streamSilence(server);
  return server;
}

interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  path: string;
  query: URLSearchParams;
}

async function answerControl(options: ApiServerOptions, index: RouteIndex, asked: Asked): Promise<void> {
  send(asked, await handle(options, index, asked, SYSTEM));
}

async function answerApi(options: ApiServerOptions, index: RouteIndex, asked: Asked): Promise<void> {
  const { core, faults, requests, latencyMs } = options;
  const began = core.clock.now();
  const { method } = asked;
  const full = asked.request.url ?? '';
  const record = (status: number) =>
    requests.add({ atMs: began, method, path: full, status, ms: core.clock.now() - began });
  const fault = faults.hit(method, full);
  const waitMs = latencyMs + (fault?.delayMs ?? 0);
  if (waitMs > 0) await new Promise<void>((resolve) => core.clock.after(waitMs, resolve));
  if (fault?.kill?.when === 'before') kill(fault);
  if (fault?.reset) {
    record(0);
    cut(asked.request.socket);
    return;
  }
  if (fault && (fault.status !== undefined || fault.body !== undefined)) {
    asked.request.resume();
    const answer = faultAnswer(fault, asked.path);
    record(answer.status);
    send(asked, answer);
    return;
  }
  const answer = await handle(options, index, asked, undefined);
  if (fault?.kill?.when === 'after') kill(fault);
  if (fault?.lost) {
    record(0);
    cut(asked.request.socket);
    return;
  }
  record(answer.status);
  send(asked, answer);
}

function kill(fault: Fault): void {
  try {
    if (fault.kill) process.kill(fault.kill.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function cut(socket: Socket): void {
  socket.resetAndDestroy();
}

async function handle(
  options: ApiServerOptions,
  index: RouteIndex,
  asked: Asked,
  known: Caller | undefined,
): Promise<Answer> {
  const { method, path } = asked;
  let limited: ReturnType<RateLimit['take']>;
  try {
    const hit = index.find(method === 'HEAD' ? 'GET' : method, path);
    let caller = known;
    if (!hit?.row.open && !caller) {
      const authorization = asked.request.headers.authorization;
      caller = options.tokens.caller(authorization);
      if (!caller) throw authorization === undefined ? notAuthenticated() : invalidToken();
      limited = options.rateLimit.take(path, caller);
      if (limited?.answer) {
        asked.request.resume();
        return limited.answer;
      }
    }
    if (!hit) {
      process.stderr.write(`foundry: unknown request ${method} ${asked.request.url}\n`);
      throw unknownRequest();
    }
    assertMay(hit.row, caller ?? SYSTEM);
    const answer = await hit.row.handler(callOf(asked, hit.params, caller ?? SYSTEM), options.core);
    return limited ? { ...answer, headers: { ...limited.headers, ...answer.headers } } : answer;
  } catch (error) {
    asked.request.resume();
    const status =
      error instanceof ApiError ? error.status : error instanceof ApiErrors ? error.errors[0].status : 500;
    return { status, body: { errors: errorBodies(error) }, headers: limited?.headers ?? {} };
  }
}

function callOf(asked: Asked, params: Record<string, string>, caller: Caller): Call {
  const text = () => readText(asked.request);
  return {
    method: asked.method,
    path: asked.path,
    params,
    query: asked.query,
    caller,
    raw: asked.request,
    text,
    async json() {
      const body = await text();
      if (body.trim() === '') return {};
      let parsed: unknown;
      try {
        parsed = JSON.parse(body);
      } catch {
        throw parseError();
      }
      if (!isObject(parsed)) throw parseError();
      return parsed;
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function send({ response, method }: Asked, answer: Answer): void {
  if (response.destroyed) return;
  const { status, body, headers } = answer;
  const json = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
  const text = body === undefined ? '' : json ? JSON.stringify(body) : (body as string | Buffer);
  response.writeHead(status, {
    'content-type': json ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  response.end(method === 'HEAD' ? undefined : text);
}
