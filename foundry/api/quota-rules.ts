import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { ApiError, unprocessable } from './errors.js';

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
  const tasks = [...core.store.tasks.all()].filter(
    (t) => isRunning(t) && spaces.has(core.store.apps.get(t.appGuid)?.spaceGuid ?? ''),
  );
  for (const task of tasks) count.memory += task.memoryMb;
  const routes = core.store.routes.where((route) => spaces.has(route.spaceGuid));
  return {
    started_instances: count.instances,
    memory_in_mb: count.memory,
    routes: routes.length,
    service_instances: core.store.serviceInstances.where(
      (i) => i.planGuid !== undefined && spaces.has(i.spaceGuid),
    ).length,
    reserved_ports: routes.filter((route) => route.port !== undefined).length,
    domains: core.store.domains.where((d) => d.organizationGuid !== undefined).length,
    per_app_tasks: tasks.length,
    service_keys: core.store.bindings.where(
      (b) =>
        b.appGuid === undefined &&
        spaces.has(core.store.serviceInstances.get(b.instanceGuid)?.spaceGuid ?? ''),
    ).length,
  };
}

const isRunning = ({ state }: r.Task) => state === 'RUNNING' || state === 'CANCELING';

interface Ceiling {
  limits: r.Limits;
  used: Record<string, number>;
  /** Of the started processes that have a limit. */
  logRateBps: number;
  /** Of the organization or the space. */
  name: string;
  space: boolean;
}

function ceilings(core: Core, app: r.App): Ceiling[] {
  const space = core.store.spaces.get(app.spaceGuid);
  if (!space) return [];
  const organization = core.store.organizationOf(space);
  const ceiling = (quotaGuid: string | undefined, name: string, isSpace: boolean): Ceiling[] => {
    const quota = quotaGuid === undefined ? undefined : core.store.quotas.get(quotaGuid);
    if (!quota) return [];
    const test = (s: r.Space) => (isSpace ? s.guid === space.guid : s.organizationGuid === organization.guid);
    const logRateBps = logRateUsed(core, test);
    return [{ limits: quota.limits, used: usage(core, test), logRateBps, name, space: isSpace }];
  };
  return [
    ...ceiling(organization.quotaGuid, organization.name, false),
    ...ceiling(space.quotaGuid, space.name, true),
  ];
}

function logRateUsed(core: Core, test: (space: r.Space) => boolean): number {
  let used = 0;
  for (const app of core.store.apps.all()) {
    const space = core.store.spaces.get(app.spaceGuid);
    if (app.state !== 'STARTED' || !space || !test(space)) continue;
    for (const p of core.store.processes.of(app.guid)) used += p.instances * Math.max(0, p.logRateBps);
  }
  return used;
}

/** What changes add to the started processes. */
export interface Additions {
  memoryMb: number;
  instances: number;
  /** The largest size of one instance that is new; 0: none is. */
  processMemoryMb: number;
  /** Infinity: without a limit. */
  logRateBps: number;
}

/** Without `before` the process is started. */
export function additions(...changes: readonly { before?: r.Process; after: r.Process }[]): Additions {
  const sum: Additions = { memoryMb: 0, instances: 0, processMemoryMb: 0, logRateBps: 0 };
  for (const { before, after } of changes) {
    const instances = before?.instances ?? 0;
    sum.instances += after.instances - instances;
    sum.memoryMb += after.instances * after.memoryMb - instances * (before?.memoryMb ?? 0);
    if (after.memoryMb > (before?.memoryMb ?? 0)) {
      sum.processMemoryMb = Math.max(sum.processMemoryMb, after.memoryMb);
    }
    const isLoggingMore = before?.instances !== after.instances || before.logRateBps !== after.logRateBps;
    if (isLoggingMore)
      sum.logRateBps += logRate(after) - (before ? Math.max(0, before.logRateBps) * instances : 0);
  }
  return sum;
}

function logRate(process: r.Process): number {
  return process.logRateBps < 0 ? Number.POSITIVE_INFINITY : process.instances * process.logRateBps;
}

/**
 * Throws 422 with the platform's text when a quota does not hold what is added. The count of instances is also held against the
 * quota when nothing is added (CC max_app_instances_policy.rb): whoever is over it cannot even scale down to above it.
 */
