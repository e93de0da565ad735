import type { Step } from './step.js';

const one = '/v3/tasks/{task}';

export const tasks: readonly Step[] = [
  {
    row: 'POST /v3/apps/:guid/tasks',
    cites: 'cf-cli 6.2',
    path: '/v3/apps/{app}/tasks',
    body: { command: 'make' },
    status: 202,
    has: { state: 'RUNNING', sequence_id: 2, 'result.failure_reason': null },
  },
  { row: 'GET /v3/tasks', cites: 'cf-cli 6.2', status: 200, list: { total: 2 } },
  {
    row: 'GET /v3/apps/:guid/tasks',
    cites: 'cf-cli 6.2',
    path: '/v3/apps/{app}/tasks?names=t',
    status: 200,
    list: { total: 1 },
    has: { 'resources.0.command': 'x' },
  },
  { row: 'GET /v3/tasks/:guid', cites: 'cf-cli 6.2', path: one, status: 200, has: { name: 't' } },
  {
    row: 'PATCH /v3/tasks/:guid',
    cites: 'platform A7',
    path: one,
    body: { metadata: { labels: { a: 'b' } } },
    status: 200,
    has: { 'metadata.labels': { a: 'b' } },
  },
  {
    row: 'POST /v3/tasks/:guid/actions/cancel',
    cites: 'cf-cli 6.2',
    path: `${one}/actions/cancel`,
    status: 202,
    has: { state: 'CANCELING' },
  },
  { row: 'PUT /v3/tasks/:guid/cancel', cites: 'cf-cli 6.2', path: `${one}/cancel`, status: 422 },
];
