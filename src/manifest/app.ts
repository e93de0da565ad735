/** One app of a manifest: only what the deploy decides by is read, the rest is the CLI's and the platform's to judge. */
import { resolve } from 'node:path';
import type { Node } from 'yaml';
import type { Inputs, ManifestApp, ManifestProcess } from '../model/asked.js';
import type { RouteOptions } from '../model/cloud.js';
import type { Problem } from '../model/errors.js';
import type { SourcePosition } from '../model/ports.js';
import { readImage } from './docker.js';
import { likelySecrets } from './secrets.js';
import { logRateBps, megabytes } from './sizes.js';
import type { Yaml } from './yaml.js';

type Data = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Keys that name a property of a process and may also stand at the app, where they mean `web`. */
const PROCESS_KEYS = [
  'command',
  'health-check-type',
  'health-check-http-endpoint',
  'health-check-invocation-timeout',
  'health-check-interval',
  'readiness-health-check-type',
  'readiness-health-check-http-endpoint',
  'readiness-health-check-invocation-timeout',
  'readiness-health-check-interval',
];

export class AppReading {
  readonly problems: Problem[] = [];
  readonly app: ManifestApp;
  /** Values of the app's `env` that must not be shown. */
  readonly secrets: readonly string[];
  /** Of the name, or of the app when it has none. */
  readonly name: SourcePosition;
  private readonly data: Data;

  /** @param data what `item` says, with variables filled in */
  constructor(
    private readonly yaml: Yaml,
    private readonly item: Node,
    data: unknown,
    private readonly asked: {
      path: string | undefined;
      docker: Inputs['docker'];
      folder: string;
      workspace: string;
    },
  ) {
    this.data = isMap(data) ? data : {};
    if (!isMap(data)) this.refuse([], 'is no map with a name');
    this.name = this.at(['name']);
    this.app = this.read();
    const { env } = this.data;
    this.secrets = isMap(env) ? likelySecrets(env) : [];
  }

  private read(): ManifestApp {
    const name = this.text(['name']) ?? '';
    if (name === '' && this.problems.length === 0) this.refuse(['name'], 'has no name');
    const docker = this.docker();
    const path = this.text(['path']);
    const lifecycle = this.text(['lifecycle']);
    const stack = this.text(['stack']);
    const app: ManifestApp = {
      name,
      noRoute: this.flag('no-route'),
      randomRoute: this.flag('random-route'),
      defaultRoute: this.flag('default-route'),
      processes: this.processes(),
      envNames: Object.keys(this.map(['env'])),
      services: this.list(['services']).flatMap((_, i) => this.serviceName(i)),
      ...this.bindings(),
      sidecars: this.list(['sidecars']).flatMap((_, i) => this.text(['sidecars', i, 'name']) ?? []),
      features: Object.keys(this.map(['features'])),
      labels: Object.keys(this.map(['metadata', 'labels'])),
      annotations: Object.keys(this.map(['metadata', 'annotations'])),
      ...(docker ? { docker } : { path: this.bits(path) }),
      ...(lifecycle === undefined ? {} : { lifecycle }),
      ...(stack === undefined ? {} : { stack }),
    };
    if (this.data.routes !== undefined && this.data.routes !== null) {
      app.routes = this.list(['routes']).flatMap((_, i) => this.route(i));
    }
    this.refuseContradictions(app);
    return app;
  }

  /** As the CLI finds them: its flag from where it runs, the manifest's from the manifest, else where it runs. */
  private bits(path: string | undefined): string {
    const { path: asked, folder, workspace } = this.asked;
    if (asked !== undefined) return resolve(workspace, asked);
    return path === undefined ? workspace : resolve(folder, path);
  }

  private docker(): ManifestApp['docker'] {
    const { docker, problems } = readImage(this.data, this.asked.docker);
    for (const { path, what } of problems) this.refuse(path, what);
    return docker;
  }

  private refuseContradictions(app: ManifestApp): void {
    if (app.noRoute && app.routes && app.routes.length > 0) {
      this.refuse(['no-route'], 'has "no-route: true" beside "routes": take one of them out');
    }
    const asked = Object.entries({
      'no-route': app.noRoute,
      'random-route': app.randomRoute,
      'default-route': app.defaultRoute,
    }).filter(([, set]) => set);
    const [, second] = asked;
    if (second) {
      this.refuse(
        [second[0]],
        `has ${asked.map(([key]) => `"${key}: true"`).join(' beside ')}: the platform takes one`,
      );
    }
  }

  private route(i: number): NonNullable<ManifestApp['routes']> {
    const path = ['routes', i];
    const given = this.value(path);
    if (!isMap(given) || given.route === undefined) {
      this.refuse(path, 'has a route that is not written "- route: host.example.com"');
      return [];
    }
    const options = this.options([...path, 'options']);
    const route = this.text([...path, 'route']);
    const protocol = this.text([...path, 'protocol']);
    if (route === undefined) return [];
    return [
      {
        route,
        at: this.at([...path, 'route']),
        ...(protocol === undefined ? {} : { protocol }),
        ...(Object.keys(options).length > 0 ? { options } : {}),
      },
    ];
  }

