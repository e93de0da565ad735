import { type HeaderReach, headerReach } from '../probe/proof.js';
import type { AppWorld, World } from './world.js';

/**
 * Whether an instance of this app can be asked for through the route, tested once in a run. What no answer told is tested again
 * whenever it is needed, and that there is none is not believed where there was one earlier.
 * @param appGuid an app that is mapped to the route, when there is one
 */
export async function reachOf(
  url: string,
  appGuid: string | undefined,
  { intent, found }: AppWorld,
  { probe }: Pick<World, 'probe'>,
): Promise<HeaderReach> {
  const known = found.reach.get(url);
  if (known === 'by-instance' || known === 'header-stripped') return known;
  const asked = { url, path: intent.probePath, ...(appGuid === undefined ? {} : { appGuid }) };
  const tested = await headerReach(probe, asked);
  const reach = tested === 'unreachable' ? (known ?? tested) : tested;
  found.reach.set(url, reach);
  return reach;
}
