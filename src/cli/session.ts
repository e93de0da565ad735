import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { Inputs } from '../model/asked.js';
import { PlatformFault, ProgramFailed } from '../model/errors.js';
import type { Children, Clock, Files, Http, Listener } from '../model/ports.js';
import { AccessToken } from './access-token.js';
import { toolEnvironment } from './environment.js';
import type { FoundCf } from './find.js';
import { type CfOutput, pushFailure, REDACTS_SINCE, showable, signInFailure } from './output.js';
import { patiently } from './patience.js';
import { compareVersions } from './releases.js';
import { type Root, readRoot } from './root.js';

export interface OpenSession {
  cf: Pick<FoundCf, 'path' | 'version'>;
  inputs: Pick<
    Inputs,
    'api' | 'org' | 'space' | 'credentials' | 'skipSslValidation' | 'caCertificate' | 'timeoutMs'
  >;
  children: Children;
  http: Http;
  clock: Clock;
  files: Files;
  /** Folder for the session's own private folder. */
  temp: string;
  listener: Listener;
  env: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
}

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
  signal?: AbortSignal;
}

export interface CfSession {
  /** The CLI's private `CF_HOME`. */
  readonly cfHome: string;
  /** Of the CLI. */
  readonly version: string;
  /** What the platform's root names. */
  readonly root: Root;
  /** Signs in and targets organization and space. Throws `Refused`, `PlatformFault`. */
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
  /**
   * Applies a manifest to the app that it names; bits and instances stay. Throws `ProgramFailed` when it is refused,
   * `PlatformFault` (ambiguous) when it did not come through.
   */
  applyManifest(manifest: Pick<PushBits, 'app' | 'manifestPath' | 'varsFilePath' | 'signal'>): Promise<void>;
  /** Removes all that the session wrote. May be called again. */
  close(): Promise<void>;
}

const COMMAND_TIMEOUT_MS = 2 * 60_000;
/** The CLI itself waits for ever for the platform to take the bits in. */
const PUSH_TIMEOUT_MS = 30 * 60_000;

/**
 * Reads the platform's root and prepares a private home for the CLI; signs in with `target`. Throws `Refused` (an address that
 * is neither https nor on this machine, no Cloud Foundry there), `PlatformFault`.
 */
export async function openSession(options: OpenSession): Promise<CfSession> {
  const { inputs, files } = options;
  const root = await readRoot(inputs.api, options);
  const folder = await files.privateFolder(options.temp, 'cf-home-');
  try {
    const certificates = await writeCertificates(folder, options);
    return new Session(options, root, folder, certificates);
  } catch (error) {
    await files.remove(folder);
    throw error;
  }
}

/** Go reads one file of authorities: ours has the usual ones, or those of the runner's own file, and the private one. */
async function writeCertificates(folder: string, { inputs, files, env }: OpenSession) {
  if (inputs.caCertificate === undefined) return {};
  const own = env.SSL_CERT_FILE === undefined ? undefined : await files.read(env.SSL_CERT_FILE);
  const usual = own?.toString('utf8') ?? rootCertificates.join('\n');
  const path = join(folder, 'authorities.pem');
  await files.writePrivate(path, `${usual}\n${inputs.caCertificate}\n`);
  return { SSL_CERT_FILE: path };
}

