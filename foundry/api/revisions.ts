import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import { onlyFields } from './body.js';
import type { Core } from './core.js';
import { badQuery, notFound } from './errors.js';
import { type Listing, list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { auditRevision } from './revision-rules.js';
import { type Call, type Row, row } from './table.js';

function presentRevision(core: Core, revision: r.Revision): Record<string, unknown> {
  const self = `/v3/revisions/${revision.guid}`;
  const commands = Object.entries(revision.commands);
  return {
    ...head(revision),
    version: revision.version,
    droplet: { guid: revision.dropletGuid },
    processes: Object.fromEntries(commands.map(([type, command]) => [type, { command }])),
    sidecars: revision.sidecars.map((s) => ({
      name: s.name,
      command: s.command,
      memory_in_mb: s.memoryMb,
      process_types: s.processTypes,
    })),
    description: revision.description,
    relationships: { app: to(revision.appGuid) },
    links: links(core, {
      self,
      app: `/v3/apps/${revision.appGuid}`,
      environment_variables: `${self}/environment_variables`,
    }),
    metadata: metadata(revision),
    deployable: core.store.droplets.get(revision.dropletGuid)?.state === 'STAGED',
  };
}

function find(call: Call, core: Core): r.Revision {
  const found = core.store.revisions.get(call.params.guid ?? '');
  if (!found) throw notFound('Revision');
  return found;
}

function listing(core: Core, appGuid: string): Listing<r.Revision> {
  return {
    rows: core.store.revisions.of(appGuid),
    present: (revision) => presentRevision(core, revision),
    filters: { versions: (revision) => String(revision.version) },
    accepts: ['deployable'],
  };
}

/** Of the processes that are started: two while a deployment is under way. */
function deployed(core: Core, app: r.App): r.Revision[] {
  const processes = app.state === 'STARTED' ? core.store.processes.of(app.guid) : [];
  const guids = new Set(processes.map((p) => p.revisionGuid));
  return core.store.revisions.of(app.guid).filter((revision) => guids.has(revision.guid));
}

export const rows: readonly Row[] = [
  row('GET', '/v3/apps/:guid/revisions', (call, core) => {
    // The platform compares the query's text with true and false themselves, so that no text passes.
    if (call.query.has('deployable')) throw badQuery('Deployable must be a boolean');
    return list(call, core.api, listing(core, findApp(call, core).guid));
  }),
  row('GET', '/v3/apps/:guid/revisions/deployed', (call, core) =>
    list(call, core.api, {
      rows: deployed(core, findApp(call, core)),
      present: (revision) => presentRevision(core, revision),
      noSelector: true,
    }),
  ),
  row('GET', '/v3/revisions/:guid', (call, core) => ({
    status: 200,
    body: presentRevision(core, find(call, core)),
  })),
  row('PATCH', '/v3/revisions/:guid', async (call, core) => {
    const revision = find(call, core);
    const body = await call.json();
    onlyFields(body, ['metadata']);
    mergeMetadata(revision, body.metadata);
    core.store.touch(revision);
    return { status: 200, body: presentRevision(core, revision) };
  }),
  row('GET', '/v3/revisions/:guid/environment_variables', (call, core) => {
    const revision = find(call, core);
    const app = core.store.apps.get(revision.appGuid);
    if (app) auditRevision(core, 'audit.app.revision.environment_variables.show', app, revision, call.caller);
    const self = `/v3/revisions/${revision.guid}`;
    return {
      status: 200,
      body: {
        var: revision.env,
        links: links(core, {
          self: `${self}/environment_variables`,
          revision: self,
          app: `/v3/apps/${revision.appGuid}`,
        }),
      },
    };
  }),
];
