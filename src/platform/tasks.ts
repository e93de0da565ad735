/** Commands that run once on an app's droplet. */
import type { Task } from '../model/cloud.js';
import type { Platform } from './calls.js';
import { Fields, present } from './json.js';
import type { Requests } from './request.js';

export function taskCalls(
  requests: Requests,
): Pick<Platform, 'createTask' | 'task' | 'tasksNamed' | 'cancelTask'> {
  return {
    createTask(appGuid, { name, command, memoryMb, diskMb, logRateBps }) {
      const body = {
        ...{ name, command, memory_in_mb: memoryMb, disk_in_mb: diskMb },
        log_rate_limit_in_bytes_per_second: logRateBps,
      };
      return requests.writeFor('POST', `/v3/apps/${appGuid}/tasks`, body, 'task', parseTask);
    },
    async task(guid) {
      return parseTask(Fields.of(await requests.read(`/v3/tasks/${guid}`), 'task'));
    },
    async tasksNamed(appGuid, name) {
      const tasks = await requests.list(`/v3/apps/${appGuid}/tasks`, { names: name }, parseTask);
      return tasks.filter((task) => task.name === name);
    },
    async cancelTask(guid) {
      await requests.write('POST', `/v3/tasks/${guid}/actions/cancel`);
    },
  };
}

const STATES = ['PENDING', 'RUNNING', 'CANCELING', 'SUCCEEDED', 'FAILED'] as const;

function parseTask(fields: Fields): Task {
  return {
    guid: fields.text('guid'),
    name: fields.text('name'),
    state: fields.oneOf('state', STATES),
    createdAtMs: fields.time('created_at'),
    ...present({ failure: fields.maybeObject('result')?.maybeText('failure_reason') }),
  };
}
