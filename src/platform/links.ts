/** The addresses that the platform's root names. Tokens and secrets go to these hosts only. */
import { HttpFailure, PlatformFault, Refused } from '../model/errors.js';
import type { Clock, Http, HttpResponse } from '../model/ports.js';
import { Fields, present } from './json.js';
import { bodyKindOf, delayOf, verdictOf } from './verdict.js';

export interface Links {
  /** Token endpoint's host, without `/oauth/token`. */
  uaa: string;
  /** Login page's host; the same as `uaa` where the root names none. */
  login: string;
  logCache?: string;
  networkPolicy?: string;
  /** Version of the v3 API, for example `3.200.0`. */
  cloudControllerVersion: string;
}

const ATTEMPTS = 5;
const TIMEOUT_MS = 15_000;

/**
 * Reads the root document, without a token. Throws `Refused` when `api` or an address in the root is neither https nor loopback,
 * or when `api` is no Cloud Foundry; `PlatformFault` when it does not answer.
 */
export async function readLinks(
  ports: { http: Http; clock: Clock; signal?: AbortSignal },
  api: string,
): Promise<Links> {
  safeAddress('the input `api`', api);
  const root = Fields.of(await readRoot(ports, new URL('/', api).href), 'root').object('links');
  const addressOf = (name: string) => {
    const href = root.maybeObject(name)?.maybeText('href');
    return href ? safeAddress(`the platform's address \`${name}\``, href) : undefined;
  };
  const uaa = addressOf('uaa') ?? addressOf('login');
  const version = root.maybeObject('cloud_controller_v3')?.maybeObject('meta')?.maybeText('version');
  if (uaa === undefined || version === undefined)
    throw new Refused(`${api} is not the API of a Cloud Foundry with v3.`, 'Check the input `api`.', 'api');
  return {
    uaa,
    login: addressOf('login') ?? uaa,
    ...present({ logCache: addressOf('log_cache'), networkPolicy: addressOf('network_policy_v1') }),
    cloudControllerVersion: version,
  };
}

async function readRoot(
  { http, clock, signal }: { http: Http; clock: Clock; signal?: AbortSignal },
  url: string,
): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    let response: HttpResponse | undefined;
    let said: string;
    try {
      response = await http.request({
        method: 'GET',
        url,
        headers: { accept: 'application/json' },
        timeoutMs: TIMEOUT_MS,
        ...(signal ? { signal } : {}),
      });
      const { kind, json } = bodyKindOf(response);
      const verdict = verdictOf('GET', { kind: 'answered', status: response.status, body: kind }, true);
      if (verdict === 'answer') return json;
      if (verdict !== 'again')
        throw new Refused(`${url} answered ${response.status}.`, 'Check the input `api`.', 'api');
      said = `status ${response.status}`;
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      signal?.throwIfAborted();
      said = error.message;
    }
    if (attempt + 1 === ATTEMPTS)
      throw new PlatformFault(`${url} does not answer as an API: ${said}.`, false, response?.status);
    await clock.sleep(delayOf(attempt, response?.headers['retry-after'], clock.now(), 0.5), signal);
  }
}

/** The address without a trailing slash. Throws `Refused` for one that would carry secrets in the clear over a network. */
function safeAddress(what: string, address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new Refused(`${what} is not an address: ${address}`, 'Check the input `api`.', 'api');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw new Refused(
      `${what} is neither https nor on this machine: ${address}`,
      'Use an address that begins with https://. Secrets are sent to no other.',
      'api',
    );
  return address.replace(/\/+$/, '');
}

/** `hostname` as the URL parser gives it: an IPv4 address in its one form, an IPv6 address in brackets. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
