/** `rollback`: a version that was live before goes live again, as safely and as proven as a new one. Nothing is built. */
import type { Inputs, RunContext } from '../model/asked.js';
import { ownerLabel } from '../platform/names.js';
import type { AppWorld, World } from '../steps/world.js';
import { assertRoomFor } from './capacity.js';
import { change } from './change.js';
import { type Held, heldRefusal } from './held.js';
import { namesOf } from './names.js';
import { open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { lookUpKept, prepareRollback, type RollbackPreparation } from './prepare-rollback.js';

/** Throws what forbids it before anything could be read of the apps; everything later is in the outcome. */
export async function rollback(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const names = await namesOf(inputs, context);
  const opened = await open(inputs, context, ports);
  try {
    const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
    const token = () => ports.random.token(6);
    const preparation: RollbackPreparation = { inputs, context, set: names, owner, token };
    const rollingBack = {
      result: 'rolled-back' as const,
      owner,
      names,
      look: lookUpKept.bind(undefined, preparation),
      prepare: prepareRollback.bind(undefined, preparation),
      assertRoom: (apps: readonly AppWorld[], _seen: unknown, world: World) => assertRoomFor(apps, world),
      held: async (held: Held) => {
        throw heldRefusal(held);
      },
    };
    return await change(opened, rollingBack, inputs, context, ports);
  } finally {
    await opened.close();
  }
}
