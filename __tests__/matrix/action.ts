/** One run of the action: the shipped `main`, with every port on the virtual clock. */
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../../foundry/router/random.js';
import { reportPage } from '../../runner/tools.js';
import { main } from '../../src/main.js';
import { Cancelled, HttpFailure } from '../../src/model/errors.js';
import type {
  Children,
  Clock,
  Connect,
  Files,
  Http,
  HttpRequest,
  HttpResponse,
} from '../../src/model/ports.js';
import { post } from '../../src/post.js';
import type { ProcessPorts } from '../../src/report/shown.js';
import { CF6, CF8 } from './cf-recording.js';
import { Life } from './life.js';
import { API, type Platform } from './platform.js';
import { type CfWorld, playCf } from './played-cf.js';
import { answered } from './routers.js';
import { bodyOf, VirtualLoopback } from './virtual-loopback.js';
import { type SeenCall, type Trial, Wire } from './wire.js';

export interface Deploy {
  workspace: string;
  /** 40 hexadecimal digits. */
  commit: string;
  runId: string;
  inputs: Readonly<Record<string, string>>;
  /** What the workflow runs for, in the repository `octo/shop`. */
  event?: { name: string; payload: unknown };
  /** `owner/name`; else `octo/shop`. */
  repository?: string;
  /** File and ref of its workflow, such as `deploy.yml@refs/heads/main`. */
  workflow?: string;
  /** What GitHub answers to any other request; undefined: 404. */
  gitHub?(
    path: string,
  ): { status: number; json: unknown; headers?: Readonly<Record<string, string>> } | undefined;
  /** What GitHub says of how the commit `head` stands to `base`; undefined: it is not asked. */
  compare?(base: string, head: string): 'ahead' | 'behind' | 'diverged';
}

export interface RunResult {
  /** `killed`: it never came to its end. */
  code: number | 'killed';
  outputs: Readonly<Record<string, string>>;
  /** Reports that were written, by their paths in the workspace. */
  reports: Readonly<Record<string, string>>;
  lines: readonly string[];
  /** Markdown; '' unless the input `summary` asks for it. */
  summary: string;
  calls: readonly SeenCall[];
  /** Arguments of each run of the CLI. */
  commands: readonly (readonly string[])[];
  /** The point of the trial was met. */
  reached: boolean;
  endedAtMs: number;
  /** After the runner's signal; undefined: it sent none. */
  endedAfterMs?: number;
}

const TEMP = '/temp';
const GITHUB = 'https://github.invalid';
const EVENT = '/event.json';
/** How long a request to an app takes: not two alike, as on any network. Alike, every probe of a row could meet the same router. */
const PROBE_MS = { least: 2, spread: 6 };
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Runs it to its end, while time passes. */
export function runAction(platform: Platform, deploy: Deploy, trial?: Trial): Promise<RunResult> {
  return platform.clock.drive(act(platform, deploy, trial));
}

/** Runs it, and the post step where the runner's signal came before. Somebody else lets time pass. */
export async function act(platform: Platform, deploy: Deploy, trial?: Trial): Promise<RunResult> {
  const life = new Life();
  const cancelling = new AbortController();
  let cancelledAtMs: number | undefined;
  const wire = new Wire(platform, life, trial, () => {
    cancelledAtMs = platform.clock.now();
    cancelling.abort(new Cancelled('cancelled (SIGINT)'));
  });
  const played = portsOf(platform, deploy, life, wire, cancelling);
  const { outputs, reports, lines, state, commands } = played;
  const killed = new Promise<'killed'>((resolve) => life.onEnd(() => resolve('killed')));
  const code = await Promise.race([main(played.ports), killed]);
  const endedAtMs = platform.clock.now();
  const { calls, reached } = wire;
  const summary = played.summaries.join('');
  const result: RunResult = { code, outputs, reports, lines, summary, calls, commands, reached, endedAtMs };
  if (cancelledAtMs !== undefined) {
    result.endedAfterMs = endedAtMs - cancelledAtMs;
    const next = portsOf(platform, deploy, life, new Wire(platform, life), new AbortController());
    const ports = { ...next.ports, files: memory(), warn: (text: string) => void lines.push(text) };
    await post({ ...ports, state: (name) => state[name] ?? '' });
    lines.push(...next.lines);
  }
  life.end();
  return result;
}

