/** From inputs to a platform that answers: finds the CLI, signs in, looks up the target. */
import { availableParallelism } from 'node:os';
import { findCf } from '../cli/find.js';
import { openSession } from '../cli/session.js';
import type { CfSession } from '../cli/signed-in.js';
import { runnerToolCache } from '../cli/tool-cache.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { Target } from '../model/cloud.js';
import type { Children, Clock, Connect, Files, Http, Listener, Loopback, Random } from '../model/ports.js';
import type { Platform } from '../platform/calls.js';
import { createPlatform } from '../platform/client.js';
import type { World } from '../steps/world.js';
import { begun } from '../system/begun.js';
import { afterSignal } from './after-signal.js';

/** Everything that touches the world, passed in by the entry. */
export interface Ports {
  /** To the platform, with the user's TLS settings. */
  http: Http;
  /** To TCP routes. */
  connect: Connect;
  /** To everywhere else: mirrors and a GitHub of one's own may be of the private authority, but nobody goes unchecked. */
  publicHttp: Http;
  children: Children;
  clock: Clock;
  random: Random;
  files: Files;
  /** undefined: the CLI renews its token by itself, as far as it can. */
  loopback?: Loopback;
  env: Readonly<Record<string, string | undefined>>;
  listener: Listener;
  signal: AbortSignal;
  /** A second signal: not a moment is left. undefined: none ever comes. */
  again?: AbortSignal;
  runner: Runner;
}

/** What of the runner a command uses by itself. */
export interface Runner {
  /** Remembered for the post step. */
  saveState(name: string, value: string): void;
  exportVariable(name: string, value: string): void;
  addPath(folder: string): void;
  setSecret(value: string): void;
}

export interface Opened {
  platform: Platform;
  afterSignal: World['afterSignal'];
  target: Target;
  session: CfSession;
  cf: { path: string; version: string };
  /** Ends when the CLI has its target, too: nothing is written before. Throws as `open`. */
  signedIn: Promise<void>;
  /** Private to this run. Whatever a killed run leaves in it the post step removes. */
  folder: string;
  /** Signs out, and removes whatever was written for this run. Never throws: how a command ended stays what it is. */
  close(): Promise<void>;
}

/** State that the post step reads: folders that must not outlive the job. */
export const FOLDERS_STATE = 'folders';

/** Throws `Refused` (sign-in refused, no such space) and `PlatformFault`. */
export async function open(inputs: Inputs, context: RunContext, ports: Ports): Promise<Opened> {
  const opened = await openToLook(inputs, context, ports);
  try {
    await opened.signedIn;
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** As `open`, and as soon as the platform can be looked at: the CLI may have no target yet, as `signedIn` says. */
export async function openToLook(inputs: Inputs, context: RunContext, ports: Ports): Promise<Opened> {
  const { files, runner, signal, listener } = ports;
  const folder = await files.privateFolder(context.temp, 'cf-zero-downtime-');
  runner.saveState(FOLDERS_STATE, folder);
  let session: CfSession | undefined;
  let signedIn: Promise<void> | undefined;
  const after = afterSignal(ports);
  const close = async () => {
    after.close();
    try {
      // The CLI writes its token once more when it ends.
      await signedIn?.catch(() => undefined);
      await session?.close();
      await files.remove(folder);
    } catch (error) {
      const text = `The private folder of this run could not be removed, the post step tries it again: ${(error as Error).message}`;
      listener.tell({ type: 'warning', text });
    }
  };
  try {
    const cf = await findCf({
      ...ports,
      http: ports.publicHttp,
      inputs,
      platform: { os: process.platform, arch: process.arch },
      ...(context.toolCache ? { toolCache: runnerToolCache() } : {}),
      folder,
    });
    session = await openSession({
      ...ports,
      cf,
      inputs,
      temp: folder,
      cores: availableParallelism(),
      hide: runner.setSecret,
      // After `setup` the CLI goes on without us.
      loopback: inputs.command === 'setup' ? undefined : ports.loopback,
    });
    const cli = session;
    await cli.signIn();
    signedIn = begun(cli.target());
    const { api, logCache, networkPolicy } = cli.root;
    const connection = {
      http: ports.http,
      clock: ports.clock,
      api,
      token: () => cli.token(),
      invalidateToken: () => cli.invalidateToken(),
      ...(logCache ? { logCacheUrl: logCache } : {}),
      ...(networkPolicy ? { networkPolicyUrl: networkPolicy } : {}),
    };
    const platform = createPlatform({ ...connection, signal, writesUntil: after.signal });
    const target = await faultOfFirst(signedIn, platform.target(inputs.org, inputs.space));
    const { signal: until } = after;
    const afterwards = { platform: createPlatform({ ...connection, signal: until }), signal: until };
    return { platform, afterSignal: afterwards, target, session, cf, signedIn, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What `beside` gives. Where it fails, the fault of what was begun before it is told, if there is one. */
export async function faultOfFirst<T>(first: Promise<void>, beside: Promise<T>): Promise<T> {
  try {
    return await beside;
  } catch (error) {
    await first;
    throw error;
  }
}
