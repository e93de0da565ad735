/**
 * Everything an end-to-end test needs, in one object: a foundry of its own, versions of the demo app, the real bundle as the
 * runner runs it, the real cf CLI, traffic and the invariant. Call `close()` in `afterAll`.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AppVersion, type ManifestOptions, manifestOf, writeAppVersion } from '../../../demo/app.js';
import { type ApiRequest, type Foundry, startFoundry } from '../../../demo/foundry.js';
import { type ActionResult, type RunOptions, runAction } from '../../../runner/index.js';
import { cfCli, node24, projectRoot } from '../../../runner/tools.js';
import { startTraffic, type Traffic } from '../../../traffic/client.js';
import type { Figures } from '../../../traffic/figures.js';
import { checkInvariant, type InvariantOptions, type InvariantProblem } from '../../../traffic/invariant.js';
import { shoot } from '../../../traffic/request.js';
import { findSecrets, type Leak } from './secrets.js';

/** Times of the platform, shortened: what is asynchronous stays so. */
const QUICK = ['--boot', '200', '--staging', '300', '--job', '50', '--propagation', '150'];
/** Requests that are waited for before and after what is watched. */
const AROUND = 30;

export interface WorldOptions {
  /** Further flags of the foundry; a later one wins. */
  flags?: readonly string[];
  /** Default: the one that `E2E_BUNDLE` names, else the committed one. */
  bundle?: string;
}

/** One version and its manifest. Without `manifest` one is written: app `shop` on `shop.DOMAIN`, one instance. */
export type VersionOptions = AppVersion & Partial<ManifestOptions>;

export interface WatchOptions extends Partial<Omit<InvariantOptions, 'fromMs' | 'toMs'>> {
  /** Requests a second over all routes. Default 50. */
  rate?: number;
  /** Urls to which traffic goes, with paths. Default: `routes`. */
  traffic?: readonly string[];
}

/** What traffic and platform saw while something was watched. */
export interface Seen {
  figures: Figures;
  problems: InvariantProblem[];
  /** API requests of that time, the watch's own look-ups left out. */
  requests: ApiRequest[];
}

