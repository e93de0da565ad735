/** A cf CLI that is no process: it makes the recorded calls of the real one, and bears faults as that one does. */
import { join } from 'node:path';
import { parse } from 'yaml';
import { HttpFailure } from '../../src/model/errors.js';
import type { ChildCommand, ChildResult, Files } from '../../src/model/ports.js';
import { multipart } from './by-hand.js';
import { CF8, type CfRecording } from './cf-recording.js';
import type { Life } from './life.js';
import type { ApiAnswer, ApiCall } from './platform.js';
import type { VirtualClock } from './virtual-clock.js';
import { zipOf } from './zip.js';

export interface CfWorld {
  clock: VirtualClock;
  files: Pick<Files, 'read' | 'writePrivate'>;
  /** One call of the child, to what its configuration names as the platform. Throws `HttpFailure`. */
  send(life: Life, call: ApiCall, target: string | undefined): Promise<ApiAnswer>;
}

const POLL_MS = 3_000;
/** Of a GET that breaks or is answered by 5xx; a POST has no second one. */
const ATTEMPTS = 3;
/** What is answered to it by 429 or 5xx is only worth a warning. */
const DISPENSABLE = 'manifest_diff';
const BASIC = `Basic ${Buffer.from('cf:').toString('base64')}`;

type Configuration = Record<string, string>;
type Body = Readonly<Record<string, unknown>>;

/** What the CLI shows before it ends with 1. */
class Failure extends Error {}

export async function playCf(
  world: CfWorld,
  life: Life,
  { args, env, onLine }: ChildCommand,
  recording: CfRecording = CF8,
): Promise<ChildResult> {
  const [stdout, stderr]: string[][] = [[], []];
  const show = (stream: 'stdout' | 'stderr', text: string) => {
    for (const line of text.split('\n')) {
      (stream === 'stdout' ? stdout : stderr)?.push(line);
      onLine?.(stream, line);
    }
  };
  const ended = (code: number | null, signal: string | null = null): ChildResult => {
    const [out, err] = [stdout, stderr].map((lines) => (lines ?? []).join('\n'));
    return { code, signal, stdout: out ?? '', stderr: err ?? '', timedOut: false };
  };
  const killed = new Promise<ChildResult>((resolve) => life.onEnd(() => resolve(ended(null, 'SIGKILL'))));
  const play = async () => {
    try {
      const [command = ''] = args;
      if (command === 'version') show('stdout', `cf version ${recording.version}+played`);
      await new Command(world, life, args, env, recording).play();
      return ended(0);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      show('stderr', error.message);
      show('stdout', 'FAILED');
      return ended(1);
    }
  };
  return Promise.race([killed, life.living(play)]);
}

class Command {
  /** By the word of the path before it; and what the command line named. */
  private readonly known: Record<string, string> = {};
  private configuration: Configuration = {};
  private manifest = '';

  constructor(
    private readonly world: CfWorld,
    private readonly life: Life,
    private readonly args: readonly string[],
    private readonly env: Readonly<Record<string, string>>,
    private readonly recording: CfRecording,
  ) {}

  async play(): Promise<void> {
    const [command = ''] = this.args;
    const calls = this.recording.calls[command];
    if (!calls) throw new Error(`cf ${this.args.join(' ')} was never recorded`);
    const { files } = this.world;
    const home = join(this.env.CF_HOME ?? '', '.cf', 'config.json');
    this.configuration = JSON.parse((await files.read(home))?.toString('utf8') ?? '{}') as Configuration;
    Object.assign(this.known, this.configuration);
    if (command === 'target') Object.assign(this.known, { org: this.option('-o'), space: this.option('-s') });
    if (command === 'push' || command.startsWith('v3-')) this.known.app = this.args[1] ?? '';
    if (this.args.includes('-f'))
      this.manifest = (await files.read(this.option('-f')))?.toString('utf8') ?? '';
    for (const line of calls) await this.make(line);
    if (command !== 'version') await files.writePrivate(home, JSON.stringify(this.configuration));
  }

