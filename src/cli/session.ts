import { requestIdToken } from '../github/id-token.js';
import type { Inputs } from '../model/asked.js';
import { PlatformFault, ProgramFailed } from '../model/errors.js';
import type { Children, Clock, Files, Http, Listener, Loopback, Random } from '../model/ports.js';
import { MINUTE_MS } from '../model/words.js';
import { Gate } from '../system/gate.js';
import { AccessToken } from './access-token.js';
import { tellAuthorities } from './authorities.js';
import { OBEYS_SINCE } from './broker.js';
import { toolEnvironment } from './environment.js';
import type { FoundCf } from './find.js';
import { isOidc } from './grant.js';
import { Home, uploadsOn } from './home.js';
import { type CfOutput, pushFailure, REDACTS_SINCE, showable, signInFailure } from './output.js';
import { patiently } from './patience.js';
import { Relay } from './relay.js';
import { compareVersions } from './releases.js';
import { type Root, readRoot } from './root.js';
import type { CfOptions, CfSession, PushBits, V6Bits } from './signed-in.js';
import { assertServesV6 } from './v6.js';

export interface OpenSession {
  cf: Pick<FoundCf, 'path' | 'version'>;
  inputs: Pick<
    Inputs,
    'api' | 'org' | 'space' | 'credentials' | 'skipSslValidation' | 'caCertificate' | 'timeoutMs'
  >;
  children: Children;
  http: Http;
  /** To GitHub: without `skip-ssl-validation`, which is for the platform. */
  publicHttp: Http;
  clock: Clock;
  files: Files;
  random: Random;
  /** Where the CLI has its token renewed; undefined: it renews it itself, as far as it can. */
  loopback?: Loopback | undefined;
  /** Is told every token, before anything else is. */
  hide(secret: string): void;
  /** Folder for the session's own private folder. */
  temp: string;
  listener: Listener;
  env: Readonly<Record<string, string | undefined>>;
  /** Of this machine. */
  cores: number;
  signal?: AbortSignal;
}

const COMMAND_TIMEOUT_MS = 2 * 60_000;
/** The CLI itself waits for ever for the platform to take the bits in. */
const PUSH_TIMEOUT_MS = 30 * 60_000;

interface Run extends CfOptions {
  /** undefined: nothing is shown. */
  showAs?: string;
  secrets?: Readonly<Record<string, string>>;
  /** What the CLI takes for the platform; it is ended as soon as the bits are taken in. */
  relay?: Relay;
}

/**
 * Reads the platform's root and prepares a private home for the CLI; signs in with `target`. Throws `Refused` (an address that
 * is neither https nor on this machine, no Cloud Foundry there), `PlatformFault`.
 */
export async function openSession(options: OpenSession): Promise<CfSession> {
  const { inputs, files } = options;
  const root = await readRoot(inputs.api, options);
  const folder = await files.privateFolder(options.temp, 'cf-home-');
  try {
    const { caCertificate } = inputs;
    const certificates = await tellAuthorities(folder, { ...options, caCertificate, os: process.platform });
    return new Session(options, root, folder, certificates);
  } catch (error) {
    await files.remove(folder);
    throw error;
  }
}

class Session implements CfSession {
  readonly version: string;
  private readonly accessToken: AccessToken;
  private readonly home: Home;
  private readonly turns = new Gate(1);
  private readonly uploads: Gate;
  private signingIn: Promise<void> | undefined;

  constructor(
    private readonly options: OpenSession,
    readonly root: Root,
    readonly cfHome: string,
    private readonly certificates: Readonly<Record<string, string>>,
  ) {
    this.version = options.cf.version;
    this.uploads = new Gate(uploadsOn(options.cores));
    const { credentials } = options.inputs;
    const audience = (isOidc(credentials) ? credentials.audience : undefined) ?? `${root.uaa}/oauth/token`;
    this.accessToken = new AccessToken({
      ...options,
      login: root.login,
      credentials,
      identity: () => requestIdToken({ ...options, http: options.publicHttp, audience }),
    });
    this.home = new Home({ ...options, version: this.version, accessToken: this.accessToken }, cfHome);
  }

