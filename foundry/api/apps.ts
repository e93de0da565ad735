import { isDeploying } from '../state/deployments.js';
import { uris, vcapApplication } from '../state/environment.js';
import type * as r from '../state/records.js';
import { vcapServices } from '../state/vcap-services.js';
import {
  assignDroplet,
  createApp,
  deleteApp,
  renameApp,
  restartApp,
  startApp,
  stopApp,
} from './app-rules.js';
import { dig, onlyFields, related, text } from './body.js';
import { accept, audit, type Core } from './core.js';
import { presentDroplet } from './droplets.js';
import { notFound, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { lifecycleOf, presentLifecycle } from './lifecycle.js';
import { include, type Listing, list } from './list.js';
import { checkMetadata, isObject, mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { includedOrganizations, includedSpaces } from './spaces.js';
import { type Call, type Row, row } from './table.js';

export function presentApp(core: Core, app: r.App): Record<string, unknown> {
  const self = `/v3/apps/${app.guid}`;
  return {
    ...head(app),
    name: app.name,
    state: app.state,
    lifecycle: presentLifecycle(app.lifecycle),
    relationships: {
      space: to(app.spaceGuid),
      current_droplet: { data: { guid: app.dropletGuid ?? null } },
    },
    metadata: metadata(app),
    links: links(core, {
      self,
      environment_variables: `${self}/environment_variables`,
      space: `/v3/spaces/${app.spaceGuid}`,
      processes: `${self}/processes`,
      packages: `${self}/packages`,
      current_droplet: `${self}/droplets/current`,
      droplets: `${self}/droplets`,
      tasks: `${self}/tasks`,
      start: [`${self}/actions/start`, 'POST'],
      stop: [`${self}/actions/stop`, 'POST'],
      clear_buildpack_cache: [`${self}/actions/clear_buildpack_cache`, 'POST'],
      revisions: `${self}/revisions`,
      deployed_revisions: `${self}/revisions/deployed`,
      features: `${self}/features`,
    }),
  };
}

export function findApp(call: Call, core: Core): r.App {
  const found = core.store.apps.get(call.params.guid ?? '');
  if (!found) throw notFound('App');
  return found;
}

/** One whose environment may be seen: the platform can hide that of all apps. */
function findOpenApp(call: Call, core: Core): r.App {
  const app = findApp(call, core);
  assertOn(core, 'env_var_visibility');
  assertOn(core, 'space_developer_env_var_visibility');
  return app;
}

function listing(core: Core): Listing<r.App> {
  const spaces = (rows: readonly r.App[]) =>
    includedSpaces(
      core,
      rows.map((a) => a.spaceGuid),
    );
  const organizations = (rows: readonly r.App[]) =>
    includedOrganizations(
      core,
      rows.map((a) => a.spaceGuid),
    );
  return {
    rows: core.store.apps.all(),
    present: (app) => presentApp(core, app),
    filters: {
      names: (app) => app.name,
      space_guids: (app) => app.spaceGuid,
      organization_guids: (app) => core.store.spaces.get(app.spaceGuid)?.organizationGuid ?? null,
      stacks: (app) => app.lifecycle.stack || null,
      lifecycle_type: (app) => app.lifecycle.type,
    },
    orderBy: { name: (app) => app.name, state: (app) => app.state },
    include: {
      space: spaces,
      org: organizations,
      organization: organizations,
      'space.organization': (rows) => ({ ...spaces(rows), ...organizations(rows) }),
    },
  };
}

async function create(call: Call, core: Core) {
  const body = await call.json();
  onlyFields(body, ['name', 'lifecycle', 'environment_variables', 'relationships', 'metadata']);
  const name = text(body.name);
  if (name === undefined || name === '') throw unprocessable("Name can't be blank, Name must be a string");
  const change = checkMetadata(body.metadata);
  const space = core.store.spaces.get(related(body, 'space') ?? '');
  if (!space) throw unprocessable('Invalid space. Ensure that the space exists and you have access to it.');
  const env = variables(body.environment_variables ?? {});
  const app = createApp(
    core,
    space,
    { name, lifecycle: lifecycleOf(core, body.lifecycle), env: withoutNulls(env) },
    call.caller,
  );
  mergeMetadata(app, change);
  return { status: 201, body: presentApp(core, app) };
}

async function update(call: Call, core: Core) {
  const body = await call.json();
  onlyFields(body, ['name', 'lifecycle', 'metadata']);
  const app = findApp(call, core);
  const change = checkMetadata(body.metadata);
  if (body.name !== undefined) {
    const name = text(body.name);
    if (name === undefined) throw unprocessable('Name must be a string');
    renameApp(core, app, name);
  }
  if (body.lifecycle !== undefined) {
    const lifecycle = lifecycleOf(core, body.lifecycle, app.lifecycle);
    if (lifecycle.type !== app.lifecycle.type) {
      throw unprocessable(`Lifecycle type cannot be changed from ${app.lifecycle.type} to ${lifecycle.type}`);
    }
    app.lifecycle = lifecycle;
  }
  mergeMetadata(app, change);
  core.store.touch(app);
  audit(core, 'audit.app.update', call.caller, app);
  return { status: 200, body: presentApp(core, app) };
}

/** Checks `var`: values become text, null removes. */
export function variables(given: unknown): Record<string, string | null> {
  if (!isObject(given)) throw unprocessable('Environment variables must be an object');
  const made: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(given)) {
    if (key === '' || key.includes('=')) throw unprocessable('Var key must be a minimum length of 1');
    if (/^(VCAP_|VMC)/i.test(key)) {
      throw unprocessable(`Var cannot start with ${/^VMC/i.test(key) ? 'VMC' : 'VCAP_'}`);
    }
    if (key === 'PORT') throw unprocessable('Var cannot set PORT');
    if (value !== null && typeof value === 'object') {
      throw unprocessable(
        `Non-string value in environment variable for key '${key}', value '${JSON.stringify(value)}'`,
      );
    }
    made[key] = value === null ? null : String(value);
  }
  return made;
}

export function patchVariables(
  env: Record<string, string>,
  change: Readonly<Record<string, string | null>>,
): void {
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete env[key];
    else env[key] = value;
  }
}

