import { isDeepStrictEqual } from 'node:util';
import { sizeBytes } from './manifest-read.js';
import { isObject } from './metadata.js';

export interface Difference {
  op: 'add' | 'remove' | 'replace';
  path: string;
  was?: unknown;
  value?: unknown;
}

/** What identifies an entry of these lists; the others are compared by position. */
const IDENTITY: Readonly<Record<string, string>> = { processes: 'type', routes: 'route', sidecars: 'name' };
const SIZES = ['memory', 'disk_quota', 'disk-quota', 'log-rate-limit-per-second'];
/** Of the client alone; the platform does not know them. */
const CLIENT_ONLY = ['path', 'inherit'];

/**
 * What a manifest would change in an app as `showManifest` gives it (undefined: it is new). Only what the manifest names is
 * compared.
 */
export function diffApp(
  index: number,
  wanted: Readonly<Record<string, unknown>>,
  existing: Readonly<Record<string, unknown>> | undefined,
): Difference[] {
  const web = Array.isArray(existing?.processes)
    ? existing.processes.find((p) => isObject(p) && p.type === 'web')
    : {};
  const flat: Record<string, unknown> = { ...existing, ...(isObject(web) ? web : {}) };
  const found: Difference[] = [];
  for (const [key, value] of Object.entries(wanted)) {
    if (CLIENT_ONLY.includes(key)) continue;
    compare(`/applications/${index}/${key}`, key, flat[key], value, found);
  }
  return found;
}

function compare(path: string, key: string, was: unknown, value: unknown, found: Difference[]): void {
  if (was === undefined || was === null) {
    found.push({ op: 'add', path, value });
    return;
  }
  const identity = IDENTITY[key];
  if (identity !== undefined && Array.isArray(was) && Array.isArray(value)) {
    compareNamed(path, identity, was, value, found);
    return;
  }
  if (isObject(was) && isObject(value)) {
    for (const [name, inner] of Object.entries(value))
      compare(`${path}/${name}`, name, was[name], inner, found);
    return;
  }
  const equal = SIZES.includes(key)
    ? sizeBytes(was) === sizeBytes(value)
    : isDeepStrictEqual(was, value) || String(was) === String(value);
  if (!equal) found.push({ op: 'replace', path, was, value });
}

function compareNamed(
  path: string,
  identity: string,
  was: unknown[],
  value: unknown[],
  found: Difference[],
): void {
  value.forEach((entry, i) => {
    if (!isObject(entry)) return;
    const before = was.find((x) => isObject(x) && x[identity] === entry[identity]);
    if (!isObject(before)) {
      found.push({ op: 'add', path: `${path}/${i}`, value: entry });
      return;
    }
    for (const [name, inner] of Object.entries(entry)) {
      compare(`${path}/${i}/${name}`, name, before[name], inner, found);
    }
  });
}
