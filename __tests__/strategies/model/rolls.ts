/** Rolling in the model: deployments of live, what of live they and the manifest change, and spaces in which one begins. */
import type { Deployment } from '../../../src/model/cloud.js';
import { VersionFault } from '../../../src/model/errors.js';
import type { Intent } from '../../../src/model/intent.js';
import { ANNOTATION, LABEL } from '../../../src/platform/names.js';
import { isActive, isDone, returnOf, rollOf } from '../../../src/steps/deployments.js';
import { earlierAfter, leftNow, readEarlier } from '../../../src/steps/earlier.js';
import { LIVE_BEFORE } from '../../../src/steps/live-record.js';
import { LIVE_WISH, readWish } from '../../../src/steps/live-wish.js';
import type { Side, Step } from '../../../src/steps/step.js';
import { reached } from '../../../src/strategies/view.js';
import { to, wanted } from '../support.js';
import { PUSHED, violated, type Write } from './effects.js';
import type { Scenario } from './explore.js';
import { LIVE, labels, ON_SHOP, ONE_ROUTE, running, SHOP, space, WWW } from './scenarios.js';
import { changedApp, type ModelApp, type ModelWorld, playersOf, snapshotOf } from './world.js';

/** Where the record of live is kept, and what a held deploy shall change of it. */
const RECORD = LIVE_BEFORE;
const WISH = LIVE_WISH;

/** Who has judged the canary last; the platform has no such annotation. */
const JUDGE = 'judge';

type RollStep = Extract<
  Step,
  {
    do:
      | 'copy-droplet'
      | 'take-droplet'
      | 'record-live'
      | 'record-wish'
      | 'apply-to-live'
      | 'apply-version'
      | 'restore-live'
      | 'create-deployment'
      | 'zdt-push'
      | 'await-deployment'
      | 'cancel-deployment'
      | 'judge-canary'
      | 'continue-deployment'
      | 'scale-live'
      | 'unbind'
      | 'bake'
      | 'crown';
  }
>;

