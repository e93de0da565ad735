/**
 * What a change needs beside what runs already, held against the quotas before anything is changed (platform facts A6). What cannot
 * be known counts as nothing: the platform itself has the last word, and a refusal that is not due is worse than a late one. Pure.
 */
import type { AppState, Process, Quota, Snapshot } from '../model/cloud.js';
import type { Intent, WantedScale } from '../model/intent.js';
import { routeOf, servedBy, trialRoutes } from './view.js';
import { stopFailed } from './work.js';

/** What the organization and the space must have room for at the moment at which most of it runs. */
export interface Need {
  memoryMb: number;
  instances: number;
  /** The largest instance that is started. */
  instanceMb: number;
  routes: number;
  /** TCP routes among them. */
  ports: number;
}

/** By process type, what the new version is known to have before scale and defaults are added. */
export type Sizes = Readonly<Record<string, Pick<WantedScale, 'instances' | 'memoryMb'>>>;

/** @param named sizes that the manifest names, or those of the version that goes live again */
export function needOf(intent: Intent, snapshot: Snapshot, named: Sizes): Need {
  const processes = wantedProcesses(intent, named);
  const { memoryMb, instances } = intent.inPlace
    ? inPlaceNeed(intent.inPlace.maxInFlight, processes, snapshot.live)
    : besideLive(intent, processes, snapshot.live);
  const stopped = stopFailed(snapshot).flatMap((step) => (step.do === 'stop' ? [step.guid] : []));
  const left = goneByThen(snapshot);
  const freed = total([
    ...snapshot.failed.filter(({ guid }) => stopped.includes(guid)).flatMap(({ processes }) => processes),
    ...(left?.state === 'STARTED' ? left.processes : []),
  ]);
  const freedRoutes = left ? trialRoutes(snapshot) : [];
  const wanted = [...intent.production, ...intent.trials.map(({ route }) => route)];
  const missing = wanted.filter((route) => !routeOf(snapshot, route));
  const hasPort = ({ port }: { port: number | null }) => port !== null;
  return {
    memoryMb: memoryMb - freed.memoryMb,
    instances: instances - freed.instances,
    instanceMb: Math.max(0, ...processes.map((process) => (process.instances > 0 ? process.memoryMb : 0))),
    routes: missing.length - freedRoutes.length,
    ports: missing.filter(hasPort).length - freedRoutes.filter(hasPort).length,
  };
}

/** A version that is held, or was left on its way, is taken away before the new one is made. */
function goneByThen(snapshot: Snapshot): AppState | undefined {
  const { candidate } = snapshot;
  return servedBy(snapshot, candidate).length === 0 ? candidate : undefined;
}

type Sized = Pick<Process, 'type' | 'instances' | 'memoryMb'>;

function wantedProcesses({ scale }: Intent, named: Sizes): Sized[] {
  const types = new Set(['web', ...Object.keys(named), ...Object.keys(scale)]);
  return [...types].map((type) => ({
    type,
    instances: scale[type]?.instances ?? named[type]?.instances ?? (type === 'web' ? 1 : 0),
    memoryMb: scale[type]?.memoryMb ?? named[type]?.memoryMb ?? 0,
  }));
}

function total(processes: readonly Pick<Process, 'instances' | 'memoryMb'>[]) {
  return {
    memoryMb: processes.reduce((sum, { instances, memoryMb }) => sum + instances * memoryMb, 0),
    instances: processes.reduce((sum, { instances }) => sum + instances, 0),
  };
}

/** What hands over takes the room of what live has given up before. */
function besideLive({ handover }: Intent, processes: readonly Sized[], live: AppState | undefined) {
  const isGivenUp = ({ type }: Sized) => handover !== undefined && (handover.whole || type !== 'web');
  const beside = total(processes.filter((process) => !isGivenUp(process)));
  const instead = total(processes.filter(isGivenUp));
  const free = total(live?.processes.filter(isGivenUp) ?? []);
  return {
    memoryMb: beside.memoryMb + Math.max(0, instead.memoryMb - free.memoryMb),
    instances: beside.instances + Math.max(0, instead.instances - free.instances),
  };
}

/**
 * The candidate has one instance. Live's own are counted with their new size as soon as the manifest is applied, and the
 * platform takes old ones away before it adds the next: beside them there are never more than those in flight.
 */
function inPlaceNeed(maxInFlight: number, processes: readonly Sized[], live: AppState | undefined) {
  const need = { memoryMb: 0, instances: 0 };
  for (const { type, instances, memoryMb } of processes) {
    const now = live?.processes.find((process) => process.type === type);
    const before = now?.instances ?? 0;
    const grown = Math.max(0, instances - before);
    const extra = type === 'web' ? Math.max(Math.min(maxInFlight, before), grown) + 1 : grown;
    need.instances += extra;
    need.memoryMb += extra * memoryMb + before * Math.max(0, memoryMb - (now?.memoryMb ?? 0));
  }
  return need;
}

/** @returns one sentence for each figure for which a quota has no room; none: it fits */
export function shortages(needs: readonly Need[], quotas: readonly Quota[]): string[] {
  const sum = (of: (need: Need) => number) => needs.reduce((all, need) => all + Math.max(0, of(need)), 0);
  const largestMb = Math.max(0, ...needs.map(({ instanceMb }) => instanceMb));
  return quotas.flatMap(({ of, name, limits, used }) => {
    const whose = `The quota of the ${of} ${name}`;
    const short = (limit: number | undefined, inUse: number, needed: number, unit: string) =>
      limit !== undefined && needed > 0 && inUse + needed > limit
        ? [
            `${whose} allows ${limit} ${unit}, ${inUse} are in use, and this needs ${needed} more for a while.`,
          ]
        : [];
    return [
      ...short(
        limits.memoryMb,
        used.memoryMb,
        sum(({ memoryMb }) => memoryMb),
        'MiB of memory',
      ),
      ...short(
        limits.instances,
        used.instances,
        sum(({ instances }) => instances),
        'instances',
      ),
      ...short(
        limits.routes,
        used.routes,
        sum(({ routes }) => routes),
        'routes',
      ),
      ...short(
        limits.ports,
        used.ports,
        sum(({ ports }) => ports),
        'ports of TCP routes',
      ),
      ...(limits.instanceMb !== undefined && largestMb > limits.instanceMb
        ? [`${whose} allows ${limits.instanceMb} MiB for one instance, and this asks for ${largestMb}.`]
        : []),
    ];
  });
}
