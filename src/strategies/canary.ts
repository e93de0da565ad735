/**
 * Canary: rolling with pauses. At each pause the new instances are compared with the old ones before the platform may bring more
 * of them. Which pause was passed is written on the candidate before it goes on. Pure.
 */
import type { AppState, Deployment, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { isActive, isDone, rollOf } from '../steps/deployments.js';
import type { StageWork, Step } from '../steps/step.js';
import { steps } from './work.js';

const AWAIT: Step = { do: 'await-deployment', of: 'candidate' };

/** Whether a change in place pauses. */
export function isCanary({ inPlace }: Pick<Intent, 'inPlace'>): boolean {
  return inPlace?.instanceSteps !== undefined;
}

/** The number of the last pause at which the canary was found good; 0: none. */
function judgedOf(candidate: Pick<AppState, 'annotations'> | undefined): number {
  return Number(candidate?.annotations[ANNOTATION.judged]) || 0;
}

/** At which pause the deployment waits; undefined: at none. */
function pausedAt(roll: Deployment | undefined): number | undefined {
  return isActive(roll) && roll?.reason === 'PAUSED' ? (roll.canary?.step ?? 1) : undefined;
}

/** Nothing is left to be judged: whoever comes may bring it to its end. */
export function isThroughPauses(intent: Intent, snapshot: Snapshot): boolean {
  return judgedOf(snapshot.candidate) >= (intent.inPlace?.instanceSteps?.length ?? 0);
}

/** It waits as it was left: no other hand has let it go on, or ended it. */
export function isHeldCanary(intent: Intent, snapshot: Snapshot): boolean {
  return snapshot.candidate?.phase === 'paused' && pausedAt(rollOf(intent, snapshot)) !== undefined;
}

/** Until the deployment is at its end, or for a deploy with hold at its first pause. */
export function pauses(intent: Intent, snapshot: Snapshot): StageWork {
  const roll = rollOf(intent, snapshot);
  const pause = pausedAt(roll);
  if (!roll) return coming(intent);
  if (isDone(roll)) return steps([]);
  if (pause === undefined) return steps([AWAIT]);
  const { candidate } = snapshot;
  const judge: Step = { do: 'judge-canary', pause };
  const goOn: Step = { do: 'continue-deployment', pause };
  const isJudged = judgedOf(candidate) >= pause;
  if (intent.until === 'held') return { steps: [], after: isJudged ? [] : [judge] };
  // Promoted: what was good when it was held may not be so now.
  if (candidate?.phase === 'paused')
    return { steps: [], after: [judge, { do: 'mark', phase: 'switching', journal: true }, goOn] };
  return { steps: [], after: isJudged ? [goOn] : [judge, goOn] };
}

/** For a plan: what follows once there is a deployment. */
function coming({ inPlace, until }: Intent): StageWork {
  const numbers = (inPlace?.instanceSteps ?? []).map((_, at) => at + 1);
  const after = numbers
    .slice(0, until === 'held' ? 1 : undefined)
    .flatMap((pause): Step[] =>
      until === 'held'
        ? [{ do: 'judge-canary', pause }]
        : [{ do: 'judge-canary', pause }, { do: 'continue-deployment', pause }, AWAIT],
    );
  return { steps: [AWAIT], after };
}
