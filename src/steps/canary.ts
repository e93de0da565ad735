/** A canary at a pause of its deployment: how it is judged, and how it goes on. */
import type { Deployment, Process } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal, Refused, VersionFault } from '../model/errors.js';
import type { InPlace } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { LEAST_PROBES, probeCanary } from '../probe/canary.js';
import type { CanaryVerdict, Figures } from '../probe/canary-verdict.js';
import type { InstanceRef } from '../probe/context.js';
import { rollOf } from './deployments.js';
import { heeding } from './heed.js';
import { reachOfInstance } from './reach.js';
import { isAskable } from './routes.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, lockOf, note, type StepKind, type World } from './world.js';

/**
 * Instances of each version at a pause, as the platform rounds (half up, one at least); while both are there one more than the
 * count runs.
 * @param count web instances that live has
 * @param weight percent of them
 */
export function instancesAt(count: number, weight: number): { canary: number; live: number } {
  const canary = Math.max(1, Math.round((count * weight) / 100));
  return { canary, live: weight === 100 ? 0 : count - canary + 1 };
}

/** Of all pauses, in words: how many instances are new, and with that which share of the requests they get. */
export function sharesText({ instanceSteps = [], instances }: InPlace): string {
  return instanceSteps
    .map((weight) => {
      if (instances === undefined) return `${weight} %`;
      const { canary, live } = instancesAt(instances, weight);
      return `${canary} of ${canary + live} instances (${shareOf(canary, live)})`;
    })
    .join(', ');
}

/** Which part of the requests the canary gets, in whole percent: the platform splits them by instances. */
export function shareOf(canary: number, live: number): string {
  return `${Math.round((canary / Math.max(1, canary + live)) * 100)} %`;
}

/** At least for the time of `bake`, and until every new instance was asked often enough. */
export const judgePause: StepKind<Step & { do: 'judge-canary' }> = {
  title: ({ pause }, { inPlace }) => `compare the canary with live at pause ${pauseText(pause, inPlace)}`,
  plan: ({ pause }, { bakeMs, inPlace = { maxInFlight: 1 } }) => [
    `GET each production route with X-CF-Process-Instance, of ${atPause(pause, inPlace)} and of as many old ones, at least ${LEAST_PROBES} times each${bakeMs > 0 ? ` and for ${bakeMs / 1_000} s` : ''}`,
    `PATCH /v3/apps/<lock> annotation ${ANNOTATION.judged}=${pause}`,
  ],
  run: async ({ pause }, app, world) => {
    const { intent, found } = app;
    // A canary that another run has paused serves as well: what the watch sees from here on counts.
    found.switchedAtMs ??= world.clock.now();
    const sinceMs = world.platform.platformNowMs();
    const sides = await sidesOf(app, world);
    const counts = { canary: sides.canary.length, live: sides.live.length };
    const routes = await heededRoutes(sides.canary, app, world);
    const which = `pause ${pauseText(pause, intent.inPlace)}`;
    note(
      world,
      `${which}: ${counts.canary} of ${counts.canary + counts.live} instances are new, ${shareOf(counts.canary, counts.live)} of the requests go to them`,
    );
    await heeding(app, world, async (heeded) => {
      const { checks, probePath: path, bakeMs } = intent;
      const asked = { checks, path, routes, ...sides, bakeMs };
      const verdict = await probeCanary(heeded.probe, asked, (text) => note(world, text));
      const pauses = intent.inPlace?.instanceSteps?.length ?? 1;
      found.pauses = [...(found.pauses ?? []), { pause, pauses, ...counts, verdict }];
      note(world, `${which}: ${verdictText(verdict)}`);
      if (verdict.bad !== undefined)
        throw new VersionFault(`The canary is worse than live at ${which}. ${verdict.bad}.`, 'canary');
    });
    await assertUp(sides.canary, sinceMs, app, world);
    await world.platform.updateApp(lockOf(app).guid, { annotations: { [ANNOTATION.judged]: String(pause) } });
  },
};

