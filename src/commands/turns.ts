/** Gives the apps of a change their turns to switch, as the input `order` says; those of a held deploy have theirs already. */
import type { CfSession } from '../cli/signed-in.js';
import type { Inputs } from '../model/asked.js';
import type { Turn } from '../model/intent.js';
import { type AppWorld, note, type World } from '../steps/world.js';
import { turnsOf, turnsText } from '../strategies/turns.js';
import { LANES } from './pursue.js';

/** Takes back first what came last: the versions of before met each other so. */
const REVERSED: readonly Inputs['command'][] = ['rollback'];

export function inTurn(
  apps: readonly AppWorld[],
  { order, command }: Pick<Inputs, 'order' | 'command'>,
): AppWorld[] {
  if (!order) return [...apps];
  const names = apps.map(({ intent }) => intent.app);
  const turns = turnsOf(names, order, REVERSED.includes(command));
  return apps.map((app) => {
    const { turn: _, ...intent } = app.intent;
    const turn = turns?.get(intent.app);
    return { ...app, intent: turn ? { ...intent, turn } : intent };
  });
}

/** For log, plan and summary. */
export function tellTurns(apps: readonly AppWorld[], world: World): void {
  const turns = new Map(
    apps.flatMap(({ intent: { app, turn } }): [string, Turn][] => (turn ? [[app, turn]] : [])),
  );
  if (turns.size < 2) return;
  const text = `Routes are switched in turn: ${turnsText(turns)}.`;
  note(world, text);
  apps[0]?.found.notes.push(text);
}

/** How far several apps go side by side, for the log. The quotas are asked for room for all of them, and the rate limit for their calls. */
export function tellUploads(
  apps: readonly AppWorld[],
  { uploadsAtATime }: Pick<CfSession, 'uploadsAtATime'>,
  world: Pick<World, 'listener'>,
): void {
  if (apps.length < 2) return;
  const most = uploadsAtATime === 1 ? 'one at a time' : `at most ${uploadsAtATime} at a time`;
  const text = `${apps.length} apps are deployed side by side, at most ${LANES} at a time; their bits are uploaded ${most}, the same ones once.`;
  world.listener.tell({ type: 'note', text });
}
