import type * as r from './records.js';
import type { Store } from './store.js';

/** The platform prunes older ones once a day; here they go at once. */
const KEPT = 100;
const LAST_VERSION = 9999;

/** What a revision remembers of an app. A command is null where the droplet's own is used. */
export type Remembered = Pick<r.Revision, 'dropletGuid' | 'env' | 'commands' | 'sidecars'>;

/** The newest revision; undefined also while the app's revisions are switched off, which hides them from the platform itself. */
export function latestRevision(store: Store, app: r.App): r.Revision | undefined {
  return app.features.revisions ? store.revisions.of(app.guid).at(-1) : undefined;
}

/**
 * Records the app as it is now: a new revision where it differs from the newest one, else the newest one. undefined: revisions
 * are switched off, or there is no droplet (CC revision_resolver.rb). `isNew` tells which of the two it is.
 */
export function recordRevision(
  store: Store,
  app: r.App,
): { revision: r.Revision; isNew: boolean } | undefined {
  const { dropletGuid } = app;
  if (!app.features.revisions || dropletGuid === undefined) return undefined;
  const latest = latestRevision(store, app);
  const now = {
    dropletGuid,
    env: app.env,
    commands: commandsOf(store, app),
    sidecars: sidecarsOf(store, app),
  };
  if (!latest) return { revision: addRevision(store, app, now, 'Initial revision.'), isNew: true };
  const reasons = differences(latest, now);
  if (reasons.length === 0) return { revision: latest, isNew: false };
  return { revision: addRevision(store, app, now, reasons.join(' ')), isNew: true };
}

/**
 * Records that the app goes back to `target`. Always a new revision; undefined: revisions are switched off. Whether the two differ
 * at all is `rollbackReasons`, to be asked before anything is changed.
 */
export function recordRollback(store: Store, app: r.App, target: r.Revision): r.Revision | undefined {
  if (!app.features.revisions) return undefined;
  const description = [
    ...rollbackReasons(store, app, target),
    `Rolled back to revision ${target.version}.`,
  ].join(' ');
  return addRevision(store, app, { ...target, sidecars: sidecarsOf(store, app) }, description);
}

/** How `target` differs from the newest revision; empty: there is nothing to go back to. */
export function rollbackReasons(store: Store, app: r.App, target: r.Revision): string[] {
  const latest = latestRevision(store, app);
  return latest ? differences(latest, target) : [];
}

function addRevision(store: Store, app: r.App, of: Remembered, description: string): r.Revision {
  const latest = latestRevision(store, app);
  const version = !latest || latest.version >= LAST_VERSION ? 1 : latest.version + 1;
  const revisions = store.revisions.of(app.guid);
  // After the last number the first comes again, and takes the place of the revision that had it.
  const gone = [
    ...revisions.filter((one) => one.version === version),
    ...revisions.slice(0, Math.max(0, revisions.length + 1 - KEPT)),
  ];
  for (const { guid } of gone) store.revisions.remove(guid);
  return store.revisions.add({
    ...store.base(),
    appGuid: app.guid,
    version,
    description,
    dropletGuid: of.dropletGuid,
    env: { ...of.env },
    commands: { ...of.commands },
    sidecars: of.sidecars.map((s) => ({ ...s, processTypes: [...s.processTypes] })),
  });
}

/** Of several web processes the newest counts. */
function commandsOf(store: Store, app: r.App): r.Revision['commands'] {
  const newest = store.process(app.guid, 'web');
  const counted = store.processes.of(app.guid).filter((p) => p.type !== 'web' || p === newest);
  return Object.fromEntries(counted.map((p) => [p.type, p.command ?? null]));
}

function sidecarsOf(store: Store, app: r.App): r.RevisionSidecar[] {
  return store.sidecars
    .of(app.guid)
    .map(({ name, command, memoryMb, processTypes }) => ({ name, command, memoryMb, processTypes }));
}

/** In the platform's words and order. */
function differences(before: Remembered, after: Remembered): string[] {
  const reasons: string[] = [];
  if (before.dropletGuid !== after.dropletGuid) reasons.push('New droplet deployed.');
  if (sorted(before.env) !== sorted(after.env)) reasons.push('New environment variables deployed.');
  for (const type of new Set([...Object.keys(before.commands), ...Object.keys(after.commands)])) {
    const [old, now] = [before.commands[type], after.commands[type]];
    if (old === now) continue;
    if (old === undefined) reasons.push(`New process type '${type}' added.`);
    else if (now === undefined) reasons.push(`Process type '${type}' removed.`);
    else {
      const how = old === null ? 'added' : now === null ? 'removed' : 'updated';
      reasons.push(`Custom start command ${how} for '${type}' process.`);
    }
  }
  if (sidecarText(before.sidecars) !== sidecarText(after.sidecars)) reasons.push('Sidecars updated.');
  return reasons.sort();
}

function sorted(map: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sidecarText(sidecars: readonly r.RevisionSidecar[]): string {
  const facts = sidecars.map((s) => [s.name, s.command, s.memoryMb, [...s.processTypes].sort()]);
  return JSON.stringify(facts.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