export const continueDeployment: StepKind<Step & { do: 'continue-deployment' }> = {
  title: ({ pause }, { inPlace }) => `go on from pause ${pauseText(pause, inPlace)}`,
  plan: () => ['POST /v3/deployments/<deployment>/actions/continue'],
  run: async ({ pause }, app, { platform }) => {
    const { guid } = rolled(app);
    // Another hand may have let it go on while it was judged: the pause where it waits now was not judged yet.
    const now = await platform.deployment(guid);
    if (now.reason !== 'PAUSED' || (now.canary?.step ?? 1) !== pause) return;
    try {
      await platform.continueDeployment(guid);
    } catch (error) {
      // Another hand was faster, one way or the other: the next snapshot says which.
      const isGone =
        error instanceof PlatformRefusal && (await platform.deployment(guid)).reason !== 'PAUSED';
      if (!isGone) throw error;
    }
  },
};

function pauseText(pause: number, inPlace: InPlace | undefined): string {
  return `${pause} of ${inPlace?.instanceSteps?.length ?? 1}`;
}

function atPause(pause: number, { instanceSteps, instances }: InPlace): string {
  const weight = instanceSteps?.[pause - 1];
  if (weight === undefined || instances === undefined) return 'each new instance';
  const { canary } = instancesAt(instances, weight);
  return canary === 1 ? 'the new instance' : `each of the ${canary} new instances`;
}

function verdictText({ canary, live }: CanaryVerdict): string {
  return `canary ${figuresText(canary)}; live ${figuresText(live)}`;
}

function figuresText({ probes, errors, medianMs }: Figures): string {
  if (probes === 0) return 'was not there to be asked';
  const median = medianMs === undefined ? '' : `, half of the answers within ${Math.round(medianMs)} ms`;
  return `${errors} of ${probes} probes failed${median}`;
}

function rolled({ intent, snapshot }: AppWorld): Deployment {
  const roll = rollOf(intent, snapshot);
  if (!roll) throw new PlatformFault(`The deployment of ${intent.version} is not there.`, false);
  return roll;
}

/** Both versions are processes of one app: only the process tells their instances apart. */
async function sidesOf(app: AppWorld, { platform }: World) {
  const { guid: appGuid } = appOn('live', app);
  const { webProcessGuid } = rolled(app);
  const webs = (await platform.processes(appGuid)).filter(({ type }) => type === 'web');
  const refs = (of: readonly Process[]): readonly InstanceRef[] =>
    of.flatMap(({ guid: processGuid, instances }) =>
      Array.from({ length: instances }, (_, index) => ({ appGuid, processGuid, index })),
    );
  const canary = refs(webs.filter(({ guid }) => guid === webProcessGuid));
  if (canary.length === 0) throw new PlatformFault('The new process has no instance.', false);
  return { canary, live: refs(webs.filter(({ guid }) => guid !== webProcessGuid)) };
}

/** Throws `Refused` where none is left by now: nobody could say who answers. */
async function heededRoutes(
  [one]: readonly InstanceRef[],
  app: AppWorld,
  world: World,
): Promise<readonly string[]> {
  const outside = app.intent.production.filter(isAskable).map(({ url }) => url);
  const seen = await Promise.all(outside.map((url) => reachOfInstance(url, one, app, world)));
  const routes = outside.filter((_, at) => seen[at] === 'by-instance');
  if (routes.length === 0) throw headerLost(outside);
  return routes;
}

/** Nobody could say which version answers. */
export function headerLost(urls: readonly string[]): Refused {
  return new Refused(
    `No production route lets a canary be judged: the header X-CF-Process-Instance does not reach the router of ${urls.join(', ') || 'any'} (it is taken away on the way, or the router is older than routing-release 0.332).`,
    'Deploy with strategy: rolling, which proves the version before live is touched; or set the input router to an address that passes the header on.',
  );
}

/** A crash between two probes, and one that is not over. */
async function assertUp(
  [one]: readonly InstanceRef[],
  sinceMs: number,
  app: AppWorld,
  { platform }: World,
): Promise<void> {
  const crashes = await platform.crashes(appOn('live', app).guid, sinceMs);
  const own = crashes.filter(({ processGuid }) => processGuid === one?.processGuid);
  const [last] = own;
  if (last) throw new VersionFault(`The canary crashed ${own.length} times while it was compared.`, 'canary');
}
