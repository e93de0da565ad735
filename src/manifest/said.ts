/** All that the manifest says of one app, as data: what is compared with live. */
import { createHash } from 'node:crypto';
import type { Manifest } from './manifest.js';
import { fillIn, namesVariable } from './variables.js';
import { readYaml } from './yaml.js';

export interface Said {
  /** Variables filled in: it holds secrets. */
  data: Readonly<Record<string, unknown>>;
  /** As it is written, without the values of `env` and of parameters of services: whoever may read annotations may know it. */
  hash: string;
  /** Keys of which some value comes from a variable. */
  varying: readonly string[];
}

/** Throws `Error` when the manifest has no such app. */
export function saidOf(manifest: Pick<Manifest, 'file' | 'text' | 'variables'>, app: string): Said {
  const yaml = readYaml(manifest.file, manifest.text);
  const items = yaml.items(yaml.entries(yaml.root)?.get('applications')?.value) ?? [];
  for (const item of items) {
    const written = yaml.value(item) as Record<string, unknown>;
    const data = fillIn(written, manifest.variables) as Record<string, unknown>;
    if (String(data.name) !== app) continue;
    const varying = Object.entries(written).filter(([, value]) => namesVariable(value));
    return { data, hash: hashOf(written), varying: varying.map(([key]) => key) };
  }
  throw new Error(`no app ${app} in ${manifest.file}`);
}

function hashOf(written: Readonly<Record<string, unknown>>): string {
  const { env, services, ...open } = written;
  const shown = {
    ...open,
    env: isMap(env) ? Object.keys(env) : null,
    services: Array.isArray(services)
      ? services.map((one) => (isMap(one) ? { ...one, parameters: isMap(one.parameters) } : one))
      : null,
  };
  return createHash('sha256')
    .update(JSON.stringify(sorted(shown)))
    .digest('hex');
}

/** The order of keys means nothing. */
function sorted(data: unknown): unknown {
  if (typeof data === 'bigint') return String(data);
  if (Array.isArray(data)) return data.map(sorted);
  if (!isMap(data)) return data;
  return Object.fromEntries(
    Object.keys(data)
      .sort()
      .map((key) => [key, sorted(data[key])]),
  );
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
