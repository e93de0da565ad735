import { PlatformFault, Refused } from '../model/errors.js';
import type { Clock, Http } from '../model/ports.js';
import { isLoopback } from '../system/proxy.js';
import { ask, patiently } from './patience.js';

/** The addresses that the platform's root names, without a slash at the end. Secrets and tokens go to these hosts only. */
export interface Root {
  /** Cloud Controller. */
  api: string;
  /** Of the v3 API, such as `3.200.0`; `0.0.0` when the root does not say. */
  apiVersion: string;
  /** Version 2 of the API is switched on. */
  hasV2: boolean;
  /** Where tokens are given out: UAA, or the login server before it. */
  login: string;
  uaa: string;
  logCache?: string;
  networkPolicy?: string;
}

const TIMEOUT_MS = 30_000;

/**
 * Reads the root of the API at `api` (https is meant when it names no scheme). Throws `Refused` when that is no Cloud Foundry or one of the
 * addresses is neither https nor on this machine, `PlatformFault` when no answer came in several attempts.
 */
export async function readRoot(
  api: string,
  { http, clock, signal }: { http: Http; clock: Clock; signal?: AbortSignal },
): Promise<Root> {
  const base = checkedAddress(api.includes('://') ? api : `https://${api}`, 'api');
  return await patiently(
    clock,
    async () => {
      const response = await ask(http, {
        method: 'GET',
        url: `${base}/`,
        headers: { accept: 'application/json' },
        timeoutMs: TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.status !== 200)
        throw new Refused(
          `${base} answered ${response.status}, which no Cloud Foundry API does.`,
          'Check the input api: it is the address that `cf api` shows.',
          'api',
        );
      return parseRoot(base, response.body.toString('utf8'));
    },
    signal,
  );
}

/** Pure. Throws as `readRoot`. */
export function parseRoot(base: string, text: string): Root {
  const links = linksOf(text);
  if (links === undefined)
    throw new Refused(
      `${base} did not answer as a Cloud Foundry API does.`,
      'Check the input api: it is the address that `cf api` shows.',
      'api',
    );
  const addresses = Object.fromEntries(
    Object.entries(links).flatMap(([name, link]) =>
      // `app_ssh` is `host:port`: nothing that is spoken to here.
      link?.href?.includes('://') ? [[name, checkedAddress(link.href, `link ${name}`)]] : [],
    ),
  );
  const uaa = addresses.uaa ?? addresses.login;
  const login = addresses.login ?? uaa;
  if (uaa === undefined || login === undefined)
    throw new PlatformFault(`The root of ${base} does not name its UAA.`, false);
  return {
    api: base,
    apiVersion: links.cloud_controller_v3?.meta?.version ?? '0.0.0',
    // The platform names it only then (platform facts A1).
    hasV2: addresses.cloud_controller_v2 !== undefined,
    uaa,
    login,
    ...(addresses.log_cache === undefined ? {} : { logCache: addresses.log_cache }),
    ...(addresses.network_policy_v1 === undefined ? {} : { networkPolicy: addresses.network_policy_v1 }),
  };
}

type Links = Record<string, { href?: string; meta?: { version?: string } } | null | undefined>;

function linksOf(text: string): Links | undefined {
  try {
    const links = (JSON.parse(text) as { links?: unknown } | null)?.links;
    return typeof links === 'object' && links !== null ? (links as Links) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An address that secrets may be sent to, without a slash at the end: encrypted, or on this machine. Throws `Refused`;
 * `what` names the address in its message.
 */
export function checkedAddress(text: string, what: string): string {
  if (!URL.canParse(text))
    throw new Refused(`${what} is not an address: ${text}`, 'Give it as https://HOST.', 'address');
  const url = new URL(text);
  const encrypted = url.protocol === 'https:' || url.protocol === 'wss:';
  const here = (url.protocol === 'http:' || url.protocol === 'ws:') && isLoopback(url.hostname);
  if (!encrypted && !here)
    throw new Refused(
      `${what} is ${url.protocol}//${url.host}: passwords and tokens would be sent in the clear.`,
      'Use an API whose addresses are all https.',
      'address',
    );
  if (url.username !== '' || url.password !== '')
    throw new Refused(`${what} has a user name in its address.`, 'Give credentials as inputs.', 'address');
  return `${url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
