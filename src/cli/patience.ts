import { HttpFailure, PlatformFault, Refused } from '../model/errors.js';
import type { Clock, Http, HttpRequest, HttpResponse } from '../model/ports.js';

/** Pauses between attempts; the last fault is the answer. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000];
/** Newer releases of Node name a flag of their own, which nobody can give an action. */
const FLAG_OF_NODE = /; if the root CA is installed locally.*/;
/** However long a server asks us to wait. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Repeats `call`, which must be safe to repeat, while it throws `PlatformFault`. Everything else, and the last fault, goes to
 * the caller.
 */
export async function patiently<T>(clock: Clock, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PlatformFault)) throw error;
      await clock.sleep(Math.min(error.retryAfterMs ?? pause, LONGEST_PAUSE_MS), signal);
    }
  }
  return await call();
}

/**
 * One request whose answer says something: a broken connection, 429 and 5xx are `PlatformFault`, an untrusted certificate and
 * a proxy that does not let us through are `Refused`, and the signal's reason is thrown when it is aborted.
 */
export async function ask(http: Http, request: HttpRequest): Promise<HttpResponse> {
  const { origin } = new URL(request.url);
  let response: HttpResponse;
  try {
    response = await http.request(request);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (!(error instanceof HttpFailure)) throw error;
    if (error.kind === 'tls')
      throw new Refused(
        `The certificate of ${origin} is not trusted: ${error.message.replace(FLAG_OF_NODE, '')}`,
        'Give the certificate of its authority as ca-certificate. If it is given, it is another authority that signed.',
        'tls',
      );
    if (error.kind === 'proxy')
      throw new Refused(
        `The proxy does not lead to ${origin}: ${error.message}`,
        'Check https_proxy, http_proxy and no_proxy of the job. A proxy is written http://HOST:PORT, with USER:PASSWORD@ before the host where it wants them.',
        'address',
      );
    throw new PlatformFault(error.message, error.connected && request.method !== 'GET');
  }
  if (response.status === 429 || response.status >= 500)
    throw new PlatformFault(
      `${origin} answered ${response.status}.`,
      request.method !== 'GET' && response.status !== 429,
      response.status,
      retryAfterMs(response.headers['retry-after']),
    );
  return response;
}

/** Seconds only; the form with a date is not used by anything we ask. */
function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : undefined;
}