  get uploadsAtATime(): number {
    return this.home.isOnlyOne ? 1 : uploadsOn(this.options.cores);
  }

  signIn(): Promise<void> {
    this.signingIn ??= this.takeToken();
    return this.signingIn;
  }

  async target(): Promise<void> {
    const { org, space } = this.options.inputs;
    await this.signIn();
    await this.signInStep('target', ['-o', org, '-s', space]);
  }

  private async takeToken(): Promise<void> {
    const { skipSslValidation, credentials } = this.options.inputs;
    assertServesV6(this.version, this.root);
    await this.signInStep('api', [this.root.api, ...(skipSslValidation ? ['--skip-ssl-validation'] : [])]);
    if (credentials.kind === 'user')
      await this.signInStep(
        'auth',
        credentials.origin === undefined ? [] : ['--origin', credentials.origin],
        {
          CF_USERNAME: credentials.username,
          CF_PASSWORD: credentials.password,
        },
      );
    else if (credentials.kind === 'client')
      await this.signInStep('auth', ['--client-credentials'], {
        CF_USERNAME: credentials.clientId,
        CF_PASSWORD: credentials.clientSecret,
      });
    await this.shareToken();
  }

  /** One token for the CLI and for us. Of an identity `cf auth` takes an argument only, which all the machine could read. */
  private async shareToken(): Promise<void> {
    const { credentials } = this.options.inputs;
    const { accessToken } = this;
    const written = await this.home.read();
    if (!isOidc(credentials))
      accessToken.adopt(String(written.AccessToken ?? ''), String(written.RefreshToken ?? ''));
    const client = {
      UAAGrantType: 'client_credentials',
      UAAOAuthClient: (credentials as { clientId?: string }).clientId,
    };
    await this.home.signIn(credentials.kind === 'oidc-client' ? client : {});
  }

  async token(): Promise<string> {
    return await this.accessToken.get();
  }

  invalidateToken(): void {
    this.accessToken.invalidate();
  }

  async cf(args: readonly string[], options: CfOptions = {}): Promise<string> {
    const { code, stdout, output } = await this.turns.run(() =>
      this.run(this.home, args, { ...options, showAs: 'cf' }),
    );
    if (code !== 0) throw new ProgramFailed(`cf ${args[0]} failed`, code, output.both);
    return stdout;
  }

  async pushBits(push: PushBits): Promise<void> {
    const redacts = compareVersions(this.version, REDACTS_SINCE) >= 0;
    const args = [
      'push',
      push.app,
      ...['--no-start', '-f', push.manifestPath],
      ...(push.varsFilePath === undefined ? [] : ['--vars-file', push.varsFilePath]),
      ...(push.bitsPath === undefined ? [] : ['-p', push.bitsPath]),
      ...(push.docker === undefined ? [] : ['--docker-image', push.docker.image]),
      ...(push.docker?.username === undefined ? [] : ['--docker-username', push.docker.username]),
      ...(redacts ? ['--redact-env'] : []),
    ] as const;
    const password = push.docker?.password;
    await this.upload(args, push.signal, password === undefined ? {} : { CF_DOCKER_PASSWORD: password });
  }

  async createPackage({ app, bitsPath, signal }: V6Bits): Promise<void> {
    await this.upload(['v3-create-package', app, '-p', bitsPath], signal);
  }

  async zdtPush({ app, bitsPath, stagingTimeoutMs, signal }: Parameters<CfSession['zdtPush']>[0]) {
    await this.upload(['v3-zdt-push', app, '-p', bitsPath, '--no-route'], signal, {
      // In minutes.
      CF_STAGING_TIMEOUT: String(stagingTimeoutMs / MINUTE_MS),
    });
  }

  /** In a home of its own, beside other uploads, where that takes no renewal from another. */
  private async upload(
    args: readonly [command: string, app: string, ...flags: string[]],
    signal: AbortSignal | undefined,
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const how = {
      showAs: `cf ${args[1]}`,
      timeoutMs: this.options.inputs.timeoutMs ?? PUSH_TIMEOUT_MS,
      secrets,
      ...(signal === undefined ? {} : { signal }),
    };
    if (this.home.isOnlyOne) return await this.turns.run(() => this.uploadFrom(this.home, args, how));
    await this.uploads.run(async () => {
      (signal ?? this.options.signal)?.throwIfAborted();
      const relay = await this.relay(how.timeoutMs);
      try {
        const home = await this.home.copy(relay?.address);
        try {
          await this.uploadFrom(home, args, how, relay);
        } finally {
          // What is left of it goes with the session: what the upload came to stays what it is.
          await home.remove().catch(() => {});
        }
      } finally {
        relay?.close();
      }
    });
  }

