/** What a route is, as far as steps and strategies go by it. */
import type { Port, WantedRoute } from '../model/intent.js';

/** Whether it can be asked by HTTP from outside: no router leads to an internal route, and a TCP route speaks what it likes. */
export function isAskable({ internal, port }: Pick<WantedRoute, 'internal' | 'port'>): boolean {
  return !internal && port === null;
}

/** What `cf push` maps the route of its manifest to; any other port is mapped by a call of its own. */
export function isPushed({ processType, port, protocol }: Port): boolean {
  return processType === 'web' && (port ?? 8080) === 8080 && (protocol ?? 'http1') === 'http1';
}
