import type { Files, Loopback, Random } from '../model/ports.js';
import type { AccessToken } from './access-token.js';
import { OBEYS_SINCE, TokenBroker } from './broker.js';
import { Configuration } from './configuration.js';
import { compareVersions } from './releases.js';

/** Each keeps an archive on the disk, of up to 1 GB by the platform's default: hosted runners have 14 GB. */
const MOST_UPLOADS = 8;
/** A push hashes and packs the bits, which takes a core, and waits for the platform the rest of its time. */
const UPLOADS_PER_CORE = 2;

/** How many uploads, each from a home of its own, go side by side on a machine with so many cores. */
export function uploadsOn(cores: number): number {
  return Math.min(MOST_UPLOADS, UPLOADS_PER_CORE * cores);
}

export interface HomeOptions {
  files: Files;
  random: Random;
  /** undefined: the CLI renews its token itself, as far as it can. */
  loopback?: Loopback | undefined;
  /** Of the CLI. */
  version: string;
  accessToken: AccessToken;
}

/**
 * One private `CF_HOME`, and who renews the token in it. Its configuration has no lock, and the last process to end wins: one
 * command at a time.
 */
export class Home {
  private readonly configuration: Configuration;
  private broker: TokenBroker | undefined;
  /** What the CLI's configuration holds; undefined before signing in. */
  private written: string | undefined;

  constructor(
    private readonly options: HomeOptions,
    /** Mode 0700. */
    readonly path: string,
  ) {
    this.configuration = new Configuration(options.files, path);
  }

  /** What the CLI wrote. */
  async read(): Promise<Record<string, unknown>> {
    return await this.configuration.read();
  }

  /** From here on the CLI has our token, and where it can has it renewed by us. */
  async signIn(keys: Readonly<Record<string, unknown>>): Promise<void> {
    const { accessToken } = this.options;
    const authorization = `bearer ${await accessToken.get()}`;
    await this.configuration.change({
      AccessToken: authorization,
      RefreshToken: accessToken.refreshToken ?? '',
      ...keys,
      ...(await this.brokerAddresses()),
    });
    this.written = authorization;
  }

  /** The CLI cannot renew a client's token, so it is given ours. */
  async freshen(): Promise<void> {
    if (this.written === undefined) return;
    const authorization = `bearer ${await this.options.accessToken.get()}`;
    if (authorization === this.written) return;
    await this.configuration.change({ AccessToken: authorization });
    this.written = authorization;
  }

  /**
   * The CLI renews its token with a refresh token, which UAA may take once only: what it was given instead is in this home alone,
   * and a copy would hold one that is worth nothing.
   */
  get isOnlyOne(): boolean {
    return this.broker === undefined && this.options.accessToken.refreshToken !== undefined;
  }

  /**
   * A home with the same target and a renewal of its own. It lies in this one: whatever removes this one removes it, too.
   * @param target what it takes for the platform's address; undefined: the same
   */
  async copy(target?: string): Promise<Home> {
    const { AccessToken: _old, RefreshToken: _older, ...keys } = await this.read();
    const home = new Home(this.options, await this.options.files.privateFolder(this.path, 'push-'));
    try {
      await home.signIn(target === undefined ? keys : { ...keys, Target: target });
      return home;
    } catch (error) {
      await home.remove();
      throw error;
    }
  }

  /** Why the last renewal failed, once. */
  takeFailure(): Error | undefined {
    return this.broker?.takeFailure();
  }

  /** Nothing is renewed any more. */
  close(): void {
    this.broker?.close();
    this.broker = undefined;
  }

  async remove(): Promise<void> {
    this.close();
    await this.options.files.remove(this.path);
  }

  private async brokerAddresses(): Promise<Record<string, string>> {
    const { loopback, random, version, accessToken } = this.options;
    if (loopback === undefined || compareVersions(version, OBEYS_SINCE) < 0) return {};
    this.broker ??= await TokenBroker.open(loopback, random, accessToken);
    const { address } = this.broker;
    return { UaaEndpoint: address, AuthorizationEndpoint: address, RefreshToken: '' };
  }
}
