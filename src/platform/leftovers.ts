/** Looks for what other tools, or people, left beside an app: by exact names and by our labels, never by likeness. */
import type { App, AppState, Route, Snapshot } from '../model/cloud.js';
import type { Role } from '../model/words.js';
import type { Platform } from './calls.js';
import { LABEL, selectorOf } from './names.js';
import { restingState } from './snapshot.js';

/**
 * What is put behind the app's name, and by which tools: `venerable` by autopilot, the resources of Concourse and of Terraform,
 * `old`, `new` and `failed` by the blue-green plugin, `blue`, `green`, `idle` and `live` by MTA deploys and scripts,
 * the others by scripts.
 */
const SUFFIXES = [
  'venerable',
  'old',
  'new',
  'failed',
  'blue',
  'green',
  'idle',
  'live',
  'temp',
  'tmp',
  'dark',
  'backup',
] as const;
/** And before it, by the resource of Concourse that is written in bash. */
const PREFIXES = ['blue', 'green'] as const;

/** Names that other tools give to a second version of this app. */
export function leftoverNames(app: string): readonly string[] {
  return [...SUFFIXES.map((suffix) => `${app}-${suffix}`), ...PREFIXES.map((prefix) => `${prefix}-${app}`)];
}

/** What was found beside one app. */
export interface Leftovers {
  /** On names that other tools give; or ours by label, and in no part that a change knows. */
  apps: readonly AppState[];
  /** All that lead to them. */
  routes: readonly Route[];
}

/**
 * One look for all names of all apps. Throws `PlatformFault` and `PlatformRefusal` as `takeSnapshot` does.
 * @param set names of the apps that are changed together: none of them is a leftover of another one
 * @returns for each snapshot, in order
 */
export async function lookForLeftovers(
  platform: Platform,
  snapshots: readonly Snapshot[],
  set: readonly string[],
): Promise<readonly Leftovers[]> {
  const [first] = snapshots;
  if (!first) return [];
  const names = [...new Set(snapshots.flatMap(({ name }) => leftoverNames(name)))];
  const { spaceGuid } = first.target;
  const [named, labelled] = await Promise.all([
    platform.appsByName(spaceGuid, names),
    Promise.all(snapshots.map(({ name }) => platform.appsByLabel(spaceGuid, selectorOf(name)))),
  ]);
  // An app that carries our role belongs to whatever app its labels name.
  const foreign = named.filter(({ name, labels }) => labels[LABEL.role] === undefined && !set.includes(name));
  return Promise.all(
    snapshots.map((snapshot, at) => {
      const names = leftoverNames(snapshot.name);
      const beside = foreign.filter(({ name, guid }) => names.includes(name) && guid !== snapshot.live?.guid);
      return stateOf(platform, snapshot.name, [...beside, ...straysOf(snapshot, labelled[at] ?? [])]);
    }),
  );
}

const PARTS: readonly Role[] = ['live', 'candidate', 'previous', 'failed'];

/** Ours by label, and in no part: another hand has renamed it, or copied labels. */
function straysOf(snapshot: Snapshot, labelled: readonly App[]): App[] {
  const { live, lock, candidate, previous, failed } = snapshot;
  const known = [live, lock, candidate, ...previous, ...failed].map((app) => app?.guid);
  return labelled.filter(
    ({ guid, labels }) => !known.includes(guid) && PARTS.some((role) => role === labels[LABEL.role]),
  );
}

async function stateOf(platform: Platform, name: string, apps: readonly App[]): Promise<Leftovers> {
  const [states, routes] = await Promise.all([
    Promise.all(apps.map((app) => restingState(platform, name, app))),
    platform.routesOfApps(apps.map(({ guid }) => guid)),
  ]);
  return { apps: states, routes };
}
