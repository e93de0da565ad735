/** How a deploy ends that does not come to its own steps: what it says of changes, and of what is live. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cancelled } from '../../src/model/errors.js';
import { LABEL } from '../../src/platform/names.js';
import { type Acts, performed } from './stage.js';

let workspace = '';

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'deploy-test-'));
  const manifest = 'applications:\n- name: shop\n  routes:\n  - route: shop.example.com\n';
  await writeFile(join(workspace, 'manifest.yml'), manifest);
});

afterAll(() => rm(workspace, { recursive: true, force: true }));

type Answer = NonNullable<Acts['answer']>;

function list(resources: readonly object[]) {
  return { json: { pagination: { total_results: resources.length, next: null }, resources } };
}

function app(name: string, labels: Record<string, string>) {
  return {
    guid: `guid-of-${name}`,
    name,
    state: 'STARTED',
    // Long before the time of the stage, which is 0.
    created_at: '1969-12-01T00:00:00Z',
    lifecycle: { type: 'buildpack', data: { buildpacks: [], stack: 'cflinuxfs4' } },
    metadata: { labels: { [LABEL.app]: 'shop', ...labels }, annotations: {} },
  };
}

const LIVE = app('shop', { [LABEL.role]: 'live', [LABEL.version]: '20261101-100000-aaaaaaa' });
/** Another deployer takes it for its own: it is never there twice. */
const OWNED = app('shop', {
  [LABEL.role]: 'live',
  [LABEL.version]: '20261101-100000-aaaaaaa',
  mta_id: 'shop',
});
/** Of a run that is dead. */
const LEFT = app('shop-candidate', { [LABEL.role]: 'candidate', [LABEL.owner]: 'run-0-dead' });
const ROUTE = {
  guid: 'route',
  url: 'shop.example.com',
  host: 'shop',
  path: '',
  port: null,
  protocol: 'http',
  destinations: [
    { guid: 'd', app: { guid: LIVE.guid, process: { type: 'web' } }, port: 8080, protocol: 'http1' },
  ],
  relationships: { domain: { data: { guid: 'domain' } }, space: { data: { guid: 'space' } } },
  metadata: { labels: {}, annotations: {} },
};

/** A space with these apps and the route; `first` is asked before. */
function space(apps: readonly ReturnType<typeof app>[], first: Answer = () => undefined): Answer {
  return (request, path) => {
    const said = first(request, path);
    if (said) return said;
    if (path === '/v3/apps') {
      const names = new URL(request.url).searchParams.get('names')?.split(',');
      return list(names ? apps.filter(({ name }) => names.includes(name)) : apps);
    }
    if (request.method === 'PATCH') return { json: apps.find(({ guid }) => path.endsWith(guid)) ?? {} };
    if (path === '/v3/routes') return list([ROUTE]);
    if (path.endsWith('/environment_variables')) return { json: { var: {} } };
    if (path.endsWith('/features')) return { json: { resources: [{ name: 'ssh', enabled: false }] } };
    if (path.endsWith('/droplets/current'))
      return {
        status: 404,
        json: { errors: [{ code: 10010, title: 'CF-ResourceNotFound', detail: 'Droplet not found' }] },
      };
    return undefined;
  };
}

function deployed(acts: Acts) {
  const inputs = { watch: 'false', ...acts.inputs };
  return performed({ ...acts, inputs, env: { GITHUB_WORKSPACE: workspace } });
}

describe('refused after the look-up', () => {
  test('says what is live, and what the post step has nothing to settle of', async () => {
    const heard = await deployed({ answer: space([OWNED]) });
    expect(heard.outputs).toMatchObject({ result: 'refused', error: 'refused', app: 'shop', version: '' });
    expect(JSON.parse(heard.outputs.live ?? '')).toMatchObject({
      app: 'shop',
      version: '20261101-100000-aaaaaaa',
      routes: [{ url: 'shop.example.com', by: ['shop'] }],
    });
    expect(heard.errors[0]?.text).toContain('carries mta_id');
    expect(heard.errors[0]?.text).toContain('shop.example.com: shop');
    expect(heard.requests.filter((line) => !line.startsWith('GET'))).toEqual([]);
    expect(heard.state.unsettled).toBe('');
  });

  test('also in a plan', async () => {
    const { outputs } = await deployed({ answer: space([OWNED]), inputs: { plan: 'true' } });
    expect(outputs).toMatchObject({ result: 'refused', app: 'shop' });
  });
});

describe('it is no refusal once something was written:', () => {
  test('cancelled while a dead run is taken over', async () => {
    const ending = new AbortController();
    const answer = space([LIVE, LEFT], ({ method }) => {
      if (method === 'POST') ending.abort(new Cancelled('SIGINT'));
      return undefined;
    });
    const { outputs, state } = await deployed({ answer, signal: ending.signal });
    expect(outputs).toMatchObject({ result: 'failed', error: 'cancelled' });
    expect(JSON.parse(outputs.live ?? '')).toMatchObject({ app: 'shop' });
    expect(state.unsettled).toContain('shop');
  });

  test('a defect of ours while a dead run is taken over', async () => {
    let written = 0;
    const answer = space([LIVE, LEFT], ({ method }) => {
      if (method === 'POST') written++;
      else if (written > 0) throw new TypeError('undefined is not a function');
      return undefined;
    });
    const { outputs } = await deployed({ answer });
    expect(written).toBe(1);
    expect(outputs).toMatchObject({ result: 'failed', error: 'internal', app: 'shop' });
  });

  test('a dead run that cannot be settled', async () => {
    const { outputs, errors } = await deployed({ answer: space([LIVE, LEFT]) });
    expect(outputs).toMatchObject({ result: 'failed', app: 'shop' });
    expect(errors[0]?.text).toContain('shop.example.com: shop');
  });
});
