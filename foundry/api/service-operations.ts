import type { BrokerAct } from '../state/broker.js';
import type * as r from '../state/records.js';
import type * as s from '../state/service-records.js';
import type { Core } from './core.js';
import { ApiError } from './errors.js';

const KINDS: Readonly<Record<BrokerAct, s.LastOperation['type']>> = {
  provision: 'create',
  update: 'update',
  deprovision: 'delete',
  bind: 'create',
  unbind: 'delete',
};

/** How many times the time of a job passes between two looks at a broker that works on. */
const POLL = 2;

/** What nothing but the platform itself had to do. */
export function operation(core: Core, type: s.LastOperation['type'], state: s.LastOperation['state']) {
  const now = core.clock.now();
  return { type, state, description: null, createdMs: now, updatedMs: now };
}

/** The offering of a managed instance. */
export function offeringOf(core: Core, instance: s.ServiceInstance): s.ServiceOffering | undefined {
  const plan = core.store.servicePlans.get(instance.planGuid ?? '');
  return core.store.serviceOfferings.get(plan?.offeringGuid ?? '');
}

export const isBusy = ({ lastOperation: { state } }: s.Operated) =>
  state === 'initial' || state === 'in progress';

/** A creation that failed leaves its record, until it is tried again or deleted. */
export const hasFailed = ({ lastOperation: { type, state } }: s.Operated) =>
  type === 'create' && state === 'failed';

/**
 * Lets the broker of an instance work on a record: at once (nothing is returned then), or polled for while `exists` says that it is
 * still there. Ends with the record's last operation succeeded. Throws or rejects with what the job then shows: 10009 with the
 * broker's words, or without them when it failed after its answer (CC service_binding_create.rb loses them).
 */
export function operate(
  core: Core,
  act: BrokerAct,
  row: s.Operated,
  instance: s.ServiceInstance,
  { job, exists }: { job?: r.Job | undefined; exists: () => boolean },
): Promise<void> | undefined {
  const offering = offeringOf(core, instance);
  const fault = core.broker.hit(act, [instance.name, offering?.name ?? '']);
  const type = KINDS[act];
  const set = (state: s.LastOperation['state'], description: string | null = null) => {
    row.lastOperation = { ...operation(core, type, state), description };
    core.store.touch(row);
  };
  if (offering?.asynchronous || fault?.never || fault?.asynchronous) {
    set('in progress');
    if (job) job.state = 'POLLING';
    return poll();
  }
  if (fault?.fails !== undefined) {
    const words = `Service broker error: ${fault.fails}`;
    set('failed', words);
    throw unable(act === 'bind' || act === 'unbind' ? act : type, words);
  }
  set('succeeded');
  return undefined;

  async function poll(): Promise<void> {
    do {
      await new Promise<void>((resolve) => core.clock.after(core.jobMs * POLL, resolve));
      if (!exists()) throw new ApiError(404, 10010, 'CF-ResourceNotFound', 'The binding could not be found');
    } while (fault?.never);
    if (fault?.fails !== undefined) {
      set('failed', fault.fails);
      throw unable(type, 'VCAP::CloudController::V3::LastOperationFailedState');
    }
    set('succeeded');
  }
}

/** Lets the broker unbind, then forgets the binding; nothing is returned when that was done at once. */
export function letGo(
  core: Core,
  binding: s.CredentialBinding | s.RouteBinding,
  { job, exists, forget }: { job?: r.Job | undefined; exists: () => boolean; forget: () => void },
): Promise<void> | undefined {
  const instance = core.store.serviceInstances.get(binding.instanceGuid);
  const rest =
    instance?.planGuid === undefined
      ? undefined
      : operate(core, 'unbind', binding, instance, { job, exists });
  if (rest !== undefined) return rest.then(forget);
  forget();
  return undefined;
}

function unable(what: string, why: string): ApiError {
  return new ApiError(400, 10009, 'CF-UnableToPerform', `${what} could not be completed: ${why}`);
}
