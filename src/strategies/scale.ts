/** How many instances the new version has, and of which size: as live has them at each look. Pure. */
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Intent, WantedScale } from '../model/intent.js';
import { unpaused } from '../steps/scaling.js';
import type { Side, Step, Work } from '../steps/step.js';
import { isHandedOver } from './handover.js';
import { steps } from './work.js';

/** Live has grown since the proof: instances that come now are proven like the others. */
export function proofOfGrowth({ hold, until }: Intent, scale: readonly Step[]): Work {
  const grows = scale.some((step) => step.do === 'scale' && step.to.instances !== undefined);
  const phase = hold && until === 'live' ? 'held' : 'made';
  return grows ? { configure: steps([{ do: 'mark', phase }]) } : {};
}

/** An autoscaler does not scale an app while two versions of it serve: on each side that is not paused yet. */
export function scalingPauses(
  { autoscaled }: Intent,
  sides: readonly (readonly [Side, AppState | undefined])[],
): Step[] {
  if (!autoscaled) return [];
  return sides.flatMap(([side, app]): Step[] => (unpaused(app) ? [{ do: 'pause-scaling', side }] : []));
}

export function scaleSteps(intent: Intent, { candidate, live }: Snapshot): Step[] {
  const { handover } = intent;
  const types = new Set([
    ...Object.keys(intent.scale),
    ...intent.keepInstancesOf,
    ...(handover?.whole ? [] : Object.keys(handover?.counts ?? {})),
  ]);
  return [...types].flatMap((processType): Step[] => {
    const now = candidate?.processes.find((process) => process.type === processType);
    // A process type of live that the new version does not have has nothing to be scaled.
    if (candidate && !now) return [];
    const wanted: WantedScale = { ...intent.scale[processType] };
    const lives = live?.processes.find((process) => process.type === processType);
    const kept = live?.state === 'STARTED' && intent.keepInstancesOf.includes(processType);
    // Read again at every look: an autoscaler, or a person, may have scaled live since the deploy began.
    if (kept && lives && now) wanted.instances = Math.max(lives.instances, wanted.instances ?? 0);
    const to = now ? differing(wanted, now) : wanted;
    // It gets them when live has given up its own.
    if (isHandedOver(intent, processType)) delete to.instances;
    if (isHandedOver(intent, processType) && now?.instances !== 0) to.instances = 0;
    return Object.keys(to).length > 0 ? [{ do: 'scale', processType, to }] : [];
  });
}

/** @returns what `now` does not have yet; never fewer instances than it has. */
function differing(wanted: WantedScale, now: Required<WantedScale>): WantedScale {
  const kept = { ...wanted };
  if ((kept.instances ?? 0) <= now.instances) delete kept.instances;
  if (kept.memoryMb === now.memoryMb) delete kept.memoryMb;
  if (kept.diskMb === now.diskMb) delete kept.diskMb;
  if (kept.logRateBps === now.logRateBps) delete kept.logRateBps;
  return kept;
}
