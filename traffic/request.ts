import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Outcome } from './figures.js';

/** A route to send requests to. The router is where the client connects; the host goes into the `Host` header. */
export interface TrafficRoute {
  host: string;
  path: string;
  /** Default 200. */
  expectStatus?: number;
}

export interface Shot {
  /** `http://address:port` */
  router: string;
  route: TrafficRoute;
  timeoutMs: number;
  /** Absent: a connection of its own, closed afterwards. */
  agent?: Agent;
  /** Sent by POST. */
  body?: string;
}

/**
 * One request, from connect to the last byte of the answer. Never throws and never repeats: what a user would have seen is
 * what is counted.
 */
export function shoot(shot: Shot): Promise<Outcome> {
  return new Promise((resolve) => {
    const router = new URL(shot.router);
    let outcome: Outcome = {};
    let deadline: NodeJS.Timeout | undefined;
    const end = (how: Outcome): void => {
      clearTimeout(deadline);
      resolve(how);
    };
    const sent: ClientRequest = request({
      host: router.hostname,
      port: router.port || 80,
      method: shot.body === undefined ? 'GET' : 'POST',
      path: shot.route.path,
      agent: shot.agent ?? false,
      headers: {
        host: shot.route.host,
        ...(shot.body === undefined ? {} : { 'content-length': Buffer.byteLength(shot.body) }),
        connection: shot.agent ? 'keep-alive' : 'close',
      },
    });
    deadline = setTimeout(() => {
      end({ ...outcome, failure: { kind: 'timeout', reason: `not complete after ${shot.timeoutMs} ms` } });
      sent.destroy();
    }, shot.timeoutMs);
    sent.once('error', (error: NodeJS.ErrnoException) => {
      const kind = error.syscall === 'connect' ? 'connect' : 'reset';
      const where = sent.reusedSocket ? 'kept-alive connection' : 'fresh connection';
      end({ ...outcome, failure: { kind, reason: `${error.code ?? error.message} on a ${where}` } });
    });
    sent.once('response', (answer) => {
      outcome = head(answer);
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      // Without a listener the cut body's error would end the process; `close` follows and is judged.
      answer.on('error', () => undefined);
      answer.once('close', () => end(judge(answer, outcome, bytes, shot.route)));
    });
    sent.end(shot.body);
  });
}

function head(answer: IncomingMessage): Outcome {
  const version = answer.headers['x-app-version'];
  return {
    status: answer.statusCode ?? 0,
    ...(typeof version === 'string' ? { version } : {}),
  };
}

function judge(answer: IncomingMessage, outcome: Outcome, bytes: number, route: TrafficRoute): Outcome {
  const expected = route.expectStatus ?? 200;
  const routerError = answer.headers['x-cf-routererror'];
  if (!answer.complete) {
    const promised = answer.headers['content-length'] ?? 'unknown';
    return { ...outcome, failure: { kind: 'cut', reason: `body ended after ${bytes} of ${promised} bytes` } };
  }
  if (routerError !== undefined) {
    const reason = `${outcome.status} from the router: ${String(routerError)}`;
    return { ...outcome, failure: { kind: 'router', reason } };
  }
  if (outcome.status !== expected) {
    return { ...outcome, failure: { kind: 'status', reason: `${outcome.status} instead of ${expected}` } };
  }
  return outcome;
}
