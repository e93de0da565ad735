/** The manifest of a preview: what the user's manifest says, under another name and address, and small. Pure. */
import { dirname, relative, resolve } from 'node:path';
import { type Data, dataOf, quoted } from './candidate.js';
import { ROUTE_KEYS } from './edit.js';
import { type Manifest, readManifest } from './manifest.js';
import { fillIn } from './variables.js';

export interface PreviewWish {
  /** Name in the user's manifest. */
  app: string;
  /** Name of the preview's app. */
  name: string;
  /** `host.domain`; undefined: none, as the manifest has none. */
  route?: string;
  /** `one`: no process has more than one instance; else as many as the manifest says. */
  instances: 'one' | 'manifest';
  /** By the name that the manifest binds: the instance that is bound instead; null: none. Others are bound as they are named. */
  services: ReadonlyMap<string, string | null>;
}

/**
 * @param workspace absolute
 * @returns the manifest with these apps alone; nothing of it is live's: neither a name nor a route
 * @throws Error when the manifest has no such app
 */
export function previewManifest(
  manifest: Manifest,
  wishes: readonly PreviewWish[],
  workspace: string,
): Manifest {
  const applications = wishes.map((wish) => asPreview(manifest, wish, workspace));
  const { file, variables: vars } = manifest;
  const text = quoted({ applications });
  return { ...readManifest({ file, text, varsFiles: [], vars, workspace }), secrets: manifest.secrets };
}

function asPreview(manifest: Manifest, wish: PreviewWish, workspace: string): Data {
  const { app, name, route } = wish;
  const data = dataOf(manifest, app);
  const path = manifest.apps.find((one) => one.name === app)?.path;
  const kept = Object.fromEntries(Object.entries(data).filter(([key]) => !ROUTE_KEYS.includes(key)));
  const one = wish.instances === 'one';
  return {
    ...kept,
    name,
    ...(route === undefined ? { 'no-route': true } : { routes: [{ route }] }),
    // Another machine has the same bits at another place.
    ...(path === undefined
      ? {}
      : { path: relative(dirname(resolve(workspace, manifest.file)), path) || '.' }),
    ...(one && 'instances' in kept ? { instances: atMostOne(kept.instances, manifest) } : {}),
    ...(one && Array.isArray(kept.processes)
      ? { processes: kept.processes.map((process) => smaller(process as Data, manifest)) }
      : {}),
    ...(Array.isArray(kept.services)
      ? { services: kept.services.flatMap((service) => bound(service, wish.services, manifest)) }
      : {}),
  };
}

function smaller(process: Data, manifest: Manifest): Data {
  return 'instances' in process ? { ...process, instances: atMostOne(process.instances, manifest) } : process;
}

/** None stays none: a process that the manifest switches off is not wanted in a preview either. */
function atMostOne(instances: unknown, { variables }: Manifest): number {
  return Math.min(1, Number(fillIn(instances ?? 1, variables)));
}

/** An instance of the preview's own is found in the app under the name that the app knows. */
function bound(service: unknown, instead: PreviewWish['services'], { variables }: Manifest): readonly Data[] {
  const written: Data =
    typeof service === 'object' && service !== null ? (service as Data) : { name: service };
  const known = String(fillIn(written.name, variables));
  const instance = instead.get(known);
  if (instance === null) return [];
  if (instance === undefined) return [written];
  return [{ binding_name: known, ...written, name: instance }];
}
