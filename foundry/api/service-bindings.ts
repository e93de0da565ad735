import type * as s from '../state/service-records.js';
import { presentApp } from './apps.js';
import { beginBinding, checkUnbinding, finishBinding, unbind } from './binding-rules.js';
import { onlyFields, related, text } from './body.js';
import { accept, type Core } from './core.js';
import { ApiError, notFound, unprocessable } from './errors.js';
import { include, type Listing, list } from './list.js';
import { checkMetadata, isObject, mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { presentInstance, presentOperation } from './service-instance-show.js';
import { offeringOf } from './service-operations.js';
import { type Answer, type Call, type Row, row } from './table.js';

function presentBinding(core: Core, b: s.CredentialBinding): Record<string, unknown> {
  const self = `/v3/service_credential_bindings/${b.guid}`;
  const isManaged = core.store.serviceInstances.get(b.instanceGuid)?.planGuid !== undefined;
  return {
    ...head(b),
    name: b.name,
    type: b.appGuid === undefined ? 'key' : 'app',
    last_operation: presentOperation(b.lastOperation),
    metadata: metadata(b),
    relationships: {
      service_instance: to(b.instanceGuid),
      ...(b.appGuid === undefined ? {} : { app: to(b.appGuid) }),
    },
    links: links(core, {
      self,
      details: `${self}/details`,
      service_instance: `/v3/service_instances/${b.instanceGuid}`,
      ...(isManaged ? { parameters: `${self}/parameters` } : {}),
      ...(b.appGuid === undefined ? {} : { app: `/v3/apps/${b.appGuid}` }),
    }),
  };
}

function listing(core: Core): Listing<s.CredentialBinding> {
  const { store } = core;
  const instance = (b: s.CredentialBinding) => store.serviceInstances.get(b.instanceGuid);
  const plan = (b: s.CredentialBinding) => store.servicePlans.get(instance(b)?.planGuid ?? '');
  const offering = (b: s.CredentialBinding) => store.serviceOfferings.get(plan(b)?.offeringGuid ?? '');
  return {
    rows: store.bindings.all(),
    present: (b) => presentBinding(core, b),
    filters: {
      names: (b) => b.name,
      service_instance_guids: (b) => b.instanceGuid,
      service_instance_names: (b) => instance(b)?.name ?? null,
      app_guids: (b) => b.appGuid ?? null,
      app_names: (b) => store.apps.get(b.appGuid ?? '')?.name ?? null,
      service_plan_guids: (b) => plan(b)?.guid ?? null,
      service_plan_names: (b) => plan(b)?.name ?? null,
      service_offering_guids: (b) => offering(b)?.guid ?? null,
      service_offering_names: (b) => offering(b)?.name ?? null,
      type: (b) => (b.appGuid === undefined ? 'key' : 'app'),
    },
    include: {
      app: (found) => {
        const apps = [...new Set(found.map((b) => store.apps.get(b.appGuid ?? '')))];
        return { apps: apps.filter((a) => a !== undefined).map((a) => presentApp(core, a)) };
      },
      service_instance: (found) => {
        const instances = [...new Set(found.map(instance))].filter((i) => i !== undefined);
        return { service_instances: instances.map((i) => presentInstance(core, i)) };
      },
    },
  };
}

function find(call: Call, core: Core): s.CredentialBinding {
  const found = core.store.bindings.get(call.params.guid ?? '');
  if (!found) throw notFound('Service credential binding');
  return found;
}

/** Throws 404 for a binding that is not made (yet). */
function made(binding: s.CredentialBinding): s.CredentialBinding {
  const { type, state } = binding.lastOperation;
  if (type === 'create' && state === 'succeeded') return binding;
  const what = binding.appGuid === undefined ? 'key' : 'binding';
  const detail = `${type === 'create' ? 'Creation' : 'Deletion'} of service ${what} ${state}`;
  throw new ApiError(404, 10010, 'CF-ResourceNotFound', detail);
}

const about = (b: s.CredentialBinding) => ({
  kind: 'service_credential_binding',
  plural: 'service_credential_bindings',
  guid: b.guid,
});

async function create(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  onlyFields(body, ['type', 'name', 'parameters', 'relationships', 'metadata']);
  const { type } = body;
  if (type !== 'app' && type !== 'key') throw unprocessable("Type must be 'app' or 'key'");
  const name = text(body.name) ?? null;
  if (type === 'key' && !name) throw unprocessable("Name must be a string, Name can't be blank");
  const change = checkMetadata(body.metadata);
  const instanceGuid = related(body, 'service_instance') ?? '';
  const instance = core.store.serviceInstances.get(instanceGuid);
  if (!instance) throw unprocessable(`The service instance could not be found: '${instanceGuid}'`);
  if (instance.planGuid === undefined && body.parameters !== undefined) {
    throw unprocessable('Binding parameters are not supported for user-provided service instances');
  }
  if (body.parameters != null && !isObject(body.parameters)) {
    throw unprocessable('Parameters must be an object');
  }
  const appGuid = related(body, 'app') ?? '';
  const app = core.store.apps.get(appGuid);
  if (type === 'app' && !app) throw unprocessable(`The app could not be found: '${appGuid}'`);
  const parameters = isObject(body.parameters) ? body.parameters : {};
  const binding = beginBinding(core, {
    instance,
    ...(type === 'app' && app ? { app } : {}),
    name,
    parameters,
  });
  mergeMetadata(binding, change);
  if (instance.planGuid === undefined) {
    await finishBinding(core, binding, call.caller);
    return { status: 201, body: presentBinding(core, binding) };
  }
  const operation = type === 'app' ? 'service_bindings.create' : 'service_keys.create';
  return accept(core, operation, about(binding), (job) => finishBinding(core, binding, call.caller, job));
}

function remove(call: Call, core: Core): Answer {
  const binding = find(call, core);
  checkUnbinding(core, binding);
  const instance = core.store.serviceInstances.get(binding.instanceGuid);
  if (instance?.planGuid === undefined) {
    void unbind(core, binding, call.caller);
    return { status: 204 };
  }
  const operation = binding.appGuid === undefined ? 'service_keys.delete' : 'service_bindings.delete';
  return accept(core, operation, about(binding), (job) => unbind(core, binding, call.caller, job));
}

function parameters(call: Call, core: Core): Answer {
  const binding = made(find(call, core));
  const instance = core.store.serviceInstances.get(binding.instanceGuid);
  if (!instance || !offeringOf(core, instance)?.bindingsRetrievable) {
    throw new ApiError(
      400,
      90007,
      'CF-ServiceFetchBindingParametersNotSupported',
      'This service does not support fetching service binding parameters.',
    );
  }
  return { status: 200, body: binding.parameters };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/service_credential_bindings', (call, core) => list(call, core.api, listing(core))),
  row('POST', '/v3/service_credential_bindings', create),
  row('GET', '/v3/service_credential_bindings/:guid', (call, core) => {
    const binding = find(call, core);
    const included = include(call.query.get('include'), [binding], listing(core));
    return { status: 200, body: { ...presentBinding(core, binding), ...(included ? { included } : {}) } };
  }),
  row('PATCH', '/v3/service_credential_bindings/:guid', async (call, core) => {
    const binding = find(call, core);
    const body = await call.json();
    onlyFields(body, ['metadata']);
    mergeMetadata(binding, body.metadata);
    core.store.touch(binding);
    return { status: 200, body: presentBinding(core, binding) };
  }),
  row('DELETE', '/v3/service_credential_bindings/:guid', remove),
  row('GET', '/v3/service_credential_bindings/:guid/details', (call, core) => {
    const { credentials, instanceGuid } = made(find(call, core));
    const drain = core.store.serviceInstances.get(instanceGuid)?.syslogDrainUrl;
    return { status: 200, body: { credentials, ...(drain ? { syslog_drain_url: drain } : {}) } };
  }),
  row('GET', '/v3/service_credential_bindings/:guid/parameters', parameters),
];
