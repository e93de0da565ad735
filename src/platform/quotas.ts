/** How much the organization and the space may use, and how much they do (platform facts A6). */
import type { Quota, Target } from '../model/cloud.js';
import { PlatformRefusal } from '../model/errors.js';
import type { Platform } from './calls.js';
import { Fields, related } from './json.js';
import type { Requests } from './request.js';

export function quotaCalls(requests: Requests): Pick<Platform, 'quotas'> {
  const read = async (path: string) => Fields.of(await requests.read(path), 'quota');

  async function quotaOf(of: Quota['of'], guid: string, name: string): Promise<Quota | undefined> {
    const owner = await read(`/v3/${of}s/${guid}`);
    const quotaGuid = related(owner, 'quota');
    if (quotaGuid === undefined) return undefined;
    const [quota, summary] = await Promise.all([
      read(`/v3/${of}_quotas/${quotaGuid}`),
      read(`/v3/${of}s/${guid}/usage_summary`),
    ]);
    const apps = quota.object('apps');
    const used = summary.object('usage_summary');
    return {
      of,
      name,
      limits: defined({
        memoryMb: apps.maybeNumber('total_memory_in_mb'),
        instanceMb: apps.maybeNumber('per_process_memory_in_mb'),
        instances: apps.maybeNumber('total_instances'),
        routes: quota.object('routes').maybeNumber('total_routes'),
        ports: quota.object('routes').maybeNumber('total_reserved_ports'),
      }),
      used: {
        memoryMb: used.number('memory_in_mb'),
        instances: used.number('started_instances'),
        // Platforms that tell memory and instances only: as good as none, the platform has the last word.
        routes: used.maybeNumber('routes') ?? 0,
        ports: used.maybeNumber('reserved_ports') ?? 0,
      },
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

function defined<T extends Record<string, number | undefined>>(limits: T): { [K in keyof T]?: number } {
  const entries = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: number };
}

/** Not every role may read a quota, and platforms before 3.199 have no usage of a space. */
async function unlessHidden<T>(look: () => Promise<T>): Promise<T | 'hidden'> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PlatformRefusal && [403, 404].includes(error.status)) return 'hidden';
    throw error;
  }
}
