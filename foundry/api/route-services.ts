import type * as r from '../state/records.js';
import type * as s from '../state/service-records.js';
import { onlyFields, related } from './body.js';
import { accept, auditOf, type Core } from './core.js';
import { ApiError, badRequest, notFound, unprocessable } from './errors.js';
import { include, type Listing, list } from './list.js';
import { checkMetadata, isObject, mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { presentRoute } from './routes.js';
import { presentInstance, presentOperation } from './service-instance-show.js';
import { hasFailed, isBusy, letGo, offeringOf, operate, operation } from './service-operations.js';
import { type Answer, type Call, type Caller, type Row, row } from './table.js';

function presentRouteBinding(core: Core, b: s.RouteBinding): Record<string, unknown> {
  const self = `/v3/service_route_bindings/${b.guid}`;
  const isManaged = core.store.serviceInstances.get(b.instanceGuid)?.planGuid !== undefined;
  return {
    ...head(b),
    route_service_url: b.routeServiceUrl,
    last_operation: presentOperation(b.lastOperation),
    metadata: metadata(b),
    relationships: { service_instance: to(b.instanceGuid), route: to(b.routeGuid) },
    links: links(core, {
      self,
      service_instance: `/v3/service_instances/${b.instanceGuid}`,
      route: `/v3/routes/${b.routeGuid}`,
      ...(isManaged ? { parameters: `${self}/parameters` } : {}),
    }),
  };
}

function listing(core: Core): Listing<s.RouteBinding> {
  const { store } = core;
  return {
    rows: store.routeBindings.all(),
    present: (b) => presentRouteBinding(core, b),
    filters: {
      route_guids: (b) => b.routeGuid,
      service_instance_guids: (b) => b.instanceGuid,
      service_instance_names: (b) => store.serviceInstances.get(b.instanceGuid)?.name ?? null,
    },
    include: {
      route: (found) => {
        const routes = found.map((b) => store.routes.get(b.routeGuid)).filter((x) => x !== undefined);
        return { routes: routes.map((x) => presentRoute(core, x)) };
      },
      service_instance: (found) => {
        const instances = new Set(found.map((b) => store.serviceInstances.get(b.instanceGuid)));
        return {
          service_instances: [...instances]
            .filter((i) => i !== undefined)
            .map((i) => presentInstance(core, i)),
        };
      },
    },
  };
}

function find(call: Call, core: Core): s.RouteBinding {
  const found = core.store.routeBindings.get(call.params.guid ?? '');
  if (!found) throw notFound('Service route binding');
  return found;
}

const about = (b: s.RouteBinding) => ({
  kind: 'service_route_binding',
  plural: 'service_route_bindings',
  guid: b.guid,
});

function check(core: Core, instance: s.ServiceInstance, route: r.Route): void {
  const isManaged = instance.planGuid !== undefined;
  const isRouteService = isManaged
    ? offeringOf(core, instance)?.requires.includes('route_forwarding')
    : Boolean(instance.routeServiceUrl);
  if (!isRouteService) throw unprocessable('This service instance does not support route binding');
  if (core.store.domains.get(route.domainGuid)?.internal) {
    throw unprocessable('Route services cannot be bound to internal routes');
  }
  if (route.spaceGuid !== instance.spaceGuid) {
    throw unprocessable('The service instance and the route are in different spaces');
  }
  const others = core.store.routeBindings.where((b) => b.routeGuid === route.guid);
  if (others.some((b) => b.instanceGuid !== instance.guid)) {
    throw unprocessable('A route may only be bound to a single service instance');
  }
  if (isManaged && hasFailed(instance)) throw unprocessable('Service instance not found');
  if (isManaged && isBusy(instance)) {
    throw unprocessable('There is an operation in progress for the service instance');
  }
  const [before] = others;
  if (!before) return;
  if (hasFailed(before)) core.store.routeBindings.remove(before.guid);
  else if (before.lastOperation.type === 'delete') {
    throw unprocessable('The binding is getting deleted or its deletion failed');
  } else {
    throw new ApiError(
      422,
      130008,
      'CF-ServiceInstanceAlreadyBoundToSameRoute',
      'The route and service instance are already bound.',
    );
  }
}

async function create(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  onlyFields(body, ['parameters', 'relationships', 'metadata']);
  const change = checkMetadata(body.metadata);
  const instanceGuid = related(body, 'service_instance') ?? '';
  const instance = core.store.serviceInstances.get(instanceGuid);
  if (!instance) throw unprocessable(`The service instance could not be found: ${instanceGuid}`);
  const routeGuid = related(body, 'route') ?? '';
  const route = core.store.routes.get(routeGuid);
  if (!route) throw unprocessable(`The route could not be found: ${routeGuid}`);
  if (instance.planGuid === undefined && body.parameters !== undefined) {
    throw unprocessable('Binding parameters are not supported for user-provided service instances');
  }
  check(core, instance, route);
  const binding: s.RouteBinding = core.store.routeBindings.add({
    ...core.store.base(),
    instanceGuid,
    routeGuid,
    routeServiceUrl: null,
    parameters: isObject(body.parameters) ? body.parameters : {},
    lastOperation: operation(core, 'create', 'initial'),
  });
  mergeMetadata(binding, change);
  const finish = () => {
    binding.routeServiceUrl = instance.routeServiceUrl ?? `https://${instance.name}.${appsDomain(core)}`;
    tell(core, 'create', binding, route.spaceGuid, call.caller);
    core.running.publish(route);
  };
  if (instance.planGuid === undefined) {
    binding.lastOperation = operation(core, 'create', 'succeeded');
    finish();
    return { status: 201, body: presentRouteBinding(core, binding) };
  }
  return accept(core, 'service_route_bindings.create', about(binding), async (job) => {
    const exists = () => core.store.routeBindings.get(binding.guid) === binding;
    await operate(core, 'bind', binding, instance, { job, exists });
    finish();
  });
}

/** The broker of a managed route service names the host of its instance on the domain of apps. */
function appsDomain(core: Core): string {
  return core.store.domains.find((d) => !d.internal)?.name ?? '';
}

/** Lets the broker unbind and forgets the binding; nothing is returned when that was done at once. */
export function unbindRoute(
  core: Core,
  binding: s.RouteBinding,
  caller: Caller,
  job?: r.Job,
): Promise<void> | undefined {
  const { store } = core;
  const exists = () => store.routeBindings.get(binding.guid) === binding;
  const forget = () => {
    store.routeBindings.remove(binding.guid);
    const route = store.routes.get(binding.routeGuid);
    if (!route) return;
    tell(core, 'delete', binding, route.spaceGuid, caller);
    core.running.publish(route);
  };
  return letGo(core, binding, { job, exists, forget });
}

function tell(
  core: Core,
  what: 'create' | 'delete',
  binding: s.RouteBinding,
  spaceGuid: string,
  caller: Caller,
): void {
  const target = { guid: binding.guid, type: 'service_route_binding', name: '' };
  const data = { route_guid: binding.routeGuid, service_instance_guid: binding.instanceGuid };
  auditOf(core, `audit.service_route_binding.${what}`, caller, target, spaceGuid, data);
}

function remove(call: Call, core: Core): Answer {
  const binding = find(call, core);
  if (isBusy(binding) && binding.lastOperation.type !== 'create') {
    throw unprocessable('There is an operation in progress for the service binding.');
  }
  if (core.store.serviceInstances.get(binding.instanceGuid)?.planGuid === undefined) {
    void unbindRoute(core, binding, call.caller);
    return { status: 204 };
  }
  return accept(core, 'service_route_bindings.delete', about(binding), (job) =>
    unbindRoute(core, binding, call.caller, job),
  );
}

function parameters(call: Call, core: Core): Answer {
  const binding = find(call, core);
  const instance = core.store.serviceInstances.get(binding.instanceGuid);
  if (!instance || instance.planGuid === undefined) {
    throw badRequest('user provided service instances do not support fetching route bindings parameters.');
  }
  if (!offeringOf(core, instance)?.bindingsRetrievable) {
    throw badRequest('this service does not support fetching route bindings parameters.');
  }
  return { status: 200, body: binding.parameters };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/service_route_bindings', (call, core) => list(call, core.api, listing(core))),
  row('POST', '/v3/service_route_bindings', create),
  row('GET', '/v3/service_route_bindings/:guid', (call, core) => {
    const binding = find(call, core);
    const included = include(call.query.get('include'), [binding], listing(core));
    return {
      status: 200,
      body: { ...presentRouteBinding(core, binding), ...(included ? { included } : {}) },
    };
  }),
  row('PATCH', '/v3/service_route_bindings/:guid', async (call, core) => {
    const binding = find(call, core);
    const body = await call.json();
    onlyFields(body, ['metadata']);
    mergeMetadata(binding, body.metadata);
    core.store.touch(binding);
    return { status: 200, body: presentRouteBinding(core, binding) };
  }),
  row('DELETE', '/v3/service_route_bindings/:guid', remove),
  row('GET', '/v3/service_route_bindings/:guid/parameters', parameters),
];
