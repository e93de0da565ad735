/**
 * The API calls of the real CLIs, command by command, as they were recorded (`recording.test.ts` records them again).
 * Names in braces stand for what earlier answers gave. Of a poll, which is repeated every three seconds, one stands for all.
 */
export interface CfRecording {
  version: string;
  calls: Readonly<Record<string, readonly string[]>>;
}

const CF8_CALLS = {
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

export const CF8 = { version: '8.18.3', calls: CF8_CALLS } as const satisfies CfRecording;

/** It reads its addresses before each command. */
const V2_ROOT = ['GET /v2/info', 'GET /'];
const V2_SIGNED_IN = [...V2_ROOT, 'GET /login'];
const V3_SIGNED_IN = ['GET /', 'GET /v3', 'GET /login'];
const APP = 'GET /v3/apps?names={app}&space_guids={spaces}';
const PACKAGE = ['POST /v3/packages', 'POST /v3/packages/{packages}/upload', 'GET /v3/packages/{packages}'];

export const CF6 = {
  version: '6.53.0',
  calls: {
    version: [],
    api: V2_ROOT,
    auth: [...V2_SIGNED_IN, 'POST /oauth/token'],
    target: [
      ...V2_SIGNED_IN,
      'GET /v2/organizations?order-by=name&q=name%3A{org}',
      'GET /v2/spaces?order-by=name&q=name%3A{space}&q=organization_guid%3A{organizations}',
    ],
    'v3-create-package': [...V3_SIGNED_IN, APP, ...PACKAGE],
    'v3-zdt-push': [
      ...V3_SIGNED_IN,
      ...V2_SIGNED_IN,
      APP,
      'PATCH /v3/apps/{apps}',
      APP,
      ...PACKAGE,
      APP,
      'POST /v3/builds',
      'GET /v3/builds/{builds}',
      'POST /v3/deployments',
      'GET /v3/apps/{apps}/processes',
      APP,
      'GET /v3/apps/{apps}/processes',
      'GET /v3/processes/{processes}/stats',
      'GET /v3/apps/{apps}/droplets/current',
      'GET /v2/apps/{apps}/routes',
      'GET /v2/shared_domains/{shared_domains}',
      'GET /v2/apps/{apps}/stats',
      'GET /v2/apps/{apps}/instances',
    ],
  },
} as const satisfies CfRecording;
