import { randomBytes } from 'node:crypto';
import type * as r from '../state/records.js';
import type * as s from '../state/service-records.js';
import { auditOf, type Core } from './core.js';
import { ApiError, unprocessable } from './errors.js';
import { hasFailed, isBusy, letGo, operate, operation } from './service-operations.js';
import type { Caller } from './table.js';

export interface WantedBinding {
  instance: s.ServiceInstance;
  /** Absent: a service key. */
  app?: r.App;
  name: string | null;
  parameters: Record<string, unknown>;
}

/** The instance in its own space and in those it is shared with. */
export const spacesOf = (instance: s.ServiceInstance) => [instance.spaceGuid, ...instance.sharedSpaceGuids];

export function bindingsOfApp(core: Core, appGuid: string): s.CredentialBinding[] {
  return core.store.bindings.where((b) => b.appGuid === appGuid);
}

/** A binding that its broker does not know yet. Throws 422 with the platform's texts; one that failed before is replaced. */
export function beginBinding(core: Core, wanted: WantedBinding): s.CredentialBinding {
  const { instance, app, name } = wanted;
  if (app) {
    if (!spacesOf(instance).includes(app.spaceGuid)) {
      throw unprocessable('The service instance and the app are in different spaces');
    }
    checkInstance(instance);
    checkTwice(core, app, instance, name);
  } else {
    if (instance.planGuid === undefined) {
      throw unprocessable(
        "Service credential bindings of type 'key' are not supported for user-provided service instances.",
      );
    }
    checkInstance(instance);
    const same = core.store.bindings.find(
      (b) => b.appGuid === undefined && b.instanceGuid === instance.guid && b.name === name,
    );
    if (same && !hasFailed(same)) {
      throw unprocessable(
        `The binding name is invalid. Key binding names must be unique. The service instance already has a key binding with name '${name}'.`,
      );
    }
    if (same) core.store.bindings.remove(same.guid);
  }
  return core.store.bindings.add({
    ...core.store.base(),
    instanceGuid: instance.guid,
    ...(app ? { appGuid: app.guid } : {}),
    name,
    parameters: wanted.parameters,
    credentials: {},
    lastOperation: operation(core, 'create', 'initial'),
  });
}

function checkInstance(instance: s.ServiceInstance): void {
  if (instance.planGuid === undefined) return;
  if (hasFailed(instance)) throw unprocessable('Service instance not found');
  if (isBusy(instance)) throw unprocessable('There is an operation in progress for the service instance');
}

function checkTwice(core: Core, app: r.App, instance: s.ServiceInstance, name: string | null): void {
  for (const other of bindingsOfApp(core, app.guid)) {
    if (other.instanceGuid !== instance.guid) {
      if (name !== null && other.name === name) {
        throw unprocessable(
          `The binding name is invalid. Binding names must be unique for a given service instance and app. The app already has a binding with name '${name}'.`,
        );
      }
      continue;
    }
    if (hasFailed(other)) core.store.bindings.remove(other.guid);
    else if (other.lastOperation.type === 'delete') {
      throw unprocessable('The binding is getting deleted or its deletion failed');
    } else throw unprocessable('The app is already bound to the service instance');
  }
}

/** Lets the broker bind; a user-provided instance's credentials are the binding's at once. */
export async function finishBinding(
  core: Core,
  binding: s.CredentialBinding,
  caller: Caller,
  job?: r.Job,
): Promise<void> {
  const { store } = core;
  const instance = store.serviceInstances.get(binding.instanceGuid);
  if (!instance) throw unprocessable('Service instance not found');
  if (instance.planGuid === undefined) {
    binding.credentials = instance.credentials;
    binding.lastOperation = operation(core, 'create', 'succeeded');
  } else {
    const exists = () => store.bindings.get(binding.guid) === binding;
    await operate(core, 'bind', binding, instance, { job, exists });
    binding.credentials = {
      uri: `${instance.name}://${binding.guid}`,
      username: binding.guid.slice(0, 8),
      password: randomBytes(12).toString('base64url'),
    };
  }
  tell(core, 'create', binding, instance, caller);
}

/** Throws 422 when something else is done to it just now. */
export function checkUnbinding(core: Core, binding: s.CredentialBinding): void {
  if (isBusy(binding) && binding.lastOperation.type !== 'create') {
    throw unprocessable('There is an operation in progress for the service binding.');
  }
  const instance = core.store.serviceInstances.get(binding.instanceGuid);
  if (instance && isBusy(instance)) {
    throw unprocessable('There is an operation in progress for the service instance.');
  }
}

/** Lets the broker unbind and forgets the binding; nothing is returned when that was done at once. */
export function unbind(
  core: Core,
  binding: s.CredentialBinding,
  caller: Caller,
  job?: r.Job,
): Promise<void> | undefined {
  const { store } = core;
  const instance = store.serviceInstances.get(binding.instanceGuid);
  const exists = () => store.bindings.get(binding.guid) === binding;
  const forget = () => {
    store.bindings.remove(binding.guid);
    if (instance) tell(core, 'delete', binding, instance, caller);
  };
  return letGo(core, binding, { job, exists, forget });
}

function tell(
  core: Core,
  what: 'create' | 'delete',
  binding: s.CredentialBinding,
  instance: s.ServiceInstance,
  caller: Caller,
): void {
  const kind = binding.appGuid === undefined ? 'service_key' : 'service_binding';
  const target = { guid: binding.guid, type: kind, name: binding.name ?? '' };
  const app = core.store.apps.get(binding.appGuid ?? '');
  const data = { app_guid: binding.appGuid, app_name: app?.name, service_instance_guid: instance.guid };
  auditOf(core, `audit.${kind}.${what}`, caller, target, app?.spaceGuid ?? instance.spaceGuid, data);
}

/**
 * Unbinds all that an app has, as its deletion begins with. Throws the job's error while a broker works on: the app stays then, and
 * has to be deleted again (CC app_delete.rb).
 */
export function unbindApp(core: Core, app: r.App, caller: Caller): void {
  const waiting: string[] = [];
  for (const binding of bindingsOfApp(core, app.guid)) {
    const isUnbinding = isBusy(binding) && binding.lastOperation.type === 'delete';
    const rest = isUnbinding ? Promise.resolve() : unbind(core, binding, caller);
    if (rest === undefined) continue;
    // Its failure is the binding's last operation; nobody waits for it.
    rest.catch(() => undefined);
    waiting.push(core.store.serviceInstances.get(binding.instanceGuid)?.name ?? '');
  }
  const [first] = waiting;
  if (first === undefined) return;
  throw new ApiError(
    409,
    90008,
    'CF-AsyncServiceBindingOperationInProgress',
    `An operation for the service binding between app ${app.name} and service instance ${first} is in progress.`,
  );
}
