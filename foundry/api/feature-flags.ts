import type { Core } from './core.js';
import { featureDisabled, notFound, unprocessable } from './errors.js';
import { links } from './present.js';
import { type Row, row } from './table.js';

/** The platform's switches and their defaults. */
const FLAGS: Readonly<Record<string, boolean>> = {
  user_org_creation: false,
  private_domain_creation: true,
  app_bits_upload: true,
  app_scaling: true,
  route_creation: true,
  service_instance_creation: true,
  diego_docker: false,
  diego_cnb: false,
  set_roles_by_username: true,
  unset_roles_by_username: true,
  task_creation: true,
  env_var_visibility: true,
  space_scoped_private_broker_creation: true,
  space_developer_env_var_visibility: true,
  service_instance_sharing: false,
  hide_marketplace_from_unauthenticated_users: false,
  resource_matching: true,
  route_sharing: false,
  hash_based_routing: false,
};

/** Whether a switch is on. */
export function isOn(core: Core, name: string): boolean {
  return core.store.flags.get(name) ?? FLAGS[name] ?? false;
}

/** Throws 403 while a switch is off. */
export function assertOn(core: Core, name: string): void {
  if (!isOn(core, name)) throw featureDisabled(name);
}

function flag(core: Core, name: string) {
  return {
    name,
    enabled: isOn(core, name),
    updated_at: null,
    custom_error_message: null,
    links: links(core, { self: `/v3/feature_flags/${name}` }),
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/feature_flags', (_call, core) => {
    const resources = Object.keys(FLAGS).map((name) => flag(core, name));
    const { self } = links(core, { self: '/v3/feature_flags?page=1&per_page=50' });
    const pagination = {
      total_results: resources.length,
      total_pages: 1,
      first: self,
      last: self,
      next: null,
      previous: null,
    };
    return { status: 200, body: { pagination, resources } };
  }),
  row('GET', '/v3/feature_flags/:name', (call, core) => {
    const name = call.params.name ?? '';
    if (FLAGS[name] === undefined) throw notFound('Feature flag');
    return { status: 200, body: flag(core, name) };
  }),
  row('PATCH', '/v3/feature_flags/:name', async (call, core) => {
    const name = call.params.name ?? '';
    const { enabled } = await call.json();
    if (FLAGS[name] === undefined) throw notFound('Feature flag');
    if (typeof enabled !== 'boolean') throw unprocessable('Enabled must be a boolean');
    core.store.flags.set(name, enabled);
    return { status: 200, body: flag(core, name) };
  }),
];
