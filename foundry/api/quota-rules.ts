import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { unprocessable } from './errors.js';

/** What the spaces that pass use now, as in `usage_summary`. Counted are the processes of started apps. */
export function usage(core: Core, test: (space: r.Space) => boolean): Record<string, number> {
  const spaces = new Set(core.store.spaces.where(test).map((s) => s.guid));
  const count = { instances: 0, memory: 0 };
  for (const app of core.store.apps.all()) {
    if (app.state !== 'STARTED' || !spaces.has(app.spaceGuid)) continue;
    for (const process of core.store.processes.of(app.guid)) {
      count.instances += process.instances;
      count.memory += process.instances * process.memoryMb;
    }
  }
  let routes = 0;
  for (const route of core.store.routes.all()) if (spaces.has(route.spaceGuid)) routes += 1;
  return {
    started_instances: count.instances,
    memory_in_mb: count.memory,
    routes,
    service_instances: 0,
    reserved_ports: 0,
    domains: core.store.domains.where((d) => d.organizationGuid !== undefined).length,
    per_app_tasks: 0,
    service_keys: 0,
  };
}

interface Ceiling {
  limits: r.Limits;
  used: Record<string, number>;
  space: boolean;
}

function ceilings(core: Core, app: r.App): Ceiling[] {
  const space = core.store.spaces.get(app.spaceGuid);
  if (!space) return [];
  const organization = core.store.organizationOf(space);
  const found: Ceiling[] = [];
  const forOrganization = core.store.quotas.get(organization.quotaGuid);
  if (forOrganization) {
    const used = usage(core, (s) => s.organizationGuid === organization.guid);
    found.push({ limits: forOrganization.limits, used, space: false });
  }
  const forSpace = space.quotaGuid === undefined ? undefined : core.store.quotas.get(space.quotaGuid);
  if (forSpace) {
    found.push({ limits: forSpace.limits, used: usage(core, (s) => s.guid === space.guid), space: true });
  }
  return found;
}

/** What a change adds to the started processes. Throws 422 with the platform's text when a quota does not hold it. */
export function checkQuota(
  core: Core,
  app: r.App,
  adds: { memoryMb: number; instances: number; processMemoryMb: number },
): void {
  for (const { limits, used, space } of ceilings(core, app)) {
    const over = (limit: number | null, now: number, add: number) =>
      limit !== null && add > 0 && now + add > limit;
    if (over(limits.totalMemoryMb, used.memory_in_mb ?? 0, adds.memoryMb)) {
      throw unprocessable(space ? 'memory space_quota_exceeded' : 'memory quota_exceeded');
    }
    if (over(limits.totalInstances, used.started_instances ?? 0, adds.instances)) {
      throw unprocessable(
        space
          ? 'app_instance_limit space_app_instance_limit_exceeded'
          : 'app_instance_limit app_instance_limit_exceeded',
      );
    }
    if (limits.perProcessMemoryMb !== null && adds.processMemoryMb > limits.perProcessMemoryMb) {
      throw unprocessable(
        space ? 'memory space_instance_memory_limit_exceeded' : 'memory instance_memory_limit_exceeded',
      );
    }
  }
}

/** Throws 422 when one more route does not fit. */
export function checkRouteQuota(core: Core, space: r.Space): void {
  const organization = core.store.organizationOf(space);
  const full = (quotaGuid: string | undefined, test: (s: r.Space) => boolean): boolean => {
    const limit =
      quotaGuid === undefined ? null : (core.store.quotas.get(quotaGuid)?.limits.totalRoutes ?? null);
    return limit !== null && (usage(core, test).routes ?? 0) + 1 > limit;
  };
  if (full(space.quotaGuid, (s) => s.guid === space.guid)) {
    throw unprocessable(`Routes quota exceeded for space '${space.name}'.`);
  }
  if (full(organization.quotaGuid, (s) => s.organizationGuid === organization.guid)) {
    throw unprocessable(`Routes quota exceeded for organization '${organization.name}'.`);
  }
}
