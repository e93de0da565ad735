import { PlatformFault } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import type { Step } from './step.js';
import { appOn, type StepKind } from './world.js';

export const start: StepKind<Step & { do: 'start' }> = {
  title: ({ side }) => `start ${side}`,
  plan: ({ side }) => [`POST /v3/apps/<${side}>/actions/start`],
  run: async ({ side }, app, { platform }) => {
    const { guid, annotations } = appOn(side, app);
    if (side === 'candidate') {
      // A CLI that outlived its run may have pushed other bits since: what is not known is not started.
      const strange = (await platform.packages(guid)).find(
        (one) => one.guid !== annotations[ANNOTATION.package],
      );
      const droplet = await platform.currentDroplet(guid);
      if (strange && droplet?.packageGuid !== annotations[ANNOTATION.package]) {
        throw new PlatformFault(
          'The candidate holds a droplet of bits that this deploy did not push.',
          false,
        );
      }
    }
    await platform.startApp(guid);
  },
};
