import { allOf } from '../engine/converge.js';
import type { Intent } from '../model/intent.js';
import type { Side, Step } from './step.js';
import { appOn, routeNamed, type StepKind } from './world.js';

/** One insert: what others have on the route is not touched, and never is a list replaced. */
export const map: StepKind<Step & { do: 'map' }> = {
  title: ({ url, side }) => `map ${url} to ${side}`,
  plan: ({ url, side, to }) => [
    `POST /v3/routes/<${url}>/destinations ${side} ${to.map(({ processType, port }) => `${processType}:${port ?? 'default port'}`).join(', ')}`,
  ],
  run: async ({ url, side, to }, app, { platform, clock }) => {
    if (side === 'candidate' && app.intent.production.some((route) => route.url === url)) {
      app.found.switchedAtMs ??= clock.now();
    }
    const { guid: appGuid } = appOn(side, app);
    await platform.insertDestinations(
      routeNamed(url, app).guid,
      to.map((port) => ({ appGuid, ...port })),
    );
    app.found.mappedAtMs[side].set(url, clock.now());
  },
};

/** Removes the destinations of one app, each by its GUID. */
export const unmap: StepKind<Step & { do: 'unmap' }> = {
  title: ({ url, side }) => `unmap ${url} from ${side}`,
  plan: ({ url, side }) => [`DELETE /v3/routes/<${url}>/destinations/<${side}>`],
  run: async ({ url, side }, app, { platform, clock, unwatch }) => {
    const { guid: appGuid } = appOn(side, app);
    const route = routeNamed(url, app);
    if (isGivenUp(url, side, app.intent)) unwatch(url);
    if (side === 'live') app.found.takenFromLive.set(url, clock.now());
    const leaving = route.destinations.filter((destination) => destination.appGuid === appGuid);
    // All have ended before the platform is read again: no write is on its way behind a snapshot.
    await allOf(leaving, leaving.length, ({ guid }) => platform.removeDestination(route.guid, guid));
    app.found.unmappedAtMs = clock.now();
  },
};

/** Forward, the new version shall not have the route; back, the deploy brought it, and nobody had it before. */
function isGivenUp(url: string, side: Side, { dropped, before, production }: Intent): boolean {
  if (side === 'live') return dropped.includes(url);
  const names = (list: readonly { url: string }[] = []) => list.some((one) => one.url === url);
  return names(production) && !names(before?.destinations);
}
