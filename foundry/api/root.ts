import type { Core } from './core.js';
import { links } from './present.js';
import { type Answer, openRow, type Row } from './table.js';
import { V2_VERSION } from './v2.js';

/** Resources that `GET /v3` names; older CLIs find every address there. */
const RESOURCES = [
  'organizations',
  'organization_quotas',
  'space_quotas',
  'spaces',
  'processes',
  'resource_matches',
  'packages',
  'apps',
  'builds',
  'domains',
  'feature_flags',
  'droplets',
  'tasks',
  'deployments',
  'routes',
  'jobs',
  'buildpacks',
  'stacks',
  'service_brokers',
  'service_offerings',
  'service_plans',
  'service_instances',
  'service_credential_bindings',
  'service_route_bindings',
  'audit_events',
  'isolation_segments',
];

function root(core: Core): Answer {
  const { api, apiVersion: version } = core;
  const link = (href: string, meta?: object) => ({ href, ...(meta ? { meta } : {}) });
  return {
    status: 200,
    body: {
      links: {
        self: link(api),
        cloud_controller_v2: core.v2 ? link(`${api}/v2`, { version: V2_VERSION }) : null,
        cloud_controller_v3: link(`${api}/v3`, { version }),
        network_policy_v0: link(`${api}/networking/v0/external`),
        network_policy_v1: link(`${api}/networking/v1/external`),
        login: link(api),
        uaa: link(api),
        credhub: null,
        routing: link(`${api}/routing`),
        logging: link(api.replace(/^http/, 'ws')),
        // The CLI drops a path here: the log cache is at a host's root.
        log_cache: link(api),
        log_stream: link(api),
        app_ssh: link('127.0.0.1:2222', { host_key_fingerprint: '', oauth_client: 'ssh-proxy' }),
      },
    },
  };
}

function v3(core: Core): Answer {
  const paths = Object.fromEntries(RESOURCES.map((name) => [name, `/v3/${name}`]));
  return { status: 200, body: { links: links(core, { self: '/v3', ...paths }) } };
}

function info(core: Core): Answer {
  return {
    status: 200,
    body: {
      build: '',
      cli_version: { minimum: '', recommended: '' },
      custom: {},
      description: 'a Cloud Foundry on loopback',
      name: 'foundry',
      version: 0,
      osbapi_version: '2.15',
      rate_limits: { enabled: false, general_limit: 2000, reset_interval_in_minutes: 60 },
      links: { ...links(core, { self: '/v3/info' }), support: { href: '' } },
    },
  };
}

export const rows: readonly Row[] = [
  openRow('GET', '/', (_call, core) => root(core)),
  openRow('GET', '/v3', (_call, core) => v3(core)),
  openRow('GET', '/v3/info', (_call, core) => info(core)),
  openRow('GET', '/healthz', () => ({ status: 200, body: 'OK' })),
];
