import { candidateName } from '../platform/names.js';
import type { Step } from './step.js';
import { appOn, type StepKind } from './world.js';

/** What `cf push` does first of all, for a candidate whose bits are there already. Its routes are mapped by steps of their own. */
export const applyToCandidate: StepKind<Step & { do: 'apply-to-candidate' }> = {
  title: () => 'apply the manifest to the candidate',
  plan: (_step, { app }) => [
    `POST /v3/spaces/<space>/actions/apply_manifest <of ${candidateName(app)}, without routes>, GET /v3/jobs/<job> until COMPLETE`,
  ],
  run: async (_step, app, { platform, target, candidateManifest }) => {
    const { intent } = app;
    const { name } = appOn('candidate', app);
    const manifest = candidateManifest(intent.app, name, intent.inPlace !== undefined, intent.carry?.filled);
    await platform.finishJob(await platform.applyManifest(target.spaceGuid, manifest));
  },
};