function portsOf(platform: Platform, deploy: Deploy, life: Life, wire: Wire, ending: AbortController) {
  const { signal } = ending;
  setMaxListeners(0, signal);
  // Node keeps whatever listens to a signal made of others until it is aborted: else each run would stay in memory for ever.
  life.onEnd(() => ending.abort(new Cancelled('its process has ended')));
  const living =
    <A extends unknown[]>(act: (...given: A) => void) =>
    (...given: A) => {
      if (!life.over) act(...given);
    };
  const outputs: Record<string, string> = {};
  const reports: Record<string, string> = {};
  const state: Record<string, string> = {};
  const lines: string[] = [];
  const summaries: string[] = [];
  const commands: (readonly string[])[] = [];
  const env = environment(platform, deploy);
  const clock: Clock = {
    now: () => platform.clock.now(),
    sleep: (ms, ending) => life.living(() => platform.clock.sleep(ms, ending)),
  };
  const write = living((line: string) => {
    lines.push(line);
    const step = /^::group::(.*)/.exec(line)?.[1];
    if (step !== undefined) wire.step = step.replace(/\d{8}-\d{6}-[0-9a-f]{7}/g, 'VERSION');
    if (line === '::endgroup::') wire.step = 'between';
  });
  const files = memory();
  if (deploy.event) void files.writePrivate(EVENT, JSON.stringify(deploy.event.payload));
  const loopback = new VirtualLoopback(life);
  const http = httpOf(platform, deploy, life, wire, loopback, seededRandom(Number(deploy.runId)));
  const connect = connectOf(platform, life, wire, seededRandom(Number(deploy.runId)));
  const cfWorld: CfWorld = {
    clock: platform.clock,
    files,
    send: (child, call, target) => loopback.ask(target, child, call) ?? wire.send('cf', child, call),
  };
  const children: Children = {
    run: (command) =>
      life.living(() => {
        const child = new Life(life);
        command.signal?.addEventListener('abort', () => child.end(), { once: true });
        commands.push(command.args);
        return playCf(cfWorld, child, command, deploy.inputs['cf-version'] === '6' ? CF6 : CF8);
      }),
  };
  const ports: ProcessPorts = {
    portsFor: (_, listener) => ({
      http,
      connect,
      publicHttp: http,
      children,
      clock,
      random: randomOf(Number(deploy.runId)),
      files,
      loopback,
      env,
      listener,
      signal,
      runner: {
        saveState: living((name, value) => {
          state[name] = value;
        }),
        exportVariable: () => undefined,
        addPath: () => undefined,
        setSecret: () => undefined,
      },
    }),
    core: {
      setOutput: living((name, value) => {
        outputs[name] = value;
      }),
      error: living((text) => void lines.push(`::error::${text}`)),
      notice: () => undefined,
      summary: (text) => life.living(async () => void summaries.push(text)),
      setSecret: () => undefined,
    },
    clock,
    env,
    files,
    reports: {
      page: () => readFile(reportPage(), 'utf8'),
      write: async (_, path, text) => {
        reports[path] = text;
      },
    },
    write,
  };
  return { ports, outputs, reports, state, lines, summaries, commands };
}

