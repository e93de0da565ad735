import { rm } from 'node:fs/promises';
import type * as r from '../state/records.js';
import { latestRevision } from '../state/revisions.js';
import { unbindApp } from './binding-rules.js';
import { audit, type Core } from './core.js';
import { uniqueness, unprocessable } from './errors.js';
import { concerns } from './network-policies.js';
import { createProcess } from './process-rules.js';
import { additions, checkQuota } from './quota-rules.js';
import { reviseApp } from './revision-rules.js';
import { changeDestinations } from './route-rules.js';
import type { Caller } from './table.js';
import { cancelTask } from './tasks.js';

/** An app with its web process. Throws 422 10016 when the name is taken in the space: of two creators one wins. */
export function createApp(
  core: Core,
  space: r.Space,
  wanted: { name: string; lifecycle: r.Lifecycle; env?: Record<string, string> },
  caller: Caller,
): r.App {
  if (wanted.name.trim() === '') throw unprocessable("Name can't be blank");
  if (wanted.name.length > 255) throw unprocessable('Name is too long (maximum is 255 characters)');
  if (appNamed(core, space.guid, wanted.name)) {
    throw uniqueness(`App with the name '${wanted.name}' already exists.`);
  }
  const app: r.App = {
    ...core.store.base(),
    name: wanted.name,
    spaceGuid: space.guid,
    state: 'STOPPED',
    lifecycle: wanted.lifecycle,
    env: wanted.env ?? {},
    features: { ssh: true, revisions: true },
  };
  core.store.apps.add(app);
  createProcess(core, app, 'web');
  core.history.record({ kind: 'app', change: 'created', appGuid: app.guid, name: app.name });
  audit(core, 'audit.app.create', caller, app);
  return app;
}

export function appNamed(core: Core, spaceGuid: string, name: string): r.App | undefined {
  return core.store.apps.find((a) => a.spaceGuid === spaceGuid && a.name === name);
}

export function renameApp(core: Core, app: r.App, name: string): void {
  if (name === app.name) return;
  if (name.trim() === '') throw unprocessable("Name can't be blank");
  // Unlike a creation, a rename onto a taken name is 10008.
  if (appNamed(core, app.spaceGuid, name)) throw unprocessable(`App with the name '${name}' already exists.`);
  core.history.record({ kind: 'name', appGuid: app.guid, from: app.name, to: name });
  app.name = name;
}

/** `revise`: false when what starts it has recorded the revision itself, as a deployment of a stopped app does. */
export function startApp(
  core: Core,
  app: r.App,
  caller: Caller,
  { event = 'audit.app.start', revise = app.state !== 'STARTED' } = {},
): void {
  needDroplet(app);
  if (app.state === 'STOPPED') {
    const processes = core.store.processes.of(app.guid);
    checkQuota(core, app, additions(...processes.map((after) => ({ after }))));
  }
  if (revise) reviseApp(core, app, caller);
  if (revise || app.state !== 'STARTED') takeNewestRevision(core, app);
  if (app.state !== 'STARTED') {
    core.history.record({ kind: 'app', change: 'started', appGuid: app.guid, name: app.name });
  }
  app.state = 'STARTED';
  core.store.touch(app);
  core.running.start(app);
  audit(core, event, caller, app);
}

export function stopApp(core: Core, app: r.App, caller: Caller): void {
  if (app.state !== 'STOPPED') {
    core.history.record({ kind: 'app', change: 'stopped', appGuid: app.guid, name: app.name });
  }
  app.state = 'STOPPED';
  core.store.touch(app);
  core.running.stop(app);
  audit(core, 'audit.app.stop', caller, app);
}

/** All processes at once: there is a gap. */
export function restartApp(core: Core, app: r.App, caller: Caller): void {
  needDroplet(app);
  core.running.stop(app);
  startApp(core, app, caller, { event: 'audit.app.restart', revise: true });
}

function takeNewestRevision(core: Core, app: r.App): void {
  const newest = latestRevision(core.store, app);
  if (newest) for (const process of core.store.processes.of(app.guid)) process.revisionGuid = newest.guid;
}

function needDroplet(app: r.App): void {
  if (app.dropletGuid === undefined) throw unprocessable('Assign a droplet before starting this app.');
}

