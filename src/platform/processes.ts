/** Processes of an app and their instances. */
import type { HealthCheck, Instance, Process } from '../model/cloud.js';
import type { CheckChange, Platform } from './calls.js';
import { Fields, present } from './json.js';
import type { Requests } from './request.js';

export function processCalls(
  requests: Requests,
): Pick<Platform, 'processes' | 'processesOfApps' | 'instances' | 'command' | 'scale' | 'updateProcess'> {
  return {
    processes(appGuid) {
      return requests.list(`/v3/apps/${appGuid}/processes`, {}, parseProcess);
    },
    processesOfApps(appGuids) {
      return requests.listFor('/v3/processes', 'app_guids', appGuids, {}, (fields) => ({
        ...parseProcess(fields),
        appGuid: fields.object('relationships').object('app').object('data').text('guid'),
      }));
    },
    async instances(processGuid) {
      const json = await requests.read(`/v3/processes/${processGuid}/stats`);
      return Fields.of(json, 'stats').objects('resources').map(parseInstance);
    },
    async command(processGuid) {
      const process = Fields.of(await requests.read(`/v3/processes/${processGuid}`), 'process');
      const command = process.maybeText('command') ?? '';
      return command === HIDDEN ? undefined : command;
    },
    async scale(processGuid, { instances, memoryMb, diskMb, logRateBps }) {
      await requests.write(
        'POST',
        `/v3/processes/${processGuid}/actions/scale`,
        present({
          instances,
          memory_in_mb: memoryMb,
          disk_in_mb: diskMb,
          log_rate_limit_in_bytes_per_second: logRateBps,
        }),
      );
    },
    async updateProcess(guid, { command, healthCheck, readiness }) {
      await requests.write(
        'PATCH',
        `/v3/processes/${guid}`,
        present({
          command,
          health_check: healthCheck && checkBody(healthCheck),
          readiness_health_check: readiness && checkBody(readiness),
        }),
      );
    },
  };
}

function checkBody({ type, timeoutS, invocationTimeoutS, intervalS, endpoint }: CheckChange) {
  const data = { timeout: timeoutS, invocation_timeout: invocationTimeoutS, interval: intervalS, endpoint };
  return present({ type, data: present(data) });
}

/** What the platform shows where a command is, to whom it does not tell. */
const HIDDEN = '[PRIVATE DATA HIDDEN]';
const HIDDEN_COMMAND = '[PRIVATE DATA HIDDEN IN LISTS]';

function parseProcess(fields: Fields): Process {
  const command = fields.maybeText('command');
  const readiness = fields.maybeObject('readiness_health_check');
  return {
    guid: fields.text('guid'),
    type: fields.text('type'),
    instances: fields.number('instances'),
    memoryMb: fields.number('memory_in_mb'),
    diskMb: fields.number('disk_in_mb'),
    // Platforms before log rate limits say nothing, and limit nothing.
    logRateBps: fields.maybeNumber('log_rate_limit_in_bytes_per_second') ?? -1,
    ...present({ command: command === HIDDEN_COMMAND ? undefined : command }),
    healthCheck: parseHealthCheck(fields.object('health_check')),
    ...present({ readiness: readiness && parseHealthCheck(readiness) }),
  };
}

/** `none` is left from version 2 of the API, where it meant what `process` means; version 3 takes it from nobody. */
function parseHealthCheck(fields: Fields): HealthCheck {
  const data = fields.maybeObject('data');
  const type = fields.text('type');
  return {
    type: type === 'none' ? 'process' : type,
    ...present({
      timeoutS: data?.maybeNumber('timeout'),
      invocationTimeoutS: data?.maybeNumber('invocation_timeout'),
      intervalS: data?.maybeNumber('interval'),
      endpoint: data?.maybeText('endpoint'),
    }),
  };
}

const KNOWN_STATES = ['STARTING', 'RUNNING', 'CRASHED', 'DOWN', 'STOPPING'] as const;

/**
 * `routable` is missing before API 3.151; an entry that is DOWN may lack all but index and state. Ports are shown to whoever may
 * read the app's secrets; without route integrity they have no TLS proxy in front (CC process_stats_presenter.rb).
 */
function parseInstance(fields: Fields): Instance {
  const state = fields.text('state');
  return {
    index: fields.number('index'),
    state: KNOWN_STATES.find((known) => known === state) ?? 'UNKNOWN',
    routable: fields.maybeFlag('routable') ?? null,
    uptimeS: fields.maybeNumber('uptime') ?? 0,
    ...present({ hasTlsProxy: tlsProxyOf(fields) }),
    ...present({ details: fields.maybeText('details') }),
  };
}

/** It only informs: ports that are hidden, or of another form, are as good as not shown. */
function tlsProxyOf(fields: Fields): boolean | undefined {
  try {
    const ports = fields.maybeObjects('instance_ports');
    return ports.length > 0 ? ports.every((port) => port.has('external_tls_proxy_port')) : undefined;
  } catch {
    return undefined;
  }
}
