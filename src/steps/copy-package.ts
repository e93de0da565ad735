import type { Package } from '../model/cloud.js';
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
    const { guid, state } = await copyPackage(source, candidate.guid, world);
    // It is made anew.
    if (state !== 'READY')
      throw new PlatformFault(`The platform failed to copy the package: ${state}.`, false);
    await world.platform.updateApp(candidate.guid, {
      annotations: { [ANNOTATION.package]: guid, [ANNOTATION.builtOf]: guid },
    });
  },
};

function packageOf({ bits }: { bits?: { from: string; guid: string; packageGuid?: string } }) {
  return bits?.from === 'package' ? bits.guid : bits?.packageGuid;
}

/** One whose answer was lost is made once more: it does no harm. Throws what the platform says, and `DeadlineOver`. */
async function copyPackage(source: string, appGuid: string, world: World): Promise<Package> {
  const { platform, clock } = world;
  const { guid } = await platform.copyPackage(source, appGuid);
  return waitFor<Package>(world, {
    what: 'the copy of the package',
    deadlineMs: clock.now() + world.stagingTimeoutMs,
    look: async () => {
      const found = (await platform.packages(appGuid)).find((one) => one.guid === guid);
      if (!found) throw new PlatformFault(`The copy ${guid} of the package is not there.`, false);
      const { state } = found;
      return {
        state: `package ${state.toLowerCase()}`,
        ...(ENDS.includes(state) ? { done: found } : {}),
      };
    },
  });
}

const ENDS: readonly Package['state'][] = ['READY', 'FAILED', 'EXPIRED'];

/** @returns guid of the copy; null where the platform makes none: the version is as good without, it only cannot be staged anew */
export async function copyForRestage(source: string, appGuid: string, world: World): Promise<string | null> {
  return (await copyUnless([PlatformRefusal, DeadlineOver], WITHOUT, source, appGuid, world)) ?? null;
}

/** @returns guid of the copy; undefined where none is made, whatever of the platform is the reason: the bits are pushed then */
export async function copyForBits(
  source: string,
  appGuid: string,
  world: World,
): Promise<string | undefined> {
  const borne = [PlatformRefusal, DeadlineOver, PlatformFault];
  return copyUnless(borne, 'The bits are uploaded once more', source, appGuid, world);
}

async function copyUnless(
  borne: readonly (new (...args: never[]) => Error)[],
  otherwise: string,
  ...copied: Parameters<typeof copyPackage>
): Promise<string | undefined> {
  const [, , world] = copied;
  try {
    const { guid, state } = await copyPackage(...copied);
    if (state === 'READY') return guid;
    note(world, `${otherwise}: the copy of the package is ${state}.`);
  } catch (error) {
    if (!borne.some((kind) => error instanceof kind)) throw error;
    note(world, `${otherwise}: ${(error as Error).message}`);
  }
  return undefined;
}

const WITHOUT = 'Without its package this version cannot be staged anew later';
