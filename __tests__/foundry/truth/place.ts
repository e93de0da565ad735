/** A foundry in this process on a virtual clock, whose instances are what a row says they are; what a client sees of it. */
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { InstanceStatus, RouteRecord } from '../../../foundry/ports.js';
import { type FoundryOptions, startFoundry } from '../../../foundry/start.js';
import { API, type ApiAnswer, exchange } from '../../matrix/platform.js';
import { type PlayedRouters, playRouters } from '../../matrix/routers.js';
import { VirtualClock } from '../../matrix/virtual-clock.js';
import { BITS, basic, ScriptedCells } from '../scripted.js';
import { row as rowOf } from './table.js';

/** The updater's and the jobs' times are the platform's own where they are known. */
export const TICK_MS = 5_000;
const JOB_MS = 200;
const STAGING_MS = 1_500;
/** A staging that asks for less than the platform's least is held against no quota. */
const LITTLE_MB = 512;

// biome-ignore lint/suspicious/noExplicitAny: rows look into every kind of answer
export type Json = any;

export interface Reply {
  status: number;
  headers: Record<string, string>;
  text: string;
  body: Json;
}

export interface Place {
  clock: VirtualClock;
  cells: ScriptedCells;
  routers: PlayedRouters;
  /** What the routers were told, in order. */
  publications: readonly RouteRecord[];
  /** What the user got who signed in. */
  grant: { expires_in: number; refresh_token: string };
  space: string;
  org: string;
  /** Guid of the shared domain of apps. */
  domain: string;
  /** `POST /v3/apps`, and what is sent; with the user's token unless `headers` has another. */
  ask(line: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** As `ask`, by somebody who may only read. */
  auditor(line: string, body?: unknown): Promise<Reply>;
  /** As `ask`, and time passes only when somebody else lets it. */
  send: Place['ask'];
  /** The body of an answer that must be a success. */
  ok(line: string, body?: unknown): Promise<Json>;
  /** Status, code and text of what is refused; the status alone of what is not. */
  refusal(line: string, body?: unknown): Promise<unknown>;
  /** The resources of a list. */
  all(path: string): Promise<Json[]>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** What became of the job that an answer names. */
  job(reply: Reply): Promise<Json>;
  /** Applies a manifest to the space, and waits for its job. */
  apply(yaml: string): Promise<Json>;
  app(name: string, more?: object): Promise<string>;
  /** An app with a package and its current droplet. */
  staged(name: string): Promise<Staged>;
  /** Another droplet of the package. */
  stage(pack: string): Promise<string>;
  /** A route of the shared domain, led to the app. */
  route(host: string, app?: string, more?: object): Promise<string>;
  /** What the staging says next time, and fails. */
  failStaging(text: string): void;
  /** Every instance of a process becomes what is given. */
  become(process: string, change?: Partial<InstanceStatus>, index?: number): void;
  /** The status that a request for a host of the shared domain gets, once every router has heard all news. */
  visit(host: string, headers?: Readonly<Record<string, string>>, path?: string): Promise<number>;
  close(): Promise<void>;
}

export interface Staged {
  app: string;
  pack: string;
  droplet: string;
}

export const row = rowOf<Place>;
/** Refused as unprocessable. */
export const no = (text: string) => [422, 10008, text];
/** Refused as a switch of the platform is off. */
export const off = (flag: string) => [403, 330002, `Feature Disabled: ${flag}`];

export const to = (guid: string) => ({ data: { guid } });
export const RUNNING = { state: 'RUNNING', routable: true } as const;

export async function place(options: Partial<FoundryOptions> = {}): Promise<Place> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 21, 8, 0, 0));
  let server: Server | undefined;
  let cells: ScriptedCells | undefined;
  let routers: PlayedRouters | undefined;
  let failure: string | undefined;
  const publications: RouteRecord[] = [];
  const foundry = await startFoundry(
    {
      tickMs: TICK_MS,
      jobMs: JOB_MS,
      stagingMs: STAGING_MS,
      seed: 7,
      tokenTtlMs: 24 * 3_600_000,
      ...options,
    },
    {
      clock,
      serve: (made) => {
        server = made;
        return API;
      },
      cells: (_given, events) => {
        cells = new ScriptedCells(events);
        return cells;
      },
      stager: ({ clock: timers, stagingMs }) => ({
        async stage({ dropletDir, log }) {
          log('-----> staging');
          await new Promise<void>((resolve) => void timers.after(stagingMs, resolve));
          const text = failure;
          failure = undefined;
          if (text !== undefined) throw new Error(text);
          await mkdir(dropletDir, { recursive: true });
          return {
            processTypes: { web: 'node server.js', worker: 'node worker.js' },
            buildpack: { name: 'nodejs_buildpack', detectOutput: 'nodejs' },
          };
        },
      }),
      routers: async (given, events) => {
        const played = playRouters(given, events, () => ({ version: 'up' }));
        const publish = (record: RouteRecord) => {
          publications.push(record);
          played.publish(record);
        };
        routers = { ...played, publish };
        return routers;
      },
    },
  );
  if (!server || !cells || !routers) throw new Error('the foundry took none of its parts');
  const [api, instances, heard] = [server, cells, routers];
  let token = '';
  const send: Place['send'] = async (line, body, headers = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const isPlain = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const answer: ApiAnswer = await exchange(api, {
      method,
      path,
      headers: { authorization: token, ...headers },
      ...(body === undefined ? {} : { body: isPlain ? (body as string) : JSON.stringify(body) }),
    });
    const isJson = answer.headers['content-type']?.includes('json') && answer.body !== '';
    return {
      status: answer.status,
      headers: answer.headers,
      text: answer.body,
      body: isJson ? JSON.parse(answer.body) : undefined,
    };
  };
  const ask: Place['ask'] = (...asked) => clock.drive(send(...asked));
  const ok: Place['ok'] = async (line, body) => {
    const reply = await ask(line, body);
    if (reply.status >= 300) throw new Error(`${line}: ${reply.status} ${reply.text}`);
    return reply.body;
  };
  const form = { grant_type: 'password', username: foundry.username, password: foundry.password };
  const signed = await ask('POST /oauth/token', new URLSearchParams(form).toString(), {
    authorization: basic('cf', ''),
  });
  token = `bearer ${signed.body.access_token}`;
  const all: Place['all'] = async (path) => (await ok(`GET ${path}`)).resources;
  const first = async (path: string): Promise<string> => (await all(path))[0].guid;
  const pass = (ms: number) => clock.pass(ms);
  /** Files are written in the machine's own time. */
  const settled = async (path: string, isDone: (seen: Json) => boolean): Promise<Json> => {
    const end = Date.now() + 20_000;
    for (;;) {
      await pass(JOB_MS);
      const seen = await ok(`GET ${path}`);
      if (isDone(seen)) return seen;
      if (Date.now() > end) throw new Error(`still ${JSON.stringify(seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const p: Place = {
    clock,
    cells: instances,
    routers: heard,
    publications,
    grant: signed.body,
    space: await first('/v3/spaces'),
    org: await first('/v3/organizations'),
    domain: await first('/v3/domains'),
    ask,
    send,
    ok,
    all,
    pass,
    async auditor(line, body) {
      const { id, secret } = await ok('GET /__foundry/auditor');
      const grant = `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`;
      const { access_token } = (await ask('POST /oauth/token', grant)).body;
      return ask(line, body, { authorization: `bearer ${access_token}` });
    },
    async refusal(line, body) {
      const { status, body: said } = await ask(line, body);
      const error = said?.errors?.[0];
      return error === undefined ? status : [status, error.code, error.detail];
    },
    async job({ headers }) {
      const path = new URL(headers.location ?? '').pathname;
      for (let looks = 0; looks < 50; looks += 1) {
        const job = await ok(`GET ${path}`);
        if (!['PROCESSING', 'POLLING'].includes(job.state)) return job;
        await pass(JOB_MS);
      }
      throw new Error('the job never ends');
    },
    apply: async (yaml) =>
      p.job(
        await ask(`POST /v3/spaces/${p.space}/actions/apply_manifest`, yaml, {
          'content-type': 'application/x-yaml',
        }),
      ),
    app: async (name, more = {}) =>
      (await ok('POST /v3/apps', { name, relationships: { space: to(p.space) }, ...more })).guid,
    async staged(name) {
      const app = await p.app(name);
      const pack = (await ok('POST /v3/packages', { type: 'bits', relationships: { app: to(app) } })).guid;
      const sent = await ask(`POST /v3/packages/${pack}/upload`, UPLOAD, {
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      });
      if (sent.status !== 200) throw new Error(`upload: ${sent.status} ${sent.text}`);
      await settled(`/v3/packages/${pack}`, (seen) => seen.state === 'READY');
      const droplet = await p.stage(pack);
      await ok(`PATCH /v3/apps/${app}/relationships/current_droplet`, to(droplet));
      return { app, pack, droplet };
    },
    async stage(pack) {
      const { guid } = await ok('POST /v3/builds', {
        package: { guid: pack },
        staging_memory_in_mb: LITTLE_MB,
      });
      return (await settled(`/v3/builds/${guid}`, (seen) => seen.state !== 'STAGING')).droplet?.guid;
    },
    async route(host, app, more = {}) {
      const relationships = { space: to(p.space), domain: to(p.domain) };
      const { guid } = await ok('POST /v3/routes', { host, relationships, ...more });
      if (app !== undefined)
        await ok(`POST /v3/routes/${guid}/destinations`, { destinations: [{ app: { guid: app } }] });
      return guid;
    },
    failStaging(text) {
      failure = text;
    },
    become: (process, change = RUNNING, index) => instances.become(process, change, index),
    async visit(host, headers = {}, path = '/') {
      await pass(1_000);
      return heard.ask(`${host}.${foundry.appsDomain}`, path, headers).status;
    },
    close: () => foundry.close(),
  };
  return p;
}

/** A foundry of other options, for the time of one row. */
export async function within<T>(options: Partial<FoundryOptions>, see: (p: Place) => Promise<T>): Promise<T> {
  const p = await place(options);
  try {
    return await see(p);
  } finally {
    await p.close();
  }
}

const BOUNDARY = 'truth';
const part = (head: string, body: string | Buffer) =>
  Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; ${head}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
const UPLOAD = Buffer.concat([
  part('name="resources"', '[]'),
  part('name="bits"; filename="bits.zip"', BITS),
  Buffer.from(`--${BOUNDARY}--\r\n`),
]);
