import type * as r from '../state/records.js';
import { dig, onlyFields, text } from './body.js';
import type { Core } from './core.js';
import { notFound, unprocessable } from './errors.js';
import { list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { findOrganization } from './organizations.js';
import { head, links, metadata } from './present.js';
import { findSpace } from './spaces.js';
import { type Answer, type Call, type Row, row } from './table.js';

function present(core: Core, s: r.IsolationSegment): Record<string, unknown> {
  const self = `/v3/isolation_segments/${s.guid}`;
  return {
    ...head(s),
    name: s.name,
    metadata: metadata(s),
    links: links(core, { self, organizations: `${self}/organizations` }),
  };
}

function find(call: Call, core: Core): r.IsolationSegment {
  const found = core.store.isolationSegments.get(call.params.guid ?? '');
  if (!found) throw notFound('Isolation segment');
  return found;
}

async function create(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  onlyFields(body, ['name', 'metadata']);
  const name = text(body.name);
  if (!name) throw unprocessable("Name can't be blank");
  if (core.store.isolationSegments.find((s) => s.name.toLowerCase() === name.toLowerCase())) {
    throw unprocessable('Isolation Segment names are case insensitive and must be unique');
  }
  const made = core.store.isolationSegments.add({ ...core.store.base(), name, organizationGuids: [] });
  mergeMetadata(made, body.metadata);
  return { status: 201, body: present(core, made) };
}

function organizationsOf(core: Core, s: r.IsolationSegment): Answer {
  const self = `/v3/isolation_segments/${s.guid}/relationships/organizations`;
  const related = `/v3/isolation_segments/${s.guid}/organizations`;
  return {
    status: 200,
    body: { data: s.organizationGuids.map((guid) => ({ guid })), links: links(core, { self, related }) },
  };
}

async function entitle(call: Call, core: Core): Promise<Answer> {
  const segment = find(call, core);
  const data = dig(await call.json(), 'data');
  const guids = Array.isArray(data) ? data.map((d) => text(dig(d, 'guid')) ?? '') : [];
  const missing = guids.filter((guid) => !core.store.organizations.get(guid));
  if (missing.length > 0) {
    throw unprocessable(
      `Unable to entitle organizations [${missing.join(', ')}] for the isolation segment. Ensure the organizations exist.`,
    );
  }
  segment.organizationGuids = [...new Set([...segment.organizationGuids, ...guids])];
  return organizationsOf(core, segment);
}

function ofSpace(core: Core, space: r.Space): Answer {
  const self = `/v3/spaces/${space.guid}/relationships/isolation_segment`;
  const guid = space.isolationSegmentGuid;
  if (guid === undefined) return { status: 200, body: { data: null, links: links(core, { self }) } };
  const related = `/v3/isolation_segments/${guid}`;
  return { status: 200, body: { data: { guid }, links: links(core, { self, related }) } };
}

/** Counts for instances that start afterwards. */
async function assign(call: Call, core: Core): Promise<Answer> {
  const space = findSpace(call, core);
  const data = (await call.json()).data;
  const guid = text(dig(data, 'guid'));
  const segment = core.store.isolationSegments.get(guid ?? '');
  if (guid !== undefined && !segment?.organizationGuids.includes(space.organizationGuid)) {
    throw unprocessable(
      `Unable to assign isolation segment with guid '${guid}'. Ensure it has been entitled to the organization that this space belongs to.`,
    );
  }
  if (guid === undefined) delete space.isolationSegmentGuid;
  else space.isolationSegmentGuid = guid;
  return ofSpace(core, space);
}

export const rows: readonly Row[] = [
  row('GET', '/v3/isolation_segments', (call, core) =>
    list(call, core.api, {
      rows: core.store.isolationSegments.all(),
      present: (s) => present(core, s),
      filters: { names: (s) => s.name, organization_guids: (s) => s.organizationGuids },
      orderBy: { name: (s) => s.name },
    }),
  ),
  row('POST', '/v3/isolation_segments', create),
  row('GET', '/v3/isolation_segments/:guid', (call, core) => ({
    status: 200,
    body: present(core, find(call, core)),
  })),
  row('GET', '/v3/isolation_segments/:guid/relationships/organizations', (call, core) =>
    organizationsOf(core, find(call, core)),
  ),
  row('POST', '/v3/isolation_segments/:guid/relationships/organizations', entitle),
  row('GET', '/v3/organizations/:guid/relationships/default_isolation_segment', (call, core) => {
    findOrganization(call, core);
    return { status: 200, body: { data: null } };
  }),
  row('GET', '/v3/spaces/:guid/relationships/isolation_segment', (call, core) =>
    ofSpace(core, findSpace(call, core)),
  ),
  row('PATCH', '/v3/spaces/:guid/relationships/isolation_segment', assign),
];
