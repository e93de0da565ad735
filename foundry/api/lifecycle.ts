import type { Lifecycle } from '../state/records.js';
import { dig, text } from './body.js';
import { ApiError, unprocessable } from './errors.js';

const STACK = 'cflinuxfs4';

/** `lifecycle` of a request; what it leaves out comes from `base`. */
export function lifecycleOf(
  given: unknown,
  base: Lifecycle = { type: 'buildpack', buildpacks: [], stack: STACK },
): Lifecycle {
  if (given === undefined || given === null) return { ...base, buildpacks: [...base.buildpacks] };
  const type = dig(given, 'type') === undefined ? base.type : text(dig(given, 'type'));
  if (type === 'docker') {
    throw new ApiError(403, 330002, 'CF-FeatureDisabled', 'Feature Disabled: diego_docker');
  }
  if (type === 'cnb') throw new ApiError(403, 330002, 'CF-FeatureDisabled', 'Feature Disabled: diego_cnb');
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
  return { type: lifecycle.type, data: { buildpacks: lifecycle.buildpacks, stack: lifecycle.stack } };
}
