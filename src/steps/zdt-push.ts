import type { Deployment, Package } from '../model/cloud.js';
import { PlatformFault, Refused, VersionFault } from '../model/errors.js';
import { SECOND_MS } from '../model/words.js';
import { ANNOTATION } from '../platform/names.js';
import { builtOf, pushedPackages } from '../platform/pushed-to-live.js';
import { deploymentLabels } from './deployments.js';
import { besides } from './roll.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, lockOf, type StepKind, type World } from './world.js';

/** From its upload on the CLI lets 3 s pass before it builds, so that its package is known long before anything is deployed. */
const POLL_MS = SECOND_MS;

/**
 * The CLI goes from the staged droplet to its deployment without a gap, and names neither. So its package is looked for while it
 * is at work, and written on the lock: by it every later look knows the deployment, whoever takes it and whatever ended this run.
 * That the manifest was applied before, by a call of ours, is no less than `v3-apply-manifest` does, and more: the job is recorded,
 * so that nobody puts live back while one may still change it; and it is the space's call, which every platform has, where the
 * command makes one of the app's.
 */
export const zdtPush: StepKind<Step & { do: 'zdt-push' }> = {
  title: () => 'push the bits to live and stage them once more',
  plan: (_step, { app }) => [
    `cf v3-zdt-push ${app} -p <bits> --no-route`,
    `PATCH /v3/apps/<lock> annotation ${ANNOTATION.pushedToLive}`,
    'GET /v3/deployments of <live>, PATCH /v3/deployments/<deployment> labels',
  ],
  run: async (_step, app, world) => {
    const { intent, found } = app;
    const { platform, clock } = world;
    // One that was begun before a fault is not pushed again.
    const begun = await deploymentOf(pushedPackages(lockOf(app)), app, world);
    const deployment = begun ?? (await push(app, world));
    const ageMs = Math.max(0, platform.platformNowMs() - deployment.createdAtMs);
    found.switchedAtMs ??= clock.now() - ageMs;
    await platform.labelDeployment(deployment.guid, deploymentLabels(intent, 'candidate'));
  },
};

async function push(app: AppWorld, world: World): Promise<Deployment> {
  const { platform, zdtPush: cf } = world;
  const { guid, name } = appOn('live', app);
  if (!cf) throw new Refused('This cf CLI has no v3-zdt-push.', 'Run again with the cf v6 of this deploy.');
  const [other] = await platform.deployments(guid, 'ACTIVE');
  if (other) throw besides(other, name, 'candidate', app.intent.version);
  const before = await platform.packages(guid);
  const known = pushedPackages(lockOf(app));
  const ended = new AbortController();
  const failed = new AbortController();
  const looking = recordPackage(before, known, app, { ...world, signal: ended.signal }).catch((error) => {
    // Nobody may begin a deployment that nobody could find.
    failed.abort(error);
    throw error;
  });
  looking.catch(() => undefined);
  const pushed = await cf({
    app: app.intent.app,
    signal: AbortSignal.any([world.signal, failed.signal]),
  }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  ended.abort();
  const packages = await looking;
  world.signal.throwIfAborted();
  const deployment = await deploymentOf(packages, app, world);
  // What it says after that is of no matter: its own waits and its summary know too little of deployments.
  if (deployment) return deployment;
  const why = await whyUnbuilt(packages, guid, world);
  if (why) throw why;
  throw pushed?.error ?? new PlatformFault('cf v3-zdt-push ended without a deployment.', false);
}

/** @returns all packages that may be ours; the signal says that the CLI has ended: then it looks once more, and no longer */
async function recordPackage(
  before: readonly Package[],
  known: readonly string[],
  app: AppWorld,
  { platform, clock, signal }: World,
): Promise<readonly string[]> {
  const { guid, name } = appOn('live', app);
  for (;;) {
    const isLast = signal.aborted;
    const made = (await platform.packages(guid)).filter((one) =>
      before.every((old) => old.guid !== one.guid),
    );
    if (made.length > 1)
      throw new Refused(
        `Another hand has pushed to ${name} while this run did.`,
        'See who else deploys this app, and let only one of them do so at a time; then run again.',
        'live-changed',
      );
    const [own] = made;
    if (own) {
      const all = [...known, own.guid];
      const annotations = { [ANNOTATION.pushedToLive]: all.join(' '), [ANNOTATION.builtOf]: own.guid };
      await platform.updateApp(lockOf(app).guid, { annotations });
      return all;
    }
    if (isLast) return known;
    await clock.sleep(POLL_MS, signal).catch(() => undefined);
  }
}

async function deploymentOf(
  packages: readonly string[],
  app: AppWorld,
  { platform }: World,
): Promise<Deployment | undefined> {
  if (packages.length === 0) return undefined;
  const { guid } = appOn('live', app);
  const [newest] = await builtOf(packages, await platform.deployments(guid), guid, platform);
  return newest;
}

/** The same bits were staged for the candidate a moment ago: what the platform says of them now is said all the same. */
async function whyUnbuilt(packages: readonly string[], appGuid: string, { platform }: World) {
  const build = (await platform.builds(appGuid)).find(({ packageGuid }) => packageGuid === packages.at(-1));
  return build?.state === 'FAILED'
    ? new VersionFault(`Staging failed: ${build.error ?? 'the platform gave no reason'}`, 'staging')
    : undefined;
}
