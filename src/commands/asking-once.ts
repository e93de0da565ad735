/** What a deploy is prepared with, between two writes: read once for all who look at it, and begun before anybody knows the answer to another. */
import type { Snapshot } from '../model/cloud.js';
import { once } from '../platform/ahead.js';
import type { Platform } from '../platform/calls.js';
import type { World } from '../steps/world.js';
import { begun } from '../system/begun.js';

/**
 * The world for preparing a deploy of what was seen, until the next write: what is older decides about none.
 * @returns a world that asks now for what live has and for the quotas, and for each thing once
 */
export function askingOnce(world: World, seen: readonly Snapshot[]): World {
  const { platform, target } = world;
  const lives = seen.flatMap(({ live }) => live ?? []);
  const guids = lives.map(({ guid }) => guid);
  const processes = lives.flatMap((live) => live.processes.map(({ guid }) => guid));
  const serviceBindings = once((guid) => platform.serviceBindings(guid), guids);
  const allSidecars = once((guid) => platform.sidecars(guid), guids);
  const quotas = begun(platform.quotas(target));
  const asking: Partial<Platform> = {
    serviceBindings,
    bindings: async (guid) => (await serviceBindings(guid)).map(({ instance }) => instance),
    features: once((guid) => platform.features(guid), guids),
    userSidecars: once((guid) => platform.userSidecars(guid), guids),
    sidecars: (guid, only) => (only ? platform.sidecars(guid, only) : allSidecars(guid)),
    policies: once((guid) => platform.policies(guid), guids),
    currentDroplet: once((guid) => platform.currentDroplet(guid), guids),
    command: once((guid) => platform.command(guid), processes),
    quotas: () => quotas,
  };
  return { ...world, platform: { ...platform, ...asking } };
}
