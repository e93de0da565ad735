/** How much the organization and the space may use, and how much they do (platform facts A6). */
import type { Quota, QuotaFigures, Target } from '../model/cloud.js';
import { PlatformRefusal } from '../model/errors.js';
import type { Platform } from './calls.js';
import { Fields, present, related } from './json.js';
import type { Requests } from './request.js';

export function quotaCalls(requests: Requests): Pick<Platform, 'quotas'> {
  const read = async (path: string) => Fields.of(await requests.read(path), 'quota');

  async function quotaOf(of: Quota['of'], guid: string, name: string): Promise<Quota | undefined> {
    const owner = await read(`/v3/${of}s/${guid}`);
    const quotaGuid = related(owner, 'quota');
    if (quotaGuid === undefined) return undefined;
    const [quota, summary] = await Promise.all([
      read(`/v3/${of}_quotas/${quotaGuid}`),
      orNone(() => read(`/v3/${of}s/${guid}/usage_summary`)),
    ]);
    const limits = limitsOf(quota);
    const used = summary?.object('usage_summary');
    // No summary tells the log rate, and before 3.199 there is none of a space.
    const counted =
      !used || limits.logRateBps !== undefined ? await countProcesses(`${of}_guids`, guid) : undefined;
    const memoryMb = used ? used.number('memory_in_mb') : (counted?.memoryMb ?? 0);
    const instances = used ? used.number('started_instances') : (counted?.instances ?? 0);
    // Platforms that tell memory and instances only: as good as none, the platform has the last word.
    const told = (key: string) => used?.maybeNumber(key) ?? 0;
    return {
      of,
      name,
      limits,
      used: {
        memoryMb,
        instances,
        logRateBps: counted?.logRateBps ?? 0,
        routes: told('routes'),
        ports: told('reserved_ports'),
        services: told('service_instances'),
        tasks: told('per_app_tasks'),
      },
    };
  }

  /** What the started apps have, as far as this sign-in may see them. */
  async function countProcesses(filter: string, guid: string) {
    const query = { [filter]: guid };
    const [apps, processes] = await Promise.all([
      requests.list('/v3/apps', query, (app) => ({ guid: app.text('guid'), state: app.text('state') })),
      requests.list('/v3/processes', query, (process) => ({
        app: related(process, 'app'),
        instances: process.number('instances'),
        memoryMb: process.number('memory_in_mb'),
        logRateBps: process.maybeNumber('log_rate_limit_in_bytes_per_second') ?? -1,
      })),
    ]);
    const started = new Set(apps.filter(({ state }) => state === 'STARTED').map((app) => app.guid));
    const own = processes.filter(({ app }) => app !== undefined && started.has(app));
    const sum = (of: (one: (typeof own)[number]) => number) => own.reduce((all, one) => all + of(one), 0);
    return {
      instances: sum((one) => one.instances),
      memoryMb: sum((one) => one.instances * one.memoryMb),
      logRateBps: sum((one) => one.instances * Math.max(0, one.logRateBps)),
    };
  }

  return {
    async quotas({ orgGuid, org, spaceGuid, space }: Target) {
      const found = await Promise.all([
        unlessHidden(() => quotaOf('organization', orgGuid, org)),
        unlessHidden(() => quotaOf('space', spaceGuid, space)),
      ]);
      return {
        quotas: found.flatMap((one) => (typeof one === 'object' ? one : [])),
        unknown: found.includes('hidden'),
      };
    },
  };
}

function limitsOf(quota: Fields): Quota['limits'] {
  const apps = quota.object('apps');
  const routes = quota.object('routes');
  const limits: { [Figure in keyof QuotaFigures | 'instanceMb']: number | undefined } = {
    memoryMb: apps.maybeNumber('total_memory_in_mb'),
    instanceMb: apps.maybeNumber('per_process_memory_in_mb'),
    instances: apps.maybeNumber('total_instances'),
    logRateBps: apps.maybeNumber('log_rate_limit_in_bytes_per_second'),
    tasks: apps.maybeNumber('per_app_tasks'),
    routes: routes.maybeNumber('total_routes'),
    ports: routes.maybeNumber('total_reserved_ports'),
    services: quota.maybeObject('services')?.maybeNumber('total_service_instances'),
  };
  return present<Quota['limits']>(limits);
}

async function orNone<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PlatformRefusal && error.status === 404) return undefined;
    throw error;
  }
}

/** Not every role may read a quota. */
async function unlessHidden<T>(look: () => Promise<T>): Promise<T | 'hidden'> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PlatformRefusal && [403, 404].includes(error.status)) return 'hidden';
    throw error;
  }
}
