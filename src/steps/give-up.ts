/** Handover: live gives its processes up, and they are seen gone before those of the other version start. */
import type { AppState } from '../model/cloud.js';
import { DeadlineOver, PlatformFault } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import { heeding } from './heed.js';
import type { GivenUp, Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, lockOf, type StepKind, type World } from './world.js';

/** Written once: whoever repeats the handover finds live without them already. */
export const recordGivenUp: StepKind<Step & { do: 'record-given-up' }> = {
  title: ({ had }) => `write down that live has ${countsText(had)}`,
  plan: () => [`PATCH /v3/apps/<lock> annotation ${ANNOTATION.givenUp}`],
  run: async ({ had }, app, { platform }) => {
    const lock = lockOf(app);
    if (givenUp(lock)) return;
    await platform.updateApp(lock.guid, { annotations: { [ANNOTATION.givenUp]: JSON.stringify(had) } });
  },
};

function countsText({ counts }: GivenUp): string {
  const texts = Object.entries(counts).map(([type, count]) => `${count} of ${type}`);
  return texts.length > 0 ? texts.join(', ') : 'nothing to give up';
}

/** @returns what live had when it was written down; undefined: nothing of it was changed yet */
export function givenUp(lock: Pick<AppState, 'annotations'> | undefined): GivenUp | undefined {
  try {
    const had = JSON.parse(lock?.annotations[ANNOTATION.givenUp] ?? 'null') as GivenUp | null;
    return had ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * How long an instance may run on that is told to end (platform facts A4: its certificate is taken away for 5 s, then SIGTERM, SIGKILL
 * after 10 s, and 1 s to be gone). Most platforms do not show one that is ending.
 */
export const ENDING_MS = 16_000;
const LONGEST_MS = 90_000;

/** An instance that was seen ending is gone when it is seen no more; without that, when it must have been killed. */
export const awaitGone: StepKind<Step & { do: 'await-gone' }> = {
  title: ({ side, types }) => `see that ${types ? types.join(', ') : 'every instance'} of ${side} has ended`,
  plan: ({ side, types }) => [
    `GET /v3/processes/<${types?.join(', ') ?? 'each process'} of ${side}>/stats until none is left, and ${ENDING_MS / 1_000} s where the platform shows none that is ending`,
  ],
  run: async (step, app, world) => {
    if (step.side === 'candidate') return awaitEnd(step, app, world);
    await heeding(app, world, (heeded) => awaitEnd(step, app, heeded));
  },
};

async function awaitEnd(
  { side, types }: Step & { do: 'await-gone' },
  app: AppWorld,
  world: World,
): Promise<void> {
  const { platform, clock } = world;
  const { guid, name } = appOn(side, app);
  const processes = (await platform.processes(guid)).filter(({ type }) => types?.includes(type) ?? true);
  const fromMs = clock.now();
  let wasSeenEnding = false;
  await waitFor(world, {
    what: `the instances of ${name} to end`,
    deadlineMs: fromMs + LONGEST_MS,
    look: async () => {
      const seen = await Promise.all(processes.map((process) => platform.instances(process.guid)));
      const alive = seen.flat().filter(({ state }) => state !== 'DOWN' && state !== 'CRASHED');
      wasSeenEnding ||= alive.some(({ state }) => state === 'STOPPING');
      const isOver = wasSeenEnding || clock.now() - fromMs >= ENDING_MS;
      const state =
        alive.length > 0
          ? `${alive.length} of the instances of ${name} are there`
          : `no instance of ${name} is shown any more`;
      return { state, ...(alive.length === 0 && isOver ? { done: true } : {}) };
    },
  }).catch((error) => {
    // Nothing else may run before: the platform is asked again.
    throw error instanceof DeadlineOver ? new PlatformFault(error.message, false) : error;
  });
}
