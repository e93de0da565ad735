/** What a deploy that the matrix interrupts is made of: the workspace that it is started in, and the deploys before it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Deploy, runAction } from './action.js';
import type { AppVersion } from './cells.js';
import type { Platform } from './platform.js';

export interface Scenario {
  name: string;
  /** What stands in the space before the deploy; each in its own wanted order. */
  before(platform: Platform, folders: Folders): Promise<void>;
  asked: AppVersion;
  /** Production routes of the asked manifest, by app. */
  routes: Routes;
  /** Routes that live has and shall lose. */
  dropped?: readonly string[];
  /** What the asked manifest sets; the one before set `USUAL`. */
  settings?: Settings;
  /** Live keeps its GUID. */
  inPlace?: boolean;
  /** By its first instances, of which one is there while it is held. */
  canary?: boolean;
  inputs?: Readonly<Record<string, string>>;
  /** Of the process of this type two versions never run at once; `overlap`: there is never none. */
  works?: { type: string; how: 'overlap' | 'handover' };
  /** That the version is bad is seen only when users are on it. */
  foundLate?: true;
  /** Of the traces of an undisturbed run those that nobody but the interrupted one could leave. */
  mayLack?: readonly string[];
  /** How long the platform's jobs take; else as always. */
  jobMs?: number;
  /** `reverted`: the version is bad, and live stays; it stays too with `held` and `aborted`. */
  ends: 'deployed' | 'held' | 'promoted' | 'aborted' | 'rolled-back' | 'restarted' | 'reverted';
}

export type Routes = Readonly<Record<string, readonly string[]>>;

/** Of each app of a manifest. */
export interface Settings {
  memoryMb: number;
  env: Readonly<Record<string, string>>;
  /** Default: `INSTANCES`. */
  instances?: number;
  /** Of a process `worker`. Default: there is none. */
  workers?: number;
  /** By url. */
  ways?: Readonly<Record<string, Way>>;
  /** Lines of each app, as they stand in the manifest. */
  more?: readonly string[];
}

/** What a manifest says of a route beside its url. */
export interface Way {
  protocol?: string;
  options?: Readonly<Record<string, string>>;
}

export const APP = 'shop';
export const INSTANCES = 2;
/** An app of somebody else whose name begins like ours, and one whose name is even like a candidate's. */
export const FOREIGN = ['shopping', 'shop-candidate-x'];
const INPUTS = { 'smoke-test': '/health', drain: '1s', 'keep-failed': 'false' };

export function url(host: string): string {
  return `${host}.apps.localhost`;
}

export const USUAL: Settings = { memoryMb: 64, env: { MODE: 'v1' } };

export const SHOP = { [APP]: [url('shop')] };
export const ON_TCP = { [APP]: ['tcp.localhost:1050'] };
export const PAIR = { ...SHOP, web: [url('web')] };

/** Workspaces on disk, each written once. */
export class Folders {
  private readonly root = mkdtempSync(join(tmpdir(), 'matrix-'));
  private readonly made = new Map<string, string>();

  of(app: AppVersion, routes: Routes, settings: Settings = USUAL): string {
    const key = JSON.stringify([app, routes, settings]);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const folder = mkdtempSync(join(this.root, `${app.version}-`));
    writeFileSync(join(folder, 'app.json'), JSON.stringify(app));
    writeFileSync(join(folder, 'manifest.yml'), manifest(routes, settings));
    this.made.set(key, folder);
    return folder;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The command that a scenario runs. */
export function commandOf(
  { asked, routes, settings, inputs }: Pick<Scenario, 'asked' | 'routes' | 'settings' | 'inputs'>,
  folders: Folders,
  run: number,
): Deploy {
  return {
    workspace: folders.of(asked, routes, settings),
    commit: commitOf(asked.version),
    runId: String(run),
    inputs: { ...INPUTS, ...inputs },
  };
}

export function commitOf(version: string): string {
  return Buffer.from(version).toString('hex').padEnd(40, '0');
}

/** A deploy before the trial. Throws when it fails. */
export async function deployed(
  platform: Platform,
  folders: Folders,
  asked: AppVersion,
  routes: Routes,
  inputs: Readonly<Record<string, string>> = {},
  settings: Settings = USUAL,
): Promise<void> {
  const { code, lines } = await runAction(
    platform,
    commandOf({ asked, routes, inputs, settings }, folders, 1),
  );
  if (code !== 0) throw new Error(`the deploy before the trial failed:\n${lines.join('\n')}`);
}

function manifest(
  apps: Routes,
  { memoryMb, env, instances = INSTANCES, ways = {}, workers, more = [] }: Settings,
): string {
  const blocks = Object.entries(apps).flatMap(([name, routes]) => [
    `- name: ${name}`,
    `  memory: ${memoryMb}M`,
    `  instances: ${instances}`,
    ...more,
    ...(workers === undefined
      ? []
      : ['  processes:', '  - type: worker', '    command: node worker.js', `    instances: ${workers}`]),
    routes.length > 0 ? '  routes:' : '  no-route: true',
    ...routes.flatMap((route) => [`  - route: ${route}`, ...linesOf(ways[route])]),
    ...(Object.keys(env).length > 0 ? ['  env:'] : []),
    ...Object.entries(env).map(([key, value]) => `    ${key}: ${value}`),
  ]);
  return ['applications:', ...blocks, ''].join('\n');
}

function linesOf({ protocol, options }: Way = {}): string[] {
  return [
    ...(protocol ? [`    protocol: ${protocol}`] : []),
    ...(options ? [`    options: ${JSON.stringify(options)}`] : []),
  ];
}
