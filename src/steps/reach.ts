import type { AppState } from '../model/cloud.js';
import { isTcpUrl } from '../probe/address.js';
import { headerOf, type InstanceRef } from '../probe/context.js';
import { type HeaderReach, headerReach } from '../probe/proof.js';
import { tcpReach } from '../probe/tcp.js';
import { namedBy } from './instances.js';
import type { AppWorld, World } from './world.js';

/**
 * Whether an instance of this app can be asked for through the route, tested once in a run. What no answer told is tested again
 * whenever it is needed, and that there is none is not believed where there was one earlier.
 * @param app one that is mapped to the route, when there is one
 */
export async function reachOf(
  url: string,
  app: AppState | undefined,
  world: AppWorld,
  ports: Pick<World, 'probe'>,
): Promise<HeaderReach> {
  return reachOfInstance(url, app && namedBy(app), world, ports);
}

/** @param of how an instance would be named: an app that changes in place has processes of two versions */
export async function reachOfInstance(
  url: string,
  of: Omit<InstanceRef, 'index'> | undefined,
  { intent, found }: AppWorld,
  { probe }: Pick<World, 'probe'>,
): Promise<HeaderReach> {
  const key = reachKey(url, of);
  const known = found.reach.get(key);
  if (known === 'by-instance' || known === 'header-stripped') return known;
  const tested = isTcpUrl(url)
    ? await tcpReach(probe, url)
    : await headerReach(probe, { url, path: intent.probePath, ...(of ? { of } : {}) });
  const reach = tested === 'unreachable' ? (known ?? tested) : tested;
  found.reach.set(key, reach);
  return reach;
}

/** What was found out so far; undefined: nothing. */
export function reachKnown(
  url: string,
  app: AppState | undefined,
  { found }: AppWorld,
): HeaderReach | undefined {
  return found.reach.get(reachKey(url, app && namedBy(app)));
}

/** Routers may heed one header and not the other. On a TCP route there is none, and a deployment in place changes nothing of it. */
function reachKey(url: string, of: Omit<InstanceRef, 'index'> | undefined): string {
  return isTcpUrl(url) ? url : `${headerOf(of)} ${url}`;
}
