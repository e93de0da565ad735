/** When the task of a version runs, when it is waited for, and what a rollback has to say of it. Pure. */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { readEarlier } from '../steps/earlier.js';
import type { Step } from '../steps/step.js';
import { taskOn } from '../steps/task.js';

/** Of one that is not known to have succeeded: the step itself looks whether there is one already. Who settles knows no command. */
export function taskSteps({ task }: Intent, snapshot: Snapshot): Step[] {
  if (task === undefined) return tasksLeft(snapshot);
  return taskOn(snapshot.candidate)?.ended === 'SUCCEEDED' ? [] : [{ do: 'run-task' }];
}

/** On the way back: one that was asked for, and whose end nobody saw. */
export function tasksLeft({ candidate }: Snapshot): Step[] {
  const record = taskOn(candidate);
  return record && record.ended === undefined ? [{ do: 'await-task' }] : [];
}

/** @param version that goes live again: tasks of later ones have run, as far as the platform still tells */
export function tasksNotUndone({ live, previous }: Snapshot, version: string): string[] {
  const apps = [...(live ? [live, ...readEarlier(live.annotations)] : []), ...previous];
  const ran = apps.map(taskOn).flatMap((one) => (one?.ended === 'SUCCEEDED' ? [one.version] : []));
  const later = [...new Set(ran)].filter((one) => one > version).sort();
  return later.map(
    (one) =>
      `The task of version ${one} has run, and a rollback does not undo it: ${version} meets what it left.`,
  );
}
