/**
 * Blue-green, forward: which steps are still needed until the new version is live. Asked again with a fresh snapshot after
 * each group of steps; whatever interrupted the deploy, the answer for the same snapshot is the same. Pure.
 *
 * The order is the promise: production routes gain the proven candidate, it is proven there, only then live loses them, and
 * nothing is stopped before the routers have let go of it.
 */
import type { Snapshot } from '../model/cloud.js';
import type { Intent, WantedRoute } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { isOutside, isPushed, isRouteless } from '../steps/routes.js';
import { resumes } from '../steps/scaling.js';
import type { StageWork, Step, Work } from '../steps/step.js';
import { isWhole, keptCounts, wholeHandover, workersHandover } from './handover.js';
import { proofOfGrowth, scaleSteps, scalingPauses } from './scale.js';
import { taskSteps } from './task.js';
import {
  allRunning,
  destinationsOf,
  isGoing,
  portsOn,
  productionUrls,
  reached,
  routeOf,
  samePort,
  servedBy,
} from './view.js';
import {
  compact,
  deletion,
  deletions,
  endOfLock,
  leftTrialRoutes,
  optionSteps,
  steps,
  stopFailed,
  stopIdle,
} from './work.js';

export function blueGreen(intent: Intent, snapshot: Snapshot): Work {
  const end = { steps: [], after: endOfLock(snapshot) };
  if (isLive(intent, snapshot)) return compact({ end });
  if (intent.until === 'held') return compact(untilHeld(intent, snapshot));
  return compact({
    ...preparation(intent, snapshot),
    ...proof(intent, snapshot),
    ...theSwitch(intent, snapshot),
    ...farewell(intent, snapshot),
    end,
  });
}

/** All apps of the deploy are held together: none may be taken by another run while one of them is not proven yet. */
export function untilHeld(intent: Intent, snapshot: Snapshot): Work {
  if (snapshot.candidate?.phase === 'held') return {};
  // What hands over as a whole starts when live has ended: until then it is proven as far as it can be, which is staged.
  const hold = { switch: steps([{ do: 'mark', phase: 'held' }]) };
  return { ...preparation(intent, snapshot), ...proof(intent, snapshot), ...hold };
}

/** The deploy has come to its end: the version stands under the user's name. */
export function isLive(intent: Intent, { live }: Snapshot): boolean {
  return live?.role === 'live' && live.version === intent.version;
}

/** Candidate, routes, bits and droplet: nothing of this touches live. */
export function preparation(intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  if (reached(candidate, 'switching')) return {};
  const [pushed] = intent.trials;
  const further = pushed && isPushed(pushed.to) && !intent.bits ? intent.trials.slice(1) : intent.trials;
  const scale = scaleSteps(intent, snapshot);
  if (reached(candidate, 'proven')) return proofOfGrowth(intent, scale);
  if (reached(candidate, 'held')) return onceMore(intent, snapshot);
  return {
    lock: steps(candidate ? [] : [{ do: 'make-candidate' }]),
    // Before a push can bind it: an autoscaler must not scale what is not live yet.
    routes: steps([...missingRoutes(intent, snapshot), ...scalingPauses(intent, [['candidate', candidate]])]),
    bits: steps(candidate?.annotations[ANNOTATION.package] ? [] : bitSteps(intent)),
    stage: candidate?.currentDropletGuid ? steps([]) : toDroplet(intent, snapshot),
    configure: steps([
      // What it holds of the quota is free before the candidate starts.
      ...stopFailed(snapshot),
      ...environmentSteps(intent, snapshot),
      ...carrySteps(intent, snapshot),
      ...scale,
      // What `cf push` has not mapped; the platform takes a new port only at a start.
      ...unmappedTrials(further, snapshot),
    ]),
    task: steps(taskSteps(intent, snapshot)),
  };
}

/** What the new version is made of comes to the candidate. */
function bitSteps({ bits }: Intent): Step[] {
  if (!bits) return [{ do: 'push-bits' }];
  return bits.from === 'package' || bits.packageGuid !== undefined ? [{ do: 'copy-package' }] : [];
}

/** The candidate gets its droplet, and before it what that is made with. */
function toDroplet(intent: Intent, snapshot: Snapshot): StageWork {
  if (intent.bits?.from === 'droplet') {
    if (intent.asLive) return steps([{ do: 'take-droplet' }]);
    return { steps: [{ do: 'apply-to-candidate' }], after: [{ do: 'take-droplet' }] };
  }
  // Buildpacks look at variables and at bound services.
  const carried = intent.carry?.what.length ? carrySteps(intent, snapshot) : [];
  return { steps: [...environmentSteps(intent, snapshot), ...carried], after: [{ do: 'stage' }] };
}

