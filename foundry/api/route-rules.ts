import type * as r from '../state/records.js';
import { audit, type Core } from './core.js';
import { unprocessable } from './errors.js';
import { checkRouteQuota } from './quota-rules.js';
import type { Caller } from './table.js';

export interface WantedRoute {
  host: string;
  path: string;
  /** On a TCP domain; absent: any that is free. */
  port?: number;
  options?: Record<string, unknown>;
}

/** Makes a route. Throws 422 with the platform's texts for what it refuses. */
export function createRoute(core: Core, space: r.Space, domain: r.Domain, wanted: WantedRoute): r.Route {
  const host = wanted.host.toLowerCase();
  const { path } = wanted;
  if (domain.routerGroupGuid === undefined) {
    if (wanted.port) throw unprocessable("Routes with protocol 'http' do not support ports.");
    checkRoute(core, space, domain, host, path);
  } else checkTcpRoute(host, path);
  const port = domain.routerGroupGuid === undefined ? undefined : takePort(core, domain, wanted.port);
  checkRouteQuota(core, space, port !== undefined);
  const made: r.Route = {
    ...core.store.base(),
    spaceGuid: space.guid,
    domainGuid: domain.guid,
    host,
    path,
    ...(port === undefined ? {} : { port }),
    options: wanted.options ?? {},
    destinations: [],
  };
  core.store.routes.add(made);
  core.history.record({ kind: 'route', change: 'created', routeGuid: made.guid, url: core.store.url(made) });
  core.running.publish(made);
  return made;
}

/** Merges options; null removes. */
export function setOptions(route: r.Route, change: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete route.options[key];
    else route.options[key] = value;
  }
}

function checkTcpRoute(host: string, path: string): void {
  if (host !== '') throw unprocessable('Hosts are not supported for TCP routes.');
  if (path !== '') throw unprocessable('Paths are not supported for TCP routes.');
}

/** The wanted port of the router group, or any free one. */
function takePort(core: Core, domain: r.Domain, wanted: number | undefined): number {
  const { first, last } = core.tcpPorts;
  const holder = (port: number) => core.store.routes.find((x) => x.port === port);
  if (wanted === undefined) {
    const all = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    const free = all.filter((port) => !holder(port));
    // What is random comes from one place.
    const port = free[Number.parseInt(core.store.guid().slice(0, 8), 16) % free.length];
    if (port === undefined) throw unprocessable('There are no more ports available for this domain.');
    return port;
  }
  const taken = holder(wanted);
  if (taken?.domainGuid === domain.guid) {
    throw unprocessable(`Route already exists with port '${wanted}' for domain '${domain.name}'.`);
  }
  if (taken || wanted < first || wanted > last) {
    throw unprocessable(`Port '${wanted}' is not available. Try a different port or use a different domain.`);
  }
  return wanted;
}

function checkRoute(core: Core, space: r.Space, domain: r.Domain, host: string, path: string): void {
  const { store } = core;
  if (host.length > 63) throw unprocessable('Host is too long (maximum is 63 characters)');
  if (!/^([\w-]+|\*)?$/.test(host)) {
    throw unprocessable('Host must be either "*" or contain only alphanumeric characters, "_", or "-"');
  }
  if (path !== '') {
    if (!path.startsWith('/')) throw unprocessable('Path must begin with a forward slash');
    if (path === '/') throw unprocessable("Path cannot be exactly '/'");
    if (path.includes('?')) throw unprocessable("Path cannot contain '?'");
    if (path.length > 128) throw unprocessable('Path is too long (maximum is 128 characters)');
  }
  if (domain.organizationGuid !== undefined && domain.organizationGuid !== space.organizationGuid) {
    const name = store.organizationOf(space).name;
    throw unprocessable(
      `Invalid domain. Domain '${domain.name}' is not available in organization '${name}'.`,
    );
  }
  if (domain.internal && host === '*') {
    throw unprocessable('Wildcard hosts are not supported for internal domains.');
  }
  if (domain.internal && path !== '') throw unprocessable('Paths are not supported for internal domains.');
  if (domain.organizationGuid === undefined && host === '') {
    throw unprocessable('Missing host. Routes in shared domains must have a host defined.');
  }
  const name = `${host}.${domain.name}`;
  if (host !== '' && store.domains.find((d) => d.name === name)) {
    throw unprocessable(`Route conflicts with domain '${name}'.`);
  }
  const sameHost = store.routes.where((x) => x.domainGuid === domain.guid && x.host === host);
  if (sameHost.some((x) => x.path === path)) throw unprocessable(taken(host, domain.name, path));
  // Another space may use another path of the same host on a private domain only.
  if (domain.organizationGuid === undefined && sameHost.some((x) => x.spaceGuid !== space.guid)) {
    throw unprocessable(
      'Routes cannot be created with a host and domain that are used in a different space: host_and_domain_taken_different_space',
    );
  }
}

