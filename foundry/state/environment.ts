import type * as r from './records.js';
import type { Store } from './store.js';

/** Names of all routes that reach the process. */
export function uris(store: Store, app: r.App, type: string): string[] {
  return store
    .routesOfApp(app.guid)
    .filter((route) => route.destinations.some((d) => d.appGuid === app.guid && d.processType === type))
    .map((route) => store.url(route));
}

/** VCAP_APPLICATION as it is made at a start: later renames and route changes do not reach it. */
export function vcapApplication(
  store: Store,
  app: r.App,
  process: r.Process,
  api: string,
): Record<string, unknown> {
  const space = store.spaces.get(app.spaceGuid);
  const organization = space && store.organizationOf(space);
  const addresses = uris(store, app, process.type);
  return {
    application_id: app.guid,
    application_name: app.name,
    application_uris: addresses,
    application_version: process.version,
    cf_api: api,
    limits: { fds: 16384, mem: process.memoryMb, disk: process.diskMb },
    name: app.name,
    organization_id: organization?.guid,
    organization_name: organization?.name,
    process_id: process.guid,
    process_type: process.type,
    space_id: app.spaceGuid,
    space_name: space?.name,
    uris: addresses,
    users: null,
    version: process.version,
  };
}

/**
 * Environment of a running process but for what is per instance; `variables` are those of its revision, `services` as
 * `servicesEnvironment` gives them.
 */
export function runningEnvironment(
  variables: Readonly<Record<string, string>>,
  process: Pick<r.Process, 'memoryMb'>,
  services: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    LANG: 'en_US.UTF-8',
    ...variables,
    MEMORY_LIMIT: `${process.memoryMb}m`,
    ...services,
  };
}
