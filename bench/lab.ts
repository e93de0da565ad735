/** A platform of its own for one series, and the ways to deploy to it: the action as the runner runs it, and the shell. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ManifestOptions, manifestOf, writeAppVersion } from '../demo/app.js';
import { type ApiRequest, type Foundry, startFoundry } from '../demo/foundry.js';
import { type ActionResult, type RunOptions, runAction } from '../runner/index.js';
import { cfCli, node24, projectRoot } from '../runner/tools.js';
import type { Sample } from './figure.js';
import { watchMemory } from './memory.js';
import { type Shell, startShell } from './shell.js';
import { switchOf } from './switch.js';

/** What is under way when everything is to end gets this long. */
const CANCEL = { interruptMs: 2_000, terminateMs: 1_000 };

export interface LabOptions {
  latencyMs: number;
  /** Further flags of the foundry. */
  flags?: readonly string[];
  signal: AbortSignal;
}

type Told = ApiRequest & { atMs: number };

export async function startLab(options: LabOptions): Promise<Lab> {
  options.signal.throwIfAborted();
  const dir = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const flags = ['--latency', String(options.latencyMs), ...(options.flags ?? [])];
    const foundry = await startFoundry(flags);
    // What talks to it is not to wait for more than is left of the run.
    options.signal.addEventListener('abort', () => void foundry.stop(), { once: true });
    return new Lab(foundry, dir, options.signal);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

export class Lab {
  private made = 0;

  constructor(
    readonly foundry: Foundry,
    readonly dir: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Host of a route -> the route as a manifest names it. */
  url(host: string): string {
    return `${host}.${this.foundry.apps_domain}`;
  }

  /** A folder with the bits of a version that never was before, and its manifest. Each app has a folder below, where there are several. */
  async workspace(apps: readonly ManifestOptions[]): Promise<string> {
    const dir = await mkdtemp(join(this.dir, 'workspace-'));
    const blocks: string[] = [];
    for (const app of apps) {
      this.made += 1;
      const folder = apps.length === 1 ? '.' : app.name;
      await writeAppVersion(join(dir, folder), { version: `v${this.made}` });
      const more = [...(app.more ?? []), ...(folder === '.' ? [] : [`path: ${folder}`])];
      blocks.push(manifestOf({ ...app, more }).replace(/^applications:\n/, ''));
    }
    await writeFile(join(dir, 'manifest.yml'), ['applications:\n', ...blocks].join(''));
    return dir;
  }

  /** Another manifest in the folder. @returns its name */
  async manifest(workspace: string, name: string, app: ManifestOptions): Promise<string> {
    await writeFile(join(workspace, name), manifestOf(app));
    return name;
  }

  /**
   * Runs the committed bundle. `wanted` is the result that it must have.
   * @throws Error with the log when it has another one: then there is nothing to measure
   */
  async deploy(
    workspace: string,
    wanted: string,
    inputs: Readonly<Record<string, string>> = {},
    run: Partial<RunOptions> = {},
  ): Promise<{ result: ActionResult; peakMb: number | undefined }> {
    const { api, router, org, space, username, password } = this.foundry;
    const memory = watchMemory();
    const { signal } = this;
    const result = await runAction({
      ...this.runner(),
      inputs: { api, router, org, space, username, password, 'smoke-test': '/health', ...inputs },
      workspace,
      workDir: await mkdtemp(join(this.dir, 'runner-')),
      signal,
      cancelTimes: CANCEL,
      // Asked when main has ended: one that was cancelled has nothing left to mend here.
      get post() {
        return !signal.aborted;
      },
      onStart: (pid) => memory.of(pid),
      ...run,
      env: { CF_CLI: cfCli(), ...run.env },
    });
    const peakMb = memory.end();
    signal.throwIfAborted();
    if (!result.succeeded || result.outputs.result !== wanted)
      throw new Error(`the action ended with ${result.outputs.result ?? 'no result'}:\n${result.shown}`);
    return { result, peakMb };
  }

  private runner(): Pick<RunOptions, 'bundle' | 'actionFile' | 'node'> {
    return {
      bundle: process.env.BENCH_BUNDLE || join(projectRoot(), 'dist', 'index.js'),
      actionFile: join(projectRoot(), 'action.yml'),
      node: node24(),
    };
  }

  /** A job of its own without the action. */
  async shell(workspace: string): Promise<Shell> {
    await mkdir(join(this.dir, 'homes'), { recursive: true });
    return startShell(join(this.dir, 'homes'), workspace, this.signal);
  }

  /**
   * Time, requests to the platform and the switch of what is done in `act`. It gives the peak of memory when it knows it.
   * @param routes production routes, as `url` has them
   */
  async sample(routes: readonly string[], act: () => Promise<number | undefined>): Promise<Sample> {
    this.signal.throwIfAborted();
    const fromMs = Date.now();
    const start = performance.now();
    const peakMb = await act();
    const ms = performance.now() - start;
    const requests = ((await this.foundry.control('GET', 'requests')) as Told[]).filter(
      ({ atMs }) => atMs >= fromMs,
    );
    const switchMs = switchOf(await this.foundry.history(), routes, fromMs);
    return {
      ms,
      calls: requests.length,
      ...(switchMs !== undefined && { switchMs }),
      ...(peakMb !== undefined && { peakMb }),
    };
  }

  /** Ends the platform with all its instances, and removes what was written. */
  async close(): Promise<void> {
    await this.foundry.stop();
    // What is being ended may still write.
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
