import type { WantedRoute } from '../model/intent.js';
import { appKey, LABEL } from '../platform/names.js';
import type { Step } from './step.js';
import { routeNamed, type StepKind } from './world.js';

/**
 * Makes a route with our labels in the call that makes it. A production route gets no destination yet: a host that is taken
 * elsewhere, or a quota, is met here, before anything starts.
 */
export const makeRoute: StepKind<Step & { do: 'make-route' }> = {
  title: ({ route, as }) => `make the ${as} route ${nameOf(route)}`,
  plan: ({ route, as }) => [`POST /v3/routes ${nameOf(route)} (${as})`],
  run: async ({ route, as }, { intent }, { platform, target }) => {
    const { host, domainGuid, path, port, options, mark } = route;
    await platform.createRoute(target.spaceGuid, {
      host,
      domainGuid,
      path,
      port,
      ...(options ? { options } : {}),
      labels: {
        [LABEL.role]: as === 'trial' ? 'candidate' : 'live',
        [LABEL.app]: appKey(intent.app),
        [LABEL.version]: intent.version,
        ...intent.preview,
        ...(mark === undefined ? {} : { [LABEL.run]: mark }),
      },
    });
  },
};

function nameOf({ url, mark }: WantedRoute): string {
  return mark === undefined ? url : `${url.replace(/:0$/, '')} at a port that the platform chooses`;
}

/** The manifest's options, on a route that is there. Requests go on meanwhile: routers choose another way among its destinations. */
export const setOptions: StepKind<Step & { do: 'set-options' }> = {
  title: ({ url }) => `set the options of ${url}`,
  plan: ({ url, options }) => [`PATCH /v3/routes/<${url}> options ${JSON.stringify(options)}`],
  run: ({ url, options }, app, { platform }) => platform.setRouteOptions(routeNamed(url, app).guid, options),
};
