import { type Step, unprocessable } from './step.js';

export const remove: readonly Step[] = [
  { row: 'DELETE /v3/packages/:guid', cites: 'platform A7', path: '/v3/packages/{pack}', status: 202 },
  {
    row: 'DELETE /v3/droplets/:guid',
    cites: 'platform A2',
    note: 'current',
    path: '/v3/droplets/{droplet}',
    status: 422,
    error: unprocessable('The droplet is currently used by app with guid "{app}".'),
  },
  { row: 'DELETE /v3/routes/:guid', cites: 'platform A3', path: '/v3/routes/{route}', status: 202 },
  {
    row: 'DELETE /v3/spaces/:guid/routes',
    cites: 'platform A3',
    path: '/v3/spaces/{space}/routes?unmapped=true',
    status: 202,
  },
  { row: 'DELETE /v3/apps/:guid', cites: 'platform A1.6', path: '/v3/apps/{app}', status: 202 },
];