  /** What a route's options may be is the platform's to say. */
  private options(path: Path): RouteOptions {
    const options: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(this.map(path))) {
      if (typeof value === 'string' || typeof value === 'number') options[name] = value;
      else if (value !== null)
        this.refuse(
          [...path, name],
          `has the option "${name}" of a route, which is neither a text nor a number`,
        );
    }
    return options;
  }

  private serviceName(i: number): readonly string[] {
    const given = this.value(['services', i]);
    const name = isMap(given) ? this.text(['services', i, 'name']) : this.text(['services', i]);
    if (name === undefined && isMap(given)) this.refuse(['services', i], 'has a service without a name');
    return name === undefined ? [] : [name];
  }

  private bindings(): Pick<ManifestApp, 'bindings'> {
    const found = this.list(['services']).flatMap((given): [string, readonly string[]][] => {
      const keys = isMap(given) ? Object.keys(given).filter((key) => key !== 'name') : [];
      return isMap(given) && keys.length > 0 ? [[String(given.name), keys]] : [];
    });
    return found.length > 0 ? { bindings: Object.fromEntries(found) } : {};
  }

  private processes(): Readonly<Record<string, ManifestProcess>> {
    const processes: Record<string, ManifestProcess> = {};
    const web = this.process([]);
    if (Object.keys(web).length > 1 || web.named.length > 0) processes.web = web;
    this.list(['processes']).forEach((_, i) => {
      const type = this.text(['processes', i, 'type']);
      if (type === undefined) {
        this.refuse(['processes', i], 'has a process without a type');
        return;
      }
      const own = this.process(['processes', i]);
      const shared = type === 'web' ? processes.web : undefined;
      // The platform prefers what stands at the process to what stands at the app.
      processes[type] = shared
        ? { ...shared, ...own, named: [...new Set([...shared.named, ...own.named])] }
        : own;
    });
    return processes;
  }

  private process(path: Path): ManifestProcess {
    const given = path.length === 0 ? this.data : this.map(path);
    const named = Object.keys(given).filter((key) =>
      path.length === 0
        ? PROCESS_KEYS.includes(key)
        : ![
            'type',
            'instances',
            'memory',
            'disk_quota',
            'disk-quota',
            'log-rate-limit-per-second',
            'timeout',
          ].includes(key),
    );
    const values = {
      instances: this.whole([...path, 'instances'], 0),
      memoryMb: this.size([...path, 'memory'], megabytes),
      diskMb: this.size([...path, 'disk_quota'], megabytes) ?? this.size([...path, 'disk-quota'], megabytes),
      logRateBps: this.size([...path, 'log-rate-limit-per-second'], logRateBps),
      timeoutS: this.whole([...path, 'timeout'], 1),
    };
    const known = Object.entries(values).filter(([, value]) => value !== undefined);
    return { ...Object.fromEntries(known), named };
  }

  private size(path: Path, parse: (text: string) => number | undefined): number | undefined {
    const given = this.text(path);
    if (given === undefined) return undefined;
    const size = parse(given);
    if (size === undefined)
      this.refuse(path, `has "${String(path.at(-1))}: ${given}"; a size is written 512M or 1G`);
    return size;
  }

  private whole(path: Path, least: number): number | undefined {
    const given = this.value(path);
    if (given === undefined || given === null) return undefined;
    if (typeof given === 'number' && Number.isInteger(given) && given >= least) return given;
    this.refuse(path, `has "${String(path.at(-1))}" that is no whole number from ${least}`);
    return undefined;
  }

  private flag(key: string): boolean {
    const given = this.data[key];
    if (typeof given === 'boolean') return given;
    if (given !== undefined && given !== null)
      this.refuse([key], `has "${key}" that is neither true nor false`);
    return false;
  }

  private text(path: Path): string | undefined {
    const given = this.value(path);
    if (given === undefined || given === null) return undefined;
    if (typeof given !== 'object') return String(given);
    this.refuse(path, `has "${String(path.at(-1))}" that is no plain value`);
    return undefined;
  }

  private map(path: Path): Data {
    const given = this.value(path);
    if (given === undefined || given === null) return {};
    if (isMap(given)) return given;
    this.refuse(path, `has "${String(path.at(-1))}" that is no map`);
    return {};
  }

  private list(path: Path): readonly unknown[] {
    const given = this.value(path);
    if (given === undefined || given === null) return [];
    if (Array.isArray(given)) return given;
    this.refuse(path, `has "${String(path.at(-1))}" that is no list`);
    return [];
  }

  private value(path: Path): unknown {
    let value: unknown = this.data;
    for (const key of path) {
      if (value === null || typeof value !== 'object') return undefined;
      value = (value as Record<string | number, unknown>)[key];
    }
    return value;
  }

  private refuse(path: Path, what: string): void {
    const named = this.value(['name']);
    const name = typeof named === 'string' && named !== '' ? `The app "${named}" ` : 'This app ';
    this.problems.push({ text: `${name}${what}.`, at: this.at(path) });
  }

  /** Of the value, or of the nearest thing around it that the text has: a variable may have brought the rest. */
  private at(path: Path): SourcePosition {
    let node: Node = this.item;
    for (const key of path) {
      const next =
        typeof key === 'number' ? this.yaml.items(node)?.[key] : this.yaml.entries(node)?.get(key)?.value;
      if (!next) break;
      node = next;
    }
    return this.yaml.at(node);
  }
}

function isMap(value: unknown): value is Data {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
