/** What a deploy can do without at its end: the new version is live all the same, and the next run does the rest. */

import { titleOf } from '../steps/index.js';
import type { Stage, StepGroup } from '../steps/step.js';
import type { AppWorld, World } from '../steps/world.js';

/** Live is off all routes and drained by then. Its name has to be free for the new version: renaming is no such stage. */
const LEFT: readonly Stage[] = ['stop', 'tidy', 'prune', 'end'];

export function mayBeLeft(stage: Stage): boolean {
  return LEFT.includes(stage);
}

/** Tells what stays, and why. What cannot be deleted is kept: under its own name it would be in the way of the new version. */
export function leaveBehind(
  { stage, steps, after }: StepGroup,
  error: Error,
  apps: readonly AppWorld[],
  { listener }: Pick<World, 'listener'>,
): void {
  for (const app of apps) {
    const own = [...steps, ...after].filter((one) => one.app === app.intent.app);
    if (own.length === 0) continue;
    const what = own.map(({ step }) => titleOf(step, app.intent)).join(', ');
    const text = `${app.intent.app}: could not ${what}. ${error.message} The new version serves all the same, and the next deploy does the rest.`;
    app.found.notes.push(text);
    listener.tell({ type: 'warning', text });
    if (stage === 'prune') app.intent = { ...app.intent, keepPrevious: Number.POSITIVE_INFINITY };
  }
}
