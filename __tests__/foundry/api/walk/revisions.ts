import { expect } from '@jest/globals';
import { BASE, type Step, unprocessable } from './step.js';

const REVISION = [
  ...BASE,
  'version',
  'droplet',
  'processes',
  'sidecars',
  'description',
  'relationships',
  'deployable',
];

const SIDECAR = [
  'guid',
  'created_at',
  'updated_at',
  'name',
  'command',
  'process_types',
  'memory_in_mb',
  'origin',
  'relationships',
];

/** `{revised}` is an app that was started once, `{revision}` what was recorded then, `{sidecar}` one of it that came later. */
export const revisions: readonly Step[] = [
  {
    row: 'GET /v3/apps/:guid/revisions',
    cites: 'platform A2',
    path: '/v3/apps/{revised}/revisions?order_by=-created_at',
    status: 200,
    list: { of: REVISION, total: 1 },
  },
  {
    row: 'GET /v3/apps/:guid/revisions/deployed',
    cites: 'platform A2',
    path: '/v3/apps/{revised}/revisions/deployed',
    status: 200,
    list: { of: REVISION, total: 1 },
  },
  {
    row: 'GET /v3/revisions/:guid',
    cites: 'platform A2',
    path: '/v3/revisions/{revision}',
    status: 200,
    exact: REVISION,
    has: {
      version: 1,
      description: 'Initial revision.',
      deployable: true,
      sidecars: [],
      processes: { web: { command: null }, worker: { command: null } },
      'relationships.app': { data: { guid: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
    },
  },
  {
    row: 'PATCH /v3/revisions/:guid',
    cites: 'platform A2',
    path: '/v3/revisions/{revision}',
    body: { metadata: { labels: { a: 'b' } } },
    status: 200,
    exact: REVISION,
    has: { 'metadata.labels': { a: 'b' } },
  },
  {
    row: 'GET /v3/revisions/:guid/environment_variables',
    cites: 'platform A2',
    path: '/v3/revisions/{revision}/environment_variables',
    status: 200,
    exact: ['var', 'links'],
    has: { var: {} },
  },
  {
    row: 'POST /v3/apps/:guid/sidecars',
    cites: 'platform A2',
    path: '/v3/apps/{revised}/sidecars',
    body: { name: 'agent', command: './agent', process_types: ['web'] },
    status: 201,
    exact: SIDECAR,
    has: { origin: 'user', memory_in_mb: null },
  },
  {
    row: 'POST /v3/apps/:guid/sidecars',
    cites: 'platform A2',
    note: 'twice',
    path: '/v3/apps/{revised}/sidecars',
    body: { name: 'agent', command: './agent', process_types: ['web'] },
    status: 422,
    error: unprocessable("Sidecar with name 'agent' already exists for given app"),
  },
  {
    row: 'GET /v3/sidecars/:guid',
    cites: 'platform A2',
    path: '/v3/sidecars/{sidecar}',
    status: 200,
    exact: SIDECAR,
    has: { name: 'brought' },
  },
  {
    row: 'DELETE /v3/sidecars/:guid',
    cites: 'platform A2',
    path: '/v3/sidecars/{sidecar}',
    status: 204,
  },
  {
    row: 'GET /v3/droplets/:guid/download',
    cites: 'platform A2',
    path: '/v3/droplets/{droplet}/download',
    status: 200,
  },
];
