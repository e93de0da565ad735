/** In place: what an earlier manifest gave live, and this one does not name, is taken off again. */
import type { HealthCheck, Process } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, PlatformRefusal } from '../model/errors.js';
import type { Named } from '../model/intent.js';
import type { CheckChange, Platform, ProcessChange } from '../platform/calls.js';
import { NEW_APP_HAS } from './carried.js';
import type { Step } from './step.js';
import { appOn, note, type StepKind, type World } from './world.js';

/**
 * All but services, before the deployment: live was written down, and no instance shows it before. A setting is then as a new app
 * has it.
 */
export async function takeOff(taken: Named, appGuid: string, platform: Platform): Promise<void> {
  const nulls = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, null]));
  if (taken.labels.length + taken.annotations.length > 0) {
    const change = { labels: nulls(taken.labels), annotations: nulls(taken.annotations) };
    await platform.updateApp(appGuid, change);
  }
  for (const name of taken.features) await platform.setFeature(appGuid, name, NEW_APP_HAS[name] ?? false);
  if (taken.sidecars.length > 0) {
    const sidecars = await platform.userSidecars(appGuid);
    for (const { name, guid } of sidecars)
      if (taken.sidecars.includes(name)) await platform.removeSidecar(guid);
  }
  if (Object.keys(taken.processes).length === 0) return;
  for (const process of await platform.processes(appGuid)) {
    const change = withoutNamed(process, taken.processes[process.type] ?? []);
    if (Object.keys(change).length > 0) await platform.updateProcess(process.guid, change);
  }
}

/** Pure. */
export function withoutNamed(
  { type, healthCheck, readiness }: Pick<Process, 'type' | 'healthCheck' | 'readiness'>,
  keys: readonly string[],
): ProcessChange {
  const health = withoutCheck(healthCheck, keys, 'health-check', type === 'web' ? 'port' : 'process');
  const ready = readiness && withoutCheck(readiness, keys, 'readiness-health-check', 'process');
  return {
    ...(keys.includes('command') ? { command: null } : {}),
    ...(health ? { healthCheck: health } : {}),
    ...(ready ? { readiness: ready } : {}),
  };
}

function withoutCheck(
  now: HealthCheck,
  keys: readonly string[],
  prefix: string,
  otherwise: string,
): CheckChange | undefined {
  const gone = {
    type: keys.includes(`${prefix}-type`),
    timeout: prefix === 'health-check' && keys.includes('timeout'),
    invocation: keys.includes(`${prefix}-invocation-timeout`),
    interval: keys.includes(`${prefix}-interval`),
    endpoint: keys.includes(`${prefix}-http-endpoint`),
  };
  if (!Object.values(gone).includes(true)) return undefined;
  const type = gone.type ? otherwise : now.type;
  return {
    type,
    ...(gone.timeout ? { timeoutS: null } : {}),
    ...(gone.invocation ? { invocationTimeoutS: null } : {}),
    ...(gone.interval ? { intervalS: null } : {}),
    // A check by HTTP has one, whoever names it.
    ...(gone.endpoint && type === 'http' ? { endpoint: '/' } : {}),
  };
}

/** Old instances use their bindings until they are gone, and nothing goes back any more: what fails here is told, and stays. */
export const unbind: StepKind<Step & { do: 'unbind' }> = {
  title: ({ services }) => `take live off ${services.join(', ')}`,
  plan: ({ services }) =>
    services.map((name) => `DELETE /v3/service_credential_bindings/<of live and ${name}>`),
  run: async ({ services }, app, world) => {
    const { guid } = appOn('live', app);
    const bindings = await world.platform.serviceBindings(guid);
    const own = bindings.filter(({ instance }) => services.includes(instance));
    await Promise.all(own.map((one) => release(one, app.intent.app, world)));
  },
};

async function release(one: { guid: string; instance: string }, app: string, world: World): Promise<void> {
  try {
    await world.platform.removeBinding(one.guid);
  } catch (error) {
    const isNo =
      error instanceof PlatformRefusal || error instanceof PlatformFault || error instanceof DeadlineOver;
    if (!isNo) throw error;
    note(
      world,
      `${app} is still bound to ${one.instance}, which its manifest names no more: ${error.message}. Run cf unbind-service ${app} ${one.instance}.`,
    );
  }
}
