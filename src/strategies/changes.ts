/** What a version changes of the one that was live before it, for people: names and figures, never a value of a variable. Pure. */
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION } from '../platform/names.js';
import { servedBy } from './view.js';

export interface Names {
  added: readonly string[];
  removed: readonly string[];
  changed: readonly string[];
}

/** A setting before and after, as people read it. */
export interface Setting {
  what: string;
  before: string;
  after: string;
}

export interface Changes {
  /** Of the bits, by their hashes; undefined: one of them is not recorded. */
  sameBits?: boolean;
  /** Droplet, stack, instances, memory: only those that differ. */
  settings: readonly Setting[];
  variables: Names;
  routes: Omit<Names, 'changed'>;
  /** Full commits, where both are known. */
  commits?: { before: string; after: string };
}

/**
 * @param before the first snapshot of the run
 * @param now its newest
 * @returns undefined: nothing was live before, or the version is not there (any more)
 */
export function changesOf(
  before: Snapshot,
  { intent, now }: { intent: Intent; now: Snapshot },
): Changes | undefined {
  const was = before.live;
  const known = [now.live, now.candidate];
  const is = known.find((app) => app?.version === intent.version);
  if (!was || !is) return undefined;
  // Where live gets the version in place, the app that is proven before has one instance whatever comes.
  const isWhole = is === now.live || !intent.inPlace;
  const commits = [was, is].map(({ annotations }) => annotations[ANNOTATION.commit]);
  const [old, fresh] = commits;
  const bits = [was, is].map(({ annotations }) => annotations[ANNOTATION.bits]);
  return {
    ...(bits.every((one) => one !== undefined) ? { sameBits: bits[0] === bits[1] } : {}),
    settings: [...ofDroplet(was, is), ...(isWhole ? ofProcesses(was, is) : [])],
    variables: variablesOf(was, is),
    routes: routesOf(
      servedBy(before, was).map(({ url }) => url),
      intent.production.map(({ url }) => url),
    ),
    ...(old && fresh ? { commits: { before: old, after: fresh } } : {}),
  };
}

function ofDroplet(was: AppState, is: AppState): Setting[] {
  const stack = ({ lifecycle }: AppState) => lifecycle.stack ?? lifecycle.type;
  const packs = ({ lifecycle }: AppState) => lifecycle.buildpacks.join(', ');
  return [
    setting('droplet', was.currentDropletGuid, is.currentDropletGuid),
    setting('stack', stack(was), stack(is)),
    setting('buildpacks', packs(was), packs(is)),
  ].flat();
}

function ofProcesses(was: AppState, is: AppState): Setting[] {
  const types = [...new Set([...was.processes, ...is.processes].map(({ type }) => type))];
  return types.flatMap((type) => {
    const [old, fresh] = [was, is].map(({ processes }) => processes.find((process) => process.type === type));
    return [
      ...setting(`instances of ${type}`, old?.instances, fresh?.instances),
      ...setting(`memory of ${type}`, sizeOf(old?.memoryMb), sizeOf(fresh?.memoryMb)),
      ...setting(`disk of ${type}`, sizeOf(old?.diskMb), sizeOf(fresh?.diskMb)),
    ];
  });
}

function sizeOf(megabytes: number | undefined): string | undefined {
  return megabytes === undefined ? undefined : `${megabytes} MB`;
}

function setting(what: string, before: unknown = '', after: unknown = ''): Setting[] {
  return before === after ? [] : [{ what, before: String(before), after: String(after) }];
}

function variablesOf({ env: was }: AppState, { env: is }: AppState): Names {
  return {
    ...routesOf(Object.keys(was), Object.keys(is)),
    changed: Object.keys(is).filter((name) => Object.hasOwn(was, name) && was[name] !== is[name]),
  };
}

function routesOf(was: readonly string[], is: readonly string[]): Omit<Names, 'changed'> {
  return { added: is.filter((one) => !was.includes(one)), removed: was.filter((one) => !is.includes(one)) };
}
