/** Which routes an app asks for, as the platform reads them when it applies a manifest. */
import type { ManifestApp } from '../model/asked.js';
import type { Domain } from '../model/cloud.js';
import type { Problem } from '../model/errors.js';
import type { WantedRoute } from '../model/intent.js';
import type { SourcePosition } from '../model/ports.js';

/**
 * `named`: the manifest lists them (none with `no-route`). `default` and `random`: the platform makes one only for an app that
 * has no route yet, so routes that live has stay what they are.
 */
export type RouteChoice = 'named' | 'default' | 'random';

export interface RouteWish {
  choice: RouteChoice;
  /** For `random`: none, its host is drawn with `randomRoute` when it is needed. */
  routes: readonly WantedRoute[];
  problems: readonly Problem[];
}

const WILDCARD = '*';
const SCHEME = /^[a-z]+:\/\//i;
/** Of a TCP route: what a router group can have at all (the routing API refuses any other in a group). */
const PORTS = { first: 1_024, last: 65_535 };
/** What the platform takes as a host. */
const HOST = /^[\w-]{1,63}$/;

/**
 * @param domains all that the organization may use, in the platform's order
 * @returns routes without repetition, hosts in lower case, domains as the platform spells them: so it will name the route
 */
export function wantedRoutes(app: ManifestApp, domains: readonly Domain[]): RouteWish {
  if (app.noRoute || app.routes) return namedRoutes(app, domains);
  if (app.randomRoute) return { choice: 'random', routes: [], problems: noDomain(app, domains) };
  const domain = defaultDomain(domains);
  const host = defaultRouteHost(app.name);
  if (domain && host) return { choice: 'default', routes: [onDomain(domain, host)], problems: [] };
  const unfit = `The app name "${app.name}" cannot be the host of its default route: a host has at most 63 letters, digits, "_" and "-". Name the route in the manifest, or set "no-route: true".`;
  const problems = [...noDomain(app, domains), ...(host ? [] : [{ text: unfit }])];
  return { choice: 'default', routes: [], problems };
}

/** Of several apps that are deployed together: requests on a route that two of them have would go to either. */
export function sharedRoutes(
  apps: readonly { app: ManifestApp; named: readonly WantedRoute[] }[],
): readonly Problem[] {
  return apps.flatMap(({ app, named }, index) =>
    named.flatMap(({ url }): Problem[] => {
      const first = apps.slice(0, index).find((other) => other.named.some((route) => route.url === url));
      if (!first) return [];
      // What the platform makes by itself is written nowhere; the other one is, then.
      const at = placeOf(url, app) ?? placeOf(url, first.app);
      const text = `The route "${url}" of the app "${app.name}" is one of the app "${first.app.name}", too: each of them needs routes of its own.`;
      return [{ text, ...(at ? { at } : {}) }];
    }),
  );
}

function placeOf(url: string, { routes = [] }: ManifestApp): SourcePosition | undefined {
  return routes.find(({ route }) => route.trim().replace(SCHEME, '').toLowerCase() === url.toLowerCase())?.at;
}

/** The platform takes the app's name as it is, and refuses one that is no host. @returns undefined for such a name */
export function defaultRouteHost(name: string): string | undefined {
  return HOST.test(name) ? name.toLowerCase() : undefined;
}

/** The first shared HTTP domain that is not internal, else the first of the organization's own. */
export function defaultDomain(domains: readonly Domain[]): Domain | undefined {
  return (
    domains.find((domain) => domain.shared && isWeb(domain)) ??
    domains.find((domain) => !domain.shared && isWeb(domain))
  );
}

/** @param word makes it unlike other hosts; @returns undefined when there is no domain or the name is no host */
export function randomRoute(app: string, word: string, domains: readonly Domain[]): WantedRoute | undefined {
  const domain = defaultDomain(domains);
  const host = defaultRouteHost(`${app}-${word}`);
  return domain && host ? onDomain(domain, host) : undefined;
}

function namedRoutes(app: ManifestApp, domains: readonly Domain[]): RouteWish {
  const routes = new Map<string, WantedRoute>();
  const problems: Problem[] = [];
  for (const { route, protocol, options, at } of app.routes ?? []) {
    const wanted = parseRoute(route, protocol, domains);
    if (typeof wanted === 'string') {
      problems.push({
        text: `The route "${route}" of the app "${app.name}" ${wanted}.`,
        ...(at ? { at } : {}),
      });
    } else if (!routes.has(wanted.url)) {
      routes.set(wanted.url, options ? { ...wanted, options } : wanted);
    }
  }
  return { choice: 'named', routes: [...routes.values()], problems };
}

