import type { Core } from '../api/core.js';

/** How many routers there are, apps with processes and instances (also those that are stopping), and routes with destinations, as they are now. */
export function state(core: Core): Record<string, unknown> {
  const apps = [...core.store.apps.all()].map((app) => {
    const instances = core.running.everyInstance(app.guid);
    // What a deployment destroyed is here until its last instance is gone.
    const processes = new Set([...core.store.processes.of(app.guid), ...instances.map((i) => i.process)]);
    return {
      guid: app.guid,
      name: app.name,
      state: app.state,
      spaceGuid: app.spaceGuid,
      dropletGuid: app.dropletGuid ?? null,
      labels: app.metadata.labels,
      annotations: app.metadata.annotations,
      /** Names of the service instances that it is bound to, as far as the brokers are done. */
      bound: [...core.store.bindings.all()]
        .filter((one) => one.appGuid === app.guid && one.lastOperation.state === 'succeeded')
        .map((one) => core.store.serviceInstances.get(one.instanceGuid)?.name ?? one.instanceGuid)
        .sort(),
      processes: [...processes].map((p) => ({
        guid: p.guid,
        type: p.type,
        wanted: core.store.processes.get(p.guid) === p ? p.instances : 0,
        memoryMb: p.memoryMb,
        instances: instances
          .filter((i) => i.process === p)
          .map(({ status: i }) => ({
            index: i.index,
            instanceGuid: i.instanceGuid,
            state: i.state,
            routable: i.routable,
            sinceMs: i.sinceMs,
            pid: i.pid ?? null,
            ports: i.ports,
          })),
      })),
    };
  });
  const routes = [...core.store.routes.all()].map((route) => ({
    guid: route.guid,
    url: core.store.url(route),
    spaceGuid: route.spaceGuid,
    labels: route.metadata.labels,
    options: route.options,
    destinations: route.destinations,
  }));
  const policies = core.store.networkPolicies.map(({ source, destination }) => ({
    source: source.id,
    destination: destination.id,
  }));
  return { routers: core.routers, apps, routes, policies };
}
