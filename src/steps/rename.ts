import type { Intent } from '../model/intent.js';
import type { MetadataChange } from '../platform/calls.js';
import { ANNOTATION, appKey, failedName, LABEL, previousName } from '../platform/names.js';
import { dropPolicies } from './carry.js';
import { withdrawnBy } from './earlier.js';
import { RECORDS } from './live-wish.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, type StepKind } from './world.js';

type Rename = Step & { do: 'rename' };

/** Name and role change in one call: no moment in which they contradict each other. */
export const rename: StepKind<Rename> = {
  title: (step, intent) => `rename ${step.side} to ${nameFor(step, intent)}`,
  plan: (step, intent) => [
    `PATCH /v3/apps/<${step.side}> name=${nameFor(step, intent)}, label role=${step.to}`,
  ],
  run: async (step, app, world) => {
    const { platform } = world;
    const { guid, annotations, env } = appOn(step.side, app);
    if (step.to === 'failed') await dropPolicies(guid, world);
    const { intent } = app;
    // What is kept for diagnosis keeps no values of live.
    const records = RECORDS.filter((record) => record in env);
    if (records.length > 0)
      await platform.setEnvironment(guid, Object.fromEntries(records.map((record) => [record, null])));
    await platform.updateApp(guid, {
      name: nameFor(step, intent),
      labels: {
        [LABEL.role]: step.to === 'live' && intent.preview ? 'preview' : step.to,
        [LABEL.app]: appKey(intent.app),
        [LABEL.version]: versionFor(step, intent),
        [LABEL.phase]: null,
        [LABEL.owner]: null,
      },
      annotations: {
        ...withoutJournal(annotations),
        ...lifeOf(step, platform.platformNowMs()),
        ...withdrawal(step, app),
      },
    });
  },
};

/** The previous version that was live last is the one that a rollback means. */
function lifeOf({ to }: Rename, nowMs: number): Record<string, string | null> {
  if (to === 'failed') return {};
  return { [ANNOTATION.liveUntil]: to === 'previous' ? String(nowMs) : null };
}

/** What a rollback takes from live is not deployed again unasked. */
function withdrawal({ to }: Rename, { intent }: AppWorld): Record<string, string | null> {
  if (!intent.target || to === 'failed') return {};
  return { [ANNOTATION.withdrawn]: to === 'previous' ? withdrawnBy(intent.facts) : null };
}

function nameFor({ to }: Rename, intent: Intent): string {
  if (to === 'live') return intent.app;
  return to === 'previous'
    ? previousName(intent.app, intent.before?.version ?? '')
    : failedName(intent.app, intent.version);
}

function versionFor({ to }: Rename, intent: Intent): string {
  return to === 'previous' ? (intent.before?.version ?? '') : intent.version;
}

const OF_THE_DEPLOY: readonly string[] = [ANNOTATION.heartbeat, ANNOTATION.carried, ANNOTATION.givenUp];

/** Journal and heartbeat belong to a deploy that is under way: this one ends here. */
function withoutJournal(
  annotations: Readonly<Record<string, string>>,
): MetadataChange['annotations'] & object {
  const ended = Object.keys(annotations).filter(
    (key) => OF_THE_DEPLOY.includes(key) || key.startsWith(ANNOTATION.journal),
  );
  return Object.fromEntries(ended.map((key) => [key, null]));
}
