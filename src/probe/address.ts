import type { RouterOverride } from '../model/asked.js';
import type { HttpRequest } from '../model/ports.js';
import type { ProbeContext } from './context.js';

/** Where one request goes: the `url` with the route's own host, and what to connect to when that is not the url's address. */
export interface Address {
  url: string;
  connectTo?: NonNullable<HttpRequest['connectTo']>;
}

interface RouteParts {
  host: string;
  /** A TCP route's own port. */
  port?: number;
  /** '' or `/segment…`, no slash at its end. */
  path: string;
}

function partsOf(routeUrl: string): RouteParts {
  const [authority = '', ...segments] = routeUrl.replace(/^https?:\/\//, '').split('/');
  const [host = '', port] = authority.split(':');
  const path = segments.filter((segment) => segment !== '').join('/');
  return { host, path: path && `/${path}`, ...(port ? { port: Number(port) } : {}) };
}

/** @returns the host of a route url such as `*.example.com/api`, in lower case. */
export function hostOf(routeUrl: string): string {
  return partsOf(routeUrl).host.toLowerCase();
}

/** Whether this is the url of a TCP route: `domain:port`. Those of others have none. */
export function isTcpUrl(routeUrl: string): boolean {
  return partsOf(routeUrl).port !== undefined;
}

/** Where connections to a TCP route go. */
export function tcpAddress(
  routeUrl: string,
  { router }: Pick<ProbeContext, 'router'>,
): { host: string; port: number } {
  const { host, port = 0 } = partsOf(routeUrl);
  return { host: router?.host ?? host, port };
}

/** Whether a request for `host` reaches the route of `routeHost`, which may be a wildcard: that also matches deeper labels. */
export function hostMatches(routeHost: string, host: string): boolean {
  const [wanted, asked] = [routeHost.toLowerCase(), host.toLowerCase()];
  return wanted === asked || (wanted.startsWith('*.') && asked.endsWith(wanted.slice(1)));
}

/**
 * The public address of a route, as a user types it into a browser.
 * @param routeUrl `host.domain/path` or `domain:port`, no scheme
 * @returns without a slash at the end
 */
export function publicUrl(routeUrl: string, router?: RouterOverride): string {
  const { host, port: own, path } = partsOf(routeUrl);
  // Whatever the routers speak by HTTP: what speaks on a TCP route is the app itself.
  const protocol = own === undefined ? (router?.protocol ?? 'https:') : 'http:';
  const port = own ?? router?.port;
  const usual = port === undefined || port === (protocol === 'https:' ? 443 : 80);
  return `${protocol}//${host}${usual ? '' : `:${port}`}${path}`;
}

/**
 * Where to ask for `path` on a route. A wildcard gets a random label. A route with a path of its own keeps it in front: nothing
 * else of its host reaches its apps.
 * @param route its url, `host.domain/path` or `domain:port`, no scheme
 */
export function routeAddress(
  route: string | { url: string },
  path: string,
  ctx: Pick<ProbeContext, 'router' | 'random'>,
): Address {
  const routeUrl = typeof route === 'string' ? route : route.url;
  const { host, port, path: own } = partsOf(routeUrl);
  const named = host.startsWith('*.') ? routeUrl.replace('*', `probe-${ctx.random.token(10)}`) : routeUrl;
  const asked = path.startsWith('/') ? path : `/${path}`;
  const beyond =
    own !== '' && (asked === own || asked.startsWith(`${own}/`)) ? asked.slice(own.length) : asked;
  const url = `${publicUrl(named, ctx.router)}${beyond}`;
  if (!ctx.router) return { url };
  return {
    url,
    connectTo: port === undefined ? ctx.router : { protocol: 'http:' as const, host: ctx.router.host, port },
  };
}
