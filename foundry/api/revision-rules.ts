import type * as r from '../state/records.js';
import { recordRevision } from '../state/revisions.js';
import { audit, type Core } from './core.js';
import type { Caller } from './table.js';

/** The app as it is now becomes a revision if it differs from the newest one. undefined: revisions are switched off. */
export function reviseApp(core: Core, app: r.App, caller: Caller): r.Revision | undefined {
  const recorded = recordRevision(core.store, app);
  if (recorded?.isNew) auditRevision(core, 'audit.app.revision.create', app, recorded.revision, caller);
  return recorded?.revision;
}

export function auditRevision(
  core: Core,
  type: string,
  app: r.App,
  revision: r.Revision,
  caller: Caller,
): void {
  audit(core, type, caller, app, { revision_guid: revision.guid, revision_version: revision.version });
}