  private async make(line: string): Promise<void> {
    const [method = '', template = ''] = line.split(' ');
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => this.known[name] ?? 'unknown');
    const call = { method, path, ...this.bodyOf(template) };
    const answer = await this.patiently(call);
    if (answer.status === 404 && template.endsWith('/droplets/current')) return;
    if ((answer.status >= 500 || answer.status === 429) && template.endsWith(DISPENSABLE)) return;
    if (answer.status >= 400) throw new Failure(errorText(answer));
    this.learn(template, answer);
    if (/jobs|^\/v3\/(packages|builds)\/\{\w+\}$/.test(template)) await this.poll(call, answer);
  }

  private async poll(call: ApiCall, first: ApiAnswer): Promise<void> {
    for (let answer = first; ; answer = await this.patiently(call)) {
      if (answer.status >= 400) throw new Failure(errorText(answer));
      const { state, errors, error, droplet } = JSON.parse(answer.body) as {
        state: string;
        errors?: { detail: string }[];
        /** Of a build. */
        error?: string | null;
        droplet?: { guid: string } | null;
      };
      if (state === 'STAGED') this.known.droplets = droplet?.guid ?? 'unknown';
      if (state === 'COMPLETE' || state === 'READY' || state === 'STAGED') return;
      if (error) throw new Failure(error);
      if (state === 'FAILED' || state === 'EXPIRED')
        throw new Failure(errors?.[0]?.detail ?? 'Package failed to process correctly after upload');
      await this.life.living(() => this.world.clock.sleep(POLL_MS));
    }
  }

  private async patiently(call: ApiCall): Promise<ApiAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt === ATTEMPTS || call.method === 'POST';
      try {
        const answer = await this.send(call);
        if (answer.status < 500 || last) return answer;
      } catch (error) {
        if (!(error instanceof HttpFailure)) throw error;
        if (last) throw new Failure(`Request error: ${call.method} "${call.path}": connection reset by peer`);
      }
    }
  }

  private send(call: ApiCall): Promise<ApiAnswer> {
    const authorization = this.configuration.AccessToken;
    const headers = { ...(authorization === undefined ? {} : { authorization }), ...call.headers };
    return this.life.living(() =>
      this.world.send(this.life, { ...call, headers }, this.configuration.Target),
    );
  }

  private keep(answer: ApiAnswer): void {
    if (answer.status !== 200) throw new Failure(errorText(answer));
    const { access_token } = JSON.parse(answer.body) as { access_token: string };
    this.configuration.AccessToken = `bearer ${access_token}`;
  }

  /** What later calls name. */
  private learn(template: string, answer: ApiAnswer): void {
    if (template === '/oauth/token') {
      this.keep(answer);
      return;
    }
    const job = /\/v3\/jobs\/([^/]+)$/.exec(answer.headers.location ?? '')?.[1];
    if (job !== undefined) this.known.jobs = job;
    const kind = /^\/v3\/(?:apps\/[^/]+\/)?(\w+)(?:\?|$)/.exec(template)?.[1];
    if (template.startsWith('/v2/') && answer.body !== '') this.learnOld(template, answer.body);
    if (kind === undefined || answer.body === '') return;
    const body = JSON.parse(answer.body) as { guid?: string; resources?: { guid: string }[] };
    const guid = body.guid ?? body.resources?.[0]?.guid;
    if (guid === undefined) {
      if (kind === 'organizations') throw new Failure(`Organization '${this.known.org}' not found.`);
      if (kind === 'spaces') throw new Failure(`Space '${this.known.space}' not found.`);
      if (kind === 'apps') throw new Failure(`App '${this.known.app}' not found.`);
      return;
    }
    this.known[kind] = guid;
    if (kind === 'organizations' || kind === 'spaces') this.configuration[kind] = guid;
  }

  /** Of version 2. */
  private learnOld(template: string, body: string): void {
    const [first] =
      (JSON.parse(body) as { resources?: { metadata: { guid: string }; entity: Body }[] }).resources ?? [];
    if (template.endsWith('/routes')) this.known.shared_domains = String(first?.entity.domain_guid);
    const kind = /^\/v2\/(organizations|spaces)\?/.exec(template)?.[1];
    if (kind === undefined) return;
    if (first === undefined) {
      const [what, name] = kind === 'spaces' ? ['Space', this.known.space] : ['Organization', this.known.org];
      throw new Failure(`${what} '${name}' not found.`);
    }
    this.known[kind] = first.metadata.guid;
    this.configuration[kind] = first.metadata.guid;
  }

  private bodyOf(template: string): Pick<ApiCall, 'body' | 'headers'> {
    if (template === '/oauth/token') {
      const { CF_USERNAME: username = '', CF_PASSWORD: password = '' } = this.env;
      if (this.args.includes('--client-credentials')) {
        const client = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
        return form(new URLSearchParams({ grant_type: 'client_credentials' }), client);
      }
      return form(new URLSearchParams({ grant_type: 'password', username, password }));
    }
    if (/manifest_diff$|apply_manifest$/.test(template))
      return { headers: { 'content-type': 'application/x-yaml' }, body: this.manifest };
    if (template.endsWith('/upload')) return upload(zipOf(this.bitsPath()));
    const body: Record<string, unknown> = {
      '/v3/resource_matches': { resources: [] },
      '/v3/apps/{apps}': {},
      '/v3/builds': { package: { guid: this.known.packages } },
      '/v3/deployments': {
        droplet: { guid: this.known.droplets },
        relationships: { app: { data: { guid: this.known.apps } } },
      },
      '/v3/packages': { type: 'bits', relationships: { app: { data: { guid: this.known.apps } } } },
    };
    return Object.hasOwn(body, template)
      ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body[template]) }
      : {};
  }

  private bitsPath(): string {
    if (this.args.includes('-p')) return this.option('-p');
    const { applications } = parse(this.manifest) as { applications: { path?: string }[] };
    return applications[0]?.path ?? '.';
  }

  private option(name: string): string {
    return this.args[this.args.indexOf(name) + 1] ?? '';
  }
}

function form(body: URLSearchParams, authorization = BASIC): Pick<ApiCall, 'body' | 'headers'> {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
    body: body.toString(),
  };
}

function upload(bits: Buffer): Pick<ApiCall, 'body' | 'headers'> {
  const { body, type } = multipart(bits);
  return { headers: { 'content-type': type }, body };
}

function errorText({ status, body }: ApiAnswer): string {
  // It renews a token that it knows to be over, never one that is refused.
  if (status === 401) return 'Invalid Auth Token';
  return `Unexpected Response\nResponse Code: ${status}\n${body.trim()}`;
}
