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
    const { platform } = world;
    const live = appOn('live', app);
    const candidate = appOn('candidate', app);
    if (candidate.currentDropletGuid === undefined)
      throw new PlatformFault(`${candidate.name} has no droplet.`, false);
    const guid = await copyTo(live.guid, candidate.currentDropletGuid, world, () =>
      assertWhole(candidate, app, world),
    );
    await platform.updateApp(lockOf(app).guid, { annotations: { [ANNOTATION.copiedDroplet]: guid } });
  },
};

/**
 * @param may throws why none is to be made
 * @returns guid of the copy, which is ready; one that was begun before is found
 */
async function copyTo(
  appGuid: string,
  dropletGuid: string,
  world: World,
  may: () => Promise<void> = async () => undefined,
): Promise<string> {
  const { platform, clock } = world;
  const [source, there] = await Promise.all([
    platform.droplet(dropletGuid),
    platform.droplets(appGuid),
    may(),
  ]);
  const begun = there.find((one) => isCopy(one, source));
  const { guid } = begun ?? (await platform.copyDroplet(source.guid, appGuid));
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
  return guid;
}

/**
 * A droplet that was staged before, of whichever app. It comes last, as it says that the rest is done. A version that comes back in
 * place is proven as it was started.
 */
export const takeDroplet: StepKind<Step & { do: 'take-droplet' }> = {
  title: () => 'copy the droplet to the candidate',
  plan: (_step, { bits, commands }) => [
    `POST /v3/droplets?source_guid=${bits?.guid} for <candidate>, GET /v3/droplets/<copy> until STAGED`,
    ...(commands?.web ? ['PATCH /v3/processes/<web process of candidate> command'] : []),
    'PATCH /v3/apps/<candidate>/relationships/current_droplet',
  ],
  run: async (_step, app, world) => {
    const { intent } = app;
    const { platform } = world;
    const candidate = appOn('candidate', app);
    const { bits } = intent;
    if (bits?.from !== 'droplet')
      throw new PlatformFault('Which droplet is to be taken is not recorded.', false);
    const guid = await copyTo(candidate.guid, bits.guid, world);
    const web = candidate.processes.find(({ type }) => type === 'web');
    const command = intent.commands?.web ?? null;
    if (web && command !== null) await platform.updateProcess(web.guid, { command });
    await platform.updateApp(candidate.guid, { annotations: { [ANNOTATION.droplet]: guid } });
    await platform.setCurrentDroplet(candidate.guid, guid);
  },
};

/** A copy has no package, and while it is made no checksum. */
function isCopy(one: Droplet, source: Droplet): boolean {
  if (one.packageGuid !== undefined || one.createdAtMs < source.createdAtMs) return false;
  // Of an image there are no bits to be told by.
  if (one.image !== source.image) return false;
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
