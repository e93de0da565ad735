import type { BadInstanceHeader } from './headers.js';
import type { Wanted } from './pool.js';

/** An answer that the router gives itself (gorouter's words; platform facts A4). */
export interface Refusal {
  status: number;
  /** `X-Cf-RouterError`. */
  error?: string;
  /** Body, without its end of line. */
  text: string;
  noCache?: boolean;
}

export function unknownRoute(host: string, wanted: Wanted | undefined): Refusal {
  const error = 'unknown_route';
  if (!wanted) {
    return {
      status: 404,
      error,
      text: `404 Not Found: Requested route ('${host}') does not exist.`,
      noCache: true,
    };
  }
  const guid = wanted.by === 'app' ? 'guid' : 'process guid';
  const index = wanted.index === undefined ? '' : ` ('${wanted.index}')`;
  const instance = `instance${index} with ${guid} ('${wanted.guid}')`;
  const text = `400 Bad Request: Requested ${instance} does not exist for route ('${host}')`;
  return { status: 400, error, text, noCache: true };
}

export function badInstanceHeader(error: BadInstanceHeader): Refusal {
  const name = error === 'invalid_cf_app_instance_header' ? 'X-CF-App-Instance' : 'X-CF-Process-Instance';
  return { status: 400, error, text: `400 Bad Request: Invalid ${name} Header`, noCache: true };
}

export function missingHost(): Refusal {
  const text = '400 Bad Request: Request had empty Host header';
  return { status: 400, error: 'empty_host', text, noCache: true };
}

export function overloaded(host: string): Refusal {
  const text = `503 Service Unavailable: Requested route ('${host}') has reached the connection limit.`;
  return { status: 503, error: 'Connection Limit Reached', text };
}

/** The backend could not be reached or broke off before its headers. */
export function endpointFailure(reason: string): Refusal {
  const text = '502 Bad Gateway: Registered endpoint failed to handle the request.';
  return { status: 502, error: `endpoint_failure (${reason})`, text };
}

export function refusalHeaders(refusal: Refusal, requestId: string): string[] {
  return [
    ...(refusal.noCache ? ['Cache-Control', 'no-cache, no-store'] : []),
    ...(refusal.error === undefined ? [] : ['X-Cf-RouterError', refusal.error]),
    ...['Content-Type', 'text/plain; charset=utf-8'],
    ...['X-Content-Type-Options', 'nosniff'],
    ...['X-Vcap-Request-Id', requestId],
    ...['Content-Length', String(Buffer.byteLength(refusal.text) + 1)],
  ];
}