/** A held candidate has all but what was changed since then; it stays one that can be promoted until it is proven again. */
function onceMore(intent: Intent, snapshot: Snapshot): Work {
  return {
    routes: steps(missingRoutes(intent, snapshot)),
    configure: steps([...scaleSteps(intent, snapshot), ...unmappedTrials(intent.trials, snapshot)]),
  };
}

/** Production routes and trial routes that are not there yet. */
export function missingRoutes(intent: Intent, snapshot: Snapshot): Step[] {
  const isMissing = (route: WantedRoute) => !routeOf(snapshot, route);
  const trials = intent.trials.map(({ route }) => route);
  return [
    ...intent.production
      .filter(isMissing)
      .map((route): Step => ({ do: 'make-route', route, as: 'production' })),
    ...trials.filter(isMissing).map((route): Step => ({ do: 'make-route', route, as: 'trial' })),
  ];
}

/** Trial routes that do not lead to their port of the candidate yet. */
export function unmappedTrials(trials: Intent['trials'], snapshot: Snapshot): Step[] {
  const hasPort = ({ route, to }: Intent['trials'][number]) =>
    destinationsOf(routeOf(snapshot, route), snapshot.candidate).some((one) => samePort(one, to));
  return trials
    .filter((trial) => !hasPort(trial))
    .map(({ route, to }): Step => {
      const { url } = routeOf(snapshot, route) ?? route;
      return { do: 'map', url, side: 'candidate', to: [to] };
    });
}

export function environmentSteps(intent: Intent, { candidate }: Snapshot): Step[] {
  const names = Object.entries(intent.env)
    .filter(([name, value]) => (candidate?.env[name] ?? null) !== value)
    .map(([name]) => name);
  return names.length > 0 ? [{ do: 'set-env', names }] : [];
}

/** Until the lock says that this run has brought it all; live's own app has what it has. */
export function carrySteps({ carry, owner }: Intent, { lock, live }: Snapshot): Step[] {
  if (!carry || !live) return [];
  return lock?.annotations[ANNOTATION.carried] === owner ? [] : [{ do: 'carry', what: carry.what }];
}

/** The candidate runs, stays up and answers as the checks ask, on its trial routes. */
export function proof(intent: Intent, { candidate, live }: Snapshot): Work {
  // Once live is drained there is no way back, and an instance that just restarts must not hold up what is left.
  if (reached(candidate, 'drained')) return {};
  if (isWhole(intent) && !reached(candidate, 'switching')) return {};
  const running = candidate !== undefined && allRunning(candidate);
  return {
    start: steps(candidate?.state === 'STARTED' ? [] : [{ do: 'start', side: 'candidate' }]),
    run: steps(running ? [] : [{ do: 'await-instances', side: 'candidate' }]),
    ...(reached(candidate, 'proven')
      ? {}
      : {
          check: {
            steps: [...(isFirstPreview(intent, live) ? [] : [{ do: 'stay-up' } as const]), { do: 'smoke' }],
            after: [
              ...(intent.smokeScript ? [{ do: 'smoke-script' } as const] : []),
              { do: 'mark', phase: 'proven' },
            ],
          },
        }),
  };
}

/** Nobody loses anything by it: that all its instances run, and that each of them answers at its address, is enough. */
function isFirstPreview({ preview, production }: Intent, live: Snapshot['live']): boolean {
  return preview !== undefined && live === undefined && production.some(isOutside);
}

export function theSwitch(intent: Intent, snapshot: Snapshot): Work {
  const { candidate, live } = snapshot;
  if (reached(candidate, 'drained')) {
    // Another hand gave live a route again: it is not stopped before the candidate was proven there too.
    return servedBy(snapshot, live).length > 0 ? { switch: steps([switching(intent)]) } : {};
  }
  const urls = productionUrls(intent, snapshot);
  const map = urls.flatMap((url) => mapStep(intent, snapshot, url));
  const serving = reached(candidate, 'serving');
  return {
    // A route that came later is proven like the others: the deploy goes back to `switching` before it gains the candidate.
    switch:
      reached(candidate, 'switching') && !(serving && map.length > 0)
        ? steps([])
        : beforeSwitch(intent, snapshot),
    map: steps(map),
    ...(serving && map.length === 0
      ? {}
      : {
          prove: {
            steps: urls.length > 0 ? [{ do: 'prove', side: 'candidate', urls }] : [],
            after: [{ do: 'mark', phase: 'serving' }],
          },
        }),
    unmap: {
      steps: servedBy(snapshot, live).map(({ url }): Step => ({ do: 'unmap', url, side: 'live' })),
      after: releaseSteps(intent, snapshot),
    },
    drain: leaving(intent, snapshot),
  };
}

/** Whoever waits for its turn meets this version alone. */
function releaseSteps({ turn }: Intent, { candidate }: Snapshot): Step[] {
  const isAwaited = turn !== undefined && turn.number < turn.of;
  if (!isAwaited || reached(candidate, 'released')) return [];
  return [
    { do: 'await-release', side: 'live' },
    { do: 'mark', phase: 'released' },
  ];
}

