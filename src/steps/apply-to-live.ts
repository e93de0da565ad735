import type { Process } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ownEnv, wishOf } from './live-wish.js';
import { applyManifest } from './manifest-job.js';
import { namesText } from './named.js';
import type { Step } from './step.js';
import { takeOff } from './taken.js';
import { type AppWorld, appOn, type StepKind } from './world.js';

/** No instance shows any of it before the deployment. Routes and counts are not in it: other steps bring them. */
export const applyToLive: StepKind<Step & { do: 'apply-to-live' }> = {
  title: (_step, { app }) => `apply the manifest to ${app}`,
  plan: (_step, intent) => [
    `POST /v3/spaces/<space>/actions/apply_manifest <of ${intent.app}, without routes and instances>, GET /v3/jobs/<job> until COMPLETE`,
    ...(Object.keys(ownEnv(intent)).length > 0
      ? [`PATCH /v3/apps/<live>/environment_variables ${Object.keys(ownEnv(intent)).join(', ')}`]
      : []),
    ...takenFirst(intent).map((what) => `take <live> its ${what}`),
  ],
  run: async (_step, app, world) => {
    const { guid } = appOn('live', app);
    const { manifest, env } = wishOf(app, world);
    await applyManifest(manifest, app, world);
    if (Object.keys(env).length > 0) await world.platform.setEnvironment(guid, env);
    if (app.intent.taken) await takeOff(app.intent.taken, guid, world.platform);
  },
};

/** The platform takes no count of a web process while a deployment is under way: it comes after. */
export const scaleLive: StepKind<Step & { do: 'scale-live' }> = {
  title: (_step, intent) =>
    counted(intent).length > 0 ? 'scale live as the manifest asks' : 'leave the scale of live',
  plan: (_step, intent) =>
    counted(intent).map(
      ([type, count]) => `POST /v3/apps/<live>/processes/${type}/actions/scale instances=${count}`,
    ),
  run: async (_step, app, { platform }) => {
    const { intent } = app;
    const live = appOn('live', app);
    const processes: (typeof live.processes)[number][] = [];
    for (const process of live.processes) {
      const instances = countOf(process, intent);
      if (instances !== process.instances) await platform.scale(process.guid, { instances });
      processes.push({ ...process, instances });
    }
    withLive(app, { ...live, processes });
  },
};

/** Bindings go later: instances of the version before still use them. */
function takenFirst({ taken }: Intent): readonly string[] {
  return taken ? namesText({ ...taken, services: [] }) : [];
}

function counted({ scale }: Intent): (readonly [string, number])[] {
  return Object.entries(scale).flatMap(([type, { instances }]) =>
    instances === undefined ? [] : [[type, instances] as const],
  );
}

/** Whoever gave live more instances since the deploy began is not overruled. */
function countOf({ type, instances: now }: Pick<Process, 'type' | 'instances'>, intent: Intent): number {
  const wanted = intent.scale[type]?.instances ?? now;
  return intent.keepInstancesOf.includes(type) ? Math.max(now, wanted) : wanted;
}

/** The steps behind it in the same group prove every instance that was asked for. */
function withLive(app: AppWorld, live: AppWorld['snapshot']['live'] & object): void {
  app.snapshot = { ...app.snapshot, live };
}
