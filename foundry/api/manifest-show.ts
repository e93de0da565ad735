import type * as r from '../state/records.js';
import type { Core } from './core.js';

/** The app as an entry of `applications`, as the platform generates it. */
export function showManifest(core: Core, app: r.App): Record<string, unknown> {
  const routes = core.store.routesOfApp(app.guid).map((route) => {
    const protocol = route.destinations.find((d) => d.appGuid === app.guid)?.protocol;
    return {
      route: core.store.url(route),
      protocol,
      ...(Object.keys(route.options).length > 0 ? { options: route.options } : {}),
    };
  });
  // Names alone, whatever the bindings are called (CC services_properties_presenter.rb).
  const services = core.store.bindings
    .where((b) => b.appGuid === app.guid)
    .map((b) => core.store.serviceInstances.get(b.instanceGuid)?.name ?? '')
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const { labels, annotations } = app.metadata;
  const marked = {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  return {
    name: app.name,
    lifecycle: app.lifecycle.type,
    ...(app.lifecycle.buildpacks.length > 0 ? { buildpacks: app.lifecycle.buildpacks } : {}),
    ...(app.lifecycle.stack === '' ? {} : { stack: app.lifecycle.stack }),
    ...dockerOf(core, app),
    ...(Object.keys(app.env).length > 0 ? { env: app.env } : {}),
    features: app.features,
    ...(routes.length > 0 ? { routes } : {}),
    ...(services.length > 0 ? { services } : {}),
    ...(Object.keys(marked).length > 0 ? { metadata: marked } : {}),
    processes: core.store.processes.of(app.guid).map(showProcess),
  };
}

function showProcess(p: r.Process): Record<string, unknown> {
  const entries: [string, unknown][] = [
    ['type', p.type],
    ['command', p.command],
    ['instances', p.instances],
    ['memory', `${p.memoryMb}M`],
    ['disk_quota', `${p.diskMb}M`],
    ['log-rate-limit-per-second', p.logRateBps === -1 ? -1 : `${p.logRateBps}B`],
    ['timeout', p.healthCheck.timeout],
    ['health-check-type', p.healthCheck.type],
    ['health-check-http-endpoint', p.healthCheck.endpoint],
    ['health-check-invocation-timeout', p.healthCheck.invocationTimeout],
    ['health-check-interval', p.healthCheck.interval],
    ['readiness-health-check-type', p.readiness.type],
    ['readiness-health-check-http-endpoint', p.readiness.endpoint],
    ['readiness-health-check-invocation-timeout', p.readiness.invocationTimeout],
    ['readiness-health-check-interval', p.readiness.interval],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}

function dockerOf(core: Core, app: r.App): Record<string, unknown> {
  const image = core.store.droplets.get(app.dropletGuid ?? '')?.image;
  if (!image) return {};
  return { docker: { image: image.reference, ...(image.username ? { username: image.username } : {}) } };
}
