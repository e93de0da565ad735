import { randomInt, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit, type Core, SYSTEM } from './api/core.js';
import { RateLimit } from './api/rate-limit.js';
import { apiRows } from './api/rows.js';
import { createApiServer } from './api/server.js';
import { realClock } from './clock.js';
import { Faults } from './control/faults.js';
import { Requests } from './control/requests.js';
import { controlRows } from './control/rows.js';
import { ShiftedClock } from './control/shifted-clock.js';
import { API_HOST, type Edge, startEdge } from './edge.js';
import { createCells, createStager } from './instances/index.js';
import { Logs } from './logs/log-cache.js';
import type { CellEvents, Cells, Clock, Inside, Stager } from './ports.js';
import { type Routers, startRouters } from './router/index.js';
import { BrokerFaults } from './state/broker.js';
import { firstRecords } from './state/first-records.js';
import { History } from './state/history.js';
import { createInside } from './state/inside.js';
import { Pending } from './state/pending.js';
import type { Limits } from './state/records.js';
import { Running } from './state/running.js';
import { Store } from './state/store.js';
import { Ticker } from './state/ticker.js';
import { Tokens } from './uaa/tokens.js';
import { Trust } from './uaa/trust.js';
import { uaaRows } from './uaa/uaa.js';

/** What the flags of `main.ts` set; all times in milliseconds. */
export interface FoundryOptions {
  port: number;
  routerPort: number;
  latencyMs: number;
  tickMs: number;
  jobMs: number;
  stagingMs: number;
  bootMs: number;
  propagationMs: number;
  routers: number;
  routeIntegrity: boolean;
  apiVersion: string;
  /** Version 2 of the API, which cf v6 needs. */
  v2: boolean;
  tokenTtlMs: number;
  /** Of a PEM with key and certificates: with it API and apps are told to be behind TLS at one address; '' for none. */
  edgeFile: string;
  /** Refresh tokens can be revoked. */
  opaqueRefresh: boolean;
  quota: Limits;
  seed: number;
}

export const DEFAULTS: FoundryOptions = {
  port: 0,
  routerPort: 0,
  latencyMs: 0,
  tickMs: 5000,
  jobMs: 200,
  stagingMs: 1500,
  bootMs: 1000,
  propagationMs: 500,
  routers: 2,
  routeIntegrity: true,
  apiVersion: '3.200.0',
  v2: true,
  tokenTtlMs: 20 * 60 * 1000,
  edgeFile: '',
  opaqueRefresh: false,
  quota: {
    totalMemoryMb: 1024 * 1024,
    perProcessMemoryMb: null,
    totalInstances: null,
    logRateBps: null,
    totalRoutes: 10_000,
    totalReservedPorts: null,
    totalServiceInstances: null,
    perAppTasks: null,
  },
  seed: 0,
};

export interface Foundry {
  /** `http://127.0.0.1:PORT`: API, UAA, log cache and control. */
  api: string;
  /** `http://127.0.0.1:PORT`: every route of every app, by `Host`. */
  router: string;
  /** Where TLS ends, for every name; undefined: nowhere. */
  edge?: string;
  appsDomain: string;
  username: string;
  password: string;
  clientId: string;
  clientSecret: string;
  org: string;
  space: string;
  /** Of the routers' random delays. */
  seed: number;
  /** Ends every process that was started and removes every file. */
  close(): Promise<void>;
}

/** The parts that run processes and sockets; tests put scripted ones in their place. */
export interface Parts {
  cells(
    options: { clock: ShiftedClock; workDir: string; bootMs: number; inside: Inside },
    events: CellEvents,
  ): Cells;
  stager(options: { clock: ShiftedClock; stagingMs: number }): Stager;
  routers: typeof startRouters;
  /** Default: the machine's own. */
  clock?: Clock;
  /** Gives one that nobody has had before; also what nobody may guess is made of it. Default: random ones. */
  guid?(): string;
  /** Takes the API's server, which then listens on no port, and says at which address it is asked. */
  serve?(server: Server): string;
}

const REAL: Parts = { cells: createCells, stager: createStager, routers: startRouters };

