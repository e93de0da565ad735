import type { Build, Droplet } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, VersionFault } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import { saysNoRoom } from './room.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, type StepKind } from './world.js';

const OF_IMAGES =
  'The image is not there, or its registry does not give it to who asks: a private one needs docker-username and docker-password.';

/** Builds the package that this deploy pushed, and no other, and makes its droplet the candidate's. */
export const stage: StepKind<Step & { do: 'stage' }> = {
  title: () => 'stage the droplet',
  plan: () => [
    'POST /v3/builds of the pushed package, GET /v3/builds/<build> until STAGED',
    'PATCH /v3/apps/<candidate>/relationships/current_droplet',
  ],
  run: async (_step, app, world) => {
    const candidate = appOn('candidate', app);
    const { platform, clock } = world;
    const packageGuid = candidate.annotations[ANNOTATION.package];
    if (packageGuid === undefined) throw new PlatformFault('The pushed package is not recorded.', false);
    const isNew = app.found.unbuilt === packageGuid;
    delete app.found.unbuilt;
    const begun = isNew ? [] : await platform.builds(candidate.guid);
    const started = begun.find((build) => build.packageGuid === packageGuid);
    const { guid } = started ?? (await platform.createBuild(packageGuid));
    const build = await waitFor<Build>(world, {
      what: 'staging',
      deadlineMs: clock.now() + world.stagingTimeoutMs,
      look: async () => {
        const seen = await platform.build(guid);
        return seen.state === 'STAGING' ? { state: 'staging' } : { state: 'staged', done: seen };
      },
    }).catch((error) => {
      if (error instanceof DeadlineOver) throw new VersionFault(error.message, 'staging');
      throw error;
    });
    if (build.dropletGuid === undefined) {
      const why = build.error ?? 'the platform gave no reason';
      // The platform does not try a build again by itself.
      if (saysNoRoom(why)) throw new VersionFault(`The platform has no room to build: ${why}`, 'no-room');
      const hint = app.intent.docker ? ` ${OF_IMAGES}` : '';
      throw new VersionFault(`Staging failed: ${why}${hint}`, 'staging');
    }
    // Nothing of it changes any more: where it is there by then, the next look need not ask for it.
    const look = platform.droplet(build.dropletGuid).catch(() => undefined);
    await platform.setCurrentDroplet(candidate.guid, build.dropletGuid);
    const droplet = await Promise.race([look, undefined]);
    if (droplet) holds(droplet, app);
  },
};

function holds({ guid, port }: Droplet, app: AppWorld): void {
  const { imagePort: _, ...rest } = appOn('candidate', app);
  const candidate = { ...rest, currentDropletGuid: guid, ...(port === undefined ? {} : { imagePort: port }) };
  app.snapshot = { ...app.snapshot, candidate };
}
