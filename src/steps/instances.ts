import type { AppState, Route } from '../model/cloud.js';
import type { InstanceRef } from '../probe/context.js';

/**
 * The instances that the router should know on this route: those of the process types that it has a destination for. Two types
 * of one app share their indexes, and the router cannot tell them apart by `X-Cf-App-Instance`.
 */
export function instancesOn(route: Pick<Route, 'destinations'>, app: AppState): readonly InstanceRef[] {
  const most = Math.max(0, ...processesOn(route, app).map(({ instances }) => instances));
  return Array.from({ length: most }, (_, index) => ({ appGuid: app.guid, index }));
}

/** Of these, the ones that were running when the snapshot was taken. */
export function runningOn(route: Pick<Route, 'destinations'>, app: AppState): readonly InstanceRef[] {
  const running = processesOn(route, app)
    .flatMap(({ instancesSeen }) => instancesSeen)
    .filter(({ state, routable }) => state === 'RUNNING' && routable !== false);
  return [...new Set(running.map(({ index }) => index))].map((index) => ({ appGuid: app.guid, index }));
}

function processesOn(route: Pick<Route, 'destinations'>, app: AppState): AppState['processes'] {
  const mine = route.destinations.filter(({ appGuid }) => appGuid === app.guid);
  return app.processes.filter(({ type }) => mine.some(({ processType }) => processType === type));
}
