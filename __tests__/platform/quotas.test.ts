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

const page = (...resources: unknown[]) => ({
  pagination: { total_results: resources.length, next: null },
  resources: resources.map((one, at) => ({ guid: `guid ${at}`, ...(one as object) })),
});
const process = (app: string, instances: number, rate: number | null) => ({
  relationships: { app: { data: { guid: app } } },
  ...{ instances, memory_in_mb: 100, log_rate_limit_in_bytes_per_second: rate },
});
const LISTS = {
  '/v3/apps': page({ guid: 'on', state: 'STARTED' }, { guid: 'off', state: 'STOPPED' }),
  '/v3/processes': page(
    process('on', 2, 30),
    process('on', 1, -1),
    process('off', 9, 9),
    process('on', 0, null),
  ),
};

test('each limit is read, and the log rate in use is counted where it is limited', async () => {
  const platform = platformWith({
    ...LISTS,
    '/v3/organizations/o': { relationships: { quota: { data: null } } },
    '/v3/spaces/s': { relationships: { quota: { data: { guid: 'q' } } } },
    '/v3/space_quotas/q': {
      apps: {
        ...{ total_memory_in_mb: 1, per_process_memory_in_mb: 2, total_instances: 3, per_app_tasks: 4 },
        log_rate_limit_in_bytes_per_second: 5,
      },
      routes: { total_routes: 6, total_reserved_ports: 7 },
      services: { total_service_instances: 8, total_service_keys: null },
    },
    '/v3/spaces/s/usage_summary': {
      usage_summary: {
        ...{ started_instances: 11, memory_in_mb: 12, routes: 13, service_instances: 14 },
        ...{ reserved_ports: 15, per_app_tasks: 16 },
      },
    },
  });
  const limits = {
    ...{ memoryMb: 1, instanceMb: 2, instances: 3, tasks: 4 },
    ...{ logRateBps: 5, routes: 6, ports: 7, services: 8 },
  };
  const used = {
    ...{ memoryMb: 12, instances: 11, logRateBps: 60 },
    ...{ routes: 13, ports: 15, services: 14, tasks: 16 },
  };
  expect(await platform.quotas(TARGET)).toEqual({
    quotas: [{ of: 'space', name: 'production', limits, used }],
    unknown: false,
  });
});

test('where a space has no summary of its usage, its started processes are counted', async () => {
  const platform = platformWith({
    ...LISTS,
    '/v3/organizations/o': { relationships: { quota: { data: null } } },
    '/v3/spaces/s': { relationships: { quota: { data: { guid: 'q' } } } },
    '/v3/space_quotas/q': { apps: { total_memory_in_mb: 400, total_instances: 4 }, routes: {} },
  });
  const { quotas, unknown } = await platform.quotas(TARGET);
  expect(unknown).toBe(false);
  expect(quotas[0]?.used).toMatchObject({ memoryMb: 300, instances: 3 });
});
