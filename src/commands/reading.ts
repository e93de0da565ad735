/** For a plan: what the sign-in may not read is unknown, and the rest is shown all the same. */
import { PlatformRefusal } from '../model/errors.js';
import type { Platform } from '../platform/calls.js';

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
