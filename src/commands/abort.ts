/** `abort`: a deploy that is held is taken away, its trial routes with it. Live is not touched, and nothing of it is kept. */
import type { Inputs, RunContext } from '../model/asked.js';
import { ownerLabel } from '../platform/names.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { takeAway } from '../strategies/hold.js';
import { change, type Seen } from './change.js';
import { heldSet, lookUpHeld, ofEach, takeHeld } from './held.js';
import { namesOf } from './names.js';
import { open, type Ports } from './open.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { pursue } from './pursue.js';
import type { SettledHeld } from './settle.js';

/** Throws what forbids it before anything could be read of the apps; everything later is in the outcome. */
export async function abort(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const asked = await namesOf(inputs, context);
  const opened = await open(inputs, context, ports);
  try {
    const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
    const { names } = await heldSet(asked, opened);
    const aborting = {
      result: 'aborted' as const,
      owner,
      names,
      held: 'own' as const,
      leavesLive: true as const,
      strategy: takeAway,
      look: (world: World) => lookUpHeld(names, world),
      prepare: async (
        seen: readonly Seen[],
        world: World,
        _rolledBack: readonly string[],
        settled: readonly SettledHeld[],
      ) =>
        (await ofEach(seen, world, settled, 'back')).map(({ intent, snapshot }) => ({
          intent: { ...intent, owner, keepFailed: false },
          snapshot,
          found: nothingFound(),
        })),
      take: (apps: readonly AppWorld[], world: World) => takeHeld(apps, owner, world),
      perform: async (apps: AppWorld[], world: World): Promise<Outcome> => {
        await pursue({ world, apps, strategy: takeAway, way: 'back' });
        return { result: 'aborted', apps: apps.map((app) => outcomeOf(app, inputs.router)) };
      },
    };
    // Nothing of what serves changes: there is nothing to watch.
    return await change(opened, aborting, { ...inputs, watch: false }, context, ports);
  } finally {
    await opened.close();
  }
}
