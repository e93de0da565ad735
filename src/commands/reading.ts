/** For whoever only looks: what the sign-in may not read is unknown, and the rest is shown all the same. */
import { PlatformRefusal } from '../model/errors.js';
import type { Platform } from '../platform/calls.js';
import { type AppWorld, note, type World } from '../steps/world.js';

export interface Reading {
  platform: Platform;
  /** Guids of apps whose variables this sign-in may not read; they look as if they had none. */
  hidden: ReadonlySet<string>;
}

/** Auditors and managers of a space may read all of an app but its environment: that answers 403 (cloud_controller_ng, can_read_secrets_in_space?). */
export function forReading(platform: Platform): Reading {
  const hidden = new Set<string>();
  const environment: Platform['environment'] = async (guid) => {
    try {
      return await platform.environment(guid);
    } catch (error) {
      if (!(error instanceof PlatformRefusal && error.status === 403)) throw error;
      hidden.add(guid);
      return {};
    }
  };
  return { platform: { ...platform, environment }, hidden };
}

/** For the log and the summary of a plan that compares nothing with live: of which apps the variables are unknown. */
export function tellHidden(apps: readonly AppWorld[], { hidden }: Reading, world: World): void {
  for (const { intent, snapshot, found } of apps) {
    if (!snapshot.live || !hidden.has(snapshot.live.guid)) continue;
    const text = unknownText(intent.app, ['variables']);
    found.notes.push(text);
    note(world, text);
  }
}

export function unknownText(app: string, what: readonly string[]): string {
  return `Unknown, this sign-in may not read them of ${app}: ${what.join(', ')}. To change it needs the role SpaceDeveloper.`;
}
