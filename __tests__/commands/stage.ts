/** Everything around a command, in memory: a runner, files, a `cf` that signs in, and a platform with an empty space. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ports } from '../../src/commands/open.js';
import { main } from '../../src/main.js';
import type { ChildCommand, Clock, Event, HttpRequest } from '../../src/model/ports.js';

export const API = 'https://api.example.com';
export const PASSWORD = 'p@ss|w*rd&<x>';
export const TOKEN = 'the-access-token-of-this-run';

const INPUTS: Readonly<Record<string, string>> = {
  api: API,
  org: 'shop',
  space: 'production',
  username: 'ann',
  password: PASSWORD,
};

export interface Acts {
  inputs?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  /** What the platform answers; undefined: as an empty space does. */
  answer?: (request: HttpRequest, path: string) => { status?: number; json: unknown } | undefined;
  /** Exit code and output of a `cf` command; undefined: it works. */
  cf?: (command: ChildCommand) => { code: number; text: string } | undefined;
  /** A `cf` command that takes its time, and writes the CLI's configuration at its end. */
  late?: string;
  /** Files that cannot be linked, or removed. */
  broken?: 'link' | 'remove' | 'output';
  signal?: AbortSignal;
  /** To all but the platform. Default: as to the platform. */
  publicHttp?: Ports['http'];
}

/** Runs the whole action on this stage. */
export async function performed(acts: Acts = {}) {
  const heard = {
    code: -1,
    lines: [] as string[],
    outputs: {} as Record<string, string>,
    errors: [] as { text: string; at: object }[],
    pages: [] as string[],
    masked: [] as string[],
    state: {} as Record<string, string>,
    variables: {} as Record<string, string>,
    paths: [] as string[],
    links: {} as Record<string, string>,
    requests: [] as string[],
    children: [] as ChildCommand[],
    events: [] as Event[],
    /** What lies on the disk now, with the mode that it was written with. */
    files: new Map<string, string | Buffer>(),
    folders: new Set<string>(),
    handed: false,
  };
  // Each sleep lets the test's own time go on: what waits for ever ends with it.
  const sleep: Clock['sleep'] = async (_, signal) => {
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  };
  const clock: Clock = { now: () => 0, sleep };
  const lateOnes: Promise<void>[] = [];
  const late = async () => {
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const files: Ports['files'] = {
    async privateFolder(parent, prefix) {
      const path = join(parent, `${prefix}${heard.folders.size}`);
      heard.folders.add(path);
      return path;
    },
    async writePrivate(path, content) {
      heard.files.set(path, content);
    },
    async read(path) {
      const content = heard.files.get(path);
      return content === undefined ? undefined : Buffer.from(content);
    },
    async link(target, path) {
      if (acts.broken === 'link') throw new Error('read-only file system');
      heard.links[path] = target;
    },
    async remove(path) {
      if (acts.broken === 'remove') throw new Error('busy');
      for (const one of [...heard.folders]) if (isIn(one, path)) heard.folders.delete(one);
      for (const one of [...heard.files.keys()]) if (isIn(one, path)) heard.files.delete(one);
    },
  };
  const http: Ports['http'] = {
    async request(request) {
      const { pathname } = new URL(request.url);
      heard.requests.push(`${request.method} ${pathname}`);
      const { status = 200, json } = acts.answer?.(request, pathname) ?? usual(pathname);
      const body = Buffer.from(JSON.stringify(json));
      return { status, headers: { 'content-type': 'application/json' }, body, cut: false, durationMs: 1 };
    },
  };
  const children: Ports['children'] = {
    async run(command) {
      heard.children.push(command);
      const isLate = command.args[0] === acts.late;
      if (isLate) lateOnes.push(late());
      if (isLate) await lateOnes.at(-1);
      const { code, text } = acts.cf?.(command) ?? { code: 0, text: 'cf version 8.18.4+x' };
      for (const line of text.split('\n')) command.onLine?.('stdout', line);
      const home = command.env.CF_HOME ?? '';
      if (command.args[0] === 'auth' || isLate)
        heard.files.set(join(home, '.cf', 'config.json'), JSON.stringify({ AccessToken: `bearer ${TOKEN}` }));
      return { code, signal: null, stdout: text, stderr: '', timedOut: false };
    },
  };
  const given = Object.entries({ ...INPUTS, ...acts.inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  const env = {
    // A program that is there; nothing runs it.
    CF_CLI: process.execPath,
    RUNNER_TEMP: join(tmpdir(), 'stage'),
    GITHUB_WORKSPACE: '/nowhere',
    ...Object.fromEntries(given),
    ...acts.env,
  };
  heard.code = await main({
    portsFor: (_, listener) => {
      heard.handed = true;
      return {
        http,
        connect: async () => undefined,
        publicHttp: acts.publicHttp ?? http,
        children,
        clock,
        random: { token: (length) => 'r'.repeat(length) },
        files,
        env,
        listener,
        signal: acts.signal ?? new AbortController().signal,
        runner: {
          saveState: (name, value) => {
            heard.state[name] = value;
          },
          exportVariable: (name, value) => {
            heard.variables[name] = value;
          },
          addPath: (folder) => heard.paths.push(folder),
          setSecret: (value) => heard.masked.push(value),
        },
      };
    },
    core: {
      setOutput: (name, value) => {
        if (acts.broken === 'output') throw new Error(`no file for outputs, password ${PASSWORD}`);
        heard.outputs[name] = value;
      },
      error: (text, at) => heard.errors.push({ text, at }),
      notice: () => undefined,
      summary: async (markdown) => {
        heard.pages.push(markdown);
      },
      setSecret: (value) => heard.masked.push(value),
    },
    clock,
    env,
    files,
    write: (line) => heard.lines.push(line),
  });
  await Promise.all(lateOnes);
  return heard;
}

export type Heard = Awaited<ReturnType<typeof performed>>;

/** Every byte that a reader, a later step or a later run may see. */
export function everyByte({ lines, outputs, errors, pages, state, variables, paths }: Heard): string {
  return JSON.stringify({ lines, outputs, errors, pages, state, variables, paths });
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function usual(path: string): { status?: number; json: unknown } {
  if (path === '/') {
    const links = {
      login: { href: 'https://login.example.com' },
      uaa: { href: 'https://uaa.example.com' },
      cloud_controller_v3: { href: `${API}/v3`, meta: { version: '3.200.0' } },
    };
    return { json: { links } };
  }
  if (path === '/v3/organizations') return page([{ guid: 'org', name: 'shop' }]);
  if (path === '/v3/spaces') return page([{ guid: 'space', name: 'production' }]);
  if (path.endsWith('/route_reservations')) return { json: { matching_route: false } };
  if (path.endsWith('/domains'))
    return page([{ guid: 'domain', name: 'example.com', internal: false, supported_protocols: ['http'] }]);
  return page([]);
}

function page(resources: readonly object[]) {
  return { json: { pagination: { total_results: resources.length, next: null }, resources } };
}
