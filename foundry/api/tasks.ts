import { randomBytes } from 'node:crypto';
import { runningEnvironment, vcapApplication } from '../state/environment.js';
import type * as r from '../state/records.js';
import { servicesEnvironment } from '../state/vcap-services.js';
import { findApp } from './apps.js';
import { dig, onlyFields, text } from './body.js';
import { audit, type Core } from './core.js';
import { notFound, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { type Listing, list } from './list.js';
import { checkMetadata, mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { checkTaskQuota } from './quota-rules.js';
import { type Answer, type Call, type Caller, type Row, row } from './table.js';

const DEFAULT_MB = 1024;
const LONGEST_COMMAND = 4096;

/** The command is for those who may see secrets, and for nobody in the list of all tasks. */
function presentTask(core: Core, t: r.Task, withCommand: boolean): Record<string, unknown> {
  const state = core.pending.firstLook(t.guid) ? 'RUNNING' : t.state;
  return {
    ...head(t),
    sequence_id: t.sequenceId,
    name: t.name,
    ...(withCommand ? { command: t.command } : {}),
    user: 'vcap',
    state,
    memory_in_mb: t.memoryMb,
    disk_in_mb: t.diskMb,
    log_rate_limit_in_bytes_per_second: t.logRateBps,
    result: { failure_reason: state === 'FAILED' ? (t.failure ?? null) : null },
    droplet_guid: t.dropletGuid,
    relationships: { app: to(t.appGuid) },
    metadata: metadata(t),
    links: links(core, {
      self: `/v3/tasks/${t.guid}`,
      app: `/v3/apps/${t.appGuid}`,
      cancel: [`/v3/tasks/${t.guid}/actions/cancel`, 'POST'],
      droplet: `/v3/droplets/${t.dropletGuid}`,
    }),
  };
}

function listing(core: Core, rows: Iterable<r.Task>, withCommand: boolean): Listing<r.Task> {
  const space = (t: r.Task) => core.store.apps.get(t.appGuid)?.spaceGuid ?? '';
  return {
    rows,
    present: (t) => presentTask(core, t, withCommand),
    filters: {
      names: (t) => t.name,
      states: (t) => t.state,
      sequence_ids: (t) => String(t.sequenceId),
      app_guids: (t) => t.appGuid,
      space_guids: space,
      organization_guids: (t) => core.store.spaces.get(space(t))?.organizationGuid ?? null,
    },
  };
}

function find(call: Call, core: Core): r.Task {
  const found = core.store.tasks.get(call.params.guid ?? '');
  if (!found) throw notFound('Task');
  return found;
}

function size(body: Record<string, unknown>, name: string, least: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value) || Number(value) < least) {
    const words = name.replaceAll('_', ' ');
    throw unprocessable(
      `${words.charAt(0).toUpperCase()}${words.slice(1)} must be greater than ${least - 1}`,
    );
  }
  return Number(value);
}

