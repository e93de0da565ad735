/** Rolls one app out in the tests' space, and lets it go wrong at a phase. */
import type { Outcome } from '../../src/commands/outcome.js';
import { rollOut } from '../../src/commands/roll-out.js';
import type { Intent } from '../../src/model/intent.js';
import { LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../../src/steps/world.js';
import { type Hook, TARGET } from './space.js';
import { intentFor, type standing } from './standing.js';

type Standing = ReturnType<typeof standing>;

export async function rolledOut(
  { world }: Standing,
  more: Partial<World> = {},
  wish: Partial<Intent> = {},
): Promise<Outcome> {
  const intent = intentFor(wish);
  const snapshot = await takeSnapshot(world.platform, TARGET, { name: 'shop', wanted: intent.production });
  const app: AppWorld = { intent, snapshot, found: nothingFound() };
  return await rollOut({ apps: [app], world: { ...world, ...more } });
}

/** When a phase is written down, and what the platform does from then on. */
export function atPhase(phase: string, then: Hook, after = true): Hook {
  let begun = false;
  return (call, args) => {
    const marks = call === 'updateApp' && JSON.stringify(args[1]).includes(`"${LABEL.phase}":"${phase}"`);
    if (begun || (marks && !after)) then(call, args);
    begun ||= marks;
  };
}

export function names({ space }: Standing): string[] {
  return space.apps.map(({ name, state }) => `${name} ${state}`).sort();
}
