import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rendered } from '../report/support.js';
import { everyByte, type Heard, performed } from './stage.js';

const SECRET = 'hunter2-of-the-database';
let workspace = '';
let heard: Heard;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'plan-test-'));
  const manifest = `applications:
- name: shop
  instances: 2
  routes:
  - route: shop.example.com
  - route: api.example.com
  env:
    DB_PASSWORD: ((db-password))
`;
  await writeFile(join(workspace, 'manifest.yml'), manifest);
  heard = await performed({
    inputs: {
      plan: 'true',
      'smoke-test': '/health',
      'smoke-script': `./check.sh --password ${SECRET}`,
      env: `API_TOKEN: ${SECRET}-2`,
      vars: `db-password: ${SECRET}`,
    },
    env: { GITHUB_WORKSPACE: workspace, GITHUB_SHA: 'abcdef0'.padEnd(40, '0') },
  });
});

afterAll(() => rm(workspace, { recursive: true, force: true }));

describe('plan: true', () => {
  test('changes nothing', () => {
    expect(heard.errors).toEqual([]);
    expect(heard.code).toBe(0);
    expect(heard.outputs.result).toBe('planned');
    expect([...new Set(heard.requests.map((line) => line.split(' ')[0]))]).toEqual(['GET']);
    expect(heard.children.map(({ args }) => args[0])).toEqual(['version', 'api', 'auth', 'target']);
    expect([...heard.folders, ...heard.files.keys()]).toEqual([]);
  });

  test('is JSON in the output: each step with its app, its title and its calls', () => {
    const plan = JSON.parse(heard.outputs.plan ?? '') as { app: string; title: string; calls: string[] }[];
    expect(plan[0]).toEqual({
      app: 'shop',
      title: 'take the lock shop-candidate',
      calls: ['POST /v3/apps name=shop-candidate, with labels and journal (201: the lock)'],
    });
    expect(plan.every(({ app, title, calls }) => app === 'shop' && title !== '' && calls.length > 0)).toBe(
      true,
    );
    const titles = plan.map(({ title }) => title);
    const order = [
      'make the production route shop.example.com',
      'push the bits',
      'stage the droplet',
      'start candidate',
      'smoke checks (1)',
      'map shop.example.com to candidate',
      'rename candidate to shop',
    ];
    // Steps that are done side by side are told together.
    const places = order.map((part) => titles.findIndex((title) => title.includes(part)));
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(new Set(places).size).toBe(order.length);
    expect(places[0]).toBeGreaterThan(0);
  });

  test('is read in the log and on the page, in the same words', () => {
    const plan = JSON.parse(heard.outputs.plan ?? '') as { title: string; calls: string[] }[];
    const log = heard.lines.join('\n');
    const page = rendered(heard.pages[0] ?? '')
      .replace(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('\u200b', '');
    for (const { title, calls } of plan) {
      expect(log).toContain(`shop: ${title}`);
      expect(page).toContain(`shop: ${title}`);
      for (const call of calls) {
        expect(log).toContain(`    ${call}`);
        expect(page).toContain(call.slice(0, 300));
      }
    }
  });

  test('shows no secret of manifest or inputs', () => {
    expect(everyByte(heard)).toContain('API_TOKEN');
    expect(everyByte(heard)).toContain('./check.sh --password ***');
    expect(everyByte(heard)).not.toContain(SECRET);
  });
});

test('a secret that live was given by hand is hidden from the first read on', async () => {
  const list = (resources: readonly object[]) => ({
    json: { pagination: { total_results: resources.length, next: null }, resources },
  });
  const shop = {
    guid: 'live',
    name: 'shop',
    state: 'STOPPED',
    created_at: '2026-11-01T00:00:00Z',
    lifecycle: { type: 'buildpack', data: { buildpacks: [], stack: 'cflinuxfs4' } },
    metadata: { labels: {}, annotations: {} },
  };
  const { masked, errors } = await performed({
    inputs: { plan: 'true', vars: 'db-password: x' },
    env: { GITHUB_WORKSPACE: workspace },
    answer: ({ url }, path) => {
      if (path === '/v3/apps') return url.includes('names=') ? list([shop]) : list([]);
      if (path.endsWith('/environment_variables')) return { json: { var: { SMTP_PASSWORD: 'by-hand' } } };
      if (path.endsWith('/droplets/current'))
        return {
          status: 404,
          json: { errors: [{ code: 10010, title: 'CF-ResourceNotFound', detail: 'Droplet not found' }] },
        };
      if (path.endsWith('/features')) return { json: { resources: [] } };
      return undefined;
    },
  });
  expect(errors).toEqual([]);
  expect(masked).toContain('by-hand');
});
