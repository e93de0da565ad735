import { appKey, LABEL } from '../platform/names.js';
import type { Step } from './step.js';
import type { StepKind } from './world.js';

/**
 * Makes a route with our labels in the call that makes it. A production route gets no destination yet: a host that is taken
 * elsewhere, or a quota, is met here, before anything starts.
 */
export const makeRoute: StepKind<Step & { do: 'make-route' }> = {
  title: ({ route, as }) => `make the ${as} route ${route.url}`,
  plan: ({ route, as }) => [`POST /v3/routes ${route.url} (${as})`],
  run: async ({ route, as }, { intent }, { platform, target }) => {
    const { host, domainGuid, path, port } = route;
    await platform.createRoute(target.spaceGuid, {
      host,
      domainGuid,
      path,
      port,
      labels: {
        [LABEL.role]: as === 'trial' ? 'candidate' : 'live',
        [LABEL.app]: appKey(intent.app),
        [LABEL.version]: intent.version,
      },
    });
  },
};
