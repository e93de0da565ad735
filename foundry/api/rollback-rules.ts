import type * as r from '../state/records.js';
import { recordRollback, rollbackReasons } from '../state/revisions.js';
import { assignDroplet } from './app-rules.js';
import type { Core } from './core.js';
import { unprocessable } from './errors.js';
import { auditRevision } from './revision-rules.js';
import type { Caller } from './table.js';

/**
 * The revision to which a deployment shall go back. Throws 422 in the platform's words, with nothing changed: revisions are off, it
 * does not exist, its droplet is gone or expired or of another app, it is the same as the newest one.
 */
export function rollbackTarget(core: Core, app: r.App, revisionGuid: string): r.Revision {
  if (!app.features.revisions) {
    throw unprocessable('Cannot create deployment from a revision for an app without revisions enabled');
  }
  const target = core.store.revisions.get(revisionGuid);
  if (!target) throw unprocessable('The revision does not exist');
  const droplet = core.store.droplets.get(target.dropletGuid);
  if (!droplet || droplet.state === 'EXPIRED') {
    throw unprocessable('Unable to deploy this revision, the droplet for this revision no longer exists.');
  }
  if (droplet.appGuid !== app.guid) {
    throw unprocessable(
      'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
    );
  }
  if (rollbackReasons(core.store, app, target).length === 0) {
    throw unprocessable(
      'Unable to rollback. The code and configuration you are rolling back to is the same as the deployed revision.',
    );
  }
  return target;
}

/**
 * Makes droplet, variables and sidecars of `target` (from `rollbackTarget`) the app's and records that as a new revision, whose
 * `commands` the deployment gives to its processes: the new web process at once, the others when it is finalized. Memory,
 * instances, health checks, routes and bindings are not restored.
 */
export function restoreRevision(
  core: Core,
  app: r.App,
  target: r.Revision,
  caller: Caller,
): r.Revision | undefined {
  assignDroplet(core, app, target.dropletGuid, caller);
  for (const { guid } of core.store.sidecars.of(app.guid)) core.store.sidecars.remove(guid);
  for (const sidecar of target.sidecars) {
    core.store.sidecars.add({ ...core.store.base(), ...sidecar, appGuid: app.guid, origin: 'user' });
  }
  app.env = { ...target.env };
  const revision = recordRollback(core.store, app, target);
  if (revision) auditRevision(core, 'audit.app.revision.create', app, revision, caller);
  return revision;
}
