/** Before anything is changed: whether the quotas have room for what runs beside live for a while. */
import { Refused } from '../model/errors.js';
import type { World } from '../steps/world.js';
import { type Need, shortages } from '../strategies/capacity.js';

const NEXT =
  'Ask for a larger quota, stop what is not needed, or take strategy: rolling, which needs room for max-in-flight instances instead of all.';
const UNKNOWN =
  'Quotas: not all of them may be read with this sign-in. Where one has no room, the platform says so when it is met.';

/** What may not be read only informs: it is told, and the change goes on. Throws `Refused` with every figure that is short. */
export async function assertRoom(
  needs: readonly Need[],
  { platform, target, listener }: Pick<World, 'platform' | 'target' | 'listener'>,
): Promise<void> {
  const { quotas, unknown } = await platform.quotas(target);
  if (unknown) listener.tell({ type: 'note', text: UNKNOWN });
  const short = shortages(needs, quotas);
  if (short.length > 0) throw new Refused(short.join('\n'), NEXT, 'quota');
}
