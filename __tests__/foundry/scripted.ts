/** A foundry whose cells, stager and routers are scripted: its API can be tested without a process or a proxy. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type {
  CellEvents,
  Cells,
  DesiredProcess,
  DesiredTask,
  InstanceStatus,
  RouteRecord,
  RunningTask,
  Stager,
  TaskEnd,
} from '../../foundry/ports.js';
import type { Routers } from '../../foundry/router/index.js';
import { type Foundry, type FoundryOptions, startFoundry } from '../../foundry/start.js';

/** A staging that asks for less than the platform's least is held against no quota. */
const LITTLE_MB = 512;

/** A ZIP with a package.json that has a start script, and an executable. */
export const BITS = Buffer.from(
  'UEsDBBQAAAAIAGI/dV0jIbEQKAAAACYAAAAMAAAAcGFja2FnZS5qc29uq1YqTi7KLCgpVrKqViouSSwqUbJSystPSVUoTi0qSy3SyypWqq0FAFBLAwQUAAAACABiP3Vd' +
    'HZ37BAwAAAAKAAAABwAAAGJpbi9ydW5TVtRPyszTL87gAgBQSwECFAMUAAAACABiP3VdIyGxECgAAAAmAAAADAAAAAAAAAAAAAAAgAEAAAAAcGFja2FnZS5qc29uUEsBAhQD' +
    'FAAAAAgAYj91XR2d+wQMAAAACgAAAAcAAAAAAAAAAAAAAIABUgAAAGJpbi9ydW5QSwUGAAAAAAIAAgBvAAAAgwAAAAAA',
  'base64',
);

/** Cells in which an instance is what the test says. */
export class ScriptedCells implements Cells {
  readonly desired = new Map<string, DesiredProcess>();
  readonly calls: string[] = [];
  /** By name. */
  readonly tasks = new Map<string, DesiredTask>();
  readonly endTask = new Map<string, (how: TaskEnd) => void>();
  readonly #instances = new Map<string, InstanceStatus[]>();

  constructor(readonly events: CellEvents) {}

  desire(process: DesiredProcess): void {
    this.calls.push(`desire ${process.type} ${process.instances}`);
    this.desired.set(process.processGuid, process);
    const known = (this.#instances.get(process.processGuid) ?? []).filter((i) => i.index < process.instances);
    for (let index = known.length; index < process.instances; index += 1) {
      known.push({
        index,
        instanceGuid: randomUUID(),
        state: 'STARTING',
        routable: false,
        sinceMs: Date.now(),
        ports: Object.fromEntries(process.ports.map((port) => [port, 50_000 + port + index])),
      });
    }
    this.#instances.set(process.processGuid, known);
    this.events.changed(process.processGuid);
  }

  async retire(processGuid: string): Promise<void> {
    this.calls.push('retire');
    this.desired.delete(processGuid);
    this.#instances.delete(processGuid);
  }

  restartInstance(_processGuid: string, index: number): void {
    this.calls.push(`restart instance ${index}`);
  }

  instances(processGuid: string): readonly InstanceStatus[] {
    return this.#instances.get(processGuid) ?? [];
  }

  runTask(task: DesiredTask): RunningTask {
    this.calls.push(`task ${task.command}`);
    this.tasks.set(task.name, task);
    let end: (how: TaskEnd) => void = () => {};
    const ended = new Promise<TaskEnd>((resolve) => {
      end = resolve;
    });
    this.endTask.set(task.name, end);
    return { ended, cancel: () => end({ failure: 'task was cancelled' }) };
  }

  disturb(_processGuid: string, index: number, how: string): void {
    this.calls.push(`${how} ${index}`);
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }

  /** One instance of a started process, or all of them, become what is given. */
  become(processGuid: string, change: Partial<InstanceStatus>, index?: number): void {
    for (const key of this.desired.keys()) {
      if (!key.startsWith(processGuid)) continue;
      const changed = this.instances(key).map((i) =>
        index === undefined || i.index === index ? { ...i, ...change } : i,
      );
      this.#instances.set(key, changed);
      this.events.changed(key);
    }
  }

  /** Every instance of an app becomes what is given. */
  all(appGuid: string, change: Partial<InstanceStatus>): void {
    for (const [key, process] of this.desired) {
      if (process.appGuid !== appGuid) continue;
      this.#instances.set(
        key,
        this.instances(key).map((i) => ({ ...i, ...change })),
      );
      this.events.changed(key);
    }
  }
}

