import { DeadlineOver, PlatformFault, PlatformRefusal } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { appOn, note, type StepKind, type World } from './world.js';

/** The package that is staged anew, or that a later restage needs, is recorded like one that was pushed. */
export const copyPackageToCandidate: StepKind<Step & { do: 'copy-package' }> = {
  title: () => 'copy the package to the candidate',
  plan: (_step, intent) => [
    `POST /v3/packages?source_guid=${packageOf(intent)} for <candidate>, GET /v3/packages until READY`,
    `PATCH /v3/apps/<candidate> annotation ${ANNOTATION.package}`,
  ],
  run: async (_step, app, world) => {
    const candidate = appOn('candidate', app);
    const source = packageOf(app.intent);
    if (source === undefined)
      throw new PlatformFault('Which package is to be copied is not recorded.', false);
    const guid = await copyPackage(source, candidate.guid, world);
    await world.platform.updateApp(candidate.guid, {
      annotations: { [ANNOTATION.package]: guid, [ANNOTATION.builtOf]: guid },
    });
  },
};

function packageOf({ bits }: { bits?: { from: string; guid: string; packageGuid?: string } }) {
  return bits?.from === 'package' ? bits.guid : bits?.packageGuid;
}

/**
 * @returns guid of the copy, which is ready. One whose answer was lost is made once more: it does no harm.
 * @throws PlatformRefusal when the platform says no, PlatformFault when it fails, DeadlineOver
 */
export async function copyPackage(source: string, appGuid: string, world: World): Promise<string> {
  const { platform, clock } = world;
  const { guid } = await platform.copyPackage(source, appGuid);
  return waitFor<string>(world, {
    what: 'the copy of the package',
    deadlineMs: clock.now() + world.stagingTimeoutMs,
    look: async () => {
      const state = (await platform.packages(appGuid)).find((one) => one.guid === guid)?.state ?? 'GONE';
      if (['FAILED', 'EXPIRED', 'GONE'].includes(state))
        throw new PlatformFault(`The platform failed to copy the package: ${state}.`, false);
      return { state: `package ${state.toLowerCase()}`, ...(state === 'READY' ? { done: guid } : {}) };
    },
  });
}

/** @returns null where the copy does not come to be: the version is as good without, it only cannot be staged anew */
export async function forRestage(copy: () => Promise<string>, world: World): Promise<string | null> {
  try {
    return await copy();
  } catch (error) {
    if (
      !(error instanceof PlatformRefusal || error instanceof PlatformFault || error instanceof DeadlineOver)
    )
      throw error;
    note(world, `Without its package this version cannot be staged anew later: ${error.message}`);
    return null;
  }
}
