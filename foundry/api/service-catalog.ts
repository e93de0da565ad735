import type * as s from '../state/service-records.js';
import type { Core } from './core.js';
import { notFound } from './errors.js';
import { list } from './list.js';
import { head, links, metadata, to } from './present.js';
import { type Row, row } from './table.js';

/** One broker stands behind every offering. */
export const BROKER = { guid: '5e0c6f0a-91f3-4d0e-8f5b-7a1f3b9f2c11', name: 'marketplace' };

export function presentOffering(core: Core, o: s.ServiceOffering): Record<string, unknown> {
  return {
    ...head(o),
    name: o.name,
    description: o.description,
    available: true,
    tags: o.tags,
    requires: o.requires,
    shareable: true,
    documentation_url: '',
    broker_catalog: {
      id: o.guid,
      metadata: { shareable: true },
      features: {
        plan_updateable: true,
        bindable: true,
        instances_retrievable: o.instancesRetrievable,
        bindings_retrievable: o.bindingsRetrievable,
        allow_context_updates: false,
      },
    },
    relationships: { service_broker: to(BROKER.guid) },
    metadata: metadata(o),
    links: links(core, {
      self: `/v3/service_offerings/${o.guid}`,
      service_plans: `/v3/service_plans?service_offering_guids=${o.guid}`,
      service_broker: `/v3/service_brokers/${BROKER.guid}`,
    }),
  };
}

export function presentPlan(core: Core, p: s.ServicePlan): Record<string, unknown> {
  return {
    ...head(p),
    name: p.name,
    visibility_type: 'public',
    available: true,
    free: true,
    costs: [],
    description: '',
    maintenance_info: {},
    broker_catalog: {
      id: p.guid,
      metadata: {},
      maximum_polling_duration: null,
      features: { bindable: true, plan_updateable: true },
    },
    schemas: {
      service_instance: { create: { parameters: {} }, update: { parameters: {} } },
      service_binding: { create: { parameters: {} } },
    },
    relationships: { service_offering: to(p.offeringGuid) },
    metadata: metadata(p),
    links: links(core, {
      self: `/v3/service_plans/${p.guid}`,
      service_offering: `/v3/service_offerings/${p.offeringGuid}`,
      visibility: `/v3/service_plans/${p.guid}/visibility`,
    }),
  };
}

export function presentBroker(core: Core): Record<string, unknown> {
  return {
    guid: BROKER.guid,
    name: BROKER.name,
    url: 'https://marketplace.localhost',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    relationships: {},
    metadata: { labels: {}, annotations: {} },
    links: links(core, { self: `/v3/service_brokers/${BROKER.guid}` }),
  };
}

/** Everything is available everywhere: who asks for a space or an organization is told the same. */
const ANYWHERE = ['space_guids', 'organization_guids', 'available', 'service_broker_guids', 'fields'];

export const rows: readonly Row[] = [
  row('GET', '/v3/service_offerings', (call, core) => {
    const answer = list(call, core.api, {
      rows: core.store.serviceOfferings.all(),
      present: (o) => presentOffering(core, o),
      filters: { names: (o) => o.name, service_broker_names: () => BROKER.name },
      orderBy: { name: (o) => o.name },
      accepts: ANYWHERE,
    });
    const isAsked = [...call.query.keys()].some((key) => key.startsWith('fields['));
    if (isAsked)
      Object.assign(answer.body as object, { included: { service_brokers: [presentBroker(core)] } });
    return answer;
  }),
  row('GET', '/v3/service_offerings/:guid', (call, core) => {
    const found = core.store.serviceOfferings.get(call.params.guid ?? '');
    if (!found) throw notFound('Service offering');
    return { status: 200, body: presentOffering(core, found) };
  }),
  row('GET', '/v3/service_plans', (call, core) => {
    const offering = (p: s.ServicePlan) => core.store.serviceOfferings.get(p.offeringGuid);
    return list(call, core.api, {
      rows: core.store.servicePlans.all(),
      present: (p) => presentPlan(core, p),
      filters: {
        names: (p) => p.name,
        service_offering_guids: (p) => p.offeringGuid,
        service_offering_names: (p) => offering(p)?.name ?? null,
        service_broker_names: () => BROKER.name,
        service_instance_guids: (p) =>
          core.store.serviceInstances.where((i) => i.planGuid === p.guid).map((i) => i.guid),
      },
      orderBy: { name: (p) => p.name },
      include: {
        service_offering: (plans) => ({
          service_offerings: [...new Set(plans.map(offering))]
            .filter((o) => o !== undefined)
            .map((o) => presentOffering(core, o)),
        }),
        'space.organization': () => ({ spaces: [], organizations: [] }),
      },
      accepts: ANYWHERE,
    });
  }),
  row('GET', '/v3/service_plans/:guid', (call, core) => {
    const found = core.store.servicePlans.get(call.params.guid ?? '');
    if (!found) throw notFound('Service plan');
    return { status: 200, body: presentPlan(core, found) };
  }),
  row('GET', '/v3/service_brokers', (_call, core) => ({
    status: 200,
    body: {
      pagination: { total_results: 1, total_pages: 1, first: null, last: null, next: null, previous: null },
      resources: [presentBroker(core)],
    },
  })),
  row('GET', '/v3/service_brokers/:guid', (call, core) => {
    if (call.params.guid !== BROKER.guid) throw notFound('Service broker');
    return { status: 200, body: presentBroker(core) };
  }),
];
