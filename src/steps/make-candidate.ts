import { recorded } from '../engine/journal.js';
import { PlatformFault } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION, appKey, candidateName, LABEL, splitAnnotation } from '../platform/names.js';
import type { Step } from './step.js';
import type { AppWorld, StepKind, World } from './world.js';

/** Takes the lock: app names are unique in a space, and only the platform's 201 gives it. */
export const makeCandidate: StepKind<Step & { do: 'make-candidate' }> = {
  title: (_step, { app }) => `take the lock ${candidateName(app)}`,
  plan: (_step, { app }) => [
    `POST /v3/apps name=${candidateName(app)}, with labels and journal (201: the lock)`,
  ],
  run: async (_step, { intent }: AppWorld, { platform, target }: World) => {
    const made = await platform.createApp(target.spaceGuid, {
      name: candidateName(intent.app),
      ...(intent.docker ? { lifecycle: { type: 'docker', buildpacks: [] } } : {}),
      labels: {
        [LABEL.role]: 'candidate',
        [LABEL.phase]: 'made',
        [LABEL.app]: appKey(intent.app),
        [LABEL.version]: intent.version,
        [LABEL.owner]: intent.owner,
        ...intent.preview,
      },
      annotations: {
        ...split(intent),
        ...recorded(intent),
        [ANNOTATION.heartbeat]: String(platform.platformNowMs()),
        ...(intent.target ? { [ANNOTATION.target]: intent.target } : {}),
      },
    });
    // Somebody was faster. The next snapshot says who, and whether to wait or to leave.
    if (!made)
      throw new PlatformFault(`${candidateName(intent.app)} was made by somebody else just now.`, false);
  },
};

function split(intent: Intent): Record<string, string> {
  return Object.assign({}, ...Object.entries(intent.facts).map(([key, text]) => splitAnnotation(key, text)));
}