export function rollWrites(step: RollStep, intent: Intent): Write[] {
  const live = (world: ModelWorld) => appOf(world, intent, 'live');
  const candidate = (world: ModelWorld) => appOf(world, intent, 'candidate');
  const seen = (world: ModelWorld) => snapshotOf(world, intent.app);
  const roll = (world: ModelWorld) => rollOf(intent, seen(world));
  const assertQuiet = (world: ModelWorld) => {
    if (deploymentsOf(world, live(world).guid).some(isActive)) violated(`${step.do} in mid-deployment`);
  };

  switch (step.do) {
    case 'copy-droplet':
      return [
        (world) => {
          const { guid, annotations } = candidate(world);
          const copied = { [ANNOTATION.copiedDroplet]: `copy of ${intent.version}` };
          return changedApp(world, guid, { annotations: { ...annotations, ...copied } });
        },
      ];
    case 'take-droplet':
      return [
        (world) => {
          if (intent.bits?.from !== 'droplet') violated('takes a droplet that nobody named');
          const droplet = `${TAKEN}${broughtBy(intent)}`;
          return changedApp(world, candidate(world).guid, { droplet, processes: PUSHED });
        },
      ];
    case 'record-live':
      return [
        (world) => {
          const { guid, env } = candidate(world);
          const { settings = '', droplet = '' } = live(world);
          if (reached(seen(world).candidate, 'switching')) violated('live is written down after the switch');
          return changedApp(world, guid, {
            env: { ...env, [RECORD]: JSON.stringify({ settings, droplet }) },
          });
        },
      ];
    case 'record-wish':
      return [
        (world) => {
          const { guid, env } = candidate(world);
          return changedApp(world, guid, {
            env: { ...env, [WISH]: JSON.stringify({ manifest: intent.version, env: {} }) },
          });
        },
      ];
    case 'apply-version':
    case 'apply-to-live': {
      if ((step.do === 'apply-version') !== (intent.asLive === true))
        violated(`${step.do} is not what ${intent.version} is brought by`);
      const apply = (settings: string) => (world: ModelWorld) => {
        assertQuiet(world);
        if (!candidate(world).env[RECORD]) violated('live is changed before it is written down');
        if (!reached(seen(world).candidate, 'switching')) violated('live is changed before the switch');
        // Whoever promotes has no manifest.
        if (
          intent.hold &&
          intent.until === 'live' &&
          readWish(candidate(world).env)?.manifest !== intent.version
        )
          violated('what live shall get is not written down');
        return changedApp(world, live(world).guid, { settings });
      };
      return [apply(`half of ${intent.version}`), apply(`manifest of ${intent.version}`)];
    }
    case 'create-deployment':
      return [
        (world) => {
          assertQuiet(world);
          if (step.of === 'candidate' && !world.smoked.includes(candidate(world).guid))
            violated('live gets the version before it is proven');
          return created(world, live(world), intent, step.of, recordOf(candidate(world)).droplet);
        },
      ];
    case 'zdt-push':
      return [
        // Uploaded and noted; and one that ended before its deployment is pushed again.
        (world) => {
          assertQuiet(world);
          const { guid, annotations } = candidate(world);
          const pushed = [annotations[ANNOTATION.pushedToLive], `bits of ${intent.owner}`].join(' ').trim();
          return changedApp(world, guid, {
            annotations: { ...annotations, [ANNOTATION.pushedToLive]: pushed },
          });
        },
        (world) => {
          assertQuiet(world);
          if (!candidate(world).annotations[ANNOTATION.pushedToLive])
            violated('a deployment begins that nobody could find');
          if (!world.smoked.includes(candidate(world).guid))
            violated('live gets the version before it is proven');
          return created(world, live(world), intent, 'candidate', recordOf(candidate(world)).droplet);
        },
      ];
    case 'await-deployment':
      return [
        (world) => {
          const now = step.of === 'candidate' ? roll(world) : (returnOf(intent, seen(world)) ?? roll(world));
          if (!now) violated(`waits for a deployment of ${step.of} that nobody made`);
          if (step.of === 'candidate' && !isActive(now) && !isDone(now))
            throw new VersionFault('the deployment was ended by another', 'start');
          return ended(world, live(world), now);
        },
      ];
    case 'cancel-deployment':
      return [
        (world) => {
          const now = roll(world) ?? violated('cancels a deployment that nobody made');
          if (!reached(seen(world).lock, 'reverting')) violated('cancelled before it is said');
          const { guid } = live(world);
          const turned = changedApp(world, guid, { droplet: recordOf(candidate(world)).droplet });
          return withDeployment(turned, guid, { ...now, reason: 'CANCELING' });
        },
      ];
    case 'judge-canary':
      return [
        (world) => {
          if (roll(world)?.reason !== 'PAUSED' || roll(world)?.canary?.step !== step.pause)
            violated(`judges pause ${step.pause}, where it is not`);
          if (intent.owner === 'settler') violated('judges without the checks');
          const { guid, annotations } = candidate(world);
          const judged = { [ANNOTATION.judged]: String(step.pause), [JUDGE]: intent.owner };
          return changedApp(world, guid, { annotations: { ...annotations, ...judged } });
        },
      ];
    case 'continue-deployment':
      return [
        (world) => {
          const now = roll(world) ?? violated('goes on with a deployment that nobody made');
          const { phase, annotations } = candidateOf(world, intent);
          if (phase === 'paused') violated('goes on while it is held');
          if (Number(annotations[ANNOTATION.judged]) !== now.canary?.step) violated('goes on unjudged');
          const isOwn = [annotations[JUDGE], 'settler'].includes(intent.owner);
          if (!isOwn) violated('goes on by what another run has judged');
          return withDeployment(world, live(world).guid, continued(now));
        },
      ];
    case 'restore-live':
      return [
        (world) => {
          assertQuiet(world);
          return changedApp(world, live(world).guid, { settings: recordOf(candidate(world)).settings });
        },
      ];
    case 'scale-live':
      return [(world) => world];
    case 'unbind':
      return [
        (world) => {
          assertQuiet(world);
          return reached(seen(world).candidate, 'drained') ? world : violated('unbinds what may go back');
        },
      ];
    case 'bake':
      return [
        (world) =>
          reached(seen(world).candidate, 'serving') ? world : violated('bakes what does not serve'),
      ];
    case 'crown':
      return [
        (world) => {
          const { guid, runs, annotations: had } = live(world);
          if (runs !== broughtBy(intent)) violated(`crowned as ${intent.version}, but runs ${runs}`);
          const { [ANNOTATION.package]: own, [ANNOTATION.builtOf]: left = own } =
            candidate(world).annotations;
          if (!intent.inPlace?.source && !intent.inPlace?.stagesAgain && own !== undefined && left === own)
            violated('crowned without the package that it is built of');
          const earlier = leftNow(intent, had, {
            revision: undefined,
            untilMs: 1 + lastEnd(had),
            isWithdrawn: false,
          });
          const annotations = Object.fromEntries(
            Object.entries({ ...had, ...earlierAfter(earlier, intent.version, had) }).flatMap(
              ([key, text]) => (text === null ? [] : [[key, text]]),
            ),
          );
          return changedApp(world, guid, { labels: labels(intent.app, 'live', intent.version), annotations });
        },
      ];
  }
}

