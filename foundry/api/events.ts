import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { notFound } from './errors.js';
import { list } from './list.js';
import { head, links } from './present.js';
import { type Row, row } from './table.js';

function presentEvent(core: Core, e: r.AuditEvent): Record<string, unknown> {
  return {
    ...head(e),
    type: e.type,
    actor: e.actor,
    target: e.target,
    data: e.data,
    space: e.spaceGuid === undefined ? null : { guid: e.spaceGuid },
    organization: e.organizationGuid === undefined ? null : { guid: e.organizationGuid },
    links: links(core, { self: `/v3/audit_events/${e.guid}` }),
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/audit_events', (call, core) =>
    list(call, core.api, {
      rows: core.store.events.all(),
      present: (e) => presentEvent(core, e),
      filters: {
        types: (e) => e.type,
        target_guids: (e) => e.target.guid,
        space_guids: (e) => e.spaceGuid ?? null,
        organization_guids: (e) => e.organizationGuid ?? null,
      },
      noSelector: true,
    }),
  ),
  row('GET', '/v3/audit_events/:guid', (call, core) => {
    const event = core.store.events.get(call.params.guid ?? '');
    if (!event) throw notFound('Event');
    return { status: 200, body: presentEvent(core, event) };
  }),
];
