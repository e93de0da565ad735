import type { AppState } from '../model/cloud.js';
import type { Platform } from '../platform/calls.js';
import type { Belongings } from './carried.js';

type Calls = Pick<
  Platform,
  'serviceBindings' | 'userSidecars' | 'features' | 'policies' | 'currentDroplet' | 'command'
>;

/** Reads what an app has. A command that may not be read counts as none of its own. */
export async function belongingsOf(app: AppState, platform: Calls): Promise<Belongings> {
  const { guid, labels, annotations } = app;
  const [bindings, sidecars, features, policies, droplet, commands] = await Promise.all([
    platform.serviceBindings(guid),
    platform.userSidecars(guid),
    platform.features(guid),
    platform.policies(guid),
    platform.currentDroplet(guid),
    Promise.all(app.processes.map((process) => platform.command(process.guid))),
  ]);
  const processes = app.processes.map(({ type, healthCheck, readiness }, at) => {
    const command = commands[at] ?? '';
    const droplets = droplet ? droplet.commands?.[type] : '';
    // Where nobody tells what the droplet starts, nobody can tell that this is something else.
    const isOwn = command !== '' && droplets !== undefined && command !== droplets;
    return [
      type,
      { command: isOwn ? command : null, runs: command, healthCheck, ...(readiness ? { readiness } : {}) },
    ] as const;
  });
  return {
    guid,
    bindings,
    sidecars,
    features,
    labels,
    annotations,
    policies,
    processes: Object.fromEntries(processes),
  };
}