function withoutNulls(env: Record<string, string | null>): Record<string, string> {
  const made: Record<string, string> = {};
  patchVariables(made, env);
  return made;
}

function environmentVariables(core: Core, app: r.App) {
  const self = `/v3/apps/${app.guid}/environment_variables`;
  return { var: app.env, links: links(core, { self, app: `/v3/apps/${app.guid}` }) };
}

function environment(core: Core, app: r.App) {
  const web = core.store.process(app.guid, 'web');
  const full: Record<string, unknown> = web ? vcapApplication(core.store, app, web, core.api) : {};
  // What is read here is today's, without what only a running process has.
  for (const key of ['process_id', 'process_type', 'version', 'application_version']) delete full[key];
  return {
    environment_variables: app.env,
    staging_env_json: {},
    running_env_json: {},
    system_env_json: { VCAP_SERVICES: vcapServices(core.store, app.guid) },
    application_env_json: { VCAP_APPLICATION: { ...full, uris: uris(core.store, app, 'web') } },
  };
}

function currentDroplet(call: Call, core: Core): r.Droplet {
  const droplet = core.store.droplets.get(findApp(call, core).dropletGuid ?? '');
  if (!droplet) throw notFound('Droplet');
  return droplet;
}

function dropletRelationship(core: Core, app: r.App, droplet: r.Droplet) {
  const paths = {
    self: `/v3/apps/${app.guid}/relationships/current_droplet`,
    related: `/v3/apps/${app.guid}/droplets/current`,
  };
  return { status: 200, body: { data: { guid: droplet.guid }, links: links(core, paths) } };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/apps', (call, core) => list(call, core.api, listing(core))),
  row('POST', '/v3/apps', create),
  row('GET', '/v3/apps/:guid', (call, core) => {
    const app = findApp(call, core);
    const included = include(call.query.get('include'), [app], listing(core));
    return { status: 200, body: { ...presentApp(core, app), ...(included ? { included } : {}) } };
  }),
  row('PATCH', '/v3/apps/:guid', update),
  row('DELETE', '/v3/apps/:guid', (call, core) => {
    const app = findApp(call, core);
    return accept(core, 'app.delete', { kind: 'app', plural: 'apps', guid: app.guid }, async () => {
      if (core.store.apps.get(app.guid)) await deleteApp(core, app, call.caller);
    });
  }),
  row('POST', '/v3/apps/:guid/actions/start', (call, core) => {
    const app = findApp(call, core);
    startApp(core, app, call.caller);
    return { status: 200, body: presentApp(core, app) };
  }),
  row('POST', '/v3/apps/:guid/actions/stop', (call, core) => {
    const app = findApp(call, core);
    stopApp(core, app, call.caller);
    return { status: 200, body: presentApp(core, app) };
  }),
  row('POST', '/v3/apps/:guid/actions/restart', (call, core) => {
    const app = findApp(call, core);
    restartApp(core, app, call.caller);
    return { status: 200, body: presentApp(core, app) };
  }),
  row('POST', '/v3/apps/:guid/actions/clear_buildpack_cache', (call, core) => {
    const app = findApp(call, core);
    return accept(
      core,
      'app.clear_buildpack_cache',
      { kind: 'app', plural: 'apps', guid: app.guid },
      () => {},
    );
  }),
  row('GET', '/v3/apps/:guid/env', (call, core) => ({
    status: 200,
    body: environment(core, findOpenApp(call, core)),
  })),
  row('GET', '/v3/apps/:guid/environment_variables', (call, core) => ({
    status: 200,
    body: environmentVariables(core, findOpenApp(call, core)),
  })),
  row('PATCH', '/v3/apps/:guid/environment_variables', async (call, core) => {
    const app = findApp(call, core);
    const body = await call.json();
    onlyFields(body, ['var']);
    patchVariables(app.env, variables(body.var));
    core.store.touch(app);
    audit(core, 'audit.app.update', call.caller, app, {
      request: { environment_variables: '[PRIVATE DATA HIDDEN]' },
    });
    return { status: 200, body: environmentVariables(core, app) };
  }),
  row('GET', '/v3/apps/:guid/droplets/current', (call, core) => ({
    status: 200,
    body: presentDroplet(core, currentDroplet(call, core), false, call.caller.role),
  })),
  row('GET', '/v3/apps/:guid/relationships/current_droplet', (call, core) =>
    dropletRelationship(core, findApp(call, core), currentDroplet(call, core)),
  ),
  row('PATCH', '/v3/apps/:guid/relationships/current_droplet', async (call, core) => {
    const app = findApp(call, core);
    const body = await call.json();
    const guid = dig(body, 'data', 'guid');
    if ('data' in body && typeof guid !== 'string') {
      throw unprocessable('Current droplet cannot be removed. Replace it with a preferred droplet.');
    }
    if (isDeploying(core.store, app.guid)) {
      throw unprocessable(
        'Unable to assign current droplet while the app has a deployment in progress. Wait for the deployment to complete or cancel it.',
      );
    }
    return dropletRelationship(core, app, assignDroplet(core, app, text(guid) ?? '', call.caller));
  }),
];
