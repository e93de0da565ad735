import type { Step } from './step.js';
import { type AppWorld, appOn, type StepKind } from './world.js';

/** No instance shows any of it before the deployment. Routes and counts are not in it: other steps bring them. */
export const applyToLive: StepKind<Step & { do: 'apply-to-live' }> = {
  title: (_step, { app }) => `apply the manifest to ${app}`,
  plan: (_step, intent) => [
    'cf apply-manifest -f <manifest of live, without routes and instances> --vars-file <private file>',
    ...(Object.keys(intent.env).length > 0
      ? [`PATCH /v3/apps/<live>/environment_variables ${Object.keys(intent.env).join(', ')}`]
      : []),
  ],
  run: async (_step, app, { platform, applyManifest }) => {
    const { intent } = app;
    const { guid, name } = appOn('live', app);
    await applyManifest({ app: intent.app, live: name });
    if (Object.keys(intent.env).length > 0) await platform.setEnvironment(guid, intent.env);
  },
};

/** The platform takes no count of a web process while a deployment is under way: it comes after. */
export const scaleLive: StepKind<Step & { do: 'scale-live' }> = {
  title: (_step, { scale }) =>
    Object.keys(scale).length > 0 ? 'scale live as the manifest asks' : 'leave the scale of live',
  plan: (_step, { scale }) =>
    Object.keys(scale).map((type) => `POST /v3/apps/<live>/processes/${type}/actions/scale`),
  run: async (_step, app, { platform }) => {
    const live = appOn('live', app);
    const processes: (typeof live.processes)[number][] = [];
    for (const process of live.processes) {
      const wanted = Object.entries(app.intent.scale[process.type] ?? {});
      const to = Object.fromEntries(
        wanted.filter(([part, value]) => process[part as keyof typeof process] !== value),
      );
      if (Object.keys(to).length > 0) await platform.scale(process.guid, to);
      processes.push({ ...process, ...to });
    }
    withLive(app, { ...live, processes });
  },
};

/** The steps behind it in the same group prove every instance that was asked for. */
function withLive(app: AppWorld, live: AppWorld['snapshot']['live'] & object): void {
  app.snapshot = { ...app.snapshot, live };
}
