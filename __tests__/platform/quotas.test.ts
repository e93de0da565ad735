import { expect, test } from '@jest/globals';
import { scripted } from './scripted.js';

const TARGET = { orgGuid: 'o', org: 'shop', spaceGuid: 's', space: 'production' };

/** By the path of the request; what is not there is a 404. */
function platformWith(answers: Readonly<Record<string, unknown>>) {
  return scripted((_request, { pathname }) =>
    pathname in answers ? { json: answers[pathname] } : { status: 404, json: { errors: [] } },
  ).platform;
}

const ORG = {
  '/v3/organizations/o': { relationships: { quota: { data: { guid: 'q' } } } },
  '/v3/organization_quotas/q': {
    apps: { total_memory_in_mb: 2_048, per_process_memory_in_mb: null, total_instances: null },
    routes: { total_routes: 10, total_reserved_ports: 2 },
  },
};

test('a platform from before the usage of routes tells that of memory and instances', async () => {
  const platform = platformWith({
    ...ORG,
    '/v3/organizations/o/usage_summary': { usage_summary: { started_instances: 3, memory_in_mb: 1_024 } },
  });
  expect(await platform.quotas(TARGET)).toMatchObject({
    quotas: [
      {
        limits: { memoryMb: 2_048, routes: 10, ports: 2 },
        used: { memoryMb: 1_024, instances: 3, routes: 0, ports: 0 },
      },
    ],
    unknown: true,
  });
});
