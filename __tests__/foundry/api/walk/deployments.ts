import { expect } from '@jest/globals';
import { BASE, type Step, unprocessable } from './step.js';

const DEPLOYMENT = [
  ...BASE,
  'status',
  'strategy',
  'options',
  'droplet',
  'previous_droplet',
  'new_processes',
  'revision',
  'relationships',
];
const GUID = expect.stringMatching(/^[0-9a-f-]{36}$/);

/** `{deployed}` is a started app of no instances whose `{deployment}` is under way: the updater looks once an hour. */
export const deployments: readonly Step[] = [
  {
    row: 'GET /v3/deployments',
    cites: 'cf-cli 7 app',
    path: '/v3/deployments?app_guids={app}&status_values=ACTIVE&order_by=-created_at&page=1&per_page=1',
    status: 200,
    list: { total: 0 },
  },
  {
    row: 'GET /v3/deployments',
    cites: 'platform A1.1',
    path: '/v3/deployments?app_guids={deployed}&states=DEPLOYING&status_values=ACTIVE&status_reasons=DEPLOYING',
    status: 200,
    list: { of: DEPLOYMENT, total: 1 },
  },
  {
    row: 'GET /v3/deployments/:guid',
    cites: 'platform A1.1',
    path: '/v3/deployments/{deployment}',
    status: 200,
    exact: DEPLOYMENT,
    has: {
      strategy: 'rolling',
      options: { max_in_flight: 1 },
      'status.value': 'ACTIVE',
      'status.reason': 'DEPLOYING',
      'status.details': {
        last_successful_healthcheck: null,
        last_status_change: expect.stringMatching(/Z$/),
      },
      droplet: { guid: GUID },
      previous_droplet: { guid: GUID },
      new_processes: [{ guid: GUID, type: 'web' }],
      revision: { guid: GUID, version: 1 },
      'relationships.app': { data: { guid: GUID } },
      'links.cancel': { href: expect.stringMatching(/\/actions\/cancel$/), method: 'POST' },
      'links.continue': undefined,
    },
  },
  {
    row: 'PATCH /v3/deployments/:guid',
    cites: 'platform A1.1',
    path: '/v3/deployments/{deployment}',
    body: { metadata: { labels: { a: 'b' } } },
    status: 200,
    exact: DEPLOYMENT,
    has: { 'metadata.labels': { a: 'b' } },
  },
  {
    row: 'PATCH /v3/deployments/:guid',
    cites: 'platform A1.1',
    note: 'nothing but metadata',
    path: '/v3/deployments/{deployment}',
    body: { strategy: 'canary' },
    status: 422,
    error: unprocessable("Unknown field(s): 'strategy'"),
  },
  {
    row: 'POST /v3/deployments/:guid/actions/continue',
    cites: 'platform A1.4',
    path: '/v3/deployments/{deployment}/actions/continue',
    status: 422,
    error: unprocessable('Cannot continue a deployment with status: ACTIVE and reason: DEPLOYING'),
  },
  {
    row: 'POST /v3/deployments',
    cites: 'platform A1.2',
    body: { relationships: { app: { data: { guid: '{deployed}' } } }, strategy: 'canary' },
    status: 201,
    exact: DEPLOYMENT,
    has: { strategy: 'canary', 'status.canary': { steps: { current: 1, total: 1 } } },
  },
  {
    row: 'POST /v3/deployments/:guid/actions/cancel',
    cites: 'platform A1.4',
    note: 'superseded',
    path: '/v3/deployments/{deployment}/actions/cancel',
    status: 422,
    error: unprocessable('Cannot cancel a deployment with status: FINALIZED and reason: SUPERSEDED'),
  },
];
