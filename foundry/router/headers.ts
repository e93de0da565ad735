import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Endpoint } from '../ports.js';
import type { Wanted } from './pool.js';

const INSTANCE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::(\d+))?$/;
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The error names that gorouter gives for a header that names no instance. */
export type BadInstanceHeader = 'invalid_cf_app_instance_header' | 'invalid_cf_process_instance_header';

/**
 * Which instance the request asks for: `X-Cf-App-Instance: GUID:INDEX`, which wins, or `X-CF-Process-Instance: GUID[:INDEX]`
 * (platform facts A4). A string is the name of the error.
 */
export function wantedInstance(headers: IncomingHttpHeaders): Wanted | BadInstanceHeader | undefined {
  const app = one(headers['x-cf-app-instance']);
  const header = app ?? one(headers['x-cf-process-instance']);
  if (header === undefined) return undefined;
  const [, guid, index] = INSTANCE.exec(header) ?? [];
  if (app !== undefined) {
    if (guid === undefined || index === undefined) return 'invalid_cf_app_instance_header';
    return { by: 'app', guid, index };
  }
  if (guid === undefined) return 'invalid_cf_process_instance_header';
  return { by: 'process', guid, index };
}

/** Empty counts as absent, as it does for a Go server that asks for the header's value. */
function one(value: string | string[] | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return first === '' ? undefined : first;
}

/** The instance that the request sticks to: it needs the app's JSESSIONID and the router's __VCAP_ID__ (A4). */
export function stickyInstance(headers: IncomingHttpHeaders): string | undefined {
  const cookies = headers.cookie;
  if (!cookies?.includes('JSESSIONID=')) return undefined;
  return /(?:^|;\s*)__VCAP_ID__=([^;]+)/.exec(cookies)?.[1];
}

/** Facts of a request that outlive a repeated attempt. */
export interface Trace {
  /** `X-Vcap-Request-Id`, also in the answer. */
  requestId: string;
  startMs: number;
}

export function newTrace(startMs: number): Trace {
  return { requestId: randomUUID(), startMs };
}

/** The request's headers as the backend gets them; `upgrade` keeps what asks for another protocol. */
export function towardsBackend(
  request: IncomingMessage,
  endpoint: Endpoint,
  trace: Trace,
  upgrade = false,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const named = connectionNames(request.headers.connection);
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.has(name)) headers[name] = value;
  }
  // Named again, so that a body of unknown length is sent in chunks whatever the method.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  if (upgrade) {
    headers.connection = 'Upgrade';
    headers.upgrade = request.headers.upgrade ?? '';
  }
  const client = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const via = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = via === undefined ? client : `${via}, ${client}`;
  headers['x-forwarded-proto'] ??= 'http';
  headers['x-request-start'] ??= String(trace.startMs);
  headers['x-vcap-request-id'] = trace.requestId;
  headers['x-cf-applicationid'] = endpoint.appGuid;
  headers['x-cf-instanceid'] = endpoint.instanceGuid;
  headers['x-cf-instanceindex'] = String(endpoint.index);
  return headers;
}

/**
 * The answer's headers as the client gets them: name, value, name, value. `__VCAP_ID__` goes with a JSESSIONID of the app, and to
 * a client whose own instance is gone (platform facts A4).
 */
export function towardsClient(
  answer: IncomingMessage,
  endpoint: Endpoint,
  trace: Trace,
  sticky: string | undefined,
  upgrade = false,
): string[] {
  const named = connectionNames(answer.headers.connection);
  const headers: string[] = [];
  let bind = sticky !== undefined && sticky !== endpoint.instanceGuid;
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    const name = answer.rawHeaders[at] ?? '';
    const value = answer.rawHeaders[at + 1] ?? '';
    const key = name.toLowerCase();
    if (key === 'set-cookie' && value.startsWith('JSESSIONID=')) bind = true;
    if (key === 'x-vcap-request-id') continue;
    if (upgrade || (!HOP_BY_HOP.has(key) && !named.has(key))) headers.push(name, value);
  }
  if (bind) headers.push('Set-Cookie', `__VCAP_ID__=${endpoint.instanceGuid}; Path=/; HttpOnly`);
  headers.push('X-Vcap-Request-Id', trace.requestId);
  return headers;
}

/** Headers that the connection header names are of that connection alone. */
function connectionNames(connection: string | undefined): ReadonlySet<string> {
  return new Set(connection?.toLowerCase().split(/\s*,\s*/));
}
