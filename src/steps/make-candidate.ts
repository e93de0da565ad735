import { recorded } from '../engine/journal.js';
import type { App } from '../model/cloud.js';
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
  run: async ({ phase = 'made' }, { intent, snapshot, found }: AppWorld, { platform, target }: World) => {
    const made = await platform.createApp(target.spaceGuid, {
      name: candidateName(intent.app),
      ...lifecycleOf(intent, snapshot),
      labels: {
        [LABEL.role]: 'candidate',
        [LABEL.phase]: phase,
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
    found.made = made;
  },
};

/** A droplet is only for apps of its own lifecycle and stack; what the manifest says of it comes later, and wins. */
function lifecycleOf(
  { asLive, docker, bits }: Intent,
  { live }: AppWorld['snapshot'],
): { lifecycle?: App['lifecycle'] } {
  if (asLive && live) return { lifecycle: live.lifecycle };
  if (docker) return { lifecycle: { type: 'docker', buildpacks: [] } };
  const stack = bits?.from === 'droplet' ? bits.stack : undefined;
  return stack === undefined ? {} : { lifecycle: { type: 'buildpack', buildpacks: [], stack } };
}

function split(intent: Intent): Record<string, string> {
  return Object.assign({}, ...Object.entries(intent.facts).map(([key, text]) => splitAnnotation(key, text)));
}
