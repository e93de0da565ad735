/** All that a user can set of an app, as the platform has it: what a deploy that failed must leave as it was. */
import type { World } from './world.js';

/** Field by field; GUIDs of processes and what belongs to a deploy's own labels are left out. */
export type AppSettings = Readonly<Record<string, unknown>>;

type Json = Record<string, unknown>;

const OURS = 'cf-zero-downtime.github.io/';

export async function settingsOf(world: World, guid: string): Promise<AppSettings> {
  const token = (await world.cf('oauth-token')).trim();
  const get = async (path: string): Promise<Json> => {
    const answer = await fetch(`${world.foundry.api}${path}`, { headers: { authorization: token } });
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
    return (await answer.json()) as Json;
  };
  const all = async (path: string) => (await get(path)).resources as Json[];
  const app = await get(`/v3/apps/${guid}`);
  const metadata = app.metadata as Record<string, Record<string, unknown>>;
  const { guid: droplet } = await get(`/v3/apps/${guid}/droplets/current`);
  const processes = await all(`/v3/apps/${guid}/processes`);
  const whole = await Promise.all(processes.map((one) => get(`/v3/processes/${String(one.guid)}`)));
  const routes = await all(`/v3/apps/${guid}/routes`);
  return {
    name: app.name,
    state: app.state,
    lifecycle: app.lifecycle,
    labels: theirs(metadata.labels),
    annotations: theirs(metadata.annotations),
    droplet,
    variables: (await get(`/v3/apps/${guid}/environment_variables`)).var,
    processes: Object.fromEntries(whole.map((one) => [one.type, shown(one)])),
    bindings: (await all(`/v3/service_credential_bindings?app_guids=${guid}`)).map((one) => one.guid),
    sidecars: (await all(`/v3/apps/${guid}/sidecars`)).map((one) => one.guid),
    routes: routes.map(({ url, destinations }) => [url, destinations]),
  };
}

function theirs(all: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith(OURS)));
}

function shown(process: Json): Json {
  const { instances, memory_in_mb, disk_in_mb, log_rate_limit_in_bytes_per_second, command } = process;
  const { health_check, readiness_health_check } = process;
  const sizes = { instances, memory_in_mb, disk_in_mb, log_rate_limit_in_bytes_per_second };
  return { ...sizes, command, health_check, readiness_health_check };
}
