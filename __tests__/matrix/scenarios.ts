/**
 * The deploys that the matrix interrupts: what is there before, what is asked, and what has to stand at the end.
 *
 * A new strategy, command or input gets one more of them, a few lines: `before` makes what it finds (`deployed`, `held`, or by
 * hand from `by-hand.ts`), `inputs` says how it is called, `asked` and `settings` what its manifest and bits are, `ends` what
 * becomes of it. The points are found by running it undisturbed: `npm run matrix -- 'NAME'` tries them all, and `npm test` some of
 * each. It has to be repeatable: times from the platform's clock, nothing random but what a seed gives. Where something else has to
 * be true than of any deploy, `judge.ts` learns it; a call of the CLI that nobody made before is recorded first (`cf-recording.ts`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Deploy, runAction } from './action.js';
import { beginByHand, giveByHand, pushByHand } from './by-hand.js';
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
  /** How long the platform's jobs take; else as always. */
  jobMs?: number;
  /** `reverted`: the version is bad, and live stays; it stays too with `held` and `aborted`. */
  ends: 'deployed' | 'held' | 'promoted' | 'aborted' | 'rolled-back' | 'reverted';
}

export type Routes = Readonly<Record<string, readonly string[]>>;

/** Of each app of a manifest. */
export interface Settings {
  memoryMb: number;
  env: Readonly<Record<string, string>>;
  /** Default: `INSTANCES`. */
  instances?: number;
  /** By url. */
  ways?: Readonly<Record<string, Way>>;
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

const SHOP = { [APP]: [url('shop')] };
const ROLLING = { strategy: 'rolling' };
const CANARY = { strategy: 'canary' };
const THREE = ['shop', 'shop-too', 'shop-old'].map(url);
const PAIR = { ...SHOP, web: [url('web')] };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'first deploy',
    before: async () => undefined,
    asked: { version: 'v1' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'second deploy',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'third deploy, the first version goes',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    asked: { version: 'v3' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'two routes stay, one is dropped',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, { [APP]: THREE }),
    asked: { version: 'v2' },
    routes: { [APP]: THREE.slice(0, 2) },
    dropped: THREE.slice(2),
    inputs: { carry: 'manifest', 'keep-failed': 'true' },
    ends: 'deployed',
  },
  {
    name: 'a route gets options, and another one a protocol',
    before: (platform, folders) =>
      deployed(platform, folders, { version: 'v1' }, { [APP]: THREE.slice(0, 2) }),
    asked: { version: 'v2' },
    routes: { [APP]: THREE.slice(0, 2) },
    settings: {
      ...USUAL,
      ways: {
        [url('shop')]: { options: { loadbalancing: 'least-connection' } },
        [url('shop-too')]: { protocol: 'http2' },
      },
    },
    ends: 'deployed',
  },
  {
    name: 'adoption',
    before: (platform, folders) =>
      pushByHand(platform, {
        name: APP,
        bits: folders.of({ version: 'v1' }, SHOP),
        instances: INSTANCES,
        routes: SHOP[APP] ?? [],
      }),
    asked: { version: 'v2' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'live has what no manifest names',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await giveByHand(platform, APP, FOREIGN[0] ?? '');
    },
    asked: { version: 'v2' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'live has what no manifest names, and the smoke test fails',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await giveByHand(platform, APP, FOREIGN[0] ?? '');
    },
    asked: { version: 'v2', health: 500 },
    routes: SHOP,
    ends: 'reverted',
  },
  {
    name: 'two apps',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR),
    asked: { version: 'v2' },
    routes: PAIR,
    ends: 'deployed',
  },
  {
    name: 'smoke test fails',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2', health: 500 },
    routes: SHOP,
    ends: 'reverted',
  },
  {
    name: 'rollback',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    asked: { version: 'v1' },
    routes: SHOP,
    // Named: without it a rollback that is repeated after its end goes to the version from before it.
    inputs: { command: 'rollback', app: APP, to: commitOf('v1') },
    ends: 'rolled-back',
  },
  {
    name: 'rollback in place, to other variables',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
      const env = { MODE: 'v2', MORE: 'given' };
      await deployed(platform, folders, { version: 'v2' }, SHOP, ROLLING, { ...USUAL, env });
    },
    asked: { version: 'v1' },
    routes: SHOP,
    inPlace: true,
    inputs: { command: 'rollback', app: APP, to: commitOf('v1') },
    ends: 'rolled-back',
  },
  {
    ...rolling('v2'),
    name: 'rolling, with other variables and memory',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, a route comes and one is dropped',
    before: (platform, folders) =>
      deployed(platform, folders, { version: 'v1' }, { [APP]: ['shop', 'shop-old'].map(url) }, ROLLING),
    routes: { [APP]: ['shop', 'shop-new'].map(url) },
    dropped: [url('shop-old')],
    inputs: { ...ROLLING, carry: 'manifest' },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, the version crashes in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', crashes: true, badAs: APP },
    ends: 'reverted',
  },
  {
    ...rolling('v2'),
    name: 'rolling, the version is bad in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', health: 500, badAs: APP },
    inputs: { ...ROLLING, bake: '20s' },
    ends: 'reverted',
  },
  {
    ...rolling('v3'),
    name: 'rolling, two instances at a time, over what came by blue-green',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    inputs: { ...ROLLING, 'max-in-flight': '2' },
    ends: 'deployed',
  },
  {
    ...canary('v2'),
    name: 'canary, with other variables and memory',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    ends: 'deployed',
  },
  {
    ...canary('v2'),
    name: 'canary, the version is bad in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', health: 500, badAs: APP },
    ends: 'reverted',
  },
  {
    ...canary('v2'),
    name: 'canary, held',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    inputs: { ...CANARY, hold: 'true' },
    ends: 'held',
  },
  {
    ...canary('v2'),
    name: 'promote of a canary',
    before: heldCanary,
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    ...canary('v2'),
    name: 'abort of a canary',
    before: heldCanary,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
  {
    ...rolling('v2'),
    name: 'rolling, two apps',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR, ROLLING),
    routes: PAIR,
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, another hand has a deployment under way',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
      await beginByHand(platform, APP);
    },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, where jobs take long',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    jobMs: 8_000,
    ends: 'deployed',
  },
  {
    name: 'deploy, held',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { hold: 'true' },
    ends: 'held',
  },
  {
    name: 'promote',
    before: (platform, folders) => held(platform, folders, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    name: 'promote of two apps',
    before: (platform, folders) => held(platform, folders, PAIR),
    asked: { version: 'v2' },
    routes: PAIR,
    inputs: { command: 'promote' },
    ends: 'promoted',
  },
  {
    name: 'abort',
    before: (platform, folders) => held(platform, folders, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
  {
    name: 'rolling, held',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2' },
    routes: SHOP,
    settings: rolling('v2').settings,
    inputs: { ...ROLLING, hold: 'true' },
    ends: 'held',
  },
  {
    ...rolling('v2'),
    name: 'promote of a rolling deploy',
    before: heldRolling,
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    name: 'abort of a rolling deploy',
    before: heldRolling,
    asked: { version: 'v2' },
    routes: SHOP,
    settings: rolling('v2').settings,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
];

function rolling(version: string) {
  const settings = { memoryMb: 96, env: { MODE: version, MORE: 'given' } };
  return {
    asked: { version },
    routes: SHOP,
    settings,
    inPlace: true,
    inputs: ROLLING,
  } satisfies Partial<Scenario>;
}

function canary(version: string): ReturnType<typeof rolling> & Pick<Scenario, 'canary'> {
  return { ...rolling(version), inputs: CANARY, canary: true };
}

async function heldCanary(platform: Platform, folders: Folders): Promise<void> {
  await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
  const { asked, routes, settings } = canary('v2');
  await deployed(platform, folders, asked, routes, { ...CANARY, hold: 'true' }, settings);
}

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

async function held(platform: Platform, folders: Folders, routes: Routes) {
  await deployed(platform, folders, { version: 'v1' }, routes);
  await deployed(platform, folders, { version: 'v2' }, routes, { hold: 'true' });
}

async function heldRolling(platform: Platform, folders: Folders): Promise<void> {
  await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
  const { asked, routes, settings } = rolling('v2');
  await deployed(platform, folders, asked, routes, { ...ROLLING, hold: 'true' }, settings);
}

async function deployed(
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

function manifest(apps: Routes, { memoryMb, env, instances = INSTANCES, ways = {} }: Settings): string {
  const blocks = Object.entries(apps).flatMap(([name, routes]) => [
    `- name: ${name}`,
    `  memory: ${memoryMb}M`,
    `  instances: ${instances}`,
    '  routes:',
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
