import type * as s from '../state/service-records.js';
import type { Core } from './core.js';
import { head, iso, links, metadata, to } from './present.js';
import { presentBroker, presentOffering, presentPlan } from './service-catalog.js';
import { offeringOf } from './service-operations.js';
import { includedOrganizations, includedSpaces } from './spaces.js';

export function presentOperation(o: s.LastOperation): Record<string, unknown> {
  return {
    type: o.type,
    state: o.state,
    description: o.description,
    created_at: iso(o.createdMs),
    updated_at: iso(o.updatedMs),
  };
}

export function presentInstance(core: Core, i: s.ServiceInstance): Record<string, unknown> {
  const self = `/v3/service_instances/${i.guid}`;
  const usual = {
    self,
    space: `/v3/spaces/${i.spaceGuid}`,
    service_credential_bindings: `/v3/service_credential_bindings?service_instance_guids=${i.guid}`,
    service_route_bindings: `/v3/service_route_bindings?service_instance_guids=${i.guid}`,
  };
  const common = {
    ...head(i),
    name: i.name,
    tags: i.tags,
    last_operation: presentOperation(i.lastOperation),
  };
  if (i.planGuid === undefined) {
    return {
      ...common,
      type: 'user-provided',
      syslog_drain_url: i.syslogDrainUrl,
      route_service_url: i.routeServiceUrl,
      relationships: { space: to(i.spaceGuid) },
      metadata: metadata(i),
      links: links(core, { ...usual, credentials: `${self}/credentials` }),
    };
  }
  return {
    ...common,
    type: 'managed',
    maintenance_info: {},
    upgrade_available: false,
    dashboard_url: null,
    relationships: { space: to(i.spaceGuid), service_plan: to(i.planGuid) },
    metadata: metadata(i),
    links: links(core, {
      ...usual,
      service_plan: `/v3/service_plans/${i.planGuid}`,
      parameters: `${self}/parameters`,
      shared_spaces: `${self}/relationships/shared_spaces`,
    }),
  };
}

/** What `fields[…]` asks for besides the instances: plan, offering, broker, space and organization, each whole. */
export function included(core: Core, query: URLSearchParams, instances: readonly s.ServiceInstance[]) {
  const asked = [...query.keys()].filter((key) => key.startsWith('fields['));
  if (asked.length === 0) return {};
  const plans = [...new Set(instances.map((i) => core.store.servicePlans.get(i.planGuid ?? '')))];
  const offerings = [...new Set(instances.map((i) => offeringOf(core, i)))];
  const spaces = instances.map((i) => i.spaceGuid);
  return {
    included: {
      service_plans: plans.filter((p) => p !== undefined).map((p) => presentPlan(core, p)),
      service_offerings: offerings.filter((o) => o !== undefined).map((o) => presentOffering(core, o)),
      service_brokers: [presentBroker(core)],
      ...includedSpaces(core, spaces),
      ...includedOrganizations(core, spaces),
    },
  };
}
