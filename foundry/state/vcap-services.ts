import type * as r from './records.js';
import type { CredentialBinding } from './service-records.js';
import type { Store } from './store.js';

/** What an app's bindings bring, by service: bindings that were made, the newest one of each service instance. */
export function vcapServices(store: Store, appGuid: string): Record<string, unknown[]> {
  const newest = new Map<string, CredentialBinding>();
  for (const binding of store.bindings.all()) {
    if (binding.appGuid !== appGuid || !isThere(binding)) continue;
    newest.set(binding.instanceGuid, binding);
  }
  const services: Record<string, unknown[]> = {};
  for (const binding of newest.values()) {
    const instance = store.serviceInstances.get(binding.instanceGuid);
    if (!instance) continue;
    const plan = store.servicePlans.get(instance.planGuid ?? '');
    const offering = store.serviceOfferings.get(plan?.offeringGuid ?? '');
    const label = offering?.name ?? 'user-provided';
    services[label] ??= [];
    services[label].push({
      label,
      ...(plan ? { provider: null, plan: plan.name } : {}),
      name: binding.name ?? instance.name,
      tags: [...new Set([...(offering?.tags ?? []), ...instance.tags])],
      instance_guid: instance.guid,
      instance_name: instance.name,
      binding_guid: binding.guid,
      binding_name: binding.name,
      credentials: binding.credentials,
      syslog_drain_url: instance.syslogDrainUrl,
      volume_mounts: [],
    });
  }
  return services;
}

/** One that is being deleted, or could not be, does not count any more. */
function isThere({ lastOperation: { type, state } }: CredentialBinding): boolean {
  return type === 'create' && state === 'succeeded';
}

/** Where a running process finds its services. The files that two of the features name are not made here. */
export function servicesEnvironment(store: Store, app: r.App): Record<string, string> {
  if (app.features['service-binding-k8s']) return { SERVICE_BINDING_ROOT: '/etc/cf-service-bindings' };
  if (app.features['file-based-vcap-services']) {
    return { VCAP_SERVICES_FILE_PATH: '/etc/cf-service-bindings/vcap_services' };
  }
  return { VCAP_SERVICES: JSON.stringify(vcapServices(store, app.guid)) };
}
