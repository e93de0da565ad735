import type { Step } from './step.js';

const SHARED = '/v3/routes/:guid/relationships/shared_spaces';
const shared = '/v3/routes/{route}/relationships/shared_spaces';
const group = '0f6ff5a4-6f31-4f0c-9a44-3e4a1f1c7d10';

export const kinds: readonly Step[] = [
  {
    row: 'GET /routing/v1/router_groups',
    cites: 'platform A3',
    path: '/routing/v1/router_groups?name=default-tcp',
    status: 200,
    has: { '0.guid': group, '0.type': 'tcp' },
  },
  {
    row: 'GET /routing/v1/router_groups/:guid',
    cites: 'platform A3',
    path: `/routing/v1/router_groups/${group}`,
    status: 200,
    has: { name: 'default-tcp' },
  },
  {
    row: `POST ${SHARED}`,
    cites: 'platform A3',
    path: shared,
    body: { data: [{ guid: '{other}' }] },
    status: 200,
  },
  { row: `GET ${SHARED}`, cites: 'platform A3', path: shared, status: 200 },
  { row: `DELETE ${SHARED}/:space`, cites: 'platform A3', path: `${shared}/{other}`, status: 204 },
  {
    row: 'PATCH /v3/routes/:guid/relationships/space',
    cites: 'platform A3',
    path: '/v3/routes/{route}/relationships/space',
    body: { data: { guid: '{space}' } },
    status: 200,
  },
  {
    row: 'PATCH /v3/routes/:guid/destinations/:destination',
    cites: 'platform A3',
    path: '/v3/routes/{route}/destinations/{destination}',
    body: { protocol: 'tcp' },
    status: 422,
    error: [
      10008,
      'CF-UnprocessableEntity',
      "Cannot use 'tcp' protocol for http routes; valid options are: [http1, http2].",
    ],
  },
];
