import { PlatformFault } from '../model/errors.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION } from '../platform/names.js';
import type { Step } from './step.js';
import { appOn, type StepKind } from './world.js';

export const start: StepKind<Step & { do: 'start' }> = {
  title: ({ side }) => `start ${side}`,
  plan: ({ side }) => [`POST /v3/apps/<${side}>/actions/start`],
  run: async ({ side }, app, { platform }) => {
    const { guid, annotations } = appOn(side, app);
    // A version that was live before holds what it held then: nothing was pushed to it.
    const pushed = side === 'candidate' && app.intent.target === undefined;
    if (pushed) await assertOwnBits(platform, guid, annotations[ANNOTATION.package]);
    await platform.startApp(guid);
  },
};

/**
 * A CLI that outlived its run may have pushed other bits since: what is not known is not started. A droplet that does not say
 * what it was built of is ours as long as nobody else's package is there.
 */
async function assertOwnBits(platform: Platform, guid: string, pushed: string | undefined): Promise<void> {
  const [packages, droplet] = await Promise.all([platform.packages(guid), platform.currentDroplet(guid)]);
  const builtOf = droplet?.packageGuid;
  const strange = builtOf === undefined ? packages.some((one) => one.guid !== pushed) : builtOf !== pushed;
  if (strange) {
    throw new PlatformFault('The candidate holds a droplet of bits that this deploy did not push.', false);
  }
}
