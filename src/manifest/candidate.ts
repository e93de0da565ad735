/**
 * The manifest for a candidate: the user's text with as little of it changed as can be, so that whatever it says besides name,
 * routes, path and instances reaches the CLI untouched, variables as `((x))`.
 */
import { type Node, stringify } from 'yaml';
import type { FilledBindings } from '../model/intent.js';
import { Edit, escapeLineEnds, ROUTE_KEYS } from './edit.js';
import type { Manifest } from './manifest.js';
import { fillIn } from './variables.js';
import { readYaml, type Yaml } from './yaml.js';

export interface CandidateWish {
  /** Name of the app in the manifest. */
  app: string;
  candidateName: string;
  /** `host.domain`; undefined: none. */
  trialRoute: string | undefined;
  /** By process type; a type that is not here stays as the manifest has it. */
  instances?: Readonly<Record<string, number>>;
  /** By service that the manifest names: what is said of its binding beside what the manifest says. */
  bindings?: FilledBindings;
}

export type Data = Readonly<Record<string, unknown>>;

/**
 * @returns the manifest's text with that app alone; where the text cannot be edited without changing what it means (the app is
 *   an alias, or uses an anchor of another app), the app is written anew
 * @throws Error when the manifest has no such app
 */
export function candidateManifest(manifest: Manifest, wish: CandidateWish): string {
  const { yaml, item } = itemOf(manifest, wish.app);
  const path = manifest.apps.find((app) => app.name === wish.app)?.path;
  const expected = asWished(yaml.value(item) as Data, wish, path, manifest);
  const edited = new Edit(yaml, item, wish, path).text();
  return edited !== undefined && says(edited, expected) ? edited : written(expected);
}

/**
 * @param name of the app in the manifest, and of live
 * @returns what the platform shall apply to live, which keeps its routes, counts and bits: no word of them. Variables are filled in
 * @throws Error when the manifest has no such app
 */
export function liveManifest(manifest: Manifest, name: string): string {
  const { yaml, item } = itemOf(manifest, name);
  const app = fillIn(yaml.value(item), manifest.variables) as Data;
  const without = (data: Data, keys: readonly string[]): Data =>
    Object.fromEntries(Object.entries(data).filter(([key]) => !keys.includes(key)));
  const listed = Array.isArray(app.processes) ? (app.processes as Data[]) : undefined;
  return written({
    ...without(app, [...ROUTE_KEYS, 'instances', 'path', 'docker']),
    ...(listed ? { processes: listed.map((one) => without(one, ['instances'])) } : {}),
  });
}

/**
 * @returns what the platform shall apply to a candidate to which nothing is pushed: as its manifest for the CLI, with variables
 *   filled in and no word of bits
 * @throws Error when the manifest has no such app
 */
export function appliedManifest(manifest: Manifest, wish: CandidateWish): string {
  const { yaml, item } = itemOf(manifest, wish.app);
  const { path: _, ...app } = fillIn(yaml.value(item), manifest.variables) as Data;
  return written(asWished(app, wish, undefined, manifest));
}

/** All variables of the manifest, for a private file: `vars-files` in their order, then `vars`. */
export function varsFileText(manifest: Pick<Manifest, 'variables'>): string {
  return quoted(manifest.variables);
}

/** @returns what the manifest says of that app, variables as they are written. Throws `Error` when it has no such app */
export function dataOf(manifest: Manifest, name: string): Data {
  const { yaml, item } = itemOf(manifest, name);
  return yaml.value(item) as Data;
}

function itemOf(manifest: Manifest, name: string): { yaml: Yaml; item: Node } {
  const yaml = readYaml(manifest.file, manifest.text);
  const item = yaml
    .items(yaml.entries(yaml.root)?.get('applications')?.value)
    ?.find((one) => nameOf(yaml, one, manifest) === name);
  if (!item) throw new Error(`no app ${name} in ${manifest.file}`);
  return { yaml, item };
}

function nameOf(yaml: Yaml, item: Node, manifest: Manifest): unknown {
  const name = fillIn(yaml.value(yaml.entries(item)?.get('name')?.value), manifest.variables);
  return name === null ? undefined : String(name);
}

/** What the candidate's manifest has to mean. */
function asWished(app: Data, wish: CandidateWish, path: string | undefined, manifest: Manifest): Data {
  const kept = Object.fromEntries(Object.entries(app).filter(([key]) => !ROUTE_KEYS.includes(key)));
  const instances = wish.instances ?? {};
  const listed = Array.isArray(kept.processes) ? (kept.processes as Data[]) : undefined;
  const missing = Object.entries(instances).filter(
    ([type]) => type !== 'web' && !listed?.some((process) => process.type === type),
  );
  const processes = [
    ...(listed ?? []).map((process) => {
      const count = instances[String(process.type)];
      return count === undefined ? process : { ...process, instances: count };
    }),
    ...missing.map(([type, count]) => ({ type, instances: count })),
  ];
  const webIsListed = listed?.some((process) => process.type === 'web') ?? false;
  return {
    ...kept,
    ...servicesOf(kept, wish, manifest),
    name: wish.candidateName,
    ...routesOf(wish),
    ...(path === undefined ? {} : { path }),
    ...(instances.web === undefined || (webIsListed && kept.instances === undefined)
      ? {}
      : { instances: instances.web }),
    ...(listed || missing.length > 0 ? { processes } : {}),
  };
}

function routesOf(wish: CandidateWish): Data {
  return wish.trialRoute === undefined ? { 'no-route': true } : { routes: [{ route: wish.trialRoute }] };
}

function servicesOf({ services }: Data, { bindings = {} }: CandidateWish, { variables }: Manifest): Data {
  if (!Array.isArray(services) || Object.keys(bindings).length === 0) return {};
  const filled = services.map((one: unknown) => {
    const said = typeof one === 'object' && one !== null ? (one as Data) : { name: one };
    const { name, parameters } = bindings[String(fillIn(said.name, variables))] ?? {};
    if (name === undefined && parameters === undefined) return one;
    return {
      ...(name === undefined ? {} : { binding_name: name }),
      ...(parameters === undefined ? {} : { parameters }),
      ...said,
    };
  });
  return { services: filled };
}

function says(text: string, expected: Data): boolean {
  try {
    const yaml = readYaml('', text);
    const apps = yaml.value(yaml.entries(yaml.root)?.get('applications')?.value);
    return Array.isArray(apps) && apps.length === 1 && canonical(apps[0]) === canonical(expected);
  } catch {
    return false;
  }
}

/** A switched-off `random-route` or `default-route` means the same as none. */
function canonical(app: Data): string {
  const meant = Object.entries(app).filter(([key, value]) => !(ROUTE_KEYS.includes(key) && value === false));
  return JSON.stringify(sorted(Object.fromEntries(meant)));
}

function sorted(data: unknown): unknown {
  if (typeof data === 'bigint') return `${data}n`;
  if (Array.isArray(data)) return data.map(sorted);
  if (data === null || typeof data !== 'object') return data;
  const entries = Object.entries(data).map(([key, value]) => [key, sorted(value)] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function written(app: Data): string {
  return quoted({ applications: [app] });
}

/** Quoted throughout: no word of it can be misread as a number or a boolean, by whichever version of YAML. */
export function quoted(data: Data): string {
  const text = stringify(data, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'QUOTE_DOUBLE',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return escapeLineEnds(text);
}
