import type * as r from '../state/records.js';
import { since } from './api-version.js';
import { related, text } from './body.js';
import { accept, type Core } from './core.js';
import { badQuery, notFound, unprocessable } from './errors.js';
import { include, type Listing, list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { presentOrganization } from './organizations.js';
import { head, links, metadata, to } from './present.js';
import { usage } from './quota-rules.js';
import { deleteRoute } from './route-rules.js';
import { type Call, type Row, row } from './table.js';

export function presentSpace(core: Core, s: r.Space): Record<string, unknown> {
  const self = `/v3/spaces/${s.guid}`;
  return {
    ...head(s),
    name: s.name,
    suspended: false,
    relationships: {
      organization: to(s.organizationGuid),
      quota: { data: s.quotaGuid === undefined ? null : { guid: s.quotaGuid } },
    },
    metadata: metadata(s),
    links: links(core, {
      self,
      organization: `/v3/organizations/${s.organizationGuid}`,
      features: `${self}/features`,
      apply_manifest: [`${self}/actions/apply_manifest`, 'POST'],
      ...(s.quotaGuid === undefined ? {} : { quota: `/v3/space_quotas/${s.quotaGuid}` }),
    }),
  };
}

/** `included.spaces` of rows that live in spaces. */
export function includedSpaces(core: Core, guids: Iterable<string>): { spaces: unknown[] } {
  const spaces = [...new Set(guids)]
    .map((guid) => core.store.spaces.get(guid))
    .filter((s) => s !== undefined);
  return { spaces: spaces.map((s) => presentSpace(core, s)) };
}

/** `included.organizations` of rows that live in spaces. */
export function includedOrganizations(
  core: Core,
  spaceGuids: Iterable<string>,
): { organizations: unknown[] } {
  const guids = new Set([...spaceGuids].map((guid) => core.store.spaces.get(guid)?.organizationGuid ?? ''));
  const found = [...guids].map((guid) => core.store.organizations.get(guid)).filter((o) => o !== undefined);
  return { organizations: found.map((o) => presentOrganization(core, o)) };
}

export function findSpace(call: Call, core: Core): r.Space {
  const found = core.store.spaces.get(call.params.guid ?? '');
  if (!found) throw notFound('Space');
  return found;
}

function listing(core: Core): Listing<r.Space> {
  const organizations = (rows: readonly r.Space[]) =>
    includedOrganizations(
      core,
      rows.map((s) => s.guid),
    );
  return {
    rows: core.store.spaces.all(),
    present: (s) => presentSpace(core, s),
    filters: { names: (s) => s.name, organization_guids: (s) => s.organizationGuid },
    orderBy: { name: (s) => s.name },
    include: { org: organizations, organization: organizations },
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/spaces', (call, core) => list(call, core.api, listing(core))),
  row('POST', '/v3/spaces', async (call, core) => {
    const body = await call.json();
    const name = text(body.name);
    if (!name) throw unprocessable("Name can't be blank");
    const organization = core.store.organizations.get(related(body, 'organization') ?? '');
    if (!organization) {
      throw unprocessable('Invalid organization. Ensure the organization exists and you have access to it.');
    }
    if (core.store.spaces.find((s) => s.name === name && s.organizationGuid === organization.guid)) {
      throw unprocessable('Name must be unique per organization');
    }
    const made: r.Space = { ...core.store.base(), name, organizationGuid: organization.guid };
    mergeMetadata(made, body.metadata);
    core.store.spaces.add(made);
    return { status: 201, body: presentSpace(core, made) };
  }),
  row('GET', '/v3/spaces/:guid', (call, core) => {
    const space = findSpace(call, core);
    const included = include(call.query.get('include'), [space], listing(core));
    return { status: 200, body: { ...presentSpace(core, space), ...(included ? { included } : {}) } };
  }),
  row('GET', '/v3/spaces/:guid/features/:name', (call, core) => {
    findSpace(call, core);
    if (call.params.name !== 'ssh') throw notFound('Feature');
    return {
      status: 200,
      body: { name: 'ssh', description: 'Enable SSHing into apps in the space.', enabled: true },
    };
  }),
  row(
    'GET',
    '/v3/spaces/:guid/usage_summary',
    since('3.199.0', (call, core) => {
      const space = findSpace(call, core);
      return {
        status: 200,
        body: {
          usage_summary: usage(core, (s) => s.guid === space.guid),
          links: links(core, {
            self: `/v3/spaces/${space.guid}/usage_summary`,
            space: `/v3/spaces/${space.guid}`,
          }),
        },
      };
    }),
  ),
  row('DELETE', '/v3/spaces/:guid/routes', (call, core) => {
    const space = findSpace(call, core);
    if (call.query.get('unmapped') !== 'true')
      throw badQuery(
        `Mass delete not supported for routes. Use 'unmapped=true' parameter to delete all unmapped routes.`,
      );
    return accept(
      core,
      'space.delete_unmapped_routes',
      { kind: 'space', plural: 'spaces', guid: space.guid },
      () => {
        const unmapped = core.store.routes.where(
          (x) => x.spaceGuid === space.guid && x.destinations.length === 0,
        );
        for (const route of unmapped) deleteRoute(core, route);
      },
    );
  }),
];
