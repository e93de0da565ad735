/**
 * What a change needs beside what runs already, held against the quotas before anything is changed (platform facts A6). What cannot
 * be known counts as nothing: the platform itself has the last word, and a refusal that is not due is worse than a late one. Pure.
 */
import { recalled } from '../engine/journal.js';
import type { AppState, Process, Quota, QuotaFigures, Snapshot } from '../model/cloud.js';
import type { Intent, WantedScale } from '../model/intent.js';
import { TASK_MB } from '../steps/inside.js';
import { isHandedOver, isWhole } from './handover.js';
import { routeOf, servedBy, trialRoutes } from './view.js';
import { stopFailed } from './work.js';

/** What the organization and the space must have room for at the moment at which most of it runs. */
export interface Need extends QuotaFigures {
  /** The largest instance that is started. */
  instanceMb: number;
}

/** For whoever needs one thing alone. `logRateBps`: Infinity where an instance has no limit of its own. */
export const NO_NEED: Need = {
  ...{ memoryMb: 0, instances: 0, instanceMb: 0, logRateBps: 0 },
  ...{ routes: 0, ports: 0, services: 0, tasks: 0 },
};

/** By process type, what the new version is known to have before scale and defaults are added. */
export type Sizes = Readonly<Record<string, Pick<WantedScale, 'instances' | 'memoryMb' | 'logRateBps'>>>;

/** Of an app that is there. */
export function sizesOf(processes: readonly Process[]): Sizes {
  return Object.fromEntries(
    processes.map(({ type, instances, memoryMb, logRateBps }) => [type, { instances, memoryMb, logRateBps }]),
  );
}

/** Beside a task of this size, which runs before the first instance is started. */
export function withTask(need: Need, memoryMb: number, logRateBps = 0): Need {
  return {
    ...need,
    memoryMb: Math.max(need.memoryMb, memoryMb),
    logRateBps: Math.max(need.logRateBps, rateOf(1, logRateBps)),
    instanceMb: Math.max(need.instanceMb, memoryMb),
    tasks: Math.max(need.tasks, 1),
  };
}

/** @param named sizes that the manifest names, or those of the version that goes live again */
export function needOf(intent: Intent, snapshot: Snapshot, named: Sizes): Need {
  const processes = wantedProcesses(intent, named);
  const { memoryMb, instances, logRateBps } = intent.inPlace
    ? inPlaceNeed(intent.inPlace.maxInFlight, processes, snapshot.live)
    : besideLive(intent, processes, snapshot.live);
  const stopped = stopFailed(snapshot).flatMap((step) => (step.do === 'stop' ? [step.guid] : []));
  const left = goneByThen(snapshot);
  const freed = total([
    ...snapshot.failed.filter(({ guid }) => stopped.includes(guid)).flatMap(({ processes }) => processes),
    ...(left?.state === 'STARTED' ? left.processes : []),
    ...ofCanary(snapshot),
  ]);
  const freedRoutes = left ? trialRoutes(snapshot) : [];
  const wanted = [...intent.production, ...intent.trials.map(({ route }) => route)];
  const missing = wanted.filter((route) => !routeOf(snapshot, route));
  const hasPort = ({ port }: { port: number | null }) => port !== null;
  // Beside all instances: an app that only others inside reach is asked by a task of its own.
  const web = processes.find(({ type }) => type === 'web');
  const inside = intent.trials[0]?.route.internal
    ? { memoryMb: TASK_MB, tasks: 1, logRateBps: rateOf(1, web?.logRateBps ?? 0) }
    : { memoryMb: 0, tasks: 0, logRateBps: 0 };
  const need = {
    ...NO_NEED,
    tasks: inside.tasks,
    memoryMb: memoryMb + inside.memoryMb - freed.memoryMb,
    instances: instances - freed.instances,
    logRateBps: minus(logRateBps + inside.logRateBps, freed.logRateBps),
    instanceMb: Math.max(0, ...processes.map((process) => (process.instances > 0 ? process.memoryMb : 0))),
    routes: missing.length - freedRoutes.length,
    ports: missing.filter(hasPort).length - freedRoutes.filter(hasPort).length,
  };
  return intent.task === undefined ? need : withTask(need, web?.memoryMb ?? 0, web?.logRateBps);
}

/** A version that is held, or was left on its way, is taken away before the new one is made. */
function goneByThen(snapshot: Snapshot): AppState | undefined {
  const { candidate } = snapshot;
  return servedBy(snapshot, candidate).length === 0 ? candidate : undefined;
}

/** Instances of a held canary that run beyond what live had: they are ended before another version comes. */
function ofCanary({ name, live, lock, candidate }: Snapshot): Sized[] {
  const webs = live?.processes.filter(({ type }) => type === 'web') ?? [];
  const [one] = webs;
  const had = lock && recalled(name, lock)?.inPlace?.instances;
  if (candidate?.phase !== 'paused' || !one || had === undefined) return [];
  const extra = webs.reduce((sum, { instances }) => sum + instances, 0) - had;
  return extra > 0 ? [{ ...one, instances: extra }] : [];
}