export function checkQuota(core: Core, app: r.App, adds: Additions): void {
  for (const { limits, used, logRateBps, name, space } of ceilings(core, app)) {
    const over = (limit: number | null, now: number, add: number) =>
      limit !== null && add > 0 && now + add > limit;
    if (over(limits.totalMemoryMb, used.memory_in_mb ?? 0, adds.memoryMb)) {
      throw unprocessable(space ? 'memory space_quota_exceeded' : 'memory quota_exceeded');
    }
    const { totalInstances } = limits;
    if (totalInstances !== null && (used.started_instances ?? 0) + adds.instances > totalInstances) {
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
    const whose = space ? 'space' : 'organization';
    if (limits.logRateBps !== null && adds.logRateBps === Number.POSITIVE_INFINITY) {
      throw unprocessable(`log_rate_limit cannot be unlimited in ${whose} '${name}'.`);
    }
    if (over(limits.logRateBps, logRateBps, adds.logRateBps)) {
      throw unprocessable(`log_rate_limit exceeds ${whose} log rate quota`);
    }
  }
}

/** Below this nobody looks at quotas (minimum_staging_memory_mb). */
const STAGING_MB = 1024;

/**
 * Memory of a staging, MiB: as much as is asked for, else as the newest web process has, at the least 1,024. Throws 422 when there is
 * no room for it; a staging that asks for less than the least is let through (CC quota_validating_staging_memory_calculator.rb).
 */
export function stagingMemory(core: Core, app: r.App, asked: number | undefined): number {
  const memoryMb = asked ?? core.store.process(app.guid, 'web')?.memoryMb ?? 0;
  if (memoryMb < STAGING_MB) return STAGING_MB;
  const spaceFirst = ceilings(core, app).reverse();
  for (const { limits, used, space } of spaceFirst) {
    if (limits.totalMemoryMb === null || (used.memory_in_mb ?? 0) + memoryMb <= limits.totalMemoryMb)
      continue;
    const whose = space ? 'space' : 'organization';
    throw unprocessable(`${whose}'s memory limit exceeded: staging requires ${memoryMb}M memory`);
  }
  return memoryMb;
}

/** Throws 422 when one more task, its memory, or its log lines (CC max_log_rate_limit_policy.rb) do not fit. All that run or wait are counted, of whatever app. */
export function checkTaskQuota(core: Core, app: r.App, { memoryMb, logRateBps }: r.Task): void {
  for (const { limits, used, name, space, ...counted } of ceilings(core, app)) {
    const whose = space ? 'space' : 'organization';
    if (limits.totalMemoryMb !== null && (used.memory_in_mb ?? 0) + memoryMb > limits.totalMemoryMb) {
      throw unprocessable(`memory_in_mb exceeds ${whose} memory quota`);
    }
    if (limits.perProcessMemoryMb !== null && memoryMb > limits.perProcessMemoryMb) {
      throw unprocessable(`memory_in_mb exceeds ${whose} instance memory quota`);
    }
    if (limits.perAppTasks !== null && (used.per_app_tasks ?? 0) >= limits.perAppTasks) {
      throw unprocessable('app_task_limit quota exceeded');
    }
    if (limits.logRateBps !== null && logRateBps < 0)
      throw unprocessable(`log_rate_limit cannot be unlimited in ${whose} '${name}'.`);
    if (limits.logRateBps !== null && counted.logRateBps + logRateBps > limits.logRateBps)
      throw unprocessable(`log_rate_limit exceeds ${whose} log rate quota`);
  }
}

/** Throws 422 when one more route does not fit. @param isTcp it takes a port */
export function checkRouteQuota(core: Core, space: r.Space, isTcp: boolean): void {
  const routes = fullOne(core, space, 'totalRoutes', 'routes');
  if (routes) throw unprocessable(`Routes quota exceeded for ${routes}.`);
  const ports = isTcp ? fullOne(core, space, 'totalReservedPorts', 'reserved_ports') : undefined;
  if (ports) throw unprocessable(`Reserved route ports quota exceeded for ${ports}.`);
}

/** Throws when a broker may make no more instances (CC service_instance_create.rb). */
export function checkServiceQuota(core: Core, space: r.Space): void {
  const full = fullOne(core, space, 'totalServiceInstances', 'service_instances');
  if (full === undefined) return;
  if (full.startsWith('space'))
    throw new ApiError(400, 60_012, 'CF-ServiceInstanceSpaceQuotaExceeded', serviceText('space'));
  throw new ApiError(400, 60_005, 'CF-ServiceInstanceQuotaExceeded', serviceText('organization'));
}

const serviceText = (whose: string) => `You have exceeded your ${whose}'s services limit.`;

/** @returns the space or organization, with its name, that has no room for one more */
function fullOne(core: Core, space: r.Space, limit: keyof r.Limits, figure: string): string | undefined {
  const organization = core.store.organizationOf(space);
  const isFull = (quotaGuid: string | undefined, test: (s: r.Space) => boolean): boolean => {
    const most = quotaGuid === undefined ? null : (core.store.quotas.get(quotaGuid)?.limits[limit] ?? null);
    return most !== null && (usage(core, test)[figure] ?? 0) + 1 > most;
  };
  if (isFull(space.quotaGuid, (s) => s.guid === space.guid)) return `space '${space.name}'`;
  if (isFull(organization.quotaGuid, (s) => s.organizationGuid === organization.guid))
    return `organization '${organization.name}'`;
  return undefined;
}
