import type { Step } from './step.js';

export const control: readonly Step[] = [
  {
    row: 'POST /__foundry/faults',
    cites: 'design 7',
    body: { path: '^/v3/never$', status: 502 },
    status: 204,
  },
  {
    row: 'POST /__foundry/faults',
    cites: 'design 7',
    note: 'unknown key',
    body: { nothing: 1 },
    status: 400,
    has: { 'errors.0.title': 'CF-InvalidRequest' },
  },
  { row: 'DELETE /__foundry/faults', cites: 'design 7', status: 204 },
  { row: 'GET /__foundry/requests', cites: 'design 7', status: 200 },
  { row: 'GET /__foundry/state', cites: 'design 7', status: 200, exact: ['routers', 'apps', 'routes'] },
  { row: 'GET /__foundry/history', cites: 'design 7', status: 200 },
  { row: 'GET /__foundry/client', cites: 'design 7', status: 200, exact: ['id', 'secret'] },
  { row: 'GET /__foundry/auditor', cites: 'design 7', status: 200, exact: ['id', 'secret'] },
  { row: 'GET /__foundry/figures', cites: 'design 7', status: 200, has: { '': [] } },
  { row: 'DELETE /__foundry/figures', cites: 'design 7', status: 204 },
  {
    row: 'POST /__foundry/seed',
    cites: 'design 7',
    body: { apps: 2, routes: 3, prefix: 'many' },
    status: 201,
    exact: ['apps', 'routes'],
  },
  {
    row: 'POST /__foundry/instances/:app/:index',
    cites: 'design 7',
    path: '/__foundry/instances/none/0',
    body: { crash: true },
    status: 404,
  },
  {
    row: 'POST /__foundry/rate-limit',
    cites: 'platform A7',
    body: { limit: 0, window_ms: 1000 },
    status: 204,
  },
  { row: 'POST /__foundry/advance', cites: 'design 7', body: { ms: 1000 }, status: 204 },
];