export interface Scripted extends Foundry {
  cells: ScriptedCells;
  /** What the routers were told, in order; `withdraw GUID` for a route that went. */
  told: (RouteRecord | string)[];
  /** The last record of a route. */
  record(routeGuid: string): RouteRecord | undefined;
  /** What the stager throws next time. */
  failStaging(text: string): void;
  /** What the buildpack adds to the droplets from now on. */
  sidecars: NonNullable<Awaited<ReturnType<Stager['stage']>>['sidecars']>;
  token: string;
  /** Calls the API with the token; `body` as JSON unless it is a string or a form. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into every kind of answer
  body: any;
}

/** Starts it; times are as short as they can be unless the test says otherwise. */
export async function scripted(
  options: Partial<FoundryOptions> = {},
  onCells: (cells: ScriptedCells) => void = () => {},
): Promise<Scripted> {
  const told: Scripted['told'] = [];
  let cells: ScriptedCells | undefined;
  let failure: string | undefined;
  const sidecars: Scripted['sidecars'] = [];
  const stager: Stager = {
    async stage({ log, dropletDir }) {
      log('-----> staging');
      await mkdir(dropletDir, { recursive: true });
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (failure !== undefined) {
        const text = failure;
        failure = undefined;
        throw new Error(text);
      }
      return {
        processTypes: { web: 'node server.js', worker: 'node worker.js' },
        buildpack: { name: 'nodejs_buildpack', detectOutput: 'nodejs' },
        sidecars: [...sidecars],
      };
    },
  };
  const routers: Routers = {
    port: 1,
    seed: 1,
    publish: (record) => told.push(record),
    withdraw: (guid) => told.push(`withdraw ${guid}`),
    figures: () => [],
    reset: () => {},
    close: async () => {},
  };
  const foundry = await startFoundry(
    { jobMs: 20, propagationMs: 10, ...options },
    {
      cells: (_options, events) => {
        cells = new ScriptedCells(events);
        onCells(cells);
        return cells;
      },
      stager: () => stager,
      routers: async () => routers,
    },
  );
  if (!cells) throw new Error('no cells were made');
  const token = await signIn(foundry);
  return {
    ...foundry,
    cells,
    told,
    token,
    sidecars,
    record: (guid) => told.findLast((r): r is RouteRecord => typeof r !== 'string' && r.routeGuid === guid),
    failStaging(text) {
      failure = text;
    },
    call: (method, path, body, headers) =>
      request(foundry.api + path, method, body, { authorization: `bearer ${token}`, ...headers }),
  };
}

/** A token of the foundry's user. */
export async function signIn(foundry: Foundry): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'password',
    username: foundry.username,
    password: foundry.password,
  });
  const reply = await request(`${foundry.api}/oauth/token`, 'POST', form, { authorization: basic('cf', '') });
  return reply.body.access_token;
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

export async function request(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const plain =
    body === undefined ||
    typeof body === 'string' ||
    body instanceof FormData ||
    body instanceof URLSearchParams;
  const sent = plain ? (body as string | FormData | undefined) : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    headers: { ...(plain ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? JSON.parse(text) : undefined,
  };
}

/** Asks until `done`; fails after five seconds. */
export async function until<T>(ask: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 5000;
  for (;;) {
    const value = await ask();
    if (done(value)) return value;
    if (Date.now() > end) throw new Error(`still not: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function bitsForm(): FormData {
  const form = new FormData();
  form.set('resources', '[]');
  form.set('bits', new Blob([BITS]), 'bits.zip');
  return form;
}

/** What most tests begin with. */
export interface World {
  f: Scripted;
  orgGuid: string;
  spaceGuid: string;
  domainGuid: string;
  app(name: string): Promise<string>;
  /** An app with a current droplet. */
  staged(name: string): Promise<{ app: string; pack: string; build: string; droplet: string }>;
  /** Another droplet of the package; not the current one yet. */
  stage(pack: string): Promise<string>;
  route(host: string, appGuid?: string): Promise<string>;
  finishJob(reply: Reply): Promise<Reply>;
}

export async function world(f: Scripted): Promise<World> {
  const first = async (path: string) => (await f.call('GET', path)).body.resources[0].guid as string;
  const spaceGuid = await first('/v3/spaces');
  const domainGuid = await first('/v3/domains');
  const to = (guid: string) => ({ data: { guid } });
  const buildOf = async (pack: string) => {
    const build: string = (
      await f.call('POST', '/v3/builds', { package: { guid: pack }, staging_memory_in_mb: LITTLE_MB })
    ).body.guid;
    const done = await until(
      () => f.call('GET', `/v3/builds/${build}`),
      (r) => r.body.state === 'STAGED',
    );
    return { build, droplet: done.body.droplet.guid as string };
  };
  const w: World = {
    f,
    orgGuid: await first('/v3/organizations'),
    spaceGuid,
    domainGuid,
    async app(name) {
      return (await f.call('POST', '/v3/apps', { name, relationships: { space: to(spaceGuid) } })).body.guid;
    },
    async staged(name) {
      const app = await w.app(name);
      const pack = (await f.call('POST', '/v3/packages', { type: 'bits', relationships: { app: to(app) } }))
        .body.guid;
      await f.call('POST', `/v3/packages/${pack}/upload`, bitsForm());
      await until(
        () => f.call('GET', `/v3/packages/${pack}`),
        (r) => r.body.state === 'READY',
      );
      const { build, droplet } = await buildOf(pack);
      await f.call('PATCH', `/v3/apps/${app}/relationships/current_droplet`, { data: { guid: droplet } });
      return { app, pack, build, droplet };
    },
    async stage(pack) {
      return (await buildOf(pack)).droplet;
    },
    async route(host, appGuid) {
      const made = await f.call('POST', '/v3/routes', {
        host,
        relationships: { space: to(spaceGuid), domain: to(domainGuid) },
      });
      const { guid } = made.body;
      if (appGuid !== undefined) {
        await f.call('POST', `/v3/routes/${guid}/destinations`, {
          destinations: [{ app: { guid: appGuid } }],
        });
      }
      return guid;
    },
    finishJob(reply) {
      const path = new URL(reply.headers.get('location') ?? '').pathname;
      return until(
        () => f.call('GET', path),
        (r) => !['PROCESSING', 'POLLING'].includes(r.body.state),
      );
    },
  };
  return w;
}
