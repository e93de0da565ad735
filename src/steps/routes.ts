/** What a route is, as far as steps and strategies go by it. */
import type { Route } from '../model/cloud.js';
import type { Intent, Port, WantedRoute } from '../model/intent.js';
import { LABEL } from '../platform/names.js';

/** Whether this is the route that `wanted` names: by host, domain, path and port, or by the mark that it was made with. */
export function isNamed(route: Route, wanted: WantedRoute): boolean {
  if (route.domainGuid !== wanted.domainGuid) return false;
  if (wanted.mark !== undefined) return route.port !== null && route.labels[LABEL.run] === wanted.mark;
  return (
    route.host.toLowerCase() === wanted.host.toLowerCase() &&
    route.path === wanted.path &&
    route.port === wanted.port
  );
}

/** Whether it can be asked by HTTP from outside: no router leads to an internal route, and a TCP route speaks what it likes. */
export function isAskable({ internal, port }: Pick<WantedRoute, 'internal' | 'port'>): boolean {
  return !internal && port === null;
}

/** Whether routers lead to it from outside. */
export function isOutside(route: Pick<WantedRoute, 'internal' | 'port'>): boolean {
  return isAskable(route) || isTcp(route);
}

/** Whether connections from outside can be made to it: it has a port of the routers of its own. */
export function isTcp({ internal, port }: Pick<WantedRoute, 'internal' | 'port'>): boolean {
  return !internal && port !== null;
}

/** What `cf push` maps the route of its manifest to; any other port is mapped by a call of its own. */
export function isPushed({ processType, port, protocol }: Port): boolean {
  return processType === 'web' && (port ?? 8080) === 8080 && (protocol ?? 'http1') === 'http1';
}

/** Nobody could ever reach the app on a route: neither live as it was when the change began, nor what comes after it. */
export function isRouteless({
  production,
  dropped,
  before,
}: Pick<Intent, 'production' | 'dropped' | 'before'>): boolean {
  return production.length + dropped.length + (before?.destinations.length ?? 0) === 0;
}
