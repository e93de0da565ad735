import type { Lifecycle } from '../state/records.js';
import { dig, text } from './body.js';
import type { Core } from './core.js';
import { featureDisabled, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';

const STACK = 'cflinuxfs4';

/** Of an app of which nothing is said. */
export const BUILDPACK: Lifecycle = { type: 'buildpack', buildpacks: [], stack: STACK };
const DOCKER: Lifecycle = { type: 'docker', buildpacks: [], stack: '' };

/** Throws 403 while the platform runs no docker images. */
export function assertDocker(core: Core): void {
  assertOn(core, 'diego_docker');
}

/** `lifecycle` of a request; what it leaves out comes from `base`. */
export function lifecycleOf(core: Core, given: unknown, base: Lifecycle = BUILDPACK): Lifecycle {
  if (given === undefined || given === null) return { ...base, buildpacks: [...base.buildpacks] };
  const type = dig(given, 'type') === undefined ? base.type : text(dig(given, 'type'));
  if (type === 'docker') {
    assertDocker(core);
    return DOCKER;
  }
  if (type === 'cnb') throw featureDisabled('diego_cnb');
  if (type !== 'buildpack')
    throw unprocessable('Lifecycle type is not included in list: buildpack, cnb, docker');
  const buildpacks = dig(given, 'data', 'buildpacks');
  const stack = dig(given, 'data', 'stack');
  return {
    type: 'buildpack',
    buildpacks: Array.isArray(buildpacks) ? buildpacks.map(String) : [...base.buildpacks],
    stack: text(stack) ?? base.stack,
  };
}

export function presentLifecycle(lifecycle: Lifecycle): Record<string, unknown> {
  if (lifecycle.type === 'docker') return { type: 'docker', data: {} };
  return { type: lifecycle.type, data: { buildpacks: lifecycle.buildpacks, stack: lifecycle.stack } };
}
