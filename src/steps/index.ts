/** Every kind of step by its name. */
import type { Intent } from '../model/intent.js';
import { applyToCandidate } from './apply-to-candidate.js';
import { applyToLive, scaleLive } from './apply-to-live.js';
import { applyVersion } from './apply-version.js';
import { awaitDeployment } from './await-deployment.js';
import { awaitInstances, stayUp } from './await-instances.js';
import { continueDeployment, judgePause } from './canary.js';
import { carry } from './carry.js';
import { scale, setEnv } from './configure.js';
import { copyDroplet, takeDroplet } from './copy-droplet.js';
import { copyPackageTo } from './copy-package.js';
import { crown } from './crown.js';
import { map, unmap } from './destinations.js';
import { awaitRelease, bake, drain } from './drain.js';
import { awaitGone, recordGivenUp } from './give-up.js';
import { recordWish } from './live-wish.js';
import { makeCandidate } from './make-candidate.js';
import { makeRoute, setOptions } from './make-route.js';
import { mark } from './mark.js';
import { prove } from './prove.js';
import { pushBits } from './push-bits.js';
import { recordLive, restoreLive } from './record-live.js';
import { rename } from './rename.js';
import { cancelDeployment, createDeployment } from './roll.js';
import { pauseScaling, resumeScaling } from './scaling.js';
import { smoke, smokeScript } from './smoke.js';
import { stage } from './stage.js';
import { start } from './start.js';
import type { Step } from './step.js';
import { deleteApp, deleteRoute, stop } from './stop.js';
import { unbind } from './taken.js';
import { awaitTask, runTask } from './task.js';
import type { AppWorld, StepKind, World } from './world.js';
import { zdtPush } from './zdt-push.js';

const KINDS: { [Do in Step['do']]: StepKind<Step & { do: Do }> } = {
  'make-candidate': makeCandidate,
  'make-route': makeRoute,
  'set-options': setOptions,
  'push-bits': pushBits,
  'copy-package': copyPackageTo,
  'apply-to-candidate': applyToCandidate,
  stage,
  'set-env': setEnv,
  scale,
  'record-given-up': recordGivenUp,
  'await-gone': awaitGone,
  carry,
  'pause-scaling': pauseScaling,
  'resume-scaling': resumeScaling,
  'run-task': runTask,
  'await-task': awaitTask,
  start,
  'await-instances': awaitInstances,
  'stay-up': stayUp,
  smoke,
  'smoke-script': smokeScript,
  mark,
  map,
  prove,
  unmap,
  'await-release': awaitRelease,
  drain,
  stop,
  'delete-route': deleteRoute,
  'delete-app': deleteApp,
  rename,
  'copy-droplet': copyDroplet,
  'take-droplet': takeDroplet,
  'record-live': recordLive,
  'record-wish': recordWish,
  'apply-to-live': applyToLive,
  unbind,
  'apply-version': applyVersion,
  'restore-live': restoreLive,
  'create-deployment': createDeployment,
  'zdt-push': zdtPush,
  'await-deployment': awaitDeployment,
  'cancel-deployment': cancelDeployment,
  'judge-canary': judgePause,
  'continue-deployment': continueDeployment,
  'scale-live': scaleLive,
  bake,
  crown,
};

/** The compiler cannot see that a step and its kind belong together: they are found by the same name. */
function kindOf(step: Step): StepKind<Step> {
  return KINDS[step.do] as unknown as StepKind<Step>;
}

export function titleOf(step: Step, intent: Intent): string {
  return kindOf(step).title(step, intent);
}

export function planOf(step: Step, intent: Intent, watchedRoutes: number): readonly string[] {
  return kindOf(step).plan(step, intent, watchedRoutes);
}

export function perform(step: Step, app: AppWorld, world: World): Promise<void> {
  return kindOf(step).run(step, app, world);
}
