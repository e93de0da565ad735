import { randomBytes } from 'node:crypto';
import type * as r from '../state/records.js';
import { FEATURES, setFeatures } from './app-features.js';
import { renameApp } from './app-rules.js';
import { patchVariables, variables } from './apps.js';
import type { Core } from './core.js';
import { defaultPort, protocolFor, refuseWeighted } from './destinations.js';
import { domainsOf } from './domains.js';
import { unprocessable } from './errors.js';
import type { AppManifest, ManifestRoute } from './manifest-read.js';
import { bindServices } from './manifest-services.js';
import { mergeMetadata } from './metadata.js';
import { createProcess, scaleProcess, updateProcess } from './process-rules.js';
import { changeDestinations, createRoute, setOptions } from './route-rules.js';
import { spacesOfRoute } from './route-sharing.js';
import { optionsOf } from './routes.js';
import { createSidecar } from './sidecars.js';
import type { Caller } from './table.js';

/**
 * Applies one application of a manifest to its app, in the platform's order: features, processes, scale, lifecycle, routes,
 * variables, services. Instances change at once on running processes; routes are added, never removed, but for `no-route`.
 * A failure leaves what came before it.
 */
export async function applyManifest(
  core: Core,
  app: r.App,
  manifest: AppManifest,
  caller: Caller,
): Promise<void> {
  if (manifest.docker && app.lifecycle.type !== 'docker')
    throw unprocessable('Lifecycle type cannot be changed');
  const wanted = manifest.features ?? {};
  for (const name of FEATURES)
    if (wanted[name] !== undefined) setFeatures(app, { [name]: wanted[name] === true });
  for (const { type, change } of manifest.processes) {
    const process = core.store.process(app.guid, type) ?? addProcess(core, app, type);
    if (Object.keys(change).length > 0) updateProcess(core, process, change, caller);
  }
  for (const { type, scale } of manifest.processes) {
    const process = core.store.process(app.guid, type);
    if (process && Object.keys(scale).length > 0) scaleProcess(core, process, scale, caller);
  }
  for (const sidecar of manifest.sidecars) replaceSidecar(core, app, sidecar);
  mergeMetadata(app, manifest.metadata);
  if (manifest.lifecycle) app.lifecycle = { ...app.lifecycle, ...manifest.lifecycle };
  renameApp(core, app, manifest.name);
  applyRoutes(core, app, manifest, caller);
  if (manifest.env) patchVariables(app.env, variables(manifest.env));
  core.store.touch(app);
  await bindServices(core, app, manifest.services, caller);
}

function addProcess(core: Core, app: r.App, type: string): r.Process {
  const process = createProcess(core, app, type);
  if (app.state === 'STARTED') core.running.startProcess(app, process);
  return process;
}

function replaceSidecar(core: Core, app: r.App, given: Record<string, unknown>): void {
  const before = core.store.sidecars.of(app.guid).find((s) => s.name === given.name);
  if (before) core.store.sidecars.remove(before.guid);
  createSidecar(core, app, given);
}

function applyRoutes(core: Core, app: r.App, manifest: AppManifest, caller: Caller): void {
  const wanted = manifest.routes;
  const existing = core.store.routesOfApp(app.guid);
  if (wanted.noRoute) {
    for (const route of existing) {
      changeDestinations(
        core,
        route,
        route.destinations.filter((d) => d.appGuid !== app.guid),
        caller,
      );
    }
    return;
  }
  if (wanted.routes) {
    for (const route of wanted.routes) mapRoute(core, app, route, caller);
    return;
  }
  if (existing.length > 0 || !(wanted.randomRoute || wanted.defaultRoute)) return;
  const domain = domainsOf(core, organizationOf(core, app).guid).find((d) => !d.internal);
  if (!domain) throw unprocessable('No default domains available');
  if (wanted.randomRoute) {
    mapRoute(core, app, { route: `${app.name}-${randomBytes(4).toString('hex')}.${domain.name}` }, caller);
    return;
  }
  const prefix = 'Failed to create default route from app name:';
  if (app.name.length > 63) throw unprocessable(`${prefix} Host cannot exceed 63 characters`);
  if (!/^[\w-]+$/.test(app.name)) {
    throw unprocessable(
      `${prefix} Host must be either "*" or contain only alphanumeric characters, "_", or "-"`,
    );
  }
  mapRoute(core, app, { route: `${app.name}.${domain.name}` }, caller);
}

function organizationOf(core: Core, app: r.App): r.Organization {
  const space = core.store.spaces.get(app.spaceGuid);
  if (!space) throw unprocessable('Space not found');
  return core.store.organizationOf(space);
}

/** The longest domain that ends the address wins; what is before it is the host. */
export function splitRoute(
  core: Core,
  organizationGuid: string,
  text: string,
): { domain: r.Domain; host: string; path: string; port?: number } | undefined {
  const [, tcpDomain, tcpPort] = /^([^/:]+):(\d+)$/.exec(text.toLowerCase()) ?? [];
  if (tcpDomain !== undefined) {
    const domain = domainsOf(core, organizationGuid).find((d) => d.name === tcpDomain);
    return domain && { domain, host: '', path: '', port: Number(tcpPort) };
  }
  const [address = '', ...rest] = text.toLowerCase().split('/');
  const path = rest.length > 0 ? text.slice(address.length) : '';
  const domains = domainsOf(core, organizationGuid).sort((a, b) => b.name.length - a.name.length);
  for (const domain of domains) {
    if (address === domain.name) {
      // A shared domain has no apex route of ours, but its own first label may be a host of the domain above.
      if (domain.organizationGuid === undefined) continue;
      return { domain, host: '', path };
    }
    if (address.endsWith(`.${domain.name}`)) {
      const host = address.slice(0, -domain.name.length - 1);
      if (!host.includes('.')) return { domain, host, path };
    }
  }
  return undefined;
}

function mapRoute(core: Core, app: r.App, wanted: ManifestRoute, caller: Caller): void {
  const { store } = core;
  const space = store.spaces.get(app.spaceGuid);
  if (!space) throw unprocessable('Space not found');
  const split = splitRoute(core, space.organizationGuid, wanted.route);
  if (!split) {
    throw unprocessable(`The route '${wanted.route}' did not match any existing domains.`);
  }
  const { domain, host, path, port } = split;
  let route = store.routes.find(
    (x) => x.domainGuid === domain.guid && x.host === host && x.path === path && x.port === port,
  );
  if (route && !spacesOfRoute(route).includes(space.guid)) {
    throw unprocessable(`Routes cannot be mapped to destinations in different spaces`);
  }
  const options = optionsOf(wanted.options) ?? {};
  route ??= createRoute(core, space, domain, { host, path, ...(port === undefined ? {} : { port }) });
  setOptions(route, options);
  const mapped = route.destinations.find((d) => d.appGuid === app.guid);
  if (mapped && (wanted.protocol === undefined || wanted.protocol === mapped.protocol)) {
    core.running.publish(route);
    return;
  }
  if (!mapped) refuseWeighted(route);
  const protocol = protocolFor(route, wanted.protocol);
  const added = {
    guid: core.store.guid(),
    appGuid: app.guid,
    processType: 'web',
    port: defaultPort(app),
    protocol,
  };
  // Another protocol replaces all destinations of the route, those of other apps too (CC manifest_route_update.rb).
  changeDestinations(core, route, mapped ? [added] : [...route.destinations, added], caller);
}
