/** What the input `workers` means for one app, and what has to be said of its processes that no router leads to. Pure. */
import type { Inputs, ManifestApp } from '../model/asked.js';
import type { AppState } from '../model/cloud.js';
import type { Handover, Intent } from '../model/intent.js';
import { isRouteless } from '../steps/routes.js';
import { isWorker } from './handover.js';

/** Instances of the new version as its manifest has them, or as it was live before, by process type. */
export type Counts = Readonly<Record<string, { instances?: number }>>;

export interface WorkersChoice {
  handover?: Handover;
  /** Each one forbids the deploy. */
  problems: readonly string[];
  notes: readonly string[];
}

type Wish = Pick<Intent, 'app' | 'inPlace' | 'production' | 'dropped' | 'before'>;

export function chooseWorkers(
  intent: Wish,
  { workers }: Pick<Inputs, 'workers'>,
  live: AppState | undefined,
  named: Counts,
): WorkersChoice {
  const { app } = intent;
  const isWhole = isRouteless(intent);
  const comes = Object.entries(named).map(([type, { instances = 0 }]) => [type, instances] as const);
  const runs = (live?.processes ?? []).map(({ type, instances }) => [type, instances] as const);
  const ofWorkers = (keeps: (type: string) => boolean) =>
    new Set([...comes, ...runs].flatMap(([type, count]) => (keeps(type) && count > 0 ? [type] : [])));
  // What the platform restarts in place is all but web, also where a route leads to it.
  const types = ofWorkers((type) => (intent.inPlace ? type !== 'web' : isWorker(type, intent.before)));
  const texts = [...types].join(', ');
  if (intent.inPlace) {
    const restarted = `At the end of its deployment the platform stops and starts ${texts} of ${app} all at once: for a moment none of it runs.`;
    const refused = `workers: handover cannot be had for ${app}: the platform decides when its processes are replaced in place. Leave the input out.`;
    return {
      problems: workers === 'handover' ? [refused] : [],
      notes: types.size > 0 ? [restarted] : [],
    };
  }
  if (workers === 'overlap' || live?.state !== 'STARTED') return { problems: [], notes: [] };
  if (!isWhole && types.size === 0) {
    return { problems: [], notes: [`${app} has no process but web: there is nothing to hand over.`] };
  }
  const counts = Object.fromEntries(comes.filter(([type]) => isWorker(type, intent.before)));
  const ends = 'is seen to have ended before';
  const note = isWhole
    ? `Handover: ${app}, which has no route, stops and ${ends} its new version starts. What was proven of that version until then is that it stages.`
    : `Handover: ${texts} of ${app} stops once its routes lead to the new version, and ${ends} the new one starts.`;
  return { handover: { whole: isWhole, counts }, problems: [], notes: [note] };
}

/** Names by which an app that tells a registry where it is gives itself away. */
const OF_REGISTRY = /registry|eureka|consul|discovery/i;

/**
 * A candidate's instances know the candidate's name and its trial route, and keep that knowledge when both are gone (`VCAP_APPLICATION`
 * is written at the start). It only matters where they tell others.
 * @returns a line for an app of which services or variables look as if it did
 */
export function registryNotes(
  { inPlace }: Pick<Intent, 'inPlace'>,
  app: Pick<ManifestApp, 'name' | 'services' | 'envNames'>,
  live: Pick<AppState, 'env'> | undefined,
): string[] {
  if (inPlace) return [];
  const variables = [...new Set([...app.envNames, ...Object.keys(live?.env ?? {})])];
  const signs = [
    ...app.services.filter((name) => OF_REGISTRY.test(name)).map((name) => `service ${name}`),
    ...variables.filter((name) => OF_REGISTRY.test(name)).map((name) => `variable ${name}`),
  ];
  if (signs.length === 0) return [];
  return [
    `${app.name} may tell a registry where it is (${signs.join(', ')}). The VCAP_APPLICATION of a candidate has the candidate's name and its trial route, also when both are gone: an app that tells others its own name or first address is deployed with strategy: rolling or canary. What registers the address of each instance is right with blue-green.`,
  ];
}
