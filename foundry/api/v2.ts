/**
 * What cf v6 still looks up by version 2 of the API: information, organization and space, an app's instances. Nothing can be
 * changed by it but a default route (`v2-routes.ts`).
 */
import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import type { Core } from './core.js';
import { ApiError } from './errors.js';
import { type Answer, type Call, type Handler, openRow, type Row, row } from './table.js';

/** Of version 2; older CLIs warn below 2.128.0. */
export const V2_VERSION = '2.260.0';

/** A platform that has switched version 2 off answers so (CC `v2_api_disabled` of its errors). */
const disabled = () => new ApiError(404, 10000, 'CF-NotFound', 'Unknown request');

/** With version 2 switched off there is no such address. */
export function v2Row(method: Row['method'], pattern: string, handler: Handler): Row {
  return row(method, pattern, (call, core) => {
    if (!core.v2) throw disabled();
    return handler(call, core);
  });
}

/** Its lists come in one page. */
export function v2List(resources: readonly object[]): Answer {
  const body = { total_results: resources.length, total_pages: 1, prev_url: null, next_url: null, resources };
  return { status: 200, body };
}

export function entityOf(record: Pick<r.Base, 'guid'>, kind: string, entity: object): object {
  return { metadata: { guid: record.guid, url: `/v2/${kind}/${record.guid}` }, entity };
}

/** `q=name:value`, each of them. */
export function filtersOf(call: Call): Readonly<Record<string, string>> {
  return Object.fromEntries(
    call.query.getAll('q').map((text) => {
      const at = text.indexOf(':');
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** With version 2 off it goes on answering, and has no version (CC info_controller.rb). */
function info(core: Core): Answer {
  return {
    status: 200,
    body: {
      name: 'foundry',
      build: '',
      support: core.v2 ? '' : 'CF API v2 is disabled',
      version: 0,
      description: 'a Cloud Foundry on loopback',
      authorization_endpoint: core.api,
      token_endpoint: core.api,
      min_cli_version: null,
      min_recommended_cli_version: null,
      api_version: core.v2 ? V2_VERSION : '',
      app_ssh_endpoint: '127.0.0.1:2222',
      app_ssh_host_key_fingerprint: '',
      app_ssh_oauth_client: 'ssh-proxy',
      doppler_logging_endpoint: core.api.replace(/^http/, 'ws'),
      routing_endpoint: `${core.api}/routing`,
    },
  };
}

function organizations(call: Call, core: Core): Answer {
  const { name } = filtersOf(call);
  const found = [...core.store.organizations.all()].filter((one) => name === undefined || one.name === name);
  return v2List(
    found.map((one) =>
      entityOf(one, 'organizations', {
        name: one.name,
        quota_definition_guid: one.quotaGuid,
        status: 'active',
        default_isolation_segment_guid: null,
      }),
    ),
  );
}

function spaces(call: Call, core: Core): Answer {
  const { name, organization_guid: organization } = filtersOf(call);
  const found = [...core.store.spaces.all()].filter(
    (one) =>
      (name === undefined || one.name === name) &&
      (organization === undefined || one.organizationGuid === organization),
  );
  return v2List(
    found.map((one) =>
      entityOf(one, 'spaces', {
        name: one.name,
        organization_guid: one.organizationGuid,
        space_quota_definition_guid: one.quotaGuid ?? null,
        isolation_segment_guid: one.isolationSegmentGuid ?? null,
        allow_ssh: true,
      }),
    ),
  );
}

/** By index, of the web process; a stopped app has none to be told of. */
function instances(call: Call, core: Core, tell: (one: Seen, process: r.Process) => object): Answer {
  const app = findApp(call, core);
  const process = core.store.process(app.guid, 'web');
  if (app.state === 'STOPPED' || !process)
    throw new ApiError(
      400,
      220001,
      'CF-InstancesError',
      `Instances error: Request failed for app: ${app.name} as the app is in stopped state.`,
    );
  const seen = core.running.instances(process);
  return { status: 200, body: Object.fromEntries(seen.map((one) => [one.index, tell(one, process)])) };
}

type Seen = ReturnType<Core['running']['instances']>[number];

function stats(one: Seen, process: r.Process, core: Core): object {
  return {
    state: one.state,
    isolation_segment: null,
    stats: {
      name: process.appGuid,
      uris: core.store.routesOfApp(process.appGuid).map((route) => core.store.url(route)),
      host: '127.0.0.1',
      uptime: Math.max(0, Math.floor((core.clock.now() - one.sinceMs) / 1000)),
      mem_quota: process.memoryMb * 1024 * 1024,
      disk_quota: process.diskMb * 1024 * 1024,
      usage: { time: new Date(core.clock.now()).toISOString(), cpu: 0, mem: 0, disk: 0 },
    },
  };
}

export const rows: readonly Row[] = [
  openRow('GET', '/v2/info', (_call, core) => info(core)),
  v2Row('GET', '/v2/organizations', organizations),
  v2Row('GET', '/v2/spaces', spaces),
  v2Row('GET', '/v2/apps/:guid/stats', (call, core) =>
    instances(call, core, (one, process) => stats(one, process, core)),
  ),
  v2Row('GET', '/v2/apps/:guid/instances', (call, core) =>
    instances(call, core, (one) => ({
      state: one.state,
      since: one.sinceMs / 1000,
      uptime: Math.max(0, Math.floor((core.clock.now() - one.sinceMs) / 1000)),
    })),
  ),
];
