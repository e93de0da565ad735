import type * as r from '../state/records.js';
import { text } from './body.js';
import type { Core } from './core.js';
import { domainsOf, presentDomain } from './domains.js';
import { notFound, unprocessable } from './errors.js';
import { type Listing, list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { usage } from './quota-rules.js';
import { type Call, type Row, row } from './table.js';

export function presentOrganization(core: Core, o: r.Organization): Record<string, unknown> {
  const self = `/v3/organizations/${o.guid}`;
  return {
    ...head(o),
    name: o.name,
    suspended: false,
    relationships: { quota: to(o.quotaGuid) },
    metadata: metadata(o),
    links: links(core, {
      self,
      domains: `${self}/domains`,
      default_domain: `${self}/domains/default`,
      quota: `/v3/organization_quotas/${o.quotaGuid}`,
    }),
  };
}

function listing(core: Core): Listing<r.Organization> {
  return {
    rows: core.store.organizations.all(),
    present: (o) => presentOrganization(core, o),
    filters: { names: (o) => o.name },
    orderBy: { name: (o) => o.name },
  };
}

export function findOrganization(call: Call, core: Core): r.Organization {
  const found = core.store.organizations.get(call.params.guid ?? '');
  if (!found) throw notFound('Organization');
  return found;
}

export const rows: readonly Row[] = [
  row('GET', '/v3/organizations', (call, core) => list(call, core.api, listing(core))),
  row('POST', '/v3/organizations', async (call, core) => {
    const body = await call.json();
    const name = text(body.name);
    if (!name) throw unprocessable("Name can't be blank");
    if (core.store.organizations.find((o) => o.name === name)) {
      throw unprocessable(`Organization '${name}' already exists.`);
    }
    const quota = core.store.quotas.find((q) => q.kind === 'organization');
    const made: r.Organization = { ...core.store.base(), name, quotaGuid: quota?.guid ?? '' };
    mergeMetadata(made, body.metadata);
    core.store.organizations.add(made);
    return { status: 201, body: presentOrganization(core, made) };
  }),
  row('GET', '/v3/organizations/:guid', (call, core) => ({
    status: 200,
    body: presentOrganization(core, findOrganization(call, core)),
  })),
  row('GET', '/v3/organizations/:guid/usage_summary', (call, core) => {
    const organization = findOrganization(call, core);
    return {
      status: 200,
      body: {
        usage_summary: usage(core, (space) => space.organizationGuid === organization.guid),
        links: links(core, {
          self: `/v3/organizations/${organization.guid}/usage_summary`,
          organization: `/v3/organizations/${organization.guid}`,
        }),
      },
    };
  }),
  row('GET', '/v3/organizations/:guid/domains', (call, core) => {
    const organization = findOrganization(call, core);
    return list(call, core.api, {
      rows: domainsOf(core, organization.guid),
      present: (d) => presentDomain(core, d),
      filters: { names: (d) => d.name },
    });
  }),
  row('GET', '/v3/organizations/:guid/domains/default', (call, core) => {
    const first = domainsOf(core, findOrganization(call, core).guid).find((d) => !d.internal);
    if (!first) throw notFound('Domain');
    return { status: 200, body: presentDomain(core, first) };
  }),
];