class Session implements CfSession {
  readonly version: string;
  private readonly accessToken: AccessToken;
  /** What the CLI's configuration holds; undefined before signing in. */
  private written: string | undefined;
  /** The CLI's configuration has no lock, and the last process to end wins: one command at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: OpenSession,
    readonly root: Root,
    readonly cfHome: string,
    private readonly certificates: Readonly<Record<string, string>>,
  ) {
    this.version = options.cf.version;
    this.accessToken = new AccessToken({
      ...options,
      login: root.login,
      credentials: options.inputs.credentials,
    });
  }

  async target(): Promise<void> {
    const { org, space, skipSslValidation, credentials } = this.options.inputs;
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
    else
      await this.signInStep('auth', ['--client-credentials'], {
        CF_USERNAME: credentials.clientId,
        CF_PASSWORD: credentials.clientSecret,
      });
    await this.signInStep('target', ['-o', org, '-s', space]);
    this.written = String((await this.configuration()).AccessToken ?? '');
    this.accessToken.adopt(this.written);
  }

  async token(): Promise<string> {
    return await this.accessToken.get();
  }

  invalidateToken(): void {
    this.accessToken.invalidate();
  }

  async cf(args: readonly string[], options: CfOptions = {}): Promise<string> {
    const { code, stdout, output } = await this.run(args, { ...options, show: true });
    if (code !== 0) throw new ProgramFailed(`cf ${args[0]} failed`, code, output.both);
    return stdout;
  }

  async pushBits(push: PushBits): Promise<void> {
    await this.giveManifest(['push', push.app, '--no-start'], push);
  }

  async applyManifest(manifest: Parameters<CfSession['applyManifest']>[0]): Promise<void> {
    await this.giveManifest(['apply-manifest'], manifest);
  }

  async close(): Promise<void> {
    await this.options.files.remove(this.cfHome);
  }

  private async giveManifest(command: readonly string[], push: PushBits): Promise<void> {
    const redacts = compareVersions(this.version, REDACTS_SINCE) >= 0;
    const args = [
      ...[...command, '-f', push.manifestPath],
      ...(push.varsFilePath === undefined ? [] : ['--vars-file', push.varsFilePath]),
      ...(push.bitsPath === undefined ? [] : ['-p', push.bitsPath]),
      ...(redacts ? ['--redact-env'] : []),
    ];
    const { code, output } = await this.run(args, {
      show: true,
      timeoutMs: this.options.inputs.timeoutMs ?? PUSH_TIMEOUT_MS,
      ...(push.signal === undefined ? {} : { signal: push.signal }),
    });
    if (code !== 0) throw pushFailure(push.app, code, output, command[0]);
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
        const { code, output } = await this.run([step, ...args], { secrets, show: false });
        if (code !== 0) throw signInFailure(step, output, inputs);
      },
      signal,
    );
  }

  /** One command, when those before it are done. */
  private run(
    args: readonly string[],
    how: CfOptions & { show: boolean; secrets?: Readonly<Record<string, string>> },
  ): Promise<{ code: number | null; stdout: string; output: CfOutput }> {
    const result = this.turn.then(() => this.runNow(args, how));
    this.turn = result.catch(() => {});
    return result;
  }

  private async runNow(
    args: readonly string[],
    how: CfOptions & { show: boolean; secrets?: Readonly<Record<string, string>> },
  ) {
    const { children, cf, env, listener } = this.options;
    const signal = how.signal ?? this.options.signal;
    await this.freshenConfiguration();
    const cut = { stdout: showable(), stderr: showable() };
    const shown = { stdout: [] as string[], stderr: [] as string[], both: [] as string[] };
    const result = await children.run({
      file: cf.path,
      args,
      env: toolEnvironment(env, {
        CF_HOME: this.cfHome,
        CF_COLOR: 'false',
        // What the CLI packs up is removed with the session, however the process ends.
        TMPDIR: this.cfHome,
        ...this.certificates,
        ...how.secrets,
      }),
      timeoutMs: how.timeoutMs ?? COMMAND_TIMEOUT_MS,
      onLine: (stream, text) => {
        const line = cut[stream](text);
        if (line === undefined) return;
        shown.both.push(line);
        shown[stream].push(line);
        if (how.show && line.trim() !== '') listener.tell({ type: 'foreign', source: 'cf', text: line });
      },
      ...(how.stdin === undefined ? {} : { stdin: how.stdin }),
      ...(how.cwd === undefined ? {} : { cwd: how.cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
    signal?.throwIfAborted();
    if (result.timedOut) throw new PlatformFault(`cf ${args[0]} did not end in its time`, true);
    const [stdout, stderr, both] = [shown.stdout, shown.stderr, shown.both].map((lines) => lines.join('\n'));
    return { code: result.code, stdout: stdout ?? '', output: { stderr: stderr ?? '', both: both ?? '' } };
  }

  /** The CLI cannot renew a client's token, so it is given ours. */
  private async freshenConfiguration(): Promise<void> {
    if (this.written === undefined) return;
    const authorization = `bearer ${await this.accessToken.get()}`;
    if (authorization === this.written) return;
    const configuration = { ...(await this.configuration()), AccessToken: authorization };
    await this.options.files.writePrivate(this.configurationPath, JSON.stringify(configuration));
    this.written = authorization;
  }

  private async configuration(): Promise<Record<string, unknown>> {
    const content = await this.options.files.read(this.configurationPath);
    return content === undefined ? {} : (JSON.parse(content.toString('utf8')) as Record<string, unknown>);
  }

  private get configurationPath(): string {
    return join(this.cfHome, '.cf', 'config.json');
  }
}
