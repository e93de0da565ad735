/** A preview that nobody asks sleeps: its apps are stopped, and keep all that they have. Pure. */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import type { Step, Work } from '../steps/step.js';
import { appsOf } from './removal.js';
import { compact, steps } from './work.js';

/** @param guids of the apps that were found idle: what was deployed since is another one */
export function asleep(guids: readonly string[]): (intent: Intent, snapshot: Snapshot) => Work {
  return (intent, snapshot) => {
    const awake = appsOf(intent, snapshot).filter(
      ({ guid, state }) => guids.includes(guid) && state === 'STARTED',
    );
    return compact({
      lock: steps(awake.length > 0 && !snapshot.lock ? [{ do: 'make-candidate' }] : []),
      stop: steps(awake.map(({ name, guid }): Step => ({ do: 'stop', name, guid, onRoutes: true }))),
    });
  };
}
