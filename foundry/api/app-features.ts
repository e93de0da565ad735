import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import type { Core } from './core.js';
import { notFound, unprocessable } from './errors.js';
import { links } from './present.js';
import { type Call, type Row, row } from './table.js';

const DESCRIPTIONS = {
  ssh: 'Enable SSHing into the app.',
  revisions: 'Enable versioning of an application',
} as const;

type Feature = keyof typeof DESCRIPTIONS;

function feature(app: r.App, name: Feature) {
  return { name, description: DESCRIPTIONS[name], enabled: app.features[name] };
}

function named(call: Call): Feature {
  const name = call.params.name;
  if (name !== 'ssh' && name !== 'revisions') throw notFound('Feature');
  return name;
}

function all(call: Call, core: Core) {
  const app = findApp(call, core);
  const link = links(core, { self: `/v3/apps/${app.guid}/features` }).self;
  return {
    status: 200,
    body: {
      resources: [feature(app, 'ssh'), feature(app, 'revisions')],
      pagination: { total_results: 2, total_pages: 1, first: link, last: link, next: null, previous: null },
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
    app.features[name] = enabled;
    return { status: 200, body: feature(app, name) };
  }),
  row('GET', '/v3/apps/:guid/ssh_enabled', (call, core) => {
    const { ssh } = findApp(call, core).features;
    return { status: 200, body: { enabled: ssh, reason: ssh ? '' : 'Disabled for app' } };
  }),
];
