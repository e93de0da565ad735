import type { IncomingMessage } from 'node:http';
import type { CellEvents, Clock, Endpoint } from '../ports.js';
import type { Trace } from './headers.js';

/** One router's log of the requests that it has led to apps. */
export type AccessLog = (entry: AccessEntry) => void;

export interface AccessEntry {
  incoming: IncomingMessage;
  host: string;
  trace: Trace;
  /** Whom it asked last. */
  endpoint: Endpoint;
  /** As the client got it. */
  status: number;
  /** Bytes of the answer's body, as far as they are known. */
  sent?: number;
  /** The router's own reason, where it answered itself. */
  error?: string;
}

/**
 * Lines as gorouter has them, which the platform adds to the app's own log: source type RTR, the router's number as instance. A
 * request that met no app is in nobody's log.
 */
export function accessLog(router: number, clock: Clock, log: CellEvents['log']): AccessLog {
  return (entry) => {
    const { appGuid } = entry.endpoint;
    log({
      appGuid,
      source: 'RTR',
      instance: String(router),
      stream: 'OUT',
      text: lineOf(entry, clock.now()),
    });
  };
}

function lineOf(
  { incoming, host, trace, endpoint, status, sent = 0, error }: AccessEntry,
  nowMs: number,
): string {
  const { method, url, httpVersion, headers } = incoming;
  const { remoteAddress = '', remotePort = 0 } = incoming.socket;
  const via = headers['x-forwarded-for'];
  const seconds = ((nowMs - trace.startMs) / 1000).toFixed(6);
  return [
    `${host} - [${new Date(trace.startMs).toISOString().replace('Z', '000000Z')}]`,
    `"${method} ${url} HTTP/${httpVersion}"`,
    status,
    headers['content-length'] ?? 0,
    sent,
    quoted(headers.referer),
    quoted(headers['user-agent']),
    `"${remoteAddress}:${remotePort}"`,
    `"127.0.0.1:${endpoint.port}"`,
    `x_forwarded_for:"${via === undefined ? remoteAddress : `${via}, ${remoteAddress}`}"`,
    `x_forwarded_proto:${quoted(headers['x-forwarded-proto'] ?? 'http')}`,
    `vcap_request_id:"${trace.requestId}"`,
    `response_time:${seconds}`,
    'gorouter_time:0.000100',
    `app_id:"${endpoint.appGuid}"`,
    `app_index:"${endpoint.index}"`,
    `instance_id:"${endpoint.instanceGuid}"`,
    `x_cf_routererror:${quoted(error)}`,
  ].join(' ');
}

function quoted(value: string | readonly string[] | undefined): string {
  return `"${value === undefined || value.length === 0 ? '-' : value}"`;
}
