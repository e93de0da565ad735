/** Before anything is changed: whether the quotas have room for what runs beside live for a while. */
import { Refused } from '../model/errors.js';
import type { AppWorld, World } from '../steps/world.js';
import { type Need, needOf, type Sizes, shortages, sizesOf } from '../strategies/capacity.js';

const ASK = 'Ask for a larger quota, or stop and delete what is not needed (cf apps and cf routes show it)';
const UNKNOWN =
  'Quotas: not all of them may be read with this sign-in. Where one has no room, the platform says so when it is met.';

/**
 * For whatever is made or started. What may not be read only informs: it is told, and the change goes on. Throws `Refused` with
 * every figure that is short.
 * @param way what else helps, as the end of a sentence
 */
export async function assertRoom(
  needs: readonly Need[],
  { platform, target, listener }: Pick<World, 'platform' | 'target' | 'listener'>,
  way?: string,
): Promise<void> {
  const { quotas, unknown } = await platform.quotas(target);
  if (unknown) listener.tell({ type: 'note', text: UNKNOWN });
  const short = shortages(needs, quotas);
  if (short.length > 0) throw new Refused(short.join('\n'), `${ASK}${way ? `, or ${way}` : ''}.`, 'quota');
}

/**
 * For a change of live, whatever brings the version. Throws as `assertRoom`.
 * @param namedOf sizes that the manifest names, or those that the version has; default: of the version that is there, else of live
 */
export async function assertRoomFor(
  apps: readonly AppWorld[],
  world: World,
  namedOf: (app: AppWorld, at: number) => Sizes = sizesThere,
): Promise<void> {
  const needs = apps.map((app, at) => needOf(app.intent, app.snapshot, namedOf(app, at)));
  await assertRoom(needs, world, wayOut(apps));
}

/** A version that was staged before has the sizes that it had, a held one those it has; live's own app has its own. */
function sizesThere({ intent, snapshot }: AppWorld): Sizes {
  const { live, candidate, previous } = snapshot;
  const target = previous.find(({ guid }) => guid === intent.target);
  const staged = target ?? (intent.inPlace ? undefined : candidate);
  const sizes = sizesOf((staged ?? live)?.processes ?? []);
  // As many as live has by then.
  const grown = intent.keepInstancesOf.flatMap((type) => {
    const now = live?.processes.find((process) => process.type === type)?.instances ?? 0;
    const own = sizes[type];
    return own ? [[type, { ...own, instances: Math.max(own.instances ?? 0, now) }] as const] : [];
  });
  return { ...sizes, ...Object.fromEntries(grown) };
}

function wayOut(apps: readonly AppWorld[]): string | undefined {
  if (apps.some(({ intent }) => !intent.inPlace))
    return 'take strategy: rolling, which needs room for one candidate and max-in-flight instances instead of all';
  const isMany = apps.some(({ intent }) => (intent.inPlace?.maxInFlight ?? 1) > 1);
  return isMany ? 'set max-in-flight to 1' : undefined;
}
