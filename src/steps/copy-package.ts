import type { Package } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, PlatformRefusal } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import { heeding } from './heed.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, lockOf, note, type StepKind, type World } from './world.js';

/**
 * To the candidate: the package that is staged anew, or that a later restage needs, is recorded like one that was pushed. To live,
 * from the deployment on: else it would have none but older ones, and `cf restage` would take one of these; and before it the same
 * command would take one that is not proven.
 */
export const copyPackageTo: StepKind<Step & { do: 'copy-package' }> = {
  title: ({ side, early }) =>
    early ? 'ask for a copy of the package for live' : `copy the package to ${side ?? 'the candidate'}`,
  plan: ({ side }, intent) =>
    side === 'live'
      ? [
          'POST /v3/packages?source_guid=<package of candidate> for <live>, GET /v3/packages until READY',
          `PATCH /v3/apps/<lock> annotation ${ANNOTATION.builtOf}`,
        ]
      : [
          `POST /v3/packages?source_guid=${packageOf(intent)} for <candidate>, GET /v3/packages until READY`,
          `PATCH /v3/apps/<candidate> annotation ${ANNOTATION.package}`,
        ],
  run: async ({ side, early }, app, world) => {
    // From here on the new version takes requests: whatever speaks against it ends a wait for something else.
    if (side === 'live')
      return early ? askForCopy(app, world) : heeding(app, world, (heeded) => leaveWithLive(app, heeded));
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

/** Asked for and named: that it is ready is seen later. Where this fails, all of it is done then. */
async function askForCopy(app: AppWorld, { platform }: World): Promise<void> {
  const source = appOn('candidate', app).annotations[ANNOTATION.package];
  if (source === undefined) return;
  try {
    const { guid } = await platform.copyPackage(source, appOn('live', app).guid);
    await platform.updateApp(lockOf(app).guid, { annotations: { [ANNOTATION.builtOf]: guid } });
  } catch (error) {
    if (!isOfPlatform(error)) throw error;
  }
}

async function leaveWithLive(app: AppWorld, world: World): Promise<void> {
  const { guid: lock, annotations } = lockOf(app);
  const { [ANNOTATION.package]: source, [ANNOTATION.builtOf]: named = source } = annotations;
  if (source === undefined) return;
  const live = appOn('live', app).guid;
  const asked = named === source ? undefined : named;
  const builtOf = (await copyUnless(WITHOUT, () => insisting(world, source, live, asked), world)) ?? null;
  if (builtOf !== named)
    await world.platform.updateApp(lock, { annotations: { [ANNOTATION.builtOf]: builtOf } });
}

function packageOf({ bits }: { bits?: { from: string; guid: string; packageGuid?: string } }) {
  return bits?.from === 'package' ? bits.guid : bits?.packageGuid;
}

/** One whose answer was lost is made once more: it does no harm. Throws what the platform says, and `DeadlineOver`. */
async function copyPackage(source: string, appGuid: string, world: World): Promise<Package> {
  const { guid } = await world.platform.copyPackage(source, appGuid);
  return endOfCopy(guid, appGuid, world);
}

function endOfCopy(guid: string, appGuid: string, world: World): Promise<Package> {
  const { platform, clock } = world;
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

/** @returns guid of the copy; undefined where none is made, whatever of the platform is the reason: the bits are pushed then */
export async function copyForBits(
  source: string,
  appGuid: string,
  world: World,
): Promise<string | undefined> {
  return copyUnless('The bits are uploaded once more', () => copyPackage(source, appGuid, world), world);
}

/**
 * A fault is over soon, mostly; for ever, it is not worth the deploy. The copy that was asked for is looked at again, and made anew
 * where it is not there.
 */
async function insisting(world: World, source: string, appGuid: string, asked?: string): Promise<Package> {
  const { platform, clock, signal } = world;
  let copy = asked;
  const copied = async () => {
    copy ??= (await platform.copyPackage(source, appGuid)).guid;
    return endOfCopy(copy, appGuid, world);
  };
  try {
    return await copied();
  } catch (error) {
    if (!(error instanceof PlatformFault) || (error.retryAfterMs ?? 0) > LONGEST_PAUSE_MS) throw error;
    await clock.sleep(error.retryAfterMs ?? PAUSE_MS, signal);
    const packages = await platform.packages(appGuid);
    if (!packages.some(({ guid }) => guid === copy)) copy = undefined;
    return copied();
  }
}

const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

async function copyUnless(
  otherwise: string,
  copy: () => Promise<Package>,
  world: World,
): Promise<string | undefined> {
  try {
    const { guid, state } = await copy();
    if (state === 'READY') return guid;
    note(world, `${otherwise}: the copy of the package is ${state}.`);
  } catch (error) {
    if (!isOfPlatform(error)) throw error;
    note(world, `${otherwise}: ${(error as Error).message}`);
  }
  return undefined;
}

function isOfPlatform(error: unknown): boolean {
  return [PlatformRefusal, DeadlineOver, PlatformFault].some((kind) => error instanceof kind);
}

const WITHOUT = 'Without its package this version cannot be staged anew later';
