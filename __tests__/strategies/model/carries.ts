/** What live has outside its manifest, an autoscaler, and how both come over to a candidate. */

import type { Route, Snapshot } from '../../../src/model/cloud.js';
import { VersionFault } from '../../../src/model/errors.js';
import type { Intent } from '../../../src/model/intent.js';
import { ANNOTATION, LABEL } from '../../../src/platform/names.js';
import { PAUSED, PAUSES } from '../../../src/steps/scaling.js';
import type { Step } from '../../../src/steps/step.js';
import type { IntentResult } from '../../../src/strategies/intent.js';
import type { Write } from './effects.js';
import type { Scenario } from './explore.js';
import { kept, LIVE, ON_SHOP, ONE_ROUTE, space } from './scenarios.js';
import { changedApp, isTrial, type ModelApp, type ModelWorld, playersOf, withoutKey } from './world.js';

type CarryStep = Step & { do: 'carry' | 'pause-scaling' | 'resume-scaling' };

/** This belonging counts with the next start only; the others do at once. */
const OF_START = 'binding';
const SCALED = 'scaled';

/** What `missing` and `carry` do on the platform: each thing is a write of its own, and the record of all of them is the last one. */
export function carryWrites(step: CarryStep, intent: Intent, before: ModelWorld): Write[] {
  if (step.do === 'resume-scaling') {
    return [
      (world) => {
        const { labels = {} } = world.apps[step.guid] ?? {};
        return changedApp(world, step.guid, { labels: withoutKey(labels, PAUSES) });
      },
    ];
  }
  if (step.do === 'pause-scaling') {
    return [
      (world) => {
        const { guid, labels } = playerOn(world, intent.app, step.side);
        return changedApp(world, guid, { labels: { ...labels, [PAUSES]: PAUSED } });
      },
    ];
  }
  const missing = lackOf(before, intent.app);
  return [
    ...missing.map(
      (one): Write =>
        (world) => {
          const { guid, state, belongings = [] } = playerOn(world, intent.app, 'candidate');
          if (belongings.includes(one)) return world;
          if (one === OF_START && state === 'STARTED' && !intent.target)
            throw new VersionFault('live was changed meanwhile', 'start');
          return changedApp(world, guid, { belongings: [...belongings, one].sort() });
        },
    ),
    (world) => {
      if (!playerOn(world, intent.app, 'candidate').droplet) return world;
      const { lock } = playersOf(world, intent.app);
      if (!lock) throw new Error('there is no lock');
      const { guid, annotations } = lock;
      return changedApp(world, guid, { annotations: { ...annotations, [ANNOTATION.carried]: intent.owner } });
    },
  ];
}

function playerOn(world: ModelWorld, name: string, side: 'live' | 'candidate'): ModelApp {
  const app = world.apps[playersOf(world, name)[side]?.guid ?? ''];
  if (!app) throw new Error(`there is no ${side}`);
  return app;
}

function lackOf(world: ModelWorld, name: string): readonly string[] {
  const { live, candidate } = playersOf(world, name);
  const { belongings = [] } = world.apps[live?.guid ?? ''] ?? {};
  return belongings.filter((one) => !world.apps[candidate?.guid ?? '']?.belongings?.includes(one));
}

/** What `carryingOf` finds out. */
export function withCarry(made: IntentResult, { live }: Snapshot, world: ModelWorld): IntentResult {
  const what = world.apps[live?.guid ?? '']?.belongings;
  if (!what || made.intent.inPlace) return made;
  const autoscaled = what.includes(SCALED) ? { autoscaled: true } : {};
  return { ...made, intent: { ...made.intent, carry: { what }, ...autoscaled } };
}

/** Throws `Violation` where requests reach a version that lacks what live has. */
export function assertCarried(
  world: ModelWorld,
  app: ModelApp,
  route: Route,
  violated: (text: string) => never,
): void {
  if (isTrial(route) || app.labels[LABEL.role] !== 'candidate') return;
  const name = app.labels[LABEL.app] ?? '';
  const [lacks] = world.meddled ? [] : lackOf(world, name);
  if (lacks) violated(`${route.url} has ${app.name} without the ${lacks} of live`);
}

/** The other hand: live gets something more. */
function gains(one: string) {
  return (world: ModelWorld): ModelWorld | undefined => {
    const live = Object.values(world.apps).find(({ name }) => name === 'shop');
    if (!live) return undefined;
    return changedApp(world, live.guid, { belongings: [...(live.belongings ?? []), one].sort() });
  };
}

const HAS = { ...LIVE, belongings: [OF_START, 'policy'] };
const AUTOSCALED = { ...LIVE, belongings: [OF_START, SCALED] };

export const CARRIES: readonly Scenario[] = [
  {
    name: 'a live with bindings and policies of its own',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    world: space([HAS], ON_SHOP),
  },
  {
    name: 'a live that is scaled by another hand',
    deploys: [ONE_ROUTE, 'rollback'],
    world: space([AUTOSCALED], ON_SHOP),
  },
  {
    name: 'back from a live that is scaled by another hand',
    deploys: ['rollback', ONE_ROUTE],
    world: space([AUTOSCALED, kept('shop', 'previous', 'v0')], ON_SHOP),
  },
  {
    name: 'a live that gets a policy in the middle',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    world: space([HAS], ON_SHOP),
    meddle: gains('another policy'),
  },
  {
    name: 'a live that is bound in the middle',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    world: space([{ ...LIVE, belongings: ['policy'] }], ON_SHOP),
    meddle: gains(OF_START),
  },
  {
    name: 'a held deploy over a live that is scaled by another hand',
    deploys: [{ hold: ONE_ROUTE }, 'promote'],
    world: space([AUTOSCALED], ON_SHOP),
  },
  {
    name: 'a held deploy over a live that is scaled, ended',
    deploys: [{ hold: ONE_ROUTE }, 'abort'],
    world: space([AUTOSCALED], ON_SHOP),
  },
];