type Sized = Pick<Process, 'type' | 'instances' | 'memoryMb' | 'logRateBps'>;

function wantedProcesses({ scale }: Intent, named: Sizes): Sized[] {
  const types = new Set(['web', ...Object.keys(named), ...Object.keys(scale)]);
  return [...types].map((type) => ({
    type,
    instances: scale[type]?.instances ?? named[type]?.instances ?? (type === 'web' ? 1 : 0),
    memoryMb: scale[type]?.memoryMb ?? named[type]?.memoryMb ?? 0,
    logRateBps: scale[type]?.logRateBps ?? named[type]?.logRateBps ?? 0,
  }));
}

type Sum = Pick<Need, 'memoryMb' | 'instances' | 'logRateBps'>;

function total(processes: readonly Omit<Sized, 'type'>[]): Sum {
  const sum = { memoryMb: 0, instances: 0, logRateBps: 0 };
  for (const { instances, memoryMb, logRateBps } of processes) {
    sum.instances += instances;
    sum.memoryMb += instances * memoryMb;
    sum.logRateBps += rateOf(instances, logRateBps);
  }
  return sum;
}

function rateOf(instances: number, logRateBps: number): number {
  if (instances === 0) return 0;
  return logRateBps < 0 ? Number.POSITIVE_INFINITY : instances * logRateBps;
}

/** What hands over takes the room of what live has given up before. */
function besideLive(intent: Intent, processes: readonly Sized[], live: AppState | undefined): Sum {
  const isGivenUp = ({ type }: Sized) => isWhole(intent) || isHandedOver(intent, type);
  const beside = total(processes.filter((process) => !isGivenUp(process)));
  const instead = total(processes.filter(isGivenUp));
  const free = total(live?.processes.filter(isGivenUp) ?? []);
  const more = (figure: keyof Sum) => beside[figure] + Math.max(0, minus(instead[figure], free[figure]));
  return { memoryMb: more('memoryMb'), instances: more('instances'), logRateBps: more('logRateBps') };
}

/** What has no limit is not counted as in use, so its end frees nothing. */
function minus(one: number, other: number): number {
  return Number.isFinite(other) ? one - other : one;
}

/**
 * The candidate has one instance. Live's own are counted with their new size as soon as the manifest is applied, and the
 * platform takes old ones away before it adds the next: beside them there are never more than those in flight.
 */
function inPlaceNeed(maxInFlight: number, processes: readonly Sized[], live: AppState | undefined): Sum {
  const need = { memoryMb: 0, instances: 0, logRateBps: 0 };
  for (const { type, instances, memoryMb, logRateBps } of processes) {
    const now = live?.processes.find((process) => process.type === type);
    const before = now?.instances ?? 0;
    const grown = Math.max(0, instances - before);
    const extra = type === 'web' ? Math.max(Math.min(maxInFlight, before), grown) + 1 : grown;
    need.instances += extra;
    need.memoryMb += extra * memoryMb + before * Math.max(0, memoryMb - (now?.memoryMb ?? 0));
    const raised = rateOf(before, logRateBps) - Math.max(0, now?.logRateBps ?? 0) * before;
    need.logRateBps += rateOf(extra, logRateBps) + Math.max(0, raised);
  }
  return need;
}

/** What each figure is called, in the order in which it is told. */
const UNITS: { readonly [Figure in keyof QuotaFigures]: string } = {
  memoryMb: 'MiB of memory',
  instances: 'instances',
  logRateBps: 'bytes of log lines a second',
  routes: 'routes',
  ports: 'ports of TCP routes',
  services: 'service instances',
  tasks: 'tasks at a time',
};

/** @returns one sentence for each figure for which a quota has no room; none: it fits */
export function shortages(needs: readonly Need[], quotas: readonly Quota[]): string[] {
  const figures = Object.keys(UNITS) as (keyof QuotaFigures)[];
  const sums = figures.map((figure) => {
    // One app that gives room back gives none to the others: nobody knows which comes first.
    const each = needs.map((need) => Math.max(0, need[figure]));
    // Each app comes to its proof when the one before has come to the end of it.
    const needed = figure === 'tasks' ? Math.max(0, ...each) : each.reduce((all, one) => all + one, 0);
    return { figure, needed };
  });
  const largestMb = Math.max(0, ...needs.map(({ instanceMb }) => instanceMb));
  return quotas.flatMap(({ of, name, limits, used }) => {
    const whose = `The quota of the ${of} ${name} allows`;
    const short = sums.flatMap(({ figure, needed }) => {
      const limit = limits[figure];
      if (limit === undefined || needed <= 0 || used[figure] + needed <= limit) return [];
      const what = `${whose} ${limit} ${UNITS[figure]}`;
      return needed === Number.POSITIVE_INFINITY
        ? [`${what}, so each instance needs a limit of its own, and not all of this have one.`]
        : [`${what}, ${used[figure]} are in use, and this needs ${needed} more for a while.`];
    });
    return limits.instanceMb !== undefined && largestMb > limits.instanceMb
      ? [...short, `${whose} ${limits.instanceMb} MiB for one instance, and this asks for ${largestMb}.`]
      : short;
  });
}
