import { isDeepStrictEqual } from 'node:util';
import { PlatformFault } from '../model/errors.js';
import { ANNOTATION, candidateName } from '../platform/names.js';
import { isPushed } from './routes.js';
import type { Step } from './step.js';
import { appOn, type StepKind } from './world.js';

/** Manifest and bits go up with the cf CLI, and the package is recorded: no other one is ever built or started. */
export const pushBits: StepKind<Step & { do: 'push-bits' }> = {
  title: (_step, { docker }) => (docker ? 'push the name of the image' : 'push the bits'),
  plan: (_step, { app, docker, byV6 }) => [
    ...(byV6
      ? [
          'POST /v3/spaces/<space>/actions/apply_manifest <candidate manifest>, GET /v3/jobs/<job> until COMPLETE',
          `cf v3-create-package ${candidateName(app)} -p <bits>`,
        ]
      : [
          `cf push ${candidateName(app)} --no-start -f <candidate manifest> --vars-file <private file>${docker ? ' --docker-image <image>' : ''}`,
        ]),
    `PATCH /v3/apps/<candidate> annotations ${ANNOTATION.package}, ${ANNOTATION.bits}, ${ANNOTATION.manifestHash}`,
  ],
  run: async (_step, app, { platform, pushBits: push, fingerprint }) => {
    const { intent } = app;
    const candidate = appOn('candidate', app);
    const [trial] = intent.trials;
    const before = await platform.packages(candidate.guid);
    const first = await fingerprint(intent.app);
    await push({
      app: intent.app,
      candidate: candidate.name,
      ...(trial && isPushed(trial.to) ? { trialUrl: trial.route.url } : {}),
      // The candidate of a version that comes to live in place is there for its proof alone.
      ...(intent.inPlace ? { alone: true } : {}),
      ...(intent.carry?.filled ? { bindings: intent.carry.filled } : {}),
    });
    const made = (await platform.packages(candidate.guid))
      .filter(({ guid }) => !before.some((old) => old.guid === guid))
      .sort((one, other) => other.createdAtMs - one.createdAtMs)[0];
    if (!made) throw new PlatformFault(`${candidate.name} has no new package after cf push.`, false);
    // Between the two looks at the disk the CLI took what is there: what holds at both ends holds for what was pushed.
    const hashes = isDeepStrictEqual(first, await fingerprint(intent.app)) ? first : undefined;
    await platform.updateApp(candidate.guid, {
      annotations: {
        [ANNOTATION.package]: made.guid,
        [ANNOTATION.bits]: hashes?.bits ?? null,
        [ANNOTATION.manifestHash]: hashes?.manifest ?? null,
      },
    });
  },
};
