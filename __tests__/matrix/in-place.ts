/** What has to be true of a deploy in which live keeps its GUID, besides what is true of any. */
import { type HistoryEntry, Replay } from '../../traffic/history.js';
import { bearer } from './bearer.js';
import { isPaused } from './judge.js';
import type { Platform, SpaceState } from './platform.js';
import { INSTANCES, type Scenario, USUAL } from './scenarios.js';

// biome-ignore lint/suspicious/noExplicitAny: answers of every kind
type Body = any;

/** What a user can set of an app, as the platform has it, and what its deployments came to. */
export interface Settings {
  env: Readonly<Record<string, string>>;
  /** By type; without GUIDs. */
  processes: Readonly<Record<string, unknown>>;
  bindings: readonly string[];
  sidecars: readonly string[];
  lifecycle: unknown;
}

interface Deployed {
  settings: Settings;
  /** During a deployment there are several. */
  webs: number;
  /** Newest first. */
  deployments: readonly { droplet: string; value: string; reason: string }[];
}

/** By name of the app. */
export type AllSettings = Readonly<Record<string, Settings>>;

export async function settingsOf(platform: Platform, state: SpaceState): Promise<AllSettings> {
  const found: [string, Settings][] = [];
  for (const { guid, name } of state.apps) found.push([name, (await read(platform, guid)).settings]);
  return Object.fromEntries(found);
}

async function read(platform: Platform, guid: string): Promise<Deployed> {
  const authorization = await bearer(platform);
  const get = async (path: string): Promise<Body> =>
    JSON.parse((await platform.call({ method: 'GET', path, headers: { authorization } })).body);
  const all = async (path: string): Promise<Body[]> => (await get(path)).resources;
  const processes = await all(`/v3/apps/${guid}/processes`);
  const shown: [string, unknown][] = [];
  for (const one of processes) {
    const { type, instances, memory_in_mb, disk_in_mb, log_rate_limit_in_bytes_per_second, ...more } =
      await get(`/v3/processes/${one.guid}`);
    const { command, health_check, readiness_health_check } = more;
    const sizes = { instances, memory_in_mb, disk_in_mb, log_rate_limit_in_bytes_per_second };
    shown.push([type, { ...sizes, command, health_check, readiness_health_check }]);
  }
  const deployments = await all(`/v3/deployments?app_guids=${guid}&order_by=-created_at`);
  const guids = (list: Body[]): string[] => list.map((one) => one.guid);
  return {
    settings: {
      env: (await get(`/v3/apps/${guid}/environment_variables`)).var,
      processes: Object.fromEntries(shown),
      bindings: guids(await all(`/v3/service_credential_bindings?app_guids=${guid}`)),
      sidecars: guids(await all(`/v3/apps/${guid}/sidecars`)),
      lifecycle: (await get(`/v3/apps/${guid}`)).lifecycle,
    },
    webs: processes.filter(({ type }) => type === 'web').length,
    deployments: deployments.map(({ droplet, status }) => ({ droplet: droplet.guid, ...status })),
  };
}

/** @returns what is wrong with the user's app; nothing when it held */
export async function judgeInPlace(
  user: string,
  scenario: Scenario,
  platform: Platform,
  { before, settings: all, fromMs }: { before: SpaceState; settings: AllSettings; fromMs: number },
  state: SpaceState,
  history: readonly HistoryEntry[],
): Promise<string[]> {
  const was = before.apps.find(({ name }) => name === user);
  const now = state.apps.find(({ name }) => name === user);
  if (!was || !now) return [`${user} was or is not there`];
  if (was.guid !== now.guid) return [`${user} is another app than before`];
  const found: string[] = [];
  const { settings, webs, deployments } = await platform.clock.drive(read(platform, now.guid));
  const held = isPaused(scenario);
  if (webs !== (held ? 2 : 1)) found.push(`${user} has ${webs} web processes`);
  const active = deployments.filter(({ value }) => value === 'ACTIVE');
  if (held && active[0]?.reason !== 'PAUSED') found.push(`no canary of ${user} is paused`);
  if (held) return found;
  if (active.length > 0) found.push(`a deployment of ${user} is under way: ${active[0]?.reason}`);
  if (scenario.ends === 'aborted') {
    if (now.dropletGuid === was.dropletGuid) found.push(`${user} has the droplet of its canary`);
    found.push(...judgeAsked(user, {}, settings));
  } else if (scenario.ends === 'reverted') {
    const [one, other] = [was, now].map(({ processes: _, ...app }) => JSON.stringify(app));
    if (one !== other) found.push(`${user} is not as it was before:\n${one}\n${other}`);
    const [had, has] = [all[user], settings].map((of) => JSON.stringify(of));
    if (had !== has) found.push(`the settings of ${user} are not those from before:\n${had}\n${has}`);
  } else {
    const brought = deployments.find(({ reason }) => reason === 'DEPLOYED');
    const isNew = scenario.inputs?.command !== 'restart' && scenario.ends !== 'promoted';
    const isSame = now.dropletGuid === was.dropletGuid;
    if (brought?.droplet !== now.dropletGuid || (isNew && isSame))
      found.push(`${user} has the droplet ${now.dropletGuid}, deployed was ${brought?.droplet}`);
    found.push(...judgeAsked(user, scenario, settings));
  }
  // A cancel ends the new instances at once, and only then are the old ones started again that they stood for.
  const mayLack = !scenario.asked.crashes && deployments.some(({ reason }) => reason === 'CANCELED');
  return mayLack ? found : [...found, ...judgeCapacity(user, now.guid, history, fromMs)];
}

function judgeAsked(
  user: string,
  { settings: asked = USUAL }: Pick<Scenario, 'settings'>,
  settings: Settings,
): string[] {
  const found: string[] = [];
  if (JSON.stringify(settings.env) !== JSON.stringify(asked.env))
    found.push(`the variables of ${user} are ${JSON.stringify(settings.env)}`);
  const memoryMb = (settings.processes.web as { memory_in_mb?: number } | undefined)?.memory_in_mb;
  if (memoryMb !== asked.memoryMb) found.push(`${user} has ${memoryMb} MB`);
  return found;
}

/** The platform ends no old instance before a new one runs in its place. */
function judgeCapacity(
  user: string,
  guid: string,
  history: readonly HistoryEntry[],
  fromMs: number,
): string[] {
  const replay = new Replay();
  for (const entry of history) {
    replay.apply(entry);
    if (entry.atMs < fromMs) continue;
    const ready = [...replay.instances.values()].filter((one) => one.appGuid === guid && one.healthy).length;
    if (ready < INSTANCES)
      return [`${user} has ${ready} healthy instances at +${Math.round(entry.atMs - fromMs)} ms`];
  }
  return [];
}
