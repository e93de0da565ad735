/** The post step settles what a cancelled or killed main run of the same step left: it knows that its owner has ended. */
import type { Inputs, RunContext } from '../model/asked.js';
import { ownerLabel } from '../platform/names.js';
import { open, type Ports, type Runner } from './open.js';
import { settle } from './settle.js';
import { worldOf } from './world.js';

/** Whose deploy of which apps may be unfinished. No secret is in it. */
export interface Unsettled {
  owner: string;
  apps: readonly string[];
}

const STATE = 'unsettled';

/** Before the first change: a process that is killed cannot say so afterwards. */
export function rememberUnsettled(runner: Pick<Runner, 'saveState'>, unsettled: Unsettled): void {
  runner.saveState(STATE, JSON.stringify(unsettled));
}

export function forgetUnsettled(runner: Pick<Runner, 'saveState'>): void {
  runner.saveState(STATE, '');
}

/** @returns undefined: the main run came to its own end */
export function unsettledOf(state: (name: string) => string): Unsettled | undefined {
  const text = state(STATE);
  return text === '' ? undefined : (JSON.parse(text) as Unsettled);
}

/** Signs in anew and settles each app whose lock is still that owner's. Throws what keeps it from looking. */
export async function settleRest(
  { owner, apps }: Unsettled,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<void> {
  const opened = await open(inputs, context, ports);
  const taker = ownerLabel(context.runId, context.attempt, ports.random.token(8));
  const world = worldOf(opened, undefined, inputs, context, ports, {
    badSign: () => undefined,
    unwatch: () => undefined,
    onSign: () => () => undefined,
    watchedRoutes: () => 0,
  });
  try {
    for (const app of apps) {
      const settled = await settle(app, taker, world, { ended: owner });
      if (settled && 'error' in settled) throw settled.error;
      ports.listener.tell({ type: 'note', text: `${app}: ${settled?.told ?? 'nothing was left'}` });
    }
  } finally {
    await opened.close();
  }
}