  /** undefined: the CLI asks the platform itself. */
  private async relay(timeoutMs: number): Promise<Relay | undefined> {
    const { loopback, random, http, clock } = this.options;
    if (loopback === undefined || compareVersions(this.version, OBEYS_SINCE) < 0) return undefined;
    return await Relay.open({ loopback, random, http, clock, api: this.root.api, timeoutMs });
  }

  private async uploadFrom(
    home: Home,
    args: readonly [string, string, ...string[]],
    how: Run,
    relay?: Relay,
  ): Promise<void> {
    const { code, output } = await this.run(home, args, relay === undefined ? how : { ...how, relay });
    if (relay?.taken.aborted) return;
    const what = `cf ${args[0]} of ${args[1]}`;
    const failure = home.takeFailure() ?? relay?.failure;
    if (code !== 0 && failure !== undefined)
      throw new PlatformFault(`${what} did not come through: ${failure.message}`, true);
    if (code !== 0) throw pushFailure(what, code, output);
  }

  async close(): Promise<void> {
    this.home.close();
    await this.accessToken.revoke();
    await this.home.remove();
  }

  private async signInStep(
    step: 'api' | 'auth' | 'target',
    args: readonly string[],
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { clock, signal, inputs } = this.options;
    await patiently(
      clock,
      async () => {
        const { code, output } = await this.run(this.home, [step, ...args], { secrets });
        if (code !== 0) throw signInFailure(step, output, inputs);
      },
      signal,
    );
  }

  private async run(
    home: Home,
    args: readonly string[],
    how: Run,
  ): Promise<{ code: number | null; stdout: string; output: CfOutput }> {
    const { children, cf, env, listener } = this.options;
    const signal = how.signal ?? this.options.signal;
    const { relay } = how;
    const ends = [signal, relay?.taken].filter((one) => one !== undefined);
    await home.freshen();
    const cut = { stdout: showable(), stderr: showable() };
    const shown = { stdout: [] as string[], stderr: [] as string[], both: [] as string[] };
    const result = await children.run({
      file: cf.path,
      args,
      env: toolEnvironment(env, {
        CF_HOME: home.path,
        CF_COLOR: 'false',
        // What the CLI packs up is removed with its home, however the process ends.
        ...{ TMPDIR: home.path, TEMP: home.path, TMP: home.path },
        ...this.certificates,
        ...how.secrets,
      }),
      timeoutMs: how.timeoutMs ?? COMMAND_TIMEOUT_MS,
      onLine: (stream, text) => {
        const line = cut[stream](relay === undefined ? text : text.replaceAll(relay.address, this.root.api));
        if (line === undefined) return;
        shown.both.push(line);
        shown[stream].push(line);
        if (how.showAs !== undefined && line.trim() !== '')
          listener.tell({ type: 'foreign', source: how.showAs, text: line });
      },
      ...(how.stdin === undefined ? {} : { stdin: how.stdin }),
      ...(how.cwd === undefined ? {} : { cwd: how.cwd }),
      ...(ends.length === 0 ? {} : { signal: AbortSignal.any(ends) }),
    });
    signal?.throwIfAborted();
    // Its time was not over, but it is good for nothing: the next command must not get the same one.
    if (result.code !== 0 && shown.both.some((line) => /Invalid Auth Token/i.test(line)))
      this.accessToken.invalidate();
    if (result.timedOut) throw new PlatformFault(`cf ${args[0]} did not end in its time`, true);
    const [stdout, stderr, both] = [shown.stdout, shown.stderr, shown.both].map((lines) => lines.join('\n'));
    return { code: result.code, stdout: stdout ?? '', output: { stderr: stderr ?? '', both: both ?? '' } };
  }
}
