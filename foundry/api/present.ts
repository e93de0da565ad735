import type * as r from '../state/records.js';
import type { Core } from './core.js';

/** ISO 8601 with whole seconds, as the platform writes every time. */
export function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** What every resource begins with. */
export function head(row: r.Base): { guid: string; created_at: string; updated_at: string } {
  return { guid: row.guid, created_at: iso(row.createdMs), updated_at: iso(row.updatedMs) };
}

export function metadata(row: r.Base): { labels: object; annotations: object } {
  return { labels: row.metadata.labels, annotations: row.metadata.annotations };
}

export const to = (guid: string) => ({ data: { guid } });

/** A `links` object: name -> path, or [path, method]. */
export function links(
  core: Core,
  paths: Readonly<Record<string, string | readonly [string, string]>>,
): Record<string, { href: string; method?: string }> {
  const made: Record<string, { href: string; method?: string }> = {};
  for (const [name, path] of Object.entries(paths)) {
    made[name] =
      typeof path === 'string' ? { href: core.api + path } : { href: core.api + path[0], method: path[1] };
  }
  return made;
}