function taken(host: string, domain: string, path: string): string {
  if (path !== '') {
    return host === ''
      ? `Route already exists with path '${path}' for domain '${domain}'.`
      : `Route already exists with host '${host}' and path '${path}' for domain '${domain}'.`;
  }
  return host === ''
    ? `Route already exists for domain '${domain}'.`
    : `Route already exists with host '${host}' for domain '${domain}'.`;
}

export function deleteRoute(core: Core, route: r.Route): void {
  changeDestinations(core, route, [], { guid: 'system', name: 'system', type: 'user' });
  const url = core.store.url(route);
  for (const b of core.store.routeBindings.where((one) => one.routeGuid === route.guid)) {
    core.store.routeBindings.remove(b.guid);
  }
  core.store.routes.remove(route.guid);
  core.running.withdraw(route);
  core.history.record({ kind: 'route', change: 'deleted', routeGuid: route.guid, url });
}

/**
 * Sets a route's destinations: everything that is gone is removed and everything that is new is added in one act, the processes'
 * ports follow (for their next start), the routers are told once.
 */
export function changeDestinations(
  core: Core,
  route: r.Route,
  after: readonly r.Destination[],
  caller: Caller,
): void {
  const before = route.destinations;
  const url = core.store.url(route);
  const removed = before.filter((d) => !after.some((x) => x.guid === d.guid));
  const added = after.filter((d) => !before.some((x) => x.guid === d.guid));
  if (removed.length + added.length === 0) return;
  route.destinations = [...after];
  core.store.touch(route);
  core.store.indexRoute(route, before);
  const tell = (change: 'added' | 'removed', d: r.Destination) => {
    core.history.record({
      kind: 'destination',
      change,
      routeGuid: route.guid,
      url,
      destinationGuid: d.guid,
      appGuid: d.appGuid,
      processType: d.processType,
      port: d.port,
    });
    const app = core.store.apps.get(d.appGuid);
    const type = change === 'added' ? 'audit.app.map-route' : 'audit.app.unmap-route';
    if (app) audit(core, type, caller, app, { route_guid: route.guid, destination_guid: d.guid });
  };
  for (const d of removed) {
    tell('removed', d);
    dropPort(core, d);
  }
  for (const d of added) {
    tell('added', d);
    addPort(core, d);
  }
  core.running.publish(route);
}

function addPort(core: Core, d: r.Destination): void {
  const process = core.store.process(d.appGuid, d.processType);
  if (process && d.port !== null && !process.ports.includes(d.port)) process.ports.push(d.port);
}

/** A port goes with the last destination that names it; a process without any falls back to the default one. */
function dropPort(core: Core, gone: r.Destination): void {
  const process = core.store.process(gone.appGuid, gone.processType);
  if (!process || gone.port === null) return;
  const used = core.store
    .routesOfApp(gone.appGuid)
    .some((route) =>
      route.destinations.some(
        (d) => d.appGuid === gone.appGuid && d.processType === gone.processType && d.port === gone.port,
      ),
    );
  if (used) return;
  process.ports = process.ports.filter((port) => port !== gone.port);
  if (process.ports.length === 0) process.ports = [8080];
}
