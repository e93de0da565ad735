import { type Step, unprocessable } from './step.js';

const one = '/v3/isolation_segments/{segment}';
const organizations = '/v3/isolation_segments/:guid/relationships/organizations';
const ofSpace = '/v3/spaces/:guid/relationships/isolation_segment';
const space = '/v3/spaces/{space}/relationships/isolation_segment';

export const isolation: readonly Step[] = [
  {
    row: 'POST /v3/isolation_segments',
    cites: 'cf-cli 6.2',
    body: { name: 'APART' },
    status: 422,
    error: unprocessable('Isolation Segment names are case insensitive and must be unique'),
  },
  {
    row: 'GET /v3/isolation_segments',
    cites: 'cf-cli 6.2',
    path: '/v3/isolation_segments?names=apart',
    status: 200,
    list: { total: 1 },
  },
  {
    row: 'GET /v3/isolation_segments/:guid',
    cites: 'cf-cli 6.2',
    path: one,
    status: 200,
    has: { name: 'apart' },
  },
  {
    row: `PATCH ${ofSpace}`,
    cites: 'cf-cli 6.2',
    note: 'not entitled',
    path: space,
    body: { data: { guid: '{segment}' } },
    status: 422,
    error: unprocessable(
      "Unable to assign isolation segment with guid '{segment}'. Ensure it has been entitled to the organization that this space belongs to.",
    ),
  },
  {
    row: `POST ${organizations}`,
    cites: 'cf-cli 6.2',
    path: `${one}/relationships/organizations`,
    body: { data: [{ guid: '{org}' }] },
    status: 200,
  },
  {
    row: `GET ${organizations}`,
    cites: 'cf-cli 6.2',
    path: `${one}/relationships/organizations`,
    status: 200,
    has: { 'data.length': 1 },
  },
  {
    row: `PATCH ${ofSpace}`,
    cites: 'cf-cli 6.2',
    path: space,
    body: { data: { guid: '{segment}' } },
    status: 200,
  },
  { row: `GET ${ofSpace}`, cites: 'cf-cli 6.2', path: space, status: 200 },
  {
    row: 'GET /v3/processes/:guid/stats',
    cites: 'platform A5',
    note: 'of an isolated space',
    path: '/v3/processes/{app}/stats',
    status: 200,
    has: { 'resources.0.isolation_segment': 'apart' },
  },
  {
    row: `PATCH ${ofSpace}`,
    cites: 'cf-cli 6.2',
    note: 'none again',
    path: space,
    body: { data: null },
    status: 200,
    has: { data: null },
  },
];