async function create(call: Call, core: Core): Promise<Answer> {
  assertOn(core, 'task_creation');
  const body = await call.json();
  const sizes = ['disk_in_mb', 'memory_in_mb', 'log_rate_limit_in_bytes_per_second'] as const;
  onlyFields(body, ['name', 'command', 'droplet_guid', 'template', 'user', 'metadata', ...sizes]);
  if (body.command == null && body.template == null) throw unprocessable('No command or template provided');
  const [diskMb, memoryMb] = [size(body, 'disk_in_mb', 1), size(body, 'memory_in_mb', 1)];
  const logRateBps = size(body, 'log_rate_limit_in_bytes_per_second', -1);
  const change = checkMetadata(body.metadata);
  const app = findApp(call, core);
  const given = text(body.droplet_guid);
  const droplet = core.store.droplets.get(given ?? app.dropletGuid ?? '');
  if (given !== undefined && droplet?.appGuid !== app.guid) throw notFound('Droplet');
  if (!droplet) {
    throw unprocessable('Task must have a droplet. Specify droplet or assign current droplet to app.');
  }
  const template = core.store.processes.get(text(dig(body, 'template', 'process', 'guid')) ?? '');
  if (body.template != null && !template) throw notFound('Process');
  const own = template && (template.command ?? droplet.processTypes[template.type]);
  const command = text(body.command) ?? own ?? '';
  if (command === '') throw unprocessable('command presence');
  if (command.length > LONGEST_COMMAND) {
    throw unprocessable(`command must be shorter than ${LONGEST_COMMAND + 1} characters`);
  }
  const task: r.Task = {
    ...core.store.base(),
    appGuid: app.guid,
    dropletGuid: droplet.guid,
    sequenceId: core.store.tasks.of(app.guid).length + 1,
    name: text(body.name) ?? randomBytes(4).toString('hex'),
    command,
    state: 'RUNNING',
    memoryMb: memoryMb ?? template?.memoryMb ?? DEFAULT_MB,
    diskMb: diskMb ?? template?.diskMb ?? DEFAULT_MB,
    logRateBps: logRateBps ?? template?.logRateBps ?? -1,
  };
  checkTaskQuota(core, app, task);
  mergeMetadata(task, change);
  core.store.tasks.add(task);
  core.pending.begin(task.guid);
  audit(core, 'audit.app.task.create', call.caller, app, { task_guid: task.guid });
  run(core, app, droplet, task);
  return { status: 202, body: presentTask(core, task, false) };
}

function run(core: Core, app: r.App, droplet: r.Droplet, task: r.Task): void {
  const { store } = core;
  const process = store.process(app.guid, 'web');
  const running = core.running.runTask({
    guid: task.guid,
    appGuid: app.guid,
    name: task.name,
    command: task.command,
    memoryMb: task.memoryMb,
    env: runningEnvironment(app.env, task, servicesEnvironment(store, app)),
    vcapApplication: process ? vcapApplication(store, app, process, core.api) : {},
    dropletDir: droplet.dir,
  });
  void running.ended.then(({ failure }) => {
    task.state = failure === undefined ? 'SUCCEEDED' : 'FAILED';
    if (failure !== undefined) task.failure = failure;
    store.touch(task);
  });
}

/** Ends a task that runs; one that has ended stays as it is. */
export function cancelTask(core: Core, task: r.Task, caller: Caller): void {
  if (task.state === 'SUCCEEDED' || task.state === 'FAILED') return;
  task.state = 'CANCELING';
  core.store.touch(task);
  const app = core.store.apps.get(task.appGuid);
  if (app) audit(core, 'audit.app.task.cancel', caller, app, { task_guid: task.guid });
  core.running.cancelTask(task.guid);
}

function cancel(call: Call, core: Core): Answer {
  const task = find(call, core);
  if (task.state === 'SUCCEEDED' || task.state === 'FAILED') {
    throw unprocessable(`Task state is ${task.state} and therefore cannot be canceled`);
  }
  cancelTask(core, task, call.caller);
  core.pending.firstLook(task.guid);
  return { status: 202, body: presentTask(core, task, false) };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/tasks', (call, core) => list(call, core.api, listing(core, core.store.tasks.all(), false))),
  row('GET', '/v3/apps/:guid/tasks', (call, core) => {
    const rows = core.store.tasks.of(findApp(call, core).guid);
    return list(call, core.api, listing(core, rows, call.caller.role === undefined));
  }),
  row('POST', '/v3/apps/:guid/tasks', create),
  row('GET', '/v3/tasks/:guid', (call, core) => ({
    status: 200,
    body: presentTask(core, find(call, core), call.caller.role === undefined),
  })),
  row('PATCH', '/v3/tasks/:guid', async (call, core) => {
    const task = find(call, core);
    const body = await call.json();
    onlyFields(body, ['metadata']);
    mergeMetadata(task, body.metadata);
    core.store.touch(task);
    return { status: 200, body: presentTask(core, task, true) };
  }),
  row('POST', '/v3/tasks/:guid/actions/cancel', cancel),
  // The older address of the same.
  row('PUT', '/v3/tasks/:guid/cancel', cancel),
];