export interface Watch {
  traffic: Traffic;
  end(): Promise<Seen>;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'world-'));
  try {
    return new World(await startFoundry([...QUICK, ...(options.flags ?? [])]), dir, options);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

export class World {
  /** All runs of the action so far. */
  readonly runs: ActionResult[] = [];
  private started = 0;
  private readonly watches: Traffic[] = [];
  private signedIn: Promise<unknown> | undefined;

  constructor(
    readonly foundry: Foundry,
    /** Folder of this world: workspaces, runner folders. */
    readonly dir: string,
    private readonly options: WorldOptions,
  ) {}

  /** `HOST.` and the foundry's domain for apps; `shop` by default. */
  url(host = 'shop'): string {
    return `${host}.${this.foundry.apps_domain}`;
  }

  /** Writes the version into a workspace of its own. */
  async workspace(version: VersionOptions): Promise<string> {
    const { name = 'shop', routes = [this.url()], instances, more, ...app } = version;
    const manifest = manifestOf({
      name,
      routes,
      ...(instances === undefined ? {} : { instances }),
      ...(more === undefined ? {} : { more }),
    });
    const workspace = await mkdtemp(join(this.dir, `${app.version}-`));
    await writeAppVersion(workspace, { manifest, ...app });
    return workspace;
  }

  /** Deploys the version with the bundle. Inputs win over the usual ones; an empty value leaves an input out. */
  async deploy(
    version: VersionOptions,
    inputs: Readonly<Record<string, string>> = {},
    run: Partial<RunOptions> = {},
  ): Promise<ActionResult> {
    return this.run(await this.workspace(version), inputs, run);
  }

  /** Runs the action in a workspace. */
  async run(
    workspace: string,
    inputs: Readonly<Record<string, string>> = {},
    run: Partial<RunOptions> = {},
  ): Promise<ActionResult> {
    const { api, router, org, space, username, password } = this.foundry;
    const usual = { api, router, org, space, username, password, 'smoke-test': '/health', drain: '1s' };
    const given = Object.entries({ ...usual, ...inputs }).filter(([, value]) => value !== '');
    this.started += 1;
    const result = await runAction({
      bundle: this.options.bundle ?? (process.env.E2E_BUNDLE || join(projectRoot(), 'dist', 'index.js')),
      actionFile: join(projectRoot(), 'action.yml'),
      node: node24(),
      inputs: Object.fromEntries(given),
      workspace,
      workDir: await mkdtemp(join(this.dir, 'runner-')),
      runId: String(this.started),
      ...run,
      env: { CF_CLI: cfCli(), ...run.env },
    });
    this.runs.push(result);
    return result;
  }

  /** Runs the real cf CLI, signed in to the foundry, and gives its standard output. Throws with all its output. */
  async cf(...args: string[]): Promise<string> {
    this.signedIn ??= this.signIn();
    await this.signedIn;
    return this.runCf(args);
  }

  private async signIn(): Promise<void> {
    const { api, username, password, org, space } = this.foundry;
    await mkdir(join(this.dir, 'cf-home'));
    await this.runCf(['api', api]);
    await this.runCf(['auth'], { CF_USERNAME: username, CF_PASSWORD: password });
    await this.runCf(['target', '-o', org, '-s', space]);
  }

  private async runCf(args: string[], env: Record<string, string> = {}): Promise<string> {
    const home = join(this.dir, 'cf-home');
    const cf = promisify(execFile)(cfCli(), args, {
      env: { HOME: home, CF_HOME: home, PATH: process.env.PATH ?? '', ...env },
      maxBuffer: 16 * 1024 * 1024,
    });
    return (
      await cf.catch((error: Error & { stdout?: string }) => {
        throw new Error(`${error.message}\n${error.stdout ?? ''}`);
      })
    ).stdout;
  }

  /** The version (or what went wrong) that a user meets on a url now. */
  async meet(url = this.url()): Promise<string> {
    const outcome = await shoot({ router: this.foundry.router, route: routeOf(url), timeoutMs: 10_000 });
    return outcome.failure?.reason ?? outcome.version ?? 'no version';
  }

  /**
   * Sends traffic, and judges the platform's history, until `end()`. By default of the app `shop` on `shop.DOMAIN`; the apps on
   * its routes must be up already.
   */
  async watch(options: WatchOptions = {}): Promise<Watch> {
    const { rate = 50, traffic: urls, ...invariant } = options;
    const routes = invariant.routes ?? [this.url()];
    const already = (await this.foundry.requests()).length;
    const traffic = await startTraffic({
      router: this.foundry.router,
      routes: (urls ?? routes).map(routeOf),
      rate,
    });
    this.watches.push(traffic);
    await sendMore(traffic);
    const fromMs = Date.now();
    return {
      traffic,
      end: async () => {
        const toMs = Date.now();
        await sendMore(traffic);
        const figures = await traffic.stop();
        const { history, state } = await this.together();
        const judged = { apps: ['shop'], ...invariant, routes, fromMs, toMs };
        return {
          figures,
          problems: checkInvariant(history, state, judged),
          requests: (await this.foundry.requests()).slice(already),
        };
      },
    };
  }

  /** History and the state that it leads to: read again while other deploys go on between the two. */
  private async together() {
    for (;;) {
      const history = await this.foundry.history();
      const state = await this.foundry.state();
      if ((await this.foundry.history()).length === history.length) return { history, state };
    }
  }

  /** Where any of the secrets (the password, by default) stands in what runs and platform wrote so far. */
  leaks(...secrets: string[]): Promise<Leak[]> {
    return findSecrets(this, [this.foundry.password, ...secrets]);
  }

  /** Ends all that this world started, by id, and removes its folder. */
  async close(): Promise<void> {
    await Promise.all(this.watches.map((traffic) => traffic.stop().catch(() => undefined)));
    await this.foundry.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Path of a bundle that breaks one rule on purpose: `unmap-first`, `replace-destinations`, `no-drain`, `leak-secret`. */
export async function sabotaged(kind: string): Promise<string> {
  const tool = join(projectRoot(), 'tools', 'sabotage.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [tool, kind]);
  return stdout.trim();
}

/** Requests of the API that change something. */
export function writes(requests: readonly ApiRequest[]): ApiRequest[] {
  return requests.filter(({ method, path }) => !['GET', 'HEAD'].includes(method) && path.startsWith('/v3/'));
}

function routeOf(url: string): { host: string; path: string } {
  const slash = url.indexOf('/');
  return slash < 0 ? { host: url, path: '/' } : { host: url.slice(0, slash), path: url.slice(slash) };
}

async function sendMore(traffic: Traffic): Promise<void> {
  const enough = (await traffic.figures()).sent + AROUND;
  while ((await traffic.figures()).sent < enough) await new Promise((done) => setTimeout(done, 50));
}
