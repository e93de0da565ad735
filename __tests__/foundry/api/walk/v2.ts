import { type Step, YAML } from './step.js';

const LIST = ['total_results', 'total_pages', 'prev_url', 'next_url', 'resources'];
const ENTITY = ['metadata', 'entity'];

/** What cf v6 looks up by version 2, and how it applies a manifest. */
export const v2: readonly Step[] = [
  { row: 'GET /v2/info', cites: 'cf-cli 6.4', status: 200, has: { api_version: '2.260.0' } },
  { row: 'GET /v2/organizations', cites: 'cf-cli 6.4', status: 200, exact: LIST },
  { row: 'GET /v2/spaces', cites: 'cf-cli 6.4', status: 200, exact: LIST },
  {
    row: 'GET /v2/apps/:guid/instances',
    cites: 'cf-cli 6.4',
    path: '/v2/apps/{app}/instances',
    status: 400,
    has: { 'errors.0.code': 220001 },
  },
  {
    row: 'GET /v2/apps/:guid/stats',
    cites: 'cf-cli 6.4',
    path: '/v2/apps/{revised}/stats',
    status: 200,
  },
  {
    row: 'GET /v2/apps/:guid/routes',
    cites: 'cf-cli 6.4',
    path: '/v2/apps/{app}/routes',
    status: 200,
    exact: LIST,
  },
  { row: 'GET /v2/shared_domains', cites: 'cf-cli 6.4', status: 200, exact: LIST },
  {
    row: 'GET /v2/shared_domains/:guid',
    cites: 'cf-cli 6.4',
    path: '/v2/shared_domains/{domain}',
    status: 200,
    exact: ENTITY,
  },
  {
    row: 'GET /v2/private_domains/:guid',
    cites: 'cf-cli 6.4',
    note: 'a shared one',
    path: '/v2/private_domains/{domain}',
    status: 404,
  },
  {
    row: 'GET /v2/organizations/:guid/private_domains',
    cites: 'cf-cli 6.4',
    path: '/v2/organizations/{org}/private_domains',
    status: 200,
    exact: LIST,
  },
  {
    row: 'GET /v2/routes',
    cites: 'cf-cli 6.4',
    path: '/v2/routes?q=domain_guid:{domain}&q=host:first',
    status: 200,
    exact: LIST,
  },
  {
    row: 'GET /v2/routes/reserved/domain/:guid',
    cites: 'cf-cli 6.4',
    path: '/v2/routes/reserved/domain/{domain}?host=first',
    status: 204,
  },
  {
    row: 'POST /v2/routes',
    cites: 'cf-cli 6.4',
    body: { host: 'by-v6', domain_guid: '{domain}', space_guid: '{space}' },
    status: 201,
    exact: ENTITY,
  },
  {
    row: 'PUT /v2/routes/:route/apps/:guid',
    cites: 'cf-cli 6.4',
    path: '/v2/routes/{route}/apps/{app}',
    status: 201,
    exact: ENTITY,
  },
  {
    row: 'POST /v3/apps/:guid/actions/apply_manifest',
    cites: 'cf-cli 6.4',
    path: '/v3/apps/{app}/actions/apply_manifest',
    body: 'applications: [{name: renamed, instances: 2}]',
    headers: YAML,
    status: 202,
  },
  {
    row: 'POST /v3/apps/:guid/actions/apply_manifest',
    cites: 'cf-cli 6.4',
    note: 'of another app',
    path: '/v3/apps/{app}/actions/apply_manifest',
    body: 'applications: [{name: strange}]',
    headers: YAML,
    status: 422,
  },
];
