/** Routes as cf v6 asks for them: those of an app, and the default route that it makes for an app without one. */
import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import { text } from './body.js';
import type { Core } from './core.js';
import { defaultPort } from './destinations.js';
import { notFound, unprocessable } from './errors.js';
import { changeDestinations, createRoute } from './route-rules.js';
import type { Answer, Call, Row } from './table.js';
import { entityOf, filtersOf, v2List, v2Row } from './v2.js';

function presentRoute(route: r.Route): object {
  return entityOf(route, 'routes', {
    host: route.host,
    path: route.path,
    port: route.port ?? null,
    domain_guid: route.domainGuid,
    space_guid: route.spaceGuid,
  });
}

function presentDomain(domain: r.Domain): object {
  const isShared = domain.organizationGuid === undefined;
  return entityOf(domain, isShared ? 'shared_domains' : 'private_domains', {
    name: domain.name,
    ...(isShared
      ? {
          internal: domain.internal,
          router_group_guid: domain.routerGroupGuid ?? null,
          router_group_type: domain.routerGroupGuid === undefined ? null : 'tcp',
        }
      : { owning_organization_guid: domain.organizationGuid }),
  });
}

function domains(core: Core, isWanted: (domain: r.Domain) => boolean): Answer {
  return v2List([...core.store.domains.all()].filter(isWanted).map((one) => presentDomain(one)));
}

function domain(call: Call, core: Core, isShared: boolean): Answer {
  const found = core.store.domains.get(call.params.guid ?? '');
  if (!found || (found.organizationGuid === undefined) !== isShared) throw notFound('Domain');
  return { status: 200, body: presentDomain(found) };
}

function named(core: Core, domainGuid: string, host: string, path: string): r.Route[] {
  return core.store.routes.where(
    (one) => one.domainGuid === domainGuid && one.host === host && one.path === path,
  );
}

async function create(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  const space = core.store.spaces.get(text(body.space_guid) ?? '');
  const domain = core.store.domains.get(text(body.domain_guid) ?? '');
  if (!space || !domain) throw unprocessable('The domain or the space of the route is not there.');
  const made = createRoute(core, space, domain, { host: text(body.host) ?? '', path: text(body.path) ?? '' });
  return { status: 201, body: presentRoute(made) };
}

function map(call: Call, core: Core): Answer {
  const route = core.store.routes.get(call.params.route ?? '');
  if (!route) throw notFound('Route');
  const app = findApp(call, core);
  const wanted = {
    guid: core.store.guid(),
    appGuid: app.guid,
    processType: 'web',
    port: defaultPort(app),
    protocol: 'http1',
  };
  const has = route.destinations.some((one) => one.appGuid === app.guid && one.processType === 'web');
  if (!has) changeDestinations(core, route, [...route.destinations, wanted], call.caller);
  return { status: 201, body: presentRoute(route) };
}

export const rows: readonly Row[] = [
  v2Row('GET', '/v2/apps/:guid/routes', (call, core) =>
    v2List(core.store.routesOfApp(findApp(call, core).guid).map(presentRoute)),
  ),
  v2Row('GET', '/v2/shared_domains', (_call, core) =>
    domains(core, ({ organizationGuid }) => organizationGuid === undefined),
  ),
  v2Row('GET', '/v2/shared_domains/:guid', (call, core) => domain(call, core, true)),
  v2Row('GET', '/v2/private_domains/:guid', (call, core) => domain(call, core, false)),
  v2Row('GET', '/v2/organizations/:guid/private_domains', (call, core) =>
    domains(core, ({ organizationGuid }) => organizationGuid === call.params.guid),
  ),
  v2Row('GET', '/v2/routes', (call, core) => {
    const { domain_guid: domainGuid = '', host = '', path = '' } = filtersOf(call);
    return v2List(named(core, domainGuid, host, path).map(presentRoute));
  }),
  v2Row('GET', '/v2/routes/reserved/domain/:guid', (call, core) => {
    const { query, params } = call;
    const found = named(core, params.guid ?? '', query.get('host') ?? '', query.get('path') ?? '');
    if (found.length === 0) throw notFound('Route');
    return { status: 204 };
  }),
  v2Row('POST', '/v2/routes', create),
  v2Row('PUT', '/v2/routes/:route/apps/:guid', map),
];
