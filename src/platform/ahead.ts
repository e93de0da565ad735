/** What a snapshot asks for before it knows that it needs it, so that all of it is asked at the same time. */
import type { AppState, Instance, Process, Route, Snapshot } from '../model/cloud.js';
import { begun } from '../system/begun.js';
import type { Platform } from './calls.js';

type Asked = Pick<
  Platform,
  | 'appsByName'
  | 'routesOfApps'
  | 'processesOfApps'
  | 'processes'
  | 'instances'
  | 'environment'
  | 'deployments'
>;

/** What an earlier snapshot of the same app makes likely to be asked for. */
export interface Guess {
  /** GUIDs of apps whose routes and processes are read. */
  apps: readonly string[];
  /** GUIDs of those of them whose variables are read, too. */
  whole: readonly string[];
  /** GUIDs of processes that had instances. */
  running: readonly string[];
  live?: string;
  /** Of apps. */
  names: readonly string[];
}

export const NO_GUESS: Guess = { apps: [], whole: [], running: [], names: [] };

/** Pure. @param names under which its versions would be kept */
export function guessFrom(last: Snapshot, names: readonly string[]): Guess {
  const { live, lock, candidate, previous, failed } = last;
  const apps = [live, lock, candidate, ...previous, ...failed].filter((app) => app !== undefined);
  const whole = [live, candidate].filter((app) => app !== undefined);
  const runs = ({ state }: AppState) => state === 'STARTED';
  const running = apps.filter(runs).flatMap(({ processes }) => processes);
  return {
    apps: unique(apps.map(({ guid }) => guid)),
    whole: unique(whole.map(({ guid }) => guid)),
    running: unique(running.flatMap(({ guid, instances }) => (instances > 0 ? [guid] : []))),
    ...(live ? { live: live.guid } : {}),
    names,
  };
}

/**
 * The reads of one snapshot. What was guessed is under way from the beginning; what was not is asked when it is needed. An answer
 * that nobody needs counts for nothing, also when it is an error: no answer here is older than the snapshot.
 */
export class Ahead {
  readonly instances: (processGuid: string) => Promise<readonly Instance[]>;
  readonly environment: Platform['environment'];
  readonly deployments: (appGuid: string) => ReturnType<Platform['deployments']>;
  readonly appsByName: (names: readonly string[]) => ReturnType<Platform['appsByName']>;
  private readonly routes: (appGuids: readonly string[]) => Promise<readonly Route[]>;
  private readonly listed: (appGuids: readonly string[]) => ReturnType<Platform['processesOfApps']>;

  constructor(
    private readonly platform: Asked,
    spaceGuid: string,
    needed: readonly string[],
    guess: Guess,
  ) {
    this.instances = once((guid) => platform.instances(guid), guess.running);
    this.environment = once((guid) => platform.environment(guid), guess.whole);
    this.deployments = once((guid) => platform.deployments(guid), guess.live ? [guess.live] : []);
    this.appsByName = together((names) => platform.appsByName(spaceGuid, names), [...needed, ...guess.names]);
    this.routes = together((guids) => platform.routesOfApps(guids), guess.apps);
    this.listed = together((guids) => platform.processesOfApps(guids), guess.apps);
  }

  async routesOfApps(appGuids: readonly string[]): Promise<readonly Route[]> {
    const leads = ({ destinations }: Route) => destinations.some(({ appGuid }) => appGuids.includes(appGuid));
    return (await this.routes(appGuids)).filter(leads);
  }

  /** An app has at least one; where none is listed the app itself is asked, which tells whether it is there at all. */
  async processes(appGuid: string, all: readonly string[]): Promise<readonly Process[]> {
    const own = (await this.listed(all)).flatMap(({ appGuid: of, ...process }) =>
      of === appGuid ? [process] : [],
    );
    return own.length > 0 ? own : this.platform.processes(appGuid);
  }
}

/** Asks for each key once; for the guessed ones now. Whoever needs a guessed answer hears of its error, nobody else does. */
export function once<T>(
  ask: (key: string) => Promise<T>,
  guessed: readonly string[],
): (key: string) => Promise<T> {
  const asked = new Map(guessed.map((key) => [key, begun(ask(key))]));
  return (key) => {
    const answer = asked.get(key) ?? ask(key);
    asked.set(key, answer);
    return answer;
  };
}

/** `once`, for what is asked of many keys in one call. What is given may be of any key that was asked for. */
function together<T extends { guid: string }>(
  ask: (keys: readonly string[]) => Promise<readonly T[]>,
  guessed: readonly string[],
): (keys: readonly string[]) => Promise<readonly T[]> {
  const first = guessed.length > 0 ? begun(ask(guessed)) : Promise.resolve([]);
  const later = once((keys) => ask(JSON.parse(keys)), []);
  return async (keys) => {
    const rest = keys.filter((key) => !guessed.includes(key));
    const found = await Promise.all([
      rest.length < keys.length ? first : [],
      rest.length > 0 ? later(JSON.stringify(rest)) : [],
    ]);
    return [...new Map(found.flat().map((one) => [one.guid, one])).values()];
  };
}

function unique(guids: readonly string[]): string[] {
  return [...new Set(guids)];
}