function environment(
  { foundry }: Platform,
  { workspace, commit, runId, inputs, compare, event, repository = 'octo/shop', gitHub, workflow }: Deploy,
) {
  const { org, space, username, password } = foundry;
  const usual = { api: API, org, space, username, password, router: 'http://127.0.0.1:1', summary: 'false' };
  const given = Object.entries({
    ...usual,
    ...(compare || gitHub ? { 'github-token': 'token' } : {}),
    ...inputs,
  }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  return {
    ...Object.fromEntries(given),
    // A program that is there; nothing runs it.
    CF_CLI: process.execPath,
    RUNNER_TEMP: TEMP,
    GITHUB_WORKSPACE: workspace,
    GITHUB_RUN_ID: runId,
    GITHUB_SHA: commit,
    ...(compare || gitHub ? { GITHUB_API_URL: GITHUB } : {}),
    ...(compare || event ? { GITHUB_REPOSITORY: repository } : {}),
    ...(event ? { GITHUB_EVENT_NAME: event.name, GITHUB_EVENT_PATH: EVENT } : {}),
    ...(event && workflow ? { GITHUB_WORKFLOW_REF: `${repository}/.github/workflows/${workflow}` } : {}),
  };
}

function httpOf(
  platform: Platform,
  { compare, gitHub }: Deploy,
  life: Life,
  wire: Wire,
  loopback: VirtualLoopback,
  jitter: () => number,
): Http {
  return {
    request: (request) =>
      life.living(() => {
        const startedMs = platform.clock.now();
        const url = new URL(request.url);
        const known = url.origin === GITHUB ? asked(url) : undefined;
        const answer = known ?? (url.origin === API ? call(request, url) : probe(request, url));
        return givenUp(request, answer).then(({ status, headers, body }) => ({
          status,
          headers,
          body: Buffer.from(body),
          cut: false,
          durationMs: platform.clock.now() - startedMs,
        }));
      }),
  };

  /** GitHub knows of commits only, of no run. */
  async function asked({ pathname, search }: URL) {
    const told = gitHub?.(pathname + search);
    if (told) return { status: told.status, headers: { ...told.headers }, body: JSON.stringify(told.json) };
    const [, base = '', head = ''] = /\/compare\/(\w+)\.\.\.(\w+)$/.exec(pathname) ?? [];
    if (!base || !compare) return { status: 404, headers: {}, body: '{}' };
    const body = JSON.stringify({ status: compare(base, head), base_commit: { sha: base } });
    return { status: 200, headers: {}, body };
  }

  async function call(request: HttpRequest, url: URL) {
    const headers = lowerCase(request.headers);
    const body = await bodyOf(request);
    const sent = { method: request.method, path: url.pathname + url.search, headers };
    const child = loopback.childOf(request);
    return wire.send(child ? 'cf' : 'action', child ?? life, body === undefined ? sent : { ...sent, body });
  }

  function probe({ headers }: HttpRequest, url: URL) {
    return wire.probe(life, url.hostname.startsWith('tcp.') ? 'TCP' : url.hostname, async () => {
      await platform.clock.sleep(PROBE_MS.least + jitter() * PROBE_MS.spread);
      if (!url.hostname.startsWith('tcp.'))
        return platform.routers.ask(url.hostname, url.pathname, lowerCase(headers));
      const met = platform.routers.connect(Number(url.port));
      if (typeof met === 'string')
        throw new HttpFailure(met, met === 'refused' ? met : 'reset', met === 'closed');
      return answered(met, url.pathname);
    });
  }
}

/** Connections to TCP routes: `Connect` on the virtual clock. */
function connectOf(platform: Platform, life: Life, wire: Wire, jitter: () => number): Connect {
  return ({ host, port, openMs, signal }) =>
    life.living(() => {
      // Of its own for all ports: that of a trial route is another one in each run.
      const met = wire.probe(life, 'TCP', async () => {
        await platform.clock.sleep(PROBE_MS.least + jitter() * PROBE_MS.spread);
        const answer = platform.routers.connect(port);
        if (answer === 'refused') throw new HttpFailure('nobody listens', 'refused', false);
        if (answer === 'closed') throw new HttpFailure('closed at once', 'reset', true);
        await platform.clock.sleep(openMs);
      });
      const url = `tcp://${host}:${port}`;
      return givenUp({ method: 'CONNECT', url, timeoutMs: 0, ...(signal ? { signal } : {}) }, met);
    });
}

/** An answer that comes, unless the request is given up before. */
function givenUp<T>({ signal, method, url }: HttpRequest, answer: Promise<T>): Promise<T> {
  if (!signal) return answer;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new HttpFailure(`${method} ${url}: given up`, 'aborted', true));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function lowerCase(headers: HttpRequest['headers'] = {}): HttpResponse['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function randomOf(seed: number) {
  const random = seededRandom(seed);
  const letter = () => LETTERS.charAt(Math.floor(random() * LETTERS.length));
  return { token: (length: number) => Array.from({ length }, letter).join('') };
}

/** Files of one run: they are gone with it, as those of a runner's machine are. */
export function memory(): Files {
  const files = new Map<string, Buffer>();
  let folders = 0;
  return {
    privateFolder: async (parent, prefix) => {
      folders += 1;
      return join(parent, `${prefix}${folders}`);
    },
    writePrivate: async (path, content) => void files.set(path, Buffer.from(content)),
    read: async (path) => files.get(path),
    link: async () => undefined,
    remove: async (path) => {
      for (const one of [...files.keys()]) if (one === path || one.startsWith(`${path}/`)) files.delete(one);
    },
  };
}
