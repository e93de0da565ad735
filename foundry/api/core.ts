import type { Logs } from '../logs/log-cache.js';
import type { Clock, Stager } from '../ports.js';
import type { BrokerFaults } from '../state/broker.js';
import type { History } from '../state/history.js';
import type { Pending } from '../state/pending.js';
import type * as r from '../state/records.js';
import type { Running } from '../state/running.js';
import type { Store } from '../state/store.js';
import type { Ticker } from '../state/ticker.js';
import { ApiError, ApiErrors } from './errors.js';
import type { Answer, Caller } from './table.js';

/** What every handler works with. */
export interface Core {
  store: Store;
  history: History;
  pending: Pending;
  running: Running;
  logs: Logs;
  stager: Stager;
  /** What the service brokers do wrong. */
  broker: BrokerFaults;
  clock: Clock;
  /** Of the deployment updater. */
  ticker: Ticker;
  /** Address of the API without a trailing slash. */
  api: string;
  apiVersion: string;
  /** Version 2 of the API is switched on, beside version 3. */
  v2: boolean;
  /** How many routers stand behind the one address. */
  routers: number;
  /** Ports that TCP routes may have. */
  tcpPorts: { first: number; last: number };
  /** Milliseconds that a job takes. */
  jobMs: number;
  /** Directory of ours for packages and droplets. */
  workDir: string;
}

/** Actor of what the platform does by itself. */
export const SYSTEM: Caller = { guid: 'system', name: 'system', type: 'user' };

/** Runs `work` after the platform's job time and answers 202 with the job's address. What it throws is the job's error. */
export function accept(
  core: Core,
  operation: string,
  about: r.Job['about'],
  work: (job: r.Job) => void | Promise<void>,
): Answer {
  const job: r.Job = {
    ...core.store.base(),
    operation,
    state: 'PROCESSING',
    errors: [],
    ...(about ? { about } : {}),
  };
  core.store.jobs.add(job);
  core.pending.begin(job.guid);
  core.clock.after(core.jobMs, () => void finish(core, job, work));
  return { status: 202, headers: { location: `${core.api}/v3/jobs/${job.guid}` } };
}

async function finish(core: Core, job: r.Job, work: (job: r.Job) => void | Promise<void>): Promise<void> {
  try {
    await work(job);
    job.state = 'COMPLETE';
  } catch (error) {
    job.state = 'FAILED';
    job.errors = errorBodies(error);
  }
  core.store.touch(job);
}

/** What a handler threw, as the platform shows it. */
export function errorBodies(error: unknown): { code: number; title: string; detail: string }[] {
  if (error instanceof ApiErrors) return error.errors.map((e) => e.toBody());
  if (error instanceof ApiError) return [error.toBody()];
  process.stderr.write(`foundry: ${error instanceof Error ? error.stack : String(error)}\n`);
  return [{ code: 10001, title: 'UnknownError', detail: 'An unknown error occurred.' }];
}

/** Writes an audit event. */
export function audit(
  core: Core,
  type: string,
  actor: Caller,
  app: r.App,
  data: Record<string, unknown> = {},
): void {
  const target = { guid: app.guid, type: 'app', name: app.name };
  auditOf(core, type, actor, target, app.spaceGuid, data);
}

/** Writes an audit event about anything in a space. */
export function auditOf(
  core: Core,
  type: string,
  actor: Caller,
  target: r.AuditEvent['target'],
  spaceGuid: string,
  data: Record<string, unknown> = {},
): void {
  const space = core.store.spaces.get(spaceGuid);
  core.store.events.add({
    ...core.store.base(),
    type,
    actor: { guid: actor.guid, type: actor.type, name: actor.name },
    target,
    data,
    spaceGuid,
    ...(space ? { organizationGuid: space.organizationGuid } : {}),
  });
}
