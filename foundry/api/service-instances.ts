import type * as s from '../state/service-records.js';
import { unbind } from './binding-rules.js';
import { dig, onlyFields, related, text } from './body.js';
import { accept, auditOf, type Core } from './core.js';
import { ApiError, notFound, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { type Listing, list } from './list.js';
import { checkMetadata, isObject, mergeMetadata } from './metadata.js';
import { links } from './present.js';
import { checkServiceQuota } from './quota-rules.js';
import { unbindRoute } from './route-services.js';
import { included, presentInstance } from './service-instance-show.js';
import { hasFailed, isBusy, offeringOf, operate, operation } from './service-operations.js';
import { type Answer, type Call, type Caller, type Row, row } from './table.js';

export function findInstance(call: Call, core: Core): s.ServiceInstance {
  const found = core.store.serviceInstances.get(call.params.guid ?? '');
  if (!found) throw notFound('Service instance');
  return found;
}

function listing(core: Core): Listing<s.ServiceInstance> {
  const plan = (i: s.ServiceInstance) => core.store.servicePlans.get(i.planGuid ?? '');
  return {
    rows: core.store.serviceInstances.all(),
    present: (i) => presentInstance(core, i),
    filters: {
      names: (i) => i.name,
      type: (i) => (i.planGuid === undefined ? 'user-provided' : 'managed'),
      space_guids: (i) => [i.spaceGuid, ...i.sharedSpaceGuids],
      organization_guids: (i) => core.store.spaces.get(i.spaceGuid)?.organizationGuid ?? null,
      service_plan_guids: (i) => i.planGuid ?? null,
      service_plan_names: (i) => plan(i)?.name ?? null,
    },
    orderBy: { name: (i) => i.name },
    accepts: ['fields'],
  };
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw unprocessable(`${what} must be an object`);
  return value;
}

function checkName(
  core: Core,
  spaceGuid: string,
  name: string | undefined,
  self?: s.ServiceInstance,
): string {
  if (!name) throw unprocessable("Name must be a string, Name can't be blank");
  const taken = core.store.serviceInstances.find(
    (i) => i.name === name && i !== self && [i.spaceGuid, ...i.sharedSpaceGuids].includes(spaceGuid),
  );
  if (taken && !(hasFailed(taken) && taken.spaceGuid === spaceGuid)) {
    throw unprocessable(`The service instance name is taken: ${name}.`);
  }
  if (taken) core.store.serviceInstances.remove(taken.guid);
  return name;
}

function routeServiceUrl(value: unknown): string | null {
  const url = text(value) ?? null;
  if (url !== null && url !== '' && !url.startsWith('https:')) {
    throw unprocessable('Route service url must be https');
  }
  return url;
}

async function create(call: Call, core: Core): Promise<Answer> {
  assertOn(core, 'service_instance_creation');
  const body = await call.json();
  if (body.type !== 'managed' && body.type !== 'user-provided') {
    throw unprocessable("Type must be one of 'managed', 'user-provided'");
  }
  const isManaged = body.type === 'managed';
  const own = isManaged ? ['parameters'] : ['credentials', 'syslog_drain_url', 'route_service_url'];
  onlyFields(body, ['type', 'name', 'relationships', 'metadata', 'tags', ...own]);
  const space = core.store.spaces.get(related(body, 'space') ?? '');
  if (!space) throw unprocessable('Invalid space. Ensure that the space exists and you have access to it.');
  const change = checkMetadata(body.metadata);
  const plan = core.store.servicePlans.get(related(body, 'service_plan') ?? '');
  if (isManaged && !plan) {
    throw unprocessable(
      'Invalid service plan. Ensure that the service plan exists, is available, and you have access to it.',
    );
  }
  if (isManaged) checkServiceQuota(core, space);
  const parameters = object(body.parameters, 'Parameters');
  const credentials = object(body.credentials, 'Credentials');
  const serviceUrl = routeServiceUrl(body.route_service_url);
  const made: s.ServiceInstance = {
    ...core.store.base(),
    name: checkName(core, space.guid, text(body.name)),
    spaceGuid: space.guid,
    tags: Array.isArray(body.tags) ? body.tags.map(String) : [],
    ...(plan ? { planGuid: plan.guid } : {}),
    parameters,
    credentials,
    syslogDrainUrl: text(body.syslog_drain_url) ?? null,
    routeServiceUrl: serviceUrl,
    sharedSpaceGuids: [],
    lastOperation: operation(core, 'create', isManaged ? 'initial' : 'succeeded'),
  };
  mergeMetadata(made, change);
  core.store.serviceInstances.add(made);
  if (!isManaged) {
    tell(core, 'create', made, call.caller);
    return { status: 201, body: presentInstance(core, made) };
  }
  return accept(core, 'service_instance.create', about(made), async (job) => {
    const exists = () => core.store.serviceInstances.get(made.guid) === made;
    await operate(core, 'provision', made, made, { job, exists });
    tell(core, 'create', made, call.caller);
  });
}

const about = (i: s.ServiceInstance) => ({
  kind: 'service_instances',
  plural: 'service_instances',
  guid: i.guid,
});

async function update(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  const instance = findInstance(call, core);
  const isManaged = instance.planGuid !== undefined;
  const own = isManaged
    ? ['parameters', 'relationships', 'maintenance_info']
    : ['credentials', 'syslog_drain_url', 'route_service_url'];
  onlyFields(body, ['name', 'tags', 'metadata', ...own]);
  if (isManaged && isBusy(instance)) throw busy(instance);
  const plan = core.store.servicePlans.get(related(body, 'service_plan') ?? instance.planGuid ?? '');
  if (isManaged && !plan)
    throw unprocessable(
      'Invalid service plan. Ensure that the service plan exists, is available, and you have access to it.',
    );
  if (body.name !== undefined) {
    instance.name = checkName(core, instance.spaceGuid, text(body.name), instance);
  }
  if (Array.isArray(body.tags)) instance.tags = body.tags.map(String);
  mergeMetadata(instance, body.metadata);
  core.store.touch(instance);
  if (!isManaged) {
    if (body.credentials !== undefined) instance.credentials = object(body.credentials, 'Credentials');
    if (body.syslog_drain_url !== undefined) instance.syslogDrainUrl = text(body.syslog_drain_url) ?? null;
    if (body.route_service_url !== undefined)
      instance.routeServiceUrl = routeServiceUrl(body.route_service_url);
    instance.lastOperation = operation(core, 'update', 'succeeded');
    // What its bindings bring is what it has.
    for (const b of core.store.bindings.all()) {
      if (b.instanceGuid === instance.guid) b.credentials = instance.credentials;
    }
    tell(core, 'update', instance, call.caller);
    return { status: 200, body: presentInstance(core, instance) };
  }
  if (body.parameters === undefined && plan?.guid === instance.planGuid) {
    return { status: 200, body: presentInstance(core, instance) };
  }
  const parameters = object(body.parameters, 'Parameters');
  instance.lastOperation = operation(core, 'update', 'in progress');
  return accept(core, 'service_instance.update', about(instance), async (job) => {
    const exists = () => core.store.serviceInstances.get(instance.guid) === instance;
    await operate(core, 'update', instance, instance, { job, exists });
    if (plan) instance.planGuid = plan.guid;
    instance.parameters = { ...instance.parameters, ...parameters };
    tell(core, 'update', instance, call.caller);
  });
}

/** With all its bindings. Throws what the platform answers while something else is done to it. */
function remove(call: Call, core: Core): Answer {
  const { store } = core;
  const instance = findInstance(call, core);
  const bindings = () => [
    ...store.bindings.where((b) => b.instanceGuid === instance.guid),
    ...store.routeBindings.where((b) => b.instanceGuid === instance.guid),
  ];
  const forget = () => {
    store.serviceInstances.remove(instance.guid);
    tell(core, 'delete', instance, call.caller);
  };
  if (isBusy(instance) && instance.lastOperation.type !== 'create') throw busy(instance);
  const unbindAll = () =>
    Promise.all(
      bindings().map((b) =>
        'routeGuid' in b ? unbindRoute(core, b, call.caller) : unbind(core, b, call.caller),
      ),
    );
  if (instance.planGuid === undefined) {
    void unbindAll();
    forget();
    return { status: 204 };
  }
  return accept(core, 'service_instance.delete', about(instance), async (job) => {
    const exists = () => store.serviceInstances.get(instance.guid) === instance;
    await unbindAll();
    await operate(core, 'deprovision', instance, instance, { job, exists });
    forget();
  });
}

function busy(instance: s.ServiceInstance): ApiError {
  return new ApiError(
    409,
    60016,
    'CF-AsyncServiceInstanceOperationInProgress',
    `An operation for service instance ${instance.name} is in progress.`,
  );
}

function tell(core: Core, what: 'create' | 'update' | 'delete', i: s.ServiceInstance, caller: Caller): void {
  const kind = i.planGuid === undefined ? 'user_provided_service_instance' : 'service_instance';
  const target = { guid: i.guid, type: kind, name: i.name };
  auditOf(core, `audit.${kind}.${what}`, caller, target, i.spaceGuid);
}

function parameters(call: Call, core: Core): Answer {
  const instance = findInstance(call, core);
  if (!offeringOf(core, instance)?.instancesRetrievable) {
    throw new ApiError(
      400,
      120004,
      'CF-ServiceFetchInstanceParametersNotSupported',
      'This service does not support fetching service instance parameters.',
    );
  }
  return { status: 200, body: instance.parameters };
}

async function share(call: Call, core: Core): Promise<Answer> {
  assertOn(core, 'service_instance_sharing');
  const instance = findInstance(call, core);
  const data = dig(await call.json(), 'data');
  const guids = Array.isArray(data) ? data.map((d) => text(dig(d, 'guid')) ?? '') : [];
  for (const guid of guids) {
    if (!core.store.spaces.get(guid)) {
      throw unprocessable(
        `Unable to share service instance ${instance.name} with spaces ['${guid}']. Ensure the spaces exist and that you have access to them.`,
      );
    }
  }
  instance.sharedSpaceGuids = [...new Set([...instance.sharedSpaceGuids, ...guids])];
  return sharedSpaces(core, instance);
}

function sharedSpaces(core: Core, i: s.ServiceInstance): Answer {
  const self = `/v3/service_instances/${i.guid}/relationships/shared_spaces`;
  return {
    status: 200,
    body: { data: i.sharedSpaceGuids.map((guid) => ({ guid })), links: links(core, { self }) },
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/service_instances', (call, core) => {
    const answer = list(call, core.api, listing(core));
    const { resources } = answer.body as { resources: { guid: string }[] };
    const shown = resources.map(({ guid }) => core.store.serviceInstances.get(guid));
    Object.assign(
      answer.body as object,
      included(
        core,
        call.query,
        shown.filter((i) => i !== undefined),
      ),
    );
    return answer;
  }),
  row('POST', '/v3/service_instances', create),
  row('GET', '/v3/service_instances/:guid', (call, core) => {
    const instance = findInstance(call, core);
    return {
      status: 200,
      body: { ...presentInstance(core, instance), ...included(core, call.query, [instance]) },
    };
  }),
  row('PATCH', '/v3/service_instances/:guid', update),
  row('DELETE', '/v3/service_instances/:guid', remove),
  row('GET', '/v3/service_instances/:guid/parameters', parameters),
  row('GET', '/v3/service_instances/:guid/credentials', (call, core) => {
    const instance = findInstance(call, core);
    if (instance.planGuid !== undefined) throw notFound('Service instance');
    return { status: 200, body: instance.credentials };
  }),
  row('GET', '/v3/service_instances/:guid/relationships/shared_spaces', (call, core) =>
    sharedSpaces(core, findInstance(call, core)),
  ),
  row('POST', '/v3/service_instances/:guid/relationships/shared_spaces', share),
  row('DELETE', '/v3/service_instances/:guid/relationships/shared_spaces/:space', (call, core) => {
    const instance = findInstance(call, core);
    instance.sharedSpaceGuids = instance.sharedSpaceGuids.filter((guid) => guid !== call.params.space);
    return { status: 204 };
  }),
  row('GET', '/v3/service_instances/:guid/relationships/shared_spaces/usage_summary', (call, core) => {
    const instance = findInstance(call, core);
    const count = (spaceGuid: string) =>
      core.store.bindings.where(
        (b) =>
          b.instanceGuid === instance.guid && core.store.apps.get(b.appGuid ?? '')?.spaceGuid === spaceGuid,
      ).length;
    return {
      status: 200,
      body: {
        usage_summary: instance.sharedSpaceGuids.map((guid) => ({
          space: { guid },
          bound_app_count: count(guid),
        })),
        links: links(core, { self: call.path }),
      },
    };
  }),
];
