import { PlatformFault, Refused } from '../model/errors.js';
import type { Clock, Http, HttpResponse } from '../model/ports.js';
import { ask, patiently } from './patience.js';

const MAX_BYTES = 256 * 1024 * 1024;
const ATTEMPT_TIMEOUT_MS = 5 * 60_000;
/** A release's address leads to a store by one or two. */
const MAX_REDIRECTS = 5;

/**
 * The bytes at `url`. Redirects are followed (nothing secret is sent); broken connections, 429 and 5xx are tried again. Throws
 * `PlatformFault` when they stay, `Refused` for any other answer.
 */
export async function download(
  url: string,
  { http, clock, signal }: { http: Http; clock: Clock; signal?: AbortSignal },
): Promise<Buffer> {
  return await patiently(
    clock,
    async () => {
      const { status, body, cut } = await follow(url, http, signal);
      if (status !== 200)
        throw new Refused(
          `The download of the cf CLI from ${url} was answered with ${status}.`,
          'Check cf-version and cf-url.',
          'cf-download',
        );
      if (cut) throw new PlatformFault(`${url} is larger than any release of the cf CLI.`, false);
      return body;
    },
    signal,
  );
}

async function follow(url: string, http: Http, signal: AbortSignal | undefined): Promise<HttpResponse> {
  let address = new URL(url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await ask(http, {
      method: 'GET',
      url: address.href,
      timeoutMs: ATTEMPT_TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
    const location = response.headers.location;
    if (response.status < 300 || response.status >= 400 || location === undefined) return response;
    address = new URL(location, address);
  }
  throw new Refused(`${url} leads in circles.`, 'Check cf-url.', 'cf-download');
}
