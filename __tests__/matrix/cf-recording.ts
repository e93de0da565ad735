/**
 * The API calls of cf 8.18.3, command by command, as they were recorded of the real one (`recording.test.ts` records them again).
 * Names in braces stand for what earlier answers gave. Of a poll, which is repeated every three seconds, one stands for all.
 */
export const CF_VERSION = '8.18.3';

export const CF_CALLS = {
  version: [],
  api: ['GET /'],
  auth: ['POST /oauth/token'],
  target: [
    'GET /v3/organizations?names={org}&page=1&per_page=1',
    'GET /v3/spaces?names={space}&organization_guids={organizations}&page=1&per_page=1',
  ],
  push: [
    'POST /v3/spaces/{spaces}/manifest_diff',
    'POST /v3/spaces/{spaces}/actions/apply_manifest',
    'GET /v3/jobs/{jobs}',
    'GET /v3/apps?names={app}&space_guids={spaces}',
    'POST /v3/resource_matches',
    'POST /v3/packages',
    'POST /v3/packages/{packages}/upload',
    'GET /v3/packages/{packages}',
    'GET /v3/apps?names={app}&space_guids={spaces}',
    'GET /v3/apps/{apps}/processes',
    'GET /v3/processes/{processes}',
    'GET /v3/processes/{processes}/sidecars',
    'GET /v3/processes/{processes}/stats',
    'GET /v3/apps/{apps}/routes',
    'GET /v3/apps/{apps}/droplets/current',
    'GET /v3/deployments?app_guids={apps}&order_by=-created_at&page=1&per_page=1&status_values=ACTIVE',
  ],
} as const satisfies Record<string, readonly string[]>;
