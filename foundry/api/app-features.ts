import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import type { Core } from './core.js';
import { notFound, unprocessable } from './errors.js';
import { links } from './present.js';
import { type Call, type Row, row } from './table.js';

const DESCRIPTIONS: Readonly<Record<Feature, string>> = {
  ssh: 'Enable SSHing into the app.',
  revisions: 'Enable versioning of an application',
  'service-binding-k8s': 'Enable k8s service bindings for the app',
  'file-based-vcap-services': 'Enable file-based VCAP service bindings for the app',
};

export const FEATURES = ['ssh', 'revisions', 'service-binding-k8s', 'file-based-vcap-services'] as const;

type Feature = (typeof FEATURES)[number];

/** Sets features of an app. Throws 422 when both that replace VCAP_SERVICES would be on. */
export function setFeatures(app: r.App, change: Partial<Record<Feature, boolean>>): void {
  const after = { ...app.features, ...change };
  if (after['service-binding-k8s'] && after['file-based-vcap-services']) {
    throw unprocessable(
      "'file-based-vcap-services' and 'service-binding-k8s' features cannot be enabled at the same time.",
    );
  }
  app.features = after;
}

function feature(app: r.App, name: Feature) {
  return { name, description: DESCRIPTIONS[name], enabled: app.features[name] === true };
}

function named(call: Call): Feature {
  const name = FEATURES.find((one) => one === call.params.name);
  if (!name) throw notFound('Feature');
  return name;
}

function all(call: Call, core: Core) {
  const app = findApp(call, core);
  const link = links(core, { self: `/v3/apps/${app.guid}/features` }).self;
  return {
    status: 200,
    body: {
      resources: FEATURES.map((name) => feature(app, name)),
      pagination: {
        total_results: FEATURES.length,
        total_pages: 1,
        first: link,
        last: link,
        next: null,
        previous: null,
      },
    },
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/apps/:guid/features', all),
  row('GET', '/v3/apps/:guid/features/:name', (call, core) => ({
    status: 200,
    body: feature(findApp(call, core), named(call)),
  })),
  row('PATCH', '/v3/apps/:guid/features/:name', async (call, core) => {
    const app = findApp(call, core);
    const name = named(call);
    const { enabled } = await call.json();
    if (typeof enabled !== 'boolean') throw unprocessable('Enabled must be a boolean');
    setFeatures(app, { [name]: enabled });
    return { status: 200, body: feature(app, name) };
  }),
  row('GET', '/v3/apps/:guid/ssh_enabled', (call, core) => {
    const { ssh } = findApp(call, core).features;
    return { status: 200, body: { enabled: ssh, reason: ssh ? '' : 'Disabled for app' } };
  }),
];
