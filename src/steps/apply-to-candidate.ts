import { candidateName } from '../platform/names.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, type Push, type StepKind, type World } from './world.js';

/** What `cf push` does first of all, for a candidate whose bits are there already. Its routes are mapped by steps of their own. */
export const applyToCandidate: StepKind<Step & { do: 'apply-to-candidate' }> = {
  title: () => 'apply the manifest to the candidate',
  plan: (_step, { app }) => [
    `POST /v3/spaces/<space>/actions/apply_manifest <of ${candidateName(app)}, without routes>, GET /v3/jobs/<job> until COMPLETE`,
  ],
  run: (_step, app, world) => applyPushed(pushTo(app), world),
};

/** What of manifest and inputs comes to the candidate at once, whichever way; without a route. */
export function pushTo(app: AppWorld): Push {
  const { intent } = app;
  return {
    app: intent.app,
    candidate: appOn('candidate', app).name,
    // The candidate of a version that comes to live in place is there for its proof alone.
    ...(intent.inPlace ? { alone: true } : {}),
    ...(intent.carry?.filled ? { bindings: intent.carry.filled } : {}),
  };
}

/** Throws `PlatformRefusal` of a manifest that the platform does not take. */
export async function applyPushed(
  push: Push,
  { platform, target, candidateManifest }: Pick<World, 'platform' | 'target' | 'candidateManifest'>,
): Promise<void> {
  await platform.finishJob(await platform.applyManifest(target.spaceGuid, candidateManifest(push)));
}
