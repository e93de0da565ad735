import type { AppState, Droplet } from '../model/cloud.js';
import { PlatformFault, Refused } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, lockOf, type StepKind, type World } from './world.js';

/** A copy whose answer was lost is found again. Once it is ready the lock says which one it is. */
export const copyDroplet: StepKind<Step & { do: 'copy-droplet' }> = {
  title: () => 'copy the droplet to live',
  plan: () => [
    'POST /v3/droplets?source_guid=<droplet of candidate> for <live>, GET /v3/droplets/<copy> until STAGED',
    `PATCH /v3/apps/<lock> annotation ${ANNOTATION.copiedDroplet}`,
  ],
  run: async (_step, app, world) => {
    const { platform, clock } = world;
    const live = appOn('live', app);
    const candidate = appOn('candidate', app);
    if (candidate.currentDropletGuid === undefined)
      throw new PlatformFault(`${candidate.name} has no droplet.`, false);
    await assertWhole(candidate, app, world);
    const source = await platform.droplet(candidate.currentDropletGuid);
    const begun = (await platform.droplets(live.guid)).find((one) => isCopy(one, source));
    const { guid } = begun ?? (await platform.copyDroplet(source.guid, live.guid));
    await waitFor(world, {
      what: 'the copy of the droplet',
      deadlineMs: clock.now() + world.stagingTimeoutMs,
      look: async () => {
        const { state } = await platform.droplet(guid);
        // It is made anew: a failed copy is none that is found.
        if (state === 'FAILED') throw new PlatformFault('The platform failed to copy the droplet.', false);
        return { state: `droplet ${state.toLowerCase()}`, ...(state === 'STAGED' ? { done: true } : {}) };
      },
    });
    await platform.updateApp(lockOf(app).guid, { annotations: { [ANNOTATION.copiedDroplet]: guid } });
  },
};

/** A copy has no package, and while it is made no checksum. */
function isCopy(one: Droplet, source: Droplet): boolean {
  if (one.packageGuid !== undefined || one.createdAtMs < source.createdAtMs) return false;
  if (one.state === 'COPYING') return true;
  return one.state === 'STAGED' && (!source.checksum || !one.checksum || source.checksum === one.checksum);
}

/** Only a build tells which sidecars a buildpack brings. */
async function assertWhole({ guid }: AppState, { intent }: AppWorld, { platform }: World): Promise<void> {
  const brought = await platform.sidecars(guid, 'buildpack');
  if (brought.length === 0) return;
  throw new Refused(
    `${intent.app} has sidecars that its buildpacks bring (${brought.join(', ')}), and the copy of a droplet has none of them.`,
    'Deploy it with strategy: blue-green.',
  );
}
