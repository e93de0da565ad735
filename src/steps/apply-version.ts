import { PlatformFault } from '../model/errors.js';
import { readRecord } from './live-record.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, lockOf, type StepKind } from './world.js';

/** What the version that comes back was started with. No instance of live shows any of it before the deployment. */
export const applyVersion: StepKind<Step & { do: 'apply-version' }> = {
  title: (_step, { app, version }) => `give ${app} the variables and commands of ${version}`,
  plan: (_step, { env, commands = {} }) => [
    `PATCH /v3/apps/<live>/environment_variables wherever they differ: ${Object.keys(env).join(', ') || 'none'}`,
    ...Object.keys(commands).map((type) => `PATCH /v3/processes/<${type} of live> command, where it differs`),
  ],
  run: async (_step, app, { platform }) => {
    const { intent } = app;
    const live = appOn('live', app);
    const { env, processes } = recordOf(app);
    const changed = Object.entries(intent.env).filter(([name, value]) => (env[name] ?? null) !== value);
    if (changed.length > 0) await platform.setEnvironment(live.guid, Object.fromEntries(changed));
    for (const [type, command] of Object.entries(intent.commands ?? {})) {
      const process = live.processes.find((one) => one.type === type);
      if (process && processes[type]?.command !== command)
        await platform.updateProcess(process.guid, { command });
    }
  },
};

/** Live as it was written down a moment ago. */
function recordOf(app: AppWorld) {
  const record = readRecord(lockOf(app).env);
  if (!record) throw new PlatformFault(`How ${app.intent.app} is now is not written down.`, false);
  return record;
}
