import { ROUTER_GROUP } from '../state/first-records.js';
import type * as r from '../state/records.js';
import { dig, related, text } from './body.js';
import type { Core } from './core.js';
import { notFound, unprocessable } from './errors.js';
import { list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, links, metadata } from './present.js';
import { type Call, type Row, row } from './table.js';

/** Shared domains and the organization's own, in the order of creation. */
export function domainsOf(core: Core, organizationGuid: string): r.Domain[] {
  return core.store.domains.where(
    (d) => d.organizationGuid === undefined || d.organizationGuid === organizationGuid,
  );
}

export const protocolOf = (d: r.Domain) => (d.routerGroupGuid === undefined ? 'http' : 'tcp');

export function presentDomain(core: Core, d: r.Domain): Record<string, unknown> {
  const self = `/v3/domains/${d.guid}`;
  return {
    ...head(d),
    name: d.name,
    internal: d.internal,
    router_group: d.routerGroupGuid === undefined ? null : { guid: d.routerGroupGuid },
    supported_protocols: [protocolOf(d)],
    relationships: {
      organization: { data: d.organizationGuid === undefined ? null : { guid: d.organizationGuid } },
      shared_organizations: { data: [] },
    },
    metadata: metadata(d),
    links: links(core, {
      self,
      route_reservations: `${self}/route_reservations`,
      ...(d.routerGroupGuid === undefined
        ? {}
        : { router_group: `/routing/v1/router_groups/${d.routerGroupGuid}` }),
      ...(d.organizationGuid === undefined
        ? {}
        : {
            organization: `/v3/organizations/${d.organizationGuid}`,
            shared_organizations: `${self}/relationships/shared_organizations`,
          }),
    }),
  };
}

function find(call: Call, core: Core): r.Domain {
  const found = core.store.domains.get(call.params.guid ?? '');
  if (!found) throw notFound('Domain');
  return found;
}

export const rows: readonly Row[] = [
  row('GET', '/v3/domains', (call, core) =>
    list(call, core.api, {
      rows: core.store.domains.all(),
      present: (d) => presentDomain(core, d),
      filters: { names: (d) => d.name, organization_guids: (d) => d.organizationGuid ?? null },
    }),
  ),
  row('POST', '/v3/domains', async (call, core) => {
    const body = await call.json();
    const name = text(body.name);
    if (!name) throw unprocessable("Name can't be blank");
    if (core.store.domains.find((d) => d.name === name)) {
      throw unprocessable(`The domain name "${name}" is already in use`);
    }
    const organizationGuid = related(body, 'organization');
    if (organizationGuid !== undefined && !core.store.organizations.get(organizationGuid)) {
      throw unprocessable(
        `Organization with guid '${organizationGuid}' does not exist or you do not have access to it.`,
      );
    }
    const group = text(dig(body, 'router_group', 'guid'));
    if (group !== undefined && group !== ROUTER_GROUP.guid) {
      throw unprocessable(`Router group with guid '${group}' not found.`);
    }
    if (dig(body, 'internal') === true && group !== undefined) {
      throw unprocessable('Internal domains cannot be associated with a router group.');
    }
    if (organizationGuid !== undefined && (group !== undefined || dig(body, 'internal') === true)) {
      throw unprocessable(
        group === undefined
          ? 'Cannot associate an internal domain with an organization'
          : 'Domains scoped to an organization cannot be associated to a router group.',
      );
    }
    const made: r.Domain = {
      ...core.store.base(),
      name,
      internal: dig(body, 'internal') === true,
      ...(organizationGuid === undefined ? {} : { organizationGuid }),
      ...(group === undefined ? {} : { routerGroupGuid: group }),
    };
    mergeMetadata(made, body.metadata);
    core.store.domains.add(made);
    return { status: 201, body: presentDomain(core, made) };
  }),
  row('GET', '/v3/domains/:guid', (call, core) => ({
    status: 200,
    body: presentDomain(core, find(call, core)),
  })),
  row('GET', '/v3/domains/:guid/route_reservations', (call, core) => {
    const domain = find(call, core);
    const host = call.query.get('host') ?? '';
    const path = call.query.get('path') ?? '';
    const port = call.query.get('port');
    const taken = core.store.routes.find(
      (route) =>
        route.domainGuid === domain.guid &&
        route.host === host.toLowerCase() &&
        route.path === path &&
        (port === null || route.port === Number(port)),
    );
    return { status: 200, body: { matching_route: taken !== undefined } };
  }),
];
