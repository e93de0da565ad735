/** Whether a canary could be judged: found out with live's instances, before anything is changed. */
import { Refused } from '../model/errors.js';
import { type HeaderReach, headerReach } from '../probe/proof.js';
import { headerLost } from '../steps/canary.js';
import { isAskable, isRouteless } from '../steps/routes.js';
import type { AppWorld, World } from '../steps/world.js';
import { isCanary } from '../strategies/canary.js';
import { servedBy } from '../strategies/view.js';

/** @returns why not; one route that heeds the header is enough, as all routes lead to the same instances */
export async function unjudgeable(
  { intent, snapshot }: Pick<AppWorld, 'intent' | 'snapshot'>,
  { probe }: Pick<World, 'probe'>,
): Promise<readonly Refused[]> {
  const { live } = snapshot;
  const web = live?.processes.find(({ type }) => type === 'web');
  if (!isCanary(intent) || !live || !web) return [];
  if (isRouteless(intent)) return [unasked(intent.app)];
  const served = servedBy(snapshot, live).map(({ url }) => url);
  const urls = intent.production
    .filter((route) => isAskable(route) && served.includes(route.url))
    .map(({ url }) => url);
  if (urls.length === 0) return [withoutWeb(intent.app)];
  const of = { appGuid: live.guid, processGuid: web.guid };
  const seen = await Promise.all(
    urls.map((url): Promise<HeaderReach> => headerReach(probe, { url, of, path: intent.probePath })),
  );
  return seen.includes('by-instance') ? [] : [headerLost(urls)];
}

function unasked(app: string): Refused {
  return new Refused(
    `${app} has no route: a canary is judged by what its instances answer, and nobody could ask them.`,
    'Deploy it with strategy: rolling or blue-green.',
  );
}

function withoutWeb(app: string): Refused {
  return new Refused(
    `${app} has no HTTP route yet on which its canary could be compared with live: on TCP and inside nothing names an instance.`,
    'Deploy with strategy: rolling, which proves the version before live is touched.',
  );
}
