/** The availability watch of a deploy: which routes it looks at, and whom it asks whether the platform is there at all. */
import type { Inputs } from '../model/asked.js';
import { probePath } from '../probe/path.js';
import { startWatch, type Watch } from '../probe/watch.js';
import { isOutside } from '../steps/routes.js';
import type { World } from '../steps/world.js';
import { servedBy } from '../strategies/view.js';
import type { Seen } from './change.js';

/** Routes that the manifests name, and those that are served now: each once, and none that cannot be asked from outside. */
export function watchable(found: readonly Seen[]): readonly { url: string }[] {
  const routes = found.flatMap(({ named, snapshot }) => {
    const internal = new Set(snapshot.domains.flatMap((one) => (one.internal ? [one.guid] : [])));
    const served = [snapshot.live, snapshot.candidate].flatMap((app) => servedBy(snapshot, app));
    return [...named, ...served].filter(({ domainGuid, port }) =>
      isOutside({ internal: internal.has(domainGuid), port }),
    );
  });
  return [...new Set(routes.map(({ url }) => url))].map((url) => ({ url }));
}

/** @returns after its first round; undefined: there is no route that could be seen from outside */
export async function watchRoutes(
  found: readonly Seen[],
  inputs: Inputs,
  { probe, platform, listener }: Pick<World, 'probe' | 'platform' | 'listener'>,
): Promise<Watch | undefined> {
  const routes = watchable(found);
  if (routes.length === 0) return undefined;
  const watch = startWatch(
    probe,
    {
      routes,
      path: probePath(inputs),
      failureLimit: inputs.failureLimit,
      platformAnswers: () => platform.answers(),
      record: (fact) => listener.record?.(fact),
    },
    (text) => listener.tell({ type: 'note', text }),
  );
  await watch.firstRound();
  return watch;
}
