import type { AppState, Instance, Route } from '../model/cloud.js';
import type { InstanceRef } from '../probe/context.js';

type Processes = AppState['processes'];
type On = Pick<Route, 'destinations'>;

/** The instances that the router should know on this route: those of the process types that it has a destination for. */
export function instancesOn(route: On, app: AppState): readonly InstanceRef[] {
  return refs(app, processesOn(route, app), ({ instances }) => range(instances));
}

/** Of these, the ones that were running when the snapshot was taken. */
export function runningOn(route: On, app: AppState): readonly InstanceRef[] {
  const runs = ({ state, routable }: Instance) => state === 'RUNNING' && routable !== false;
  return refs(app, processesOn(route, app), ({ instancesSeen }) =>
    instancesSeen.filter(runs).map(({ index }) => index),
  );
}

/** All instances of an app, whatever route they are on. */
export function instancesOf(app: AppState): readonly InstanceRef[] {
  return refs(app, app.processes, ({ instances }) => range(instances));
}

/**
 * How a router is asked for an app's instances: by the app's GUID, where all its process types share their indexes; by the
 * process's where the app ever had a deployment: its web process has a GUID of its own since then.
 */
export function namedBy(app: AppState): Omit<InstanceRef, 'index'> {
  const web = app.processes.find(({ type }) => type === 'web');
  return web && web.guid !== app.guid ? { appGuid: app.guid, processGuid: web.guid } : { appGuid: app.guid };
}

function refs(
  app: AppState,
  processes: Processes,
  indexesOf: (process: Processes[number]) => readonly number[],
): readonly InstanceRef[] {
  const appGuid = app.guid;
  if (namedBy(app).processGuid !== undefined) {
    return processes.flatMap((process) =>
      indexesOf(process).map((index) => ({ appGuid, processGuid: process.guid, index })),
    );
  }
  return [...new Set(processes.flatMap(indexesOf))].map((index) => ({ appGuid, index }));
}

function processesOn(route: On, app: AppState): Processes {
  const mine = route.destinations.filter(({ appGuid }) => appGuid === app.guid);
  return app.processes.filter(({ type }) => mine.some(({ processType }) => processType === type));
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
