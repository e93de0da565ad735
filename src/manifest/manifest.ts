/** The manifest as the cf CLI reads it, with every problem at its place. */
import { resolve } from 'node:path';
import type { Inputs, ManifestApp, Order } from '../model/asked.js';
import { InputError, type Problem } from '../model/errors.js';
import type { SourcePosition } from '../model/ports.js';
import { AppReading } from './app.js';
import { orderProblems } from './order.js';
import { isMap } from './said.js';
import { likelySecrets } from './secrets.js';
import { fillIn, type Variables, variableProblems } from './variables.js';
import { readYaml, type Yaml } from './yaml.js';

export interface TextFile {
  /** As the user named it, relative to the workspace. */
  file: string;
  text: string;
}

export interface ManifestSource extends TextFile {
  /** Later ones win. */
  varsFiles: readonly TextFile[];
  /** Win over all files. */
  vars: Variables;
  /** Only this app. */
  app?: string;
  /** The input `path`, relative to the workspace. */
  path?: string;
  /** The input `order`: it may name every app of the manifest. */
  order?: Order;
  /** The inputs of an image; they win over the manifest's. */
  docker?: Inputs['docker'];
  /** Absolute. */
  workspace: string;
}

export interface Manifest extends TextFile {
  /** At least one, in the order of the manifest; those that were asked for. */
  apps: readonly ManifestApp[];
  variables: Variables;
  /** Values of variables and of the apps' `env` that must not be shown. */
  secrets: readonly string[];
}

/** @throws InputError with all that is wrong, each with file, line and column */
export function readManifest(source: ManifestSource): Manifest {
  const { variables, problems } = mergeVariables(source);
  const yaml = readYaml(source.file, source.text);
  problems.push(...undefinedVariables(yaml, variables));
  const readings = appReadings(yaml, variables, source);
  problems.push(...readings.problems);
  const chosen = choose(readings.apps, source.app);
  if ('problem' in chosen) problems.push({ text: chosen.problem, at: readings.at });
  else if (chosen.apps.length > 0) {
    problems.push(...orderProblems(source.order ?? [], readings.places, readings.at));
  }
  const apps = 'apps' in chosen ? chosen.apps : [];
  problems.push(...pathProblems(apps, source));
  if (problems.length > 0) throw new InputError(problems);
  const written = readings.secrets.filter((value) => !isShown(value, apps));
  const secrets = [...new Set([...likelySecrets(variables), ...written])];
  return { file: source.file, text: source.text, apps, variables, secrets };
}

/** What is named on purpose is not hidden: it would hide the log itself. */
function isShown(value: string, apps: readonly ManifestApp[]): boolean {
  return apps.some(
    ({ name, routes = [] }) =>
      value === name || routes.some(({ route }) => value === route || value === `https://${route}`),
  );
}

function mergeVariables(source: ManifestSource): { variables: Variables; problems: Problem[] } {
  const problems: Problem[] = [];
  const maps = source.varsFiles.map((file): Variables => {
    try {
      const yaml = readYaml(file.file, file.text);
      if (yaml.root === null) return {};
      const named = yaml.named(yaml.root);
      if (named) return Object.fromEntries(named.map(([name, value]) => [name, yaml.value(value)]));
      problems.push({ text: 'A file of variables is a map.', at: yaml.at(yaml.root) });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
    }
    return {};
  });
  return { variables: Object.assign({}, ...maps, source.vars), problems };
}

function undefinedVariables(yaml: Yaml, variables: Variables): readonly Problem[] {
  return [...yaml.strings()].flatMap(({ text, node }) =>
    variableProblems(text, variables).map((problem) => ({ text: problem, at: yaml.at(node) })),
  );
}

interface Readings {
  apps: readonly ManifestApp[];
  /** Of the list of apps. */
  at: SourcePosition;
  /** Of each app, by its name. */
  places: ReadonlyMap<string, SourcePosition>;
  secrets: readonly string[];
  problems: readonly Problem[];
}

function appReadings(yaml: Yaml, variables: Variables, source: ManifestSource): Readings {
  const list = yaml.entries(yaml.root)?.get('applications')?.value ?? null;
  const items = yaml.items(list);
  const at = list ? yaml.at(list) : { file: source.file, line: 1, column: 1 };
  if (!items || items.length === 0) {
    const problems = [{ text: 'The manifest has no apps: it needs a list "applications".', at }];
    return { apps: [], at, places: new Map(), secrets: [], problems };
  }
  const readings = items.map((item) => {
    const data = fillIn(yaml.value(item), variables);
    const isMeant = source.app === undefined || (isMap(data) && String(data.name) === source.app);
    return new AppReading(yaml, item, data, {
      path: source.path,
      docker: isMeant ? (source.docker ?? {}) : {},
      folder: resolve(source.workspace, source.file, '..'),
      workspace: source.workspace,
    });
  });
  const problems = readings.flatMap((reading) => reading.problems);
  const seen = new Set<string>();
  for (const { app, name } of readings) {
    if (app.name !== '' && seen.has(app.name))
      problems.push({ text: `The app name "${app.name}" is used a second time.`, at: name });
    seen.add(app.name);
  }
  return {
    apps: readings.map((reading) => reading.app),
    at,
    places: new Map(readings.map(({ app, name }) => [app.name, name])),
    secrets: readings.flatMap((reading) => reading.secrets),
    problems,
  };
}

function choose(
  apps: readonly ManifestApp[],
  name: string | undefined,
): { apps: readonly ManifestApp[] } | { problem: string } {
  if (name === undefined || apps.length === 0) return { apps };
  const chosen = apps.filter((app) => app.name === name);
  if (chosen.length > 0) return { apps: chosen };
  const names = apps.flatMap((app) => (app.name === '' ? [] : [`"${app.name}"`])).join(', ');
  return { problem: `The manifest has no app "${name}" (the input "app"); it has ${names}.` };
}

function pathProblems(apps: readonly ManifestApp[], source: ManifestSource): readonly Problem[] {
  if (source.path === undefined) return [];
  if (apps.length > 1) {
    return [
      { text: `The input "path" fits one app only, and there are ${apps.length}: name one with "app".` },
    ];
  }
  return apps
    .filter((app) => app.docker)
    .map((app) => ({
      text: `The input "path" does not fit the app "${app.name}", which is a docker image.`,
    }));
}