/** Live's newest package is the one that it is built of: not before the version comes to live. */
export function packageLeft(world: ModelWorld, intent: Intent): ModelWorld {
  const { guid, annotations } = candidateOf(world, intent);
  if (!annotations[ANNOTATION.package]) violated('leaves a package that is not there');
  if (!rollOf(intent, snapshotOf(world, intent.app))) violated('live gets the package before its deployment');
  const left = { [ANNOTATION.builtOf]: `package ${intent.version} of live` };
  return changedApp(world, guid, { annotations: { ...annotations, ...left } });
}

/** A candidate that holds the copy of a droplet of live's. */
export const TAKEN = 'taken ';

/** The droplet that live runs in the end; the snapshots of the model call it by a longer name. */
export function broughtBy({ version, inPlace }: Intent): string {
  return inPlace?.source?.dropletGuid.replace(/^droplet of /, '') ?? `copy of ${version}`;
}

/** The model's clock counts the versions that were replaced. */
function lastEnd(annotations: ModelApp['annotations']): number {
  return Math.max(0, ...readEarlier(annotations).map(({ untilMs }) => untilMs));
}

function candidateOf(world: ModelWorld, { app }: Intent) {
  return snapshotOf(world, app).candidate ?? violated('there is no candidate');
}

/** To its next pause, or behind the last one to its end. */
function continued(now: Deployment): Deployment {
  const { step = 1, steps = 1 } = now.canary ?? {};
  const next = { step: Math.min(step + 1, steps), steps };
  return { ...now, reason: 'DEPLOYING', canary: next, annotations: step < steps ? {} : { last: 'yes' } };
}

function appOf(world: ModelWorld, intent: Intent, side: Side): ModelApp {
  const guid = playersOf(world, intent.app)[side]?.guid ?? '';
  return world.apps[guid] ?? violated(`there is no ${side}`);
}

function recordOf({ env }: ModelApp): { settings: string; droplet: string } {
  return JSON.parse(env[RECORD] ?? violated('what live was is not written down'));
}

function deploymentsOf(world: ModelWorld, guid: string): readonly Deployment[] {
  return world.deployments[guid] ?? [];
}

function withDeployment(world: ModelWorld, guid: string, changed: Deployment): ModelWorld {
  const all = deploymentsOf(world, guid).map((one) => (one.guid === changed.guid ? changed : one));
  return { ...world, deployments: { ...world.deployments, [guid]: all } };
}

function created(world: ModelWorld, app: ModelApp, intent: Intent, of: Side, before: string): ModelWorld {
  const { version, inPlace } = intent;
  const droplet = of === 'candidate' ? broughtBy(intent) : before;
  const all = deploymentsOf(world, app.guid);
  const steps = of === 'candidate' ? inPlace?.instanceSteps : undefined;
  const canary = steps && { step: 1, steps: steps.length };
  const made: Deployment = {
    guid: `${version} ${of} #${all.length}`,
    createdAtMs: 0,
    value: 'ACTIVE',
    reason: 'DEPLOYING',
    strategy: canary ? 'canary' : 'rolling',
    ...(canary ? { canary } : {}),
    dropletGuid: droplet,
    previousDropletGuid: app.droplet ?? '',
    labels: {
      [LABEL.version]: version,
      [LABEL.role]: of,
      ...(inPlace?.source ? { [LABEL.owner]: inPlace.source.by } : {}),
    },
    annotations: {},
  };
  const turned = changedApp(world, app.guid, { droplet });
  return { ...turned, deployments: { ...world.deployments, [app.guid]: [made, ...all] } };
}

/** Every instance runs the droplet that is the app's current one now. */
function ended(world: ModelWorld, { guid, droplet = '' }: ModelApp, now: Deployment): ModelWorld {
  if (!isActive(now) || now.reason === 'PAUSED') return world;
  if (now.canary && now.reason === 'DEPLOYING' && !now.annotations.last)
    return withDeployment(world, guid, { ...now, reason: 'PAUSED' });
  const reason = now.reason === 'CANCELING' ? 'CANCELED' : 'DEPLOYED';
  return withDeployment(changedApp(world, guid, { runs: droplet }), guid, {
    ...now,
    value: 'FINALIZED',
    reason,
  });
}

/** The other hand ends the deployment that is under way, as `cf cancel-deployment` does. */
export function cancels(world: ModelWorld): ModelWorld | undefined {
  const [guid, all] = Object.entries(world.deployments).find(([, some]) => some.some(isActive)) ?? [];
  const active = all?.find(isActive);
  if (!guid || !active || active.reason === 'CANCELING') return undefined;
  const droplet = active.previousDropletGuid ?? '';
  const turned = changedApp(world, guid, { droplet, runs: droplet });
  return withDeployment(turned, guid, { ...active, value: 'FINALIZED', reason: 'CANCELED' });
}

