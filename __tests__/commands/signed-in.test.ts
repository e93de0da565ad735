import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Acts, API, everyByte, performed, TOKEN } from './stage.js';

let workspace = '';

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'signed-in-'));
  const manifest = 'applications:\n- name: shop\n  routes:\n  - route: shop.example.com\n';
  await writeFile(join(workspace, 'manifest.yml'), manifest);
});
afterAll(() => rm(workspace, { recursive: true, force: true }));

const deploy = (acts: Acts) => performed({ env: { GITHUB_WORKSPACE: workspace }, ...acts });
const NONE = { json: { pagination: { total_results: 0, next: null }, resources: [] } };
const failing =
  (text: string): NonNullable<Acts['cf']> =>
  ({ args }) =>
    args[0] === 'target' ? { code: 1, text } : undefined;

describe('while the CLI takes its target', () => {
  test('a deploy looks at the platform, and no further', async () => {
    let seen: readonly string[] = [];
    let target: readonly string[] = [];
    const heard = await deploy({
      inputs: { plan: 'true' },
      late: 'target',
      answer: (_request, path) => {
        seen = [...seen, path];
        return undefined;
      },
      cf: ({ args }) => {
        if (args[0] === 'target') target = seen;
        return undefined;
      },
    });
    expect(heard.outputs.result).toBe('planned');
    expect(target).toContain('/v3/apps');
    const later = heard.requests.map((line) => line.split(' ')[1] ?? '').slice(target.length);
    expect(later).toContain('/v3/domains/domain/route_reservations');
    expect(target).not.toContain('/v3/domains/domain/route_reservations');
  });

  test.each<[string, Acts['answer']]>([
    [
      'what the platform says of the organization',
      (_, path) => (path === '/v3/organizations' ? NONE : undefined),
    ],
    ['what is wrong with a route', (_, path) => (path.endsWith('/domains') ? NONE : undefined)],
    ['nothing else', undefined],
  ])('its fault is told before %s, and nothing was written', async (_what, answer) => {
    const cf = failing('x509: certificate signed by unknown authority');
    const heard = await deploy({ cf, ...(answer ? { answer } : {}) });
    expect(heard.outputs).toMatchObject({ result: 'refused', error: 'tls' });
    expect(heard.errors.map(({ text }) => text).join()).toContain('The cf CLI does not trust');
    expect(heard.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect([...heard.folders, ...heard.files.keys()]).toEqual([]);
    expect(everyByte(heard)).not.toContain('example.com has no');
  });

  test('what the platform says is told where the CLI has nothing to say', async () => {
    const heard = await deploy({
      answer: (_, path) => (path === '/v3/organizations' ? NONE : undefined),
    });
    expect(heard.outputs).toMatchObject({ result: 'refused', error: 'target' });
    expect(heard.errors[0]?.text).toContain('The organization "shop" does not exist');
    expect([...heard.folders, ...heard.files.keys()]).toEqual([]);
  });

  test('nothing is removed before it has ended: it writes its token once more', async () => {
    const links = { uaa: { href: API }, cloud_controller_v2: { href: API } };
    const heard = await deploy({
      inputs: { 'docker-image': 'example/shop:1' },
      late: 'target',
      // It cannot push images: that is known before it has its target.
      cf: () => ({ code: 0, text: 'cf version 6.53.0+x' }),
      answer: (_, path) =>
        path === '/'
          ? {
              json: { links: { ...links, cloud_controller_v3: { href: API, meta: { version: '3.200.0' } } } },
            }
          : undefined,
    });
    expect(heard.outputs).toMatchObject({ result: 'refused', error: 'cf-cli' });
    expect(heard.children.at(-1)?.args[0]).toBe('target');
    expect([...heard.files.keys()]).toEqual([]);
    expect(everyByte(heard)).not.toContain(TOKEN);
  });
});
