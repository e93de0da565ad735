import { VersionFault } from '../model/errors.js';
import type { AppWorld, World } from './world.js';

/** Throws `VersionFault` when the availability watch has seen more failures since the switch than are borne. */
export function heedWatch(app: AppWorld, world: Pick<World, 'badSign'>): void {
  const fault = faultSeen(app, world);
  if (fault) throw fault;
}

function faultSeen({ found: { switchedAtMs } }: AppWorld, { badSign }: Pick<World, 'badSign'>) {
  const sign = switchedAtMs === undefined ? undefined : badSign(switchedAtMs);
  return sign && new VersionFault(`${sign.route} fails after the switch: ${sign.why}`, 'watch');
}

/**
 * Does the work in a world whose probes and sleeps end with the `VersionFault` of a bad sign in the moment in which the watch
 * sees it.
 */
export async function heeding(app: AppWorld, world: World, work: (heeded: World) => Promise<void>) {
  heedWatch(app, world);
  const bad = new AbortController();
  const end = world.onSign(() => {
    const fault = faultSeen(app, world);
    if (fault) bad.abort(fault);
  });
  const signal = AbortSignal.any([world.signal, bad.signal]);
  try {
    await work({ ...world, signal, probe: { ...world.probe, signal } });
  } finally {
    end();
  }
}
