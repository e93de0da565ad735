import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import { goneIsDone } from '../platform/apps.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION, appKey, LABEL } from '../platform/names.js';
import { dropPolicies } from './carry.js';
import { rename } from './rename.js';
import type { Step } from './step.js';
import { unbindAll } from './unbind.js';
import { note, type StepKind, type World } from './world.js';

/** The platform sends SIGTERM, and SIGKILL ten seconds later. */
export const stop: StepKind<Step & { do: 'stop' }> = {
  title: ({ name }) => `stop ${name}`,
  plan: ({ name }) => [`POST /v3/apps/<${name}>/actions/stop`],
  run: async ({ name, guid, onRoutes }, _app, { platform }) => {
    if (!onRoutes) await assertOffRoutes(platform, name, guid);
    await platform.stopApp(guid);
  },
};

export const deleteApp: StepKind<Step & { do: 'delete-app' }> = {
  title: ({ name }) => `delete ${name}`,
  plan: ({ name, wasLive }) => [
    ...(wasLive ? [`PATCH /v3/apps/<${name}> annotation deleting`] : []),
    `DELETE /v3/apps/<${name}>`,
  ],
  run: async ({ name, guid, wasLive }, app, world) => {
    const { platform } = world;
    await assertOffRoutes(platform, name, guid);
    await dropPolicies(guid, world);
    // The platform's job may outlast this run: nobody shall let it go live meanwhile.
    if (wasLive) {
      const annotations = { [ANNOTATION.deleting]: String(platform.platformNowMs()) };
      await goneIsDone(async () => void (await platform.updateApp(guid, { annotations })));
    }
    if (await unbindAll(guid, world)) return platform.deleteApp(guid);
    if (guid !== app.snapshot.candidate?.guid || app.intent.target)
      throw new PlatformFault(
        `${name} cannot be deleted while a broker is at work on a binding of it.`,
        false,
      );
    // Its name is the lock: it is freed all the same.
    note(world, `${name} is kept as failed: a broker is at work on a binding of it.`);
    await rename.run({ do: 'rename', side: 'candidate', to: 'failed' }, app, world);
  },
};

/**
 * Only trial routes, and production routes that this deploy made and that serve nobody. Read again right before: another hand
 * may have made it its own since the snapshot. Throws `PlatformFault` then, and the strategy is asked again.
 */
export const deleteRoute: StepKind<Step & { do: 'delete-route' }> = {
  title: ({ url }) => `delete the route ${url}`,
  plan: ({ url }) => [`DELETE /v3/routes/<${url}>`],
  run: async ({ url, guid, early }, { intent, snapshot }, world) => {
    const { platform } = world;
    if (early) return askEarly(guid, intent.app, world);
    const [route] = await platform.routesByGuid([guid]);
    if (!route) return;
    if (route.labels[LABEL.app] !== appKey(intent.app))
      throw new PlatformFault(`The route ${url} does not carry our labels any more.`, false);
    const isTrial = route.labels[LABEL.role] === 'candidate';
    if (!isTrial && route.destinations.some(({ appGuid }) => appGuid !== snapshot.candidate?.guid))
      throw new PlatformFault(`The route ${url} was mapped to another app meanwhile.`, false);
    await platform.deleteRoute(guid);
  },
};

/** Of a trial route alone. What becomes of it decides nothing: it is looked for again when nothing is awaited any more. */
async function askEarly(guid: string, app: string, { platform }: Pick<World, 'platform'>): Promise<void> {
  try {
    const [route] = await platform.routesByGuid([guid]);
    const { [LABEL.app]: owner, [LABEL.role]: role } = route?.labels ?? {};
    if (owner === appKey(app) && role === 'candidate') await platform.askToDeleteRoute(guid);
  } catch (error) {
    if (!(error instanceof PlatformFault || error instanceof PlatformRefusal)) throw error;
  }
}

/** Read again right before: what a route names in this moment is in use. Throws `PlatformFault`, and the strategy is asked again. */
async function assertOffRoutes(platform: Platform, name: string, guid: string): Promise<void> {
  const named = (await platform.routesOfApps([guid])).filter((route) =>
    route.destinations.some((destination) => destination.appGuid === guid),
  );
  if (named.length > 0) {
    throw new PlatformFault(`${name} is still named by ${named.map(({ url }) => url).join(', ')}.`, false);
  }
}
