import type { Core } from './core.js';
import { iso, links } from './present.js';
import { type Call, type Row, row } from './table.js';

/** The one stack and the one buildpack that the stager stands for. */
const BUILT_IN = {
  stacks: [
    { guid: '7b5ba6f0-6f2e-4d0e-9d35-0a4f2d1f7c01', name: 'cflinuxfs4', description: 'of this machine' },
  ],
  buildpacks: [
    {
      guid: '7b5ba6f0-6f2e-4d0e-9d35-0a4f2d1f7c02',
      name: 'nodejs_buildpack',
      stack: 'cflinuxfs4',
      position: 1,
      state: 'READY',
      enabled: true,
      locked: false,
      filename: null,
      lifecycle: 'buildpack',
    },
  ],
} as const;

function answer(call: Call, core: Core, kind: keyof typeof BUILT_IN) {
  const wanted = call.query.get('names')?.split(',');
  const resources = BUILT_IN[kind]
    .filter((x) => !wanted || wanted.includes(x.name))
    .map((x) => ({
      ...x,
      created_at: iso(0),
      updated_at: iso(0),
      metadata: { labels: {}, annotations: {} },
      links: links(core, { self: `/v3/${kind}/${x.guid}` }),
    }));
  const { self } = links(core, { self: `/v3/${kind}?page=1&per_page=50` });
  return {
    status: 200,
    body: {
      pagination: {
        total_results: resources.length,
        total_pages: 1,
        first: self,
        last: self,
        next: null,
        previous: null,
      },
      resources,
    },
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/stacks', (call, core) => answer(call, core, 'stacks')),
  row('GET', '/v3/buildpacks', (call, core) => answer(call, core, 'buildpacks')),
];
