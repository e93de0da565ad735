import { type Step, unprocessable, YAML } from './step.js';

export const manifests: readonly Step[] = [
  {
    row: 'POST /v3/spaces/:guid/manifest_diff',
    cites: 'cf-cli 6.3',
    path: '/v3/spaces/{space}/manifest_diff',
    body: 'applications: [{name: renamed, instances: 3}]',
    headers: YAML,
    status: 201,
    has: { diff: [{ op: 'replace', path: '/applications/0/instances', was: 2, value: 3 }] },
  },
  {
    row: 'POST /v3/spaces/:guid/actions/apply_manifest',
    cites: 'cf-cli 3.1',
    path: '/v3/spaces/{space}/actions/apply_manifest',
    body: 'applications: [{name: renamed, instances: 3}]',
    headers: YAML,
    status: 202,
  },
  {
    row: 'POST /v3/spaces/:guid/actions/apply_manifest',
    cites: 'cf-cli 3.1',
    note: 'no applications',
    path: '/v3/spaces/{space}/actions/apply_manifest',
    body: 'a: 1',
    headers: YAML,
    status: 422,
    error: unprocessable("Cannot parse manifest with no 'applications' field."),
  },
  {
    row: 'POST /v3/spaces/:guid/actions/apply_manifest',
    cites: 'cf-cli 3.1',
    note: 'no YAML type',
    path: '/v3/spaces/{space}/actions/apply_manifest',
    body: {},
    status: 400,
    error: [1004, 'CF-BadRequest', 'Bad request: Content-Type must be yaml'],
  },
  { row: 'GET /v3/apps/:guid/manifest', cites: 'cf-cli 10', path: '/v3/apps/{app}/manifest', status: 200 },
];
