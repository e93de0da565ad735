/** A foundry in this process, on a virtual clock: no socket, no child process, its own API handlers. */
import { cp, mkdir } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Stager } from '../../foundry/ports.js';
import { seededRandom } from '../../foundry/router/random.js';
import { type Foundry, type FoundryOptions, startFoundry } from '../../foundry/start.js';
import type { HistoryEntry, PlatformState } from '../../traffic/history.js';
import { PlayedCells } from './cells.js';
import { type PlayedRouters, playRouters } from './routers.js';
import { VirtualClock } from './virtual-clock.js';

export const API = 'http://127.0.0.1:1080';

export interface ApiCall {
  method: string;
  /** With its query. */
  path: string;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What reached the platform: a request of the API, or one of an app. */
export type Heard = { call: ApiCall } | { ask: Parameters<PlayedRouters['ask']> };

export interface Platform {
  clock: VirtualClock;
  foundry: Foundry;
  routers: PlayedRouters;
  /** Hears of every request from here on. */
  hear(listener: (heard: Heard) => void): void;
  /** One request of the API; time passes meanwhile. */
  call(call: ApiCall): Promise<ApiAnswer>;
  history(): Promise<HistoryEntry[]>;
  state(): Promise<SpaceState>;
  close(): Promise<void>;
}

/** The state, with what a judge looks at. */
export interface SpaceState extends PlatformState {
  apps: readonly (PlatformState['apps'][number] & {
    labels: Readonly<Record<string, string>>;
    annotations: Readonly<Record<string, string>>;
    dropletGuid: string | null;
    bound: readonly string[];
    processes: readonly { guid: string; type: string; wanted: number; memoryMb: number }[];
  })[];
  policies: readonly { source: string; destination: string }[];
  routes: readonly (Omit<PlatformState['routes'][number], 'destinations'> & {
    labels: Readonly<Record<string, string>>;
    options: Readonly<Record<string, string>>;
    destinations: readonly (PlatformState['routes'][number]['destinations'][number] & {
      protocol?: string;
    })[];
  })[];
}

/** Of the GUIDs: the same calls at the same times make the same state. */
const SEEDS = { api: 11, cells: 13 };
const OPTIONS: Partial<FoundryOptions> = { latencyMs: 4, seed: 7, tokenTtlMs: 24 * 3_600_000 };

export async function startPlatform(options: Partial<FoundryOptions> = {}): Promise<Platform> {
  const clock = new VirtualClock(Date.UTC(2026, 10, 21, 8, 0, 0));
  let heard: (one: Heard) => void = () => undefined;
  let server: Server | undefined;
  let cells: PlayedCells | undefined;
  let routers: PlayedRouters | undefined;
  const foundry = await startFoundry(
    { ...OPTIONS, ...options },
    {
      clock,
      guid: guidsOf(SEEDS.api),
      serve: (made) => {
        server = made;
        return API;
      },
      cells: ({ clock: timers, bootMs, inside }, events) => {
        cells = new PlayedCells(timers, bootMs, events, guidsOf(SEEDS.cells), inside);
        return cells;
      },
      stager: ({ clock: timers, stagingMs }): Stager => ({
        async stage({ packageDir, dropletDir, log }) {
          log('-----> staging');
          await new Promise<void>((resolve) => void timers.after(stagingMs, resolve));
          await mkdir(dropletDir, { recursive: true });
          await cp(packageDir, dropletDir, { recursive: true });
          return {
            processTypes: { web: 'node server.js' },
            buildpack: { name: 'nodejs_buildpack', detectOutput: 'nodejs' },
          };
        },
      }),
      routers: async (given, events) => {
        const played = playRouters(given, events, (port) => cells?.listening(port));
        const ask: PlayedRouters['ask'] = (...asked) => {
          heard({ ask: asked });
          return played.ask(...asked);
        };
        routers = { ...played, ask };
        return routers;
      },
    },
  );
  if (!server || !routers) throw new Error('the foundry took none of its parts');
  const asked = server;
  const call = async (one: ApiCall) => {
    heard({ call: one });
    const answer = await exchange(asked, one);
    return { ...answer, headers: { ...answer.headers, date: new Date(clock.now()).toUTCString() } };
  };
  const control = async (path: string) =>
    JSON.parse((await call({ method: 'GET', path: `/__foundry/${path}` })).body);
  return {
    clock,
    foundry,
    routers,
    hear: (listener) => {
      heard = listener;
    },
    call,
    history: () => control('history'),
    state: () => control('state'),
    close: () => foundry.close(),
  };
}

/** GUIDs as random ones are, in an order that can be had again. */
function guidsOf(seed: number): () => string {
  const random = seededRandom(seed);
  const digits = (count: number) =>
    Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
  return () => [8, 4, 4, 4, 12].map(digits).join('-');
}

/** As much of a stream as is asked for: uploads alone are read by a parser of their own. */
function contentOf(body: string | Buffer | undefined): object {
  if (Buffer.isBuffer(body)) return Readable.from([body], { objectMode: false });
  return {
    resume: () => undefined,
    async *[Symbol.asyncIterator]() {
      if (body !== undefined) yield Buffer.from(body);
    },
  };
}

/** Hands a request to the server as its socket would. */
export function exchange(server: Server, { method, path, headers = {}, body }: ApiCall): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const socket = { resetAndDestroy: () => reject(new Error('the foundry cut the connection')) };
    const request = Object.assign(contentOf(body), { method, url: path, headers, socket });
    const answer: ApiAnswer = { status: 0, headers: {}, body: '' };
    const response = {
      destroyed: false,
      writeHead(status: number, given: Record<string, string | number>) {
        answer.status = status;
        for (const [name, value] of Object.entries(given)) answer.headers[name.toLowerCase()] = String(value);
      },
      end(text?: string) {
        answer.body = text ?? '';
        resolve(answer);
      },
    };
    server.emit('request', request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
}
