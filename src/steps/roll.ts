/** The deployment of live: how it is begun, and how it is turned around. */
import type { Deployment } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal, Refused, Stuck } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION, LABEL } from '../platform/names.js';
import { sharesText } from './canary.js';
import { deploymentLabels, isActive, returnOf, rollOf } from './deployments.js';
import type { Side, Step } from './step.js';
import { type AppWorld, appOn, lockOf, type StepKind } from './world.js';

/** The labels are how it is found again: by the next snapshot when its answer was lost, and by any later run. */
export const createDeployment: StepKind<Step & { do: 'create-deployment' }> = {
  title: ({ of }, intent) =>
    of === 'live' ? 'deploy the droplet that live had' : `deploy the droplet, ${paceOf(intent)}`,
  plan: ({ of }, intent) => [
    `POST /v3/deployments of <live>, droplet <${of === 'live' ? 'of live before' : (intent.inPlace?.source?.dropletGuid ?? 'the copy')}>, ${paceOf(intent)}`,
  ],
  run: async ({ of }, app, { platform, clock }) => {
    const { intent, found } = app;
    const { guid: appGuid, name } = appOn('live', app);
    const dropletGuid = dropletOf(of, app);
    const labels = deploymentLabels(intent, of);
    const [other] = await platform.deployments(appGuid, 'ACTIVE');
    const own = of === 'live' ? returnOf : rollOf;
    if (other && own(intent, { deployments: [other] })) return;
    if (other) throw besides(other, name, of, intent.version);
    if (of === 'candidate') found.switchedAtMs ??= clock.now();
    const { maxInFlight = 1, instanceSteps } = intent.inPlace ?? {};
    const isCanary = of === 'candidate' && instanceSteps !== undefined;
    await platform.createDeployment({
      appGuid,
      dropletGuid,
      maxInFlight,
      strategy: isCanary ? 'canary' : 'rolling',
      ...(isCanary ? { steps: instanceSteps } : {}),
      labels,
      annotations: {},
    });
  },
};

export const cancelDeployment: StepKind<Step & { do: 'cancel-deployment' }> = {
  title: () => 'cancel the deployment',
  plan: () => ['POST /v3/deployments/<deployment>/actions/cancel'],
  run: async (_step, app, { platform }) => {
    const roll = rollOf(app.intent, app.snapshot);
    if (!roll) throw new PlatformFault(`The deployment of ${app.intent.version} is not there.`, false);
    try {
      await platform.cancelDeployment(roll.guid);
    } catch (error) {
      if (!(error instanceof PlatformRefusal)) throw error;
      // It came to its end meanwhile: the next snapshot says how.
      if (!isActive(await platform.deployment(roll.guid))) return;
      throw new Stuck(
        `The platform does not cancel the deployment ${roll.guid}: ${error.message}`,
        `The old instances of ${app.intent.app} serve on. Its droplet from before may be gone: deploy a version that you trust with another deployment, which replaces this one.`,
      );
    }
  },
};

/** Forward, the two would replace each other. Back, what was turned around is waited for. */
export function besides(
  { guid, reason, labels }: Deployment,
  name: string,
  of: Side,
  version: string,
): Error {
  const text = `${name} has another deployment under way, ${guid}, ${reason}.`;
  if (of === 'live' || labels[LABEL.version] === version) return new PlatformFault(text, false);
  return new Refused(
    text,
    'See who else deploys this app, and let only one of them do so at a time; then run again.',
    'live-changed',
  );
}

function paceOf({ inPlace }: Pick<Intent, 'inPlace'>): string {
  const { maxInFlight = 1 } = inPlace ?? {};
  const steps = inPlace?.instanceSteps ? `canary at ${sharesText(inPlace)}, ` : '';
  return `${steps}${maxInFlight} at a time`;
}

function dropletOf(of: Side, app: AppWorld): string {
  if (of === 'candidate') {
    const { source } = app.intent.inPlace ?? {};
    if (source) return source.dropletGuid;
    const copied = lockOf(app).annotations[ANNOTATION.copiedDroplet];
    if (copied === undefined) throw new PlatformFault('The copied droplet is not recorded.', false);
    return copied;
  }
  const had = app.intent.before?.dropletGuid;
  if (had === undefined) {
    throw new Stuck(
      `Which droplet ${app.intent.app} had before is not recorded.`,
      'Deploy a version that you trust: it replaces the one that serves now.',
    );
  }
  return had;
}