/** Before bake: what comes of the handover leads back as any other bad sign. */
function leaving(intent: Intent, snapshot: Snapshot): StageWork {
  const handover = workersHandover(intent, snapshot);
  const drain: Step = { do: 'drain', side: 'live' };
  const drained: Step = { do: 'mark', phase: 'drained' };
  // Nobody asks the candidate there any more, and the platform's job takes its time while live has its own.
  const trials = trialEnds(intent, snapshot).map((step): Step => ({ ...step, early: true }));
  if (handover.length === 0) return { steps: [drain, ...trials], after: [drained] };
  return { steps: trials, after: [...handover, drain, drained] };
}

/** Trial routes of this app that go, those of an earlier run included; for a plan those to come. */
function trialEnds({ trials }: Intent, snapshot: Snapshot): (Step & { do: 'delete-route' })[] {
  if (snapshot.candidate) return leftTrialRoutes(snapshot);
  return trials.map(({ route }) => ({ do: 'delete-route', url: route.url, guid: '' }));
}

/** How many live has is read again once nothing scales it any more, and what it was given meanwhile is not lost. */
function beforeSwitch(intent: Intent, snapshot: Snapshot): StageWork {
  const { candidate, live } = snapshot;
  if (reached(candidate, 'switching')) return steps([switching(intent)]);
  const paused = scalingPauses(intent, [
    ['live', live],
    ['candidate', candidate],
  ]);
  if (paused.length > 0) return steps(paused);
  const handover = isWhole(intent) ? wholeHandover(intent, snapshot) : [];
  return {
    steps: intent.carry && live ? [{ do: 'carry', what: [] }] : [],
    after: [...handover, switching(intent)],
  };
}

/**
 * What promote was given counts from here on: as long as it is held, what the deploy before it recorded stands for the next one.
 */
export function switching({ hold }: Pick<Intent, 'hold'>): Step {
  return { do: 'mark', phase: 'switching', ...(hold ? { journal: true } : {}) };
}

/** Where live has left the route already, what the candidate has there is all that it gets. */
function mapStep(intent: Intent, snapshot: Snapshot, url: string): Step[] {
  const { candidate, live } = snapshot;
  const route = snapshot.routes.find((one) => one.url === url);
  const has = destinationsOf(route, candidate);
  if (has.length > 0 && destinationsOf(route, live).length === 0) return [];
  const ports = portsOn(url, intent.production, snapshot);
  const to = ports.filter((port) => !has.some((one) => samePort(one, port)));
  return to.length > 0 ? [{ do: 'map', url, side: 'candidate', to }] : [];
}

/** Live is off all routes and drained: it stops, becomes previous, and the candidate takes its name. */
export function farewell(intent: Intent, snapshot: Snapshot): Work {
  // Whatever another hand has put under the name since then is not ours to retire.
  const live = snapshot.live?.guid === intent.before?.guid ? snapshot.live : undefined;
  // For a plan: what hands over as a whole has stopped by then.
  const isOver = isWhole(intent) && !reached(snapshot.candidate, 'switching');
  const leaves = live?.state === 'STARTED' && !isOver ? live : undefined;
  const kept = Math.max(0, intent.keepPrevious - (live ? 1 : 0));
  const older = snapshot.previous.filter((app) => !isGoing(app));
  const gone = [
    ...deletions(snapshot, [...snapshot.previous.filter(isGoing), ...older.slice(kept)]),
    ...(live && intent.keepPrevious === 0 ? [deletion(live)] : []),
  ].map((step) => ({ ...step, wasLive: true }));
  return {
    // A trial route that an earlier deploy left names live still: what a route names is not stopped.
    tidy: steps([
      ...resumes(snapshot),
      // Whatever is left of them. A plan has told of them before.
      ...(snapshot.candidate ? leftTrialRoutes(snapshot) : []),
      ...optionSteps(intent, snapshot),
    ]),
    stop: {
      steps: [
        ...(leaves ? [{ do: 'stop', name: leaves.name, guid: leaves.guid } as const] : []),
        ...stopIdle(snapshot, older.slice(0, kept)),
      ],
      // What it works on has its time to be ended, as requests have.
      after: leaves && isRouteless(intent) ? [{ do: 'await-gone', side: 'live' }] : [],
    },
    prune: steps([...gone, ...(live && intent.keepPrevious > 0 ? keptCounts(intent, 'live', snapshot) : [])]),
    retire: steps(live && intent.keepPrevious > 0 ? [{ do: 'rename', side: 'live', to: 'previous' }] : []),
    crown: steps([{ do: 'rename', side: 'candidate', to: 'live' }]),
  };
}
