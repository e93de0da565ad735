import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { notFound } from './errors.js';
import { list } from './list.js';
import { head, links } from './present.js';
import { type Row, row } from './table.js';

type Kind = r.Quota['kind'];

function presentQuota(core: Core, q: r.Quota): Record<string, unknown> {
  const { limits } = q;
  const users =
    q.kind === 'organization'
      ? core.store.organizations.where((o) => o.quotaGuid === q.guid)
      : core.store.spaces.where((s) => s.quotaGuid === q.guid);
  const data = users.map((x) => ({ guid: x.guid }));
  return {
    ...head(q),
    name: q.name,
    apps: {
      total_memory_in_mb: limits.totalMemoryMb,
      per_process_memory_in_mb: limits.perProcessMemoryMb,
      total_instances: limits.totalInstances,
      per_app_tasks: limits.perAppTasks,
      log_rate_limit_in_bytes_per_second: limits.logRateBps,
    },
    services: {
      paid_services_allowed: true,
      total_service_instances: limits.totalServiceInstances,
      total_service_keys: null,
    },
    routes: { total_routes: limits.totalRoutes, total_reserved_ports: limits.totalReservedPorts },
    ...(q.kind === 'organization' ? { domains: { total_domains: null } } : {}),
    relationships:
      q.kind === 'organization'
        ? { organizations: { data } }
        : { organization: { data: { guid: q.organizationGuid } }, spaces: { data } },
    links: links(core, { self: `/v3/${q.kind}_quotas/${q.guid}` }),
  };
}

function rowsOf(kind: Kind, title: string): Row[] {
  return [
    row('GET', `/v3/${kind}_quotas`, (call, core) =>
      list(call, core.api, {
        rows: core.store.quotas.where((q) => q.kind === kind),
        present: (q) => presentQuota(core, q),
        filters: { names: (q) => q.name },
        noSelector: true,
      }),
    ),
    row('GET', `/v3/${kind}_quotas/:guid`, (call, core) => {
      const quota = core.store.quotas.get(call.params.guid ?? '');
      if (quota?.kind !== kind) throw notFound(title);
      return { status: 200, body: presentQuota(core, quota) };
    }),
  ];
}

export const rows: readonly Row[] = [
  ...rowsOf('organization', 'Organization quota'),
  ...rowsOf('space', 'Space quota'),
];
