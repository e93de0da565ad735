import type { Build } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, VersionFault } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import { saysNoRoom } from './room.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { appOn, type StepKind } from './world.js';

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
    const started = (await platform.builds(candidate.guid)).find(
      (build) => build.packageGuid === packageGuid,
    );
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
    await platform.setCurrentDroplet(candidate.guid, build.dropletGuid);
  },
};