/** Starts a Cloud Foundry on loopback. Rejects when a port cannot be had; nothing is left behind then. */
export async function startFoundry(
  given: Partial<FoundryOptions> = {},
  parts: Parts = REAL,
): Promise<Foundry> {
  const options = { ...DEFAULTS, ...given };
  const seed = options.seed === 0 ? randomInt(1, 2 ** 31) : options.seed;
  const clock = new ShiftedClock(parts.clock ?? realClock);
  const workDir = await mkdtemp(join(tmpdir(), 'foundry-'));
  await mkdir(join(workDir, 'instances'));
  const guid = parts.guid ?? randomUUID;
  const store = new Store(clock, guid);
  const history = new History(clock);
  const logs = new Logs(clock);
  const broker = new BrokerFaults();
  const routers = await parts.routers(
    {
      clock,
      port: options.routerPort,
      routers: options.routers,
      propagationMs: options.propagationMs,
      seed,
    },
    { applied: (router, record, atMs) => history.applied(router, record, atMs), log: logs.add },
  );
  let api = '';
  const cells = parts.cells(
    {
      clock,
      workDir: join(workDir, 'instances'),
      bootMs: options.bootMs,
      inside: (...asked) => inside(...asked),
    },
    {
      changed: (key) => running.changed(key),
      crashed: (crash) => recordCrash(core, crash),
      log: logs.add,
    },
  );
  const running = new Running({
    store,
    history,
    clock,
    cells,
    routes: routers,
    api: () => api,
    routeIntegrity: options.routeIntegrity,
    propagationMs: options.propagationMs,
  });
  const inside = createInside(store, running);
  const core: Core = {
    store,
    history,
    pending: new Pending(),
    running,
    logs,
    broker,
    stager: parts.stager({ clock, stagingMs: options.stagingMs }),
    clock,
    ticker: new Ticker(clock, options.tickMs),
    api,
    apiVersion: options.apiVersion,
    v2: options.v2,
    routers: options.routers,
    tcpPorts: routers.tcpPorts ?? { first: 1024, last: 1123 },
    jobMs: options.jobMs,
    workDir,
  };
  const accounts = {
    user: { guid: 'b7e7a2f4-6f0e-4b5e-8a59-3f1d6c2f0a11', name: 'admin', password: guid() },
    client: { id: 'pipeline', secret: guid() },
    auditor: { id: 'auditor', secret: guid() },
  };
  const names = firstRecords(store, options.quota);
  const { tokenTtlMs: ttlMs, opaqueRefresh } = options;
  const tokens = new Tokens({ clock, guid, ttlMs, opaqueRefresh, issuer: () => core.api });
  const trust = new Trust(() => clock.now());
  const faults = new Faults();
  const requests = new Requests();
  const rateLimit = new RateLimit(clock);
  const server = createApiServer({
    rows: [...apiRows, ...uaaRows(accounts, tokens, trust, () => core.api)],
    controlRows: controlRows({
      faults,
      requests,
      rateLimit,
      broker,
      trust,
      tokens,
      advance: (ms) => clock.advance(ms),
      client: accounts.client,
      auditor: accounts.auditor,
      figures: () => routers.figures(),
      resetFigures: () => routers.reset(),
    }),
    core,
    tokens,
    faults,
    requests,
    rateLimit,
    latencyMs: options.latencyMs,
  });
  let edge: Edge | undefined;
  const end = async () => {
    await edge?.close();
    await close(server, cells, routers, clock, workDir);
  };
  try {
    api = parts.serve?.(server) ?? `http://127.0.0.1:${await listen(server, options.port)}`;
    const { edgeFile: file } = options;
    if (file !== '')
      edge = await startEdge({ file, apiPort: Number(new URL(api).port), routerPort: routers.port });
  } catch (error) {
    await end();
    throw error;
  }
  core.api = edge === undefined ? api : `https://${API_HOST}`;
  return {
    api,
    router: `http://127.0.0.1:${routers.port}`,
    ...(edge === undefined ? {} : { edge: `127.0.0.1:${edge.port}` }),
    ...names,
    username: accounts.user.name,
    password: accounts.user.password,
    clientId: accounts.client.id,
    clientSecret: accounts.client.secret,
    seed,
    close: end,
  };
}

function recordCrash(core: Core, crash: Parameters<CellEvents['crashed']>[0]): void {
  const process = core.running.processOf(crash.processGuid);
  const app = core.store.apps.get(crash.appGuid);
  if (!process || !app) return;
  audit(core, 'audit.app.process.crash', { ...SYSTEM, guid: process.guid, name: process.type }, app, {
    process_guid: process.guid,
    process_type: process.type,
    instance: crash.instanceGuid,
    index: crash.index,
    reason: crash.reason,
    exit_status: crash.exitStatus,
    exit_description: crash.exitDescription,
    crash_count: crash.crashCount,
    crash_timestamp: core.clock.now() * 1_000_000,
    version: process.version,
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function close(
  server: ReturnType<typeof createApiServer>,
  cells: Cells,
  routers: Routers,
  clock: ShiftedClock,
  workDir: string,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await Promise.all([closed, cells.close(), routers.close()]);
  clock.close();
  await rm(workDir, { recursive: true, force: true, maxRetries: 3 });
}
