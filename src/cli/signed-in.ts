/** What can be done with a cf CLI that is signed in. */
import type { Root } from './root.js';

export interface CfOptions {
  stdin?: string;
  cwd?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface PushBits {
  app: string;
  manifestPath: string;
  /** Values of the manifest's variables; mode 0600. */
  varsFilePath?: string;
  /** Folder or archive that wins over the manifest's `path`. */
  bitsPath?: string;
  /** Instead of bits. */
  docker?: { image: string; username?: string; password?: string };
  signal?: AbortSignal;
}

/** Bits of one app, for the commands of v6 that know no manifest. */
export interface V6Bits {
  app: string;
  /** Folder or archive. */
  bitsPath: string;
  signal: AbortSignal;
}

export interface CfSession {
  /** The CLI's private `CF_HOME`. */
  readonly cfHome: string;
  /** Of the CLI. */
  readonly version: string;
  /** What the platform's root names. */
  readonly root: Root;
  /** How many uploads go side by side, once it is signed in. */
  readonly uploadsAtATime: number;
  /** Signs in, once: from here on there is a token. Throws `Refused`, `PlatformFault`. */
  signIn(): Promise<void>;
  /** Signs in, and has the CLI target organization and space: before any command but these. Throws as `signIn`. */
  target(): Promise<void>;
  /** A valid access token, without `bearer`. For the hosts of `root` only. */
  token(): Promise<string>;
  /** The platform did not accept the last token. */
  invalidateToken(): void;
  /** Runs one cf command and gives its standard output. Throws `ProgramFailed`, `PlatformFault` when its time is over. */
  cf(args: readonly string[], options?: CfOptions): Promise<string>;
  /**
   * Applies the manifest to `app` and uploads its bits; starts nothing. Throws `ProgramFailed` when the CLI or the platform
   * refuses manifest or bits, `PlatformFault` (ambiguous) when it did not come through.
   */
  pushBits(push: PushBits): Promise<void>;
  /** v6: uploads the bits of `app` as a package; starts nothing, applies no manifest. Throws as `pushBits`. */
  createPackage(bits: V6Bits): Promise<void>;
  /**
   * v6: uploads the bits of `app`, stages them, and begins a deployment of the droplet, for which it does not wait: its own waits
   * know nothing of deployments as they are today. Routes stay as they are. Throws as `pushBits`; the deployment may have begun.
   */
  zdtPush(bits: V6Bits & { stagingTimeoutMs: number }): Promise<void>;
  /** Makes its tokens worthless where that can be done, and removes all that the session wrote. May be called again. */
  close(): Promise<void>;
}