/** The other hand pushes another version over the one that is under way. */
export function supersedes(world: ModelWorld): ModelWorld | undefined {
  const [guid, all = []] = Object.entries(world.deployments).find(([, some]) => some.some(isActive)) ?? [];
  const active = all.find(isActive);
  if (!guid || !active) return undefined;
  const turned = changedApp(world, guid, { droplet: 'foreign', runs: 'foreign', settings: 'foreign' });
  const over = withDeployment(turned, guid, { ...active, value: 'FINALIZED', reason: 'SUPERSEDED' });
  const foreign: Deployment = {
    ...active,
    guid: 'foreign',
    value: 'FINALIZED',
    reason: 'DEPLOYED',
    dropletGuid: 'foreign',
    labels: {},
  };
  const list = [foreign, ...(over.deployments[guid] ?? [])];
  return { ...over, deployments: { ...over.deployments, [guid]: list } };
}

export const RUNS = running('shop v1', { ...LIVE, settings: 'by hand', runs: 'old' });
export const rolling = { strategy: 'rolling' } as const;
const zdtPush = { strategy: 'zdt-push' } as const;
const canary = { strategy: 'canary', instanceSteps: [10, 50] } as const;

const PAIR = { shop: [SHOP], admin: [wanted('admin.apps.example')] };
const ADMIN = running('admin v1', {
  name: 'admin',
  labels: labels('admin', 'live', 'v1'),
  settings: 'by hand',
  runs: 'old',
});

export const ROLLS: readonly Scenario[] = [
  { name: 'rolling', deploys: [ONE_ROUTE, ONE_ROUTE], inputs: rolling, world: space([RUNS], ON_SHOP) },
  {
    name: 'rolling with a new route and a dropped one',
    deploys: [{ shop: [SHOP, WWW] }, { shop: [SHOP] }],
    inputs: { ...rolling, carry: 'manifest' },
    world: space([RUNS], { ...ON_SHOP, 'old.apps.example': [to('shop v1')] }),
  },
  {
    name: 'rolling, cancelled by another hand',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: rolling,
    world: space([RUNS], ON_SHOP),
    interruptedFrom: 'switch',
    meddle: cancels,
  },
  {
    name: 'rolling, superseded by another hand',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: rolling,
    world: space([RUNS], ON_SHOP),
    interruptedFrom: 'switch',
    meddle: supersedes,
  },
  {
    name: 'zdt-push of cf v6',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: zdtPush,
    canZdtPush: true,
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'zdt-push of cf v6, cancelled by another hand',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: zdtPush,
    canZdtPush: true,
    world: space([RUNS], ON_SHOP),
    interruptedFrom: 'switch',
    meddle: cancels,
  },
  {
    name: 'zdt-push of cf v6, superseded by another hand',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: zdtPush,
    canZdtPush: true,
    world: space([RUNS], ON_SHOP),
    interruptedFrom: 'switch',
    meddle: supersedes,
  },
  { name: 'canary', deploys: [ONE_ROUTE, ONE_ROUTE], inputs: canary, world: space([RUNS], ON_SHOP) },
  {
    name: 'canary with a new route and a dropped one',
    deploys: [{ shop: [SHOP, WWW] }, { shop: [SHOP] }],
    inputs: { ...canary, carry: 'manifest' },
    interruptedFrom: 'switch',
    world: space([RUNS], { ...ON_SHOP, 'old.apps.example': [to('shop v1')] }),
  },
  {
    name: 'canary, cancelled by another hand',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: canary,
    world: space([RUNS], ON_SHOP),
    interruptedFrom: 'switch',
    meddle: cancels,
  },
  {
    name: 'canary, superseded by another hand',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: canary,
    world: space([RUNS], ON_SHOP),
    interruptedFrom: 'switch',
    meddle: supersedes,
  },
  {
    name: 'canary, held and promoted',
    deploys: [{ hold: ONE_ROUTE }, 'promote', 'promote', ONE_ROUTE],
    inputs: canary,
    interruptedFrom: 'switch',
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'canary, held and aborted',
    deploys: [{ hold: ONE_ROUTE }, 'abort', 'abort', ONE_ROUTE],
    inputs: canary,
    interruptedFrom: 'switch',
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'canary, held and ended by a deploy',
    deploys: [{ hold: ONE_ROUTE }, ONE_ROUTE, ONE_ROUTE],
    inputs: canary,
    interruptedFrom: 'switch',
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'canary of two apps, held and promoted',
    apps: ['shop', 'admin'],
    deploys: [{ hold: PAIR }, 'promote', PAIR],
    inputs: { ...canary, instanceSteps: [50] },
    interruptedFrom: 'await',
    world: space([RUNS, ADMIN], { ...ON_SHOP, 'admin.apps.example': [to('admin v1')] }),
  },
];
