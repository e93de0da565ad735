/** `restart` and `restage`: what is live goes live once more, with its variables and credentials of now; restage builds its bits anew. */
import type { Inputs, RunContext } from '../model/asked.js';
import { ownerLabel } from '../platform/names.js';
import type { AppWorld, World } from '../steps/world.js';
import { assertRoomFor } from './capacity.js';
import { change } from './change.js';
import { type Held, heldRefusal } from './held.js';
import { listedNamesOf } from './names.js';
import { open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { lookUpLive, prepareRestart, type RestartPreparation } from './prepare-restart.js';

/** Throws what forbids it before anything could be read of the apps; everything later is in the outcome. */
export async function restart(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const names = await listedNamesOf(inputs, context);
  const opened = await open(inputs, context, ports);
  try {
    const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
    const token = () => ports.random.token(6);
    const preparation: RestartPreparation = { inputs, context, set: names, owner, token };
    const restarting = {
      result: 'restarted' as const,
      owner,
      names,
      look: lookUpLive.bind(undefined, preparation),
      prepare: prepareRestart.bind(undefined, preparation),
      assertRoom: (apps: readonly AppWorld[], _seen: unknown, world: World) => assertRoomFor(apps, world),
      held: async (held: Held) => {
        throw heldRefusal(held);
      },
    };
    return await change(opened, restarting, inputs, context, ports);
  } finally {
    await opened.close();
  }
}