/** The droplet as one that the app can take. Throws 422 when it is none of the app's or not staged. */
export function assignableDroplet(core: Core, app: r.App, dropletGuid: string): r.Droplet {
  const droplet = core.store.droplets.get(dropletGuid);
  if (!droplet || droplet.appGuid !== app.guid) {
    throw unprocessable(
      'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
    );
  }
  if (droplet.state !== 'STAGED') throw unprocessable('droplet must be in staged state');
  return droplet;
}

/** Makes the droplet the app's current one and adds the process types that it names. It runs from the next start on. */
export function assignDroplet(core: Core, app: r.App, dropletGuid: string, caller: Caller): r.Droplet {
  const droplet = assignableDroplet(core, app, dropletGuid);
  takeSidecars(core, app, droplet);
  app.dropletGuid = droplet.guid;
  core.store.touch(app);
  for (const type of Object.keys(droplet.processTypes)) {
    if (!core.store.process(app.guid, type)) {
      const process = createProcess(core, app, type);
      if (app.state === 'STARTED') core.running.startProcess(app, process);
    }
  }
  audit(core, 'audit.app.droplet.mapped', caller, app, { request: { droplet_guid: droplet.guid } });
  return droplet;
}

/** The buildpacks' sidecars of the droplet take the place of those of the one before; the user's own stay. */
function takeSidecars(core: Core, app: r.App, droplet: r.Droplet): void {
  const { sidecars } = core.store;
  const own = sidecars.of(app.guid).filter((s) => s.origin === 'user');
  const twice = droplet.sidecars.find((brought) => own.some((s) => s.name === brought.name));
  if (twice) {
    throw unprocessable(
      `Buildpack defined sidecar '${twice.name}' conflicts with an existing user-defined sidecar. Consider renaming '${twice.name}'.`,
    );
  }
  for (const old of sidecars.of(app.guid)) if (old.origin === 'buildpack') sidecars.remove(old.guid);
  for (const brought of droplet.sidecars) {
    sidecars.add({ ...core.store.base(), ...brought, appGuid: app.guid, origin: 'buildpack' });
  }
}

/** Unbinds the app, takes it off its routes, ends its instances and forgets what belongs to it. Routes stay. */
export async function deleteApp(core: Core, app: r.App, caller: Caller): Promise<void> {
  const { store } = core;
  unbindApp(core, app, caller);
  for (const route of store.routesOfApp(app.guid)) {
    const kept = route.destinations.filter((d) => d.appGuid !== app.guid);
    changeDestinations(core, route, kept, caller);
  }
  core.running.stop(app);
  for (const task of store.tasks.of(app.guid)) {
    cancelTask(core, task, caller);
    store.tasks.remove(task.guid);
  }
  const dirs: string[] = [];
  for (const process of store.processes.of(app.guid)) store.processes.remove(process.guid);
  for (const pack of store.packages.of(app.guid)) {
    if (pack.dir !== undefined) dirs.push(pack.dir);
    store.packages.remove(pack.guid);
  }
  for (const build of store.builds.of(app.guid)) store.builds.remove(build.guid);
  for (const droplet of store.droplets.of(app.guid)) {
    dirs.push(droplet.dir);
    store.droplets.remove(droplet.guid);
  }
  for (const revision of store.revisions.of(app.guid)) store.revisions.remove(revision.guid);
  for (const sidecar of store.sidecars.of(app.guid)) store.sidecars.remove(sidecar.guid);
  for (const deployment of store.deployments.of(app.guid)) store.deployments.remove(deployment.guid);
  store.apps.remove(app.guid);
  core.history.record({ kind: 'app', change: 'deleted', appGuid: app.guid, name: app.name });
  audit(core, 'audit.app.delete-request', caller, app);
  // The policy server looks once a minute for policies of apps that are no more.
  if (store.networkPolicies.some((p) => concerns(p, app.guid))) {
    core.clock.after(60_000, () => {
      store.networkPolicies = store.networkPolicies.filter((p) => !concerns(p, app.guid));
    });
  }
  await Promise.all(dirs.map((dir) => rm(dir, { recursive: true, force: true })));
}
