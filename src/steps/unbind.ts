import type { Binding } from '../model/cloud.js';
import { DeadlineOver, PlatformRefusal } from '../model/errors.js';
import { waitFor } from './wait.js';
import type { World } from './world.js';

/** A broker that was asked just before is done by then; on one that is stuck nobody waits on the way back. */
const SETTLING_MS = 60_000;

/**
 * An app that is bound by a broker which takes its time cannot be deleted: the platform asks the broker, and its job fails with
 * 90008 until that one is done. It is the other way round here: what is asked is waited for.
 * @returns whether it is bound to nothing any more; false: a broker does not come to an end
 */
export async function unbindAll(guid: string, world: World): Promise<boolean> {
  const { platform, clock } = world;
  const first = await platform.serviceBindings(guid);
  if (first.length === 0) return true;
  const settled = await waitFor<readonly Binding[]>(world, {
    what: 'the brokers that bind the app',
    deadlineMs: clock.now() + SETTLING_MS,
    look: async () => {
      const all = await platform.serviceBindings(guid);
      const busy = all.filter(({ state }) => state === 'initial' || state === 'in progress');
      const names = busy.map(({ instance }) => instance).join(', ');
      return busy.length > 0
        ? { state: `brokers are at work on the bindings to ${names}` }
        : { state: 'bindings are taken off', done: all };
    },
  }).catch((error: unknown) => {
    if (error instanceof DeadlineOver) return undefined;
    throw error;
  });
  if (!settled) return false;
  await Promise.all(
    settled.map(async ({ guid: binding }) => {
      try {
        await platform.removeBinding(binding);
      } catch (error) {
        // A run that was ended had asked for it, too: of two jobs the later one finds nothing.
        if (!(error instanceof PlatformRefusal)) throw error;
        if ((await platform.serviceBindings(guid)).some((one) => one.guid === binding)) throw error;
      }
    }),
  );
  return true;
}
