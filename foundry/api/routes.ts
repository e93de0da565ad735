import type * as r from '../state/records.js';
import { isSince } from './api-version.js';
import { findApp } from './apps.js';
import { onlyFields, related, text } from './body.js';
import { accept, auditOf, type Core } from './core.js';
import { presentDestination } from './destinations.js';
import { presentDomain } from './domains.js';
import { notFound, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { include, type Listing, list } from './list.js';
import { checkMetadata, isObject, mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { createRoute, deleteRoute, setOptions } from './route-rules.js';
import { includedOrganizations, includedSpaces } from './spaces.js';
import { type Answer, type Call, type Row, row } from './table.js';

export function presentRoute(core: Core, x: r.Route): Record<string, unknown> {
  const self = `/v3/routes/${x.guid}`;
  return {
    ...head(x),
    protocol: x.port === undefined ? 'http' : 'tcp',
    host: x.host,
    path: x.path,
    port: x.port ?? null,
    url: core.store.url(x),
    destinations: [...x.destinations]
      .sort((a, b) => (a.guid < b.guid ? -1 : 1))
      .map((d) => presentDestination(core, d)),
    ...(isSince(core, '3.183.0') ? { options: x.options } : {}),
    metadata: metadata(x),
    relationships: { space: to(x.spaceGuid), domain: to(x.domainGuid) },
    links: links(core, {
      self,
      space: `/v3/spaces/${x.spaceGuid}`,
      destinations: `${self}/destinations`,
      domain: `/v3/domains/${x.domainGuid}`,
    }),
  };
}

export function findRoute(call: Call, core: Core): r.Route {
  const found = core.store.routes.get(call.params.guid ?? '');
  if (!found) throw notFound('Route');
  return found;
}

function listing(core: Core, rows: Iterable<r.Route>): Listing<r.Route> {
  const spaces = (found: readonly r.Route[]) =>
    includedSpaces(
      core,
      found.map((x) => x.spaceGuid),
    );
  const organizations = (found: readonly r.Route[]) =>
    includedOrganizations(
      core,
      found.map((x) => x.spaceGuid),
    );
  return {
    rows,
    present: (x) => presentRoute(core, x),
    filters: {
      hosts: (x) => x.host,
      paths: (x) => x.path,
      domain_guids: (x) => x.domainGuid,
      space_guids: (x) => x.spaceGuid,
      organization_guids: (x) => core.store.spaces.get(x.spaceGuid)?.organizationGuid ?? null,
      app_guids: (x) => x.destinations.map((d) => d.appGuid),
      ports: (x) => (x.port === undefined ? null : String(x.port)),
      service_instance_guids: (x) =>
        core.store.routeBindings.where((b) => b.routeGuid === x.guid).map((b) => b.instanceGuid),
    },
    include: {
      domain: (found) => {
        const domains = [...new Set(found.map((x) => x.domainGuid))].map((g) => core.store.domains.get(g));
        return { domains: domains.filter((d) => d !== undefined).map((d) => presentDomain(core, d)) };
      },
      space: spaces,
      'space.organization': (found) => ({ ...spaces(found), ...organizations(found) }),
    },
  };
}

async function create(call: Call, core: Core): Promise<Answer> {
  assertOn(core, 'route_creation');
  const body = await call.json();
  onlyFields(body, ['host', 'path', 'port', 'relationships', 'metadata', ...optionsField(core)]);
  const space = core.store.spaces.get(related(body, 'space') ?? '');
  const domain = core.store.domains.get(related(body, 'domain') ?? '');
  if (!space) throw unprocessable('Invalid space. Ensure that the space exists and you have access to it.');
  if (!domain)
    throw unprocessable('Invalid domain. Ensure that the domain exists and you have access to it.');
  if (text(body.host) === '*' && domain.organizationGuid === undefined && !domain.internal) {
    throw unprocessable(
      'You do not have sufficient permissions to create a route with a wildcard host on a domain not scoped to an organization.',
    );
  }
  const change = checkMetadata(body.metadata);
  const options = optionsOf(body.options);
  const made = createRoute(core, space, domain, {
    host: text(body.host) ?? '',
    path: text(body.path) ?? '',
    options: withoutNulls(options ?? {}),
    ...(body.port == null ? {} : { port: portOf(body.port) }),
  });
  tell(core, call, made, 'create');
  mergeMetadata(made, change);
  return { status: 201, body: presentRoute(core, made) };
}

function portOf(value: unknown): number {
  if (!Number.isInteger(value)) throw unprocessable('Port is not a number');
  if (Number(value) < 0) throw unprocessable('Port must be greater than or equal to 0');
  if (Number(value) > 65_535) throw unprocessable('Port must be less than or equal to 65535');
  return Number(value);
}

function withoutNulls(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
}

function tell(core: Core, call: Call, route: r.Route, what: string): void {
  const target = { guid: route.guid, type: 'route', name: route.host };
  auditOf(core, `audit.route.${what}`, call.caller, target, route.spaceGuid);
}

/** A route has options since this version. */
const optionsField = (core: Core) => (isSince(core, '3.183.0') ? ['options'] : []);

export function optionsOf(given: unknown): Record<string, unknown> | undefined {
  if (given === undefined) return undefined;
  if (!isObject(given)) throw unprocessable("'options' is not a valid object");
  for (const [key, value] of Object.entries(given)) {
    if (key !== 'loadbalancing')
      throw unprocessable("Options can only contain the following keys: 'loadbalancing'");
    if (value !== null && value !== 'round-robin' && value !== 'least-connection') {
      throw unprocessable("Options loadbalancing must be one of 'round-robin, least-connection' if present");
    }
  }
  return given;
}

export const rows: readonly Row[] = [
  row('GET', '/v3/routes', (call, core) => list(call, core.api, listing(core, ofOneApp(call, core)))),
  row('GET', '/v3/apps/:guid/routes', (call, core) =>
    list(call, core.api, listing(core, core.store.routesOfApp(findApp(call, core).guid))),
  ),
  row('POST', '/v3/routes', create),
  row('GET', '/v3/routes/:guid', (call, core) => {
    const route = findRoute(call, core);
    const included = include(call.query.get('include'), [route], listing(core, []));
    return { status: 200, body: { ...presentRoute(core, route), ...(included ? { included } : {}) } };
  }),
  row('PATCH', '/v3/routes/:guid', async (call, core) => {
    const route = findRoute(call, core);
    const body = await call.json();
    onlyFields(body, ['metadata', ...optionsField(core)]);
    const options = optionsOf(body.options);
    mergeMetadata(route, body.metadata);
    setOptions(route, options ?? {});
    core.store.touch(route);
    core.running.publish(route);
    tell(core, call, route, 'update');
    return { status: 200, body: presentRoute(core, route) };
  }),
  row('DELETE', '/v3/routes/:guid', (call, core) => {
    const route = findRoute(call, core);
    tell(core, call, route, 'delete-request');
    return accept(core, 'route.delete', { kind: 'route', plural: 'routes', guid: route.guid }, () => {
      if (core.store.routes.get(route.guid)) deleteRoute(core, route);
    });
  }),
];

/** With one app asked for, its own routes are few among thousands. */
function ofOneApp(call: Call, core: Core): Iterable<r.Route> {
  const guid = call.query.get('app_guids');
  return guid !== null && !/[,%]/.test(guid) ? core.store.routesOfApp(guid) : core.store.routes.all();
}
