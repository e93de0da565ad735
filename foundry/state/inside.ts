import type { Inside, InstanceStatus } from '../ports.js';
import type * as r from './records.js';
import type { Running } from './running.js';
import type { Store } from './store.js';

/**
 * The network inside: `HOST.DOMAIN` is any instance that serves, `0.HOST.DOMAIN` the one with that index, and an app reaches another
 * one, or itself, only where a policy says so. The port is the container's own: routes have no say in it.
 */
export function createInside(store: Store, running: Running): Inside {
  let turn = 0;

  function routeOf(name: string): { route: r.Route; index?: number } | undefined {
    for (const domain of store.domains.where((one) => one.internal)) {
      if (!name.endsWith(`.${domain.name}`)) continue;
      const [, index, host] = /^(?:(\d+)\.)?([^.]+)$/.exec(name.slice(0, -domain.name.length - 1)) ?? [];
      const route = store.routes.find((one) => one.domainGuid === domain.guid && one.host === host);
      return route && { route, ...(index === undefined ? {} : { index: Number(index) }) };
    }
    return undefined;
  }

  const isInside = (name: string) =>
    store.domains.where((one) => one.internal).some((one) => name.endsWith(`.${one.name}`));

  const isAllowed = (from: string, to: string, port: number) =>
    store.networkPolicies.some(
      ({ source, destination: { id, protocol, ports } }) =>
        source.id === from && id === to && protocol === 'tcp' && ports.start <= port && port <= ports.end,
    );

  function serving(route: r.Route): { appGuid: string; status: InstanceStatus }[] {
    return route.destinations.flatMap(({ appGuid, processType }) =>
      store.processes
        .of(appGuid)
        .filter((process) => process.type === processType)
        .flatMap((process) => running.instances(process))
        .filter(({ state, routable }) => state === 'RUNNING' && routable)
        .map((status) => ({ appGuid, status })),
    );
  }

  return (from, asked, port) => {
    const name = asked.toLowerCase();
    if (!isInside(name)) return undefined;
    const found = routeOf(name);
    const met = found
      ? serving(found.route).filter(({ status }) => found.index === undefined || status.index === found.index)
      : [];
    const one = met[turn++ % met.length];
    if (!one) return 'no such host';
    if (!isAllowed(from, one.appGuid, port)) return 'no policy allows it';
    return one.status.ports[port] ?? 'connection refused';
  };
}