/** @returns the route, or what is wrong with it */
function parseRoute(
  given: string,
  protocol: string | undefined,
  domains: readonly Domain[],
): WantedRoute | string {
  const [, scheme, authority = '', path = ''] = /^(?:([a-z]+):\/\/)?([^/?#]*)(.*)$/i.exec(given.trim()) ?? [];
  const [, fullHost = '', port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  const name = fullHost.toLowerCase();
  const found = splitHost(name, domains);
  if (typeof found !== 'string' && isTcp(found.domain)) {
    return tcpRoute(found, { scheme, port, path, protocol });
  }
  if (port !== undefined && typeof found !== 'string')
    return `has the port ${port}, which a route on ${found.domain.name} cannot have: only TCP domains have ports`;
  if (scheme !== undefined && !/^https?$/i.test(scheme))
    return `has the scheme "${scheme}"; a route has none`;
  if (protocol !== undefined && protocol !== 'http1' && protocol !== 'http2') {
    return `has the protocol "${protocol}"; allowed are http1 and http2${protocol === 'tcp' ? ': for tcp it needs a TCP domain and a port' : ''}`;
  }
  if (path !== '' && !/^\/[^?#\s]+$/.test(path))
    return `has the path "${path}", which the platform does not take`;
  if (path.length > 128) return 'has a path of more than 128 characters';
  if (typeof found === 'string') return found;
  if (found.domain.internal && (path !== '' || found.host === WILDCARD)) {
    return 'is on an internal domain, where there are neither paths nor wildcards';
  }
  if (found.host === '' && found.domain.shared) return 'has no host, which a shared domain needs';
  return { ...onDomain(found.domain, found.host, path), ...(protocol === undefined ? {} : { protocol }) };
}

interface TcpParts {
  scheme: string | undefined;
  port: string | undefined;
  path: string;
  protocol: string | undefined;
}

/** A TCP route is its domain and a port: routers know nothing else of a connection. */
function tcpRoute(
  { host, domain }: { host: string; domain: Domain },
  { scheme, port, path, protocol }: TcpParts,
): WantedRoute | string {
  const { name } = domain;
  if (scheme !== undefined && scheme.toLowerCase() !== 'tcp')
    return `has the scheme "${scheme}", and ${name} is for TCP`;
  if (protocol !== undefined && protocol !== 'tcp')
    return `has the protocol "${protocol}", and ${name} is for TCP`;
  if (host !== '') return `has the host "${host}", and a TCP route has none: write ${name}:PORT`;
  if (path !== '') return `has the path "${path}", and a TCP route has none`;
  if (port === undefined) return `is on a TCP domain and names no port: write ${name}:PORT`;
  const number = Number(port);
  if (!(number >= PORTS.first && number <= PORTS.last))
    return `has the port ${port}; that of a TCP route is from ${PORTS.first} to ${PORTS.last}`;
  return { ...onDomain(domain, ''), url: `${name}:${number}`, port: number };
}

/** The whole name as a domain, else its first label as a host of the rest: deeper hosts do not exist on the platform. */
function splitHost(name: string, domains: readonly Domain[]): { host: string; domain: Domain } | string {
  const byName = (wanted: string) => domains.find((domain) => domain.name.toLowerCase() === wanted);
  const apex = byName(name);
  if (apex) return { host: '', domain: apex };
  const dot = name.indexOf('.');
  const host = name.slice(0, dot);
  const domain = dot > 0 ? byName(name.slice(dot + 1)) : undefined;
  if (!domain) {
    const near = domains.filter((one) => name.endsWith(`.${one.name.toLowerCase()}`)).map((one) => one.name);
    const deeper = near.length > 0 ? `; a host on ${near.join(' or ')} has one label only` : '';
    return `is on no domain that the organization has${deeper}`;
  }
  if (host !== WILDCARD && !HOST.test(host))
    return `has the host "${host}", which the platform does not take`;
  return { host, domain };
}

function onDomain(domain: Domain, host: string, path = ''): WantedRoute {
  const { name } = domain;
  return {
    url: `${host === '' ? name : `${host}.${name}`}${path}`,
    host,
    domainGuid: domain.guid,
    path,
    port: null,
    internal: domain.internal,
  };
}

function noDomain(app: ManifestApp, domains: readonly Domain[]): readonly Problem[] {
  if (defaultDomain(domains)) return [];
  return [
    { text: `There is no domain for the route of the app "${app.name}": name its routes in the manifest.` },
  ];
}

function isWeb(domain: Domain): boolean {
  return !domain.internal && domain.protocols.includes('http');
}

function isTcp(domain: Domain): boolean {
  return !domain.internal && !isWeb(domain) && domain.protocols.includes('tcp');
}
