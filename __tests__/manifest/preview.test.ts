import { describe, expect, test } from '@jest/globals';
import { type Manifest, readManifest } from '../../src/manifest/manifest.js';
import { type PreviewWish, previewManifest } from '../../src/manifest/preview.js';
import { saidOf } from '../../src/manifest/said.js';

const ROUTE = 'shop-pr-12.apps.example.com';
const WISH: PreviewWish = {
  ...{ app: 'shop', name: 'shop-pr-12', route: ROUTE },
  ...{ instances: 'one', services: new Map() },
};

function manifestOf(lines: readonly string[], vars: Record<string, unknown> = {}): Manifest {
  const text = ['applications:', '- name: shop', ...lines.map((line) => `  ${line}`)].join('\n');
  return readManifest({ file: 'deploy/manifest.yml', text, varsFiles: [], vars, workspace: '/w' });
}

function previewOf(lines: readonly string[], wish: Partial<PreviewWish> = {}, vars = {}) {
  const preview = previewManifest(manifestOf(lines, vars), [{ ...WISH, ...wish }], '/w');
  return { app: preview.apps[0], data: saidOf(preview, preview.apps[0]?.name ?? '').data, preview };
}

describe('routes', () => {
  test.each([
    ['routes of live', ['routes:', '- route: shop.example.com', '- route: "*.example.com"']],
    ['a random route', ['random-route: true']],
    ['the default route', ['default-route: true']],
    ['nothing', []],
  ])('are its own alone where the manifest names %s', (_what, lines) => {
    const { app, data, preview } = previewOf(lines);
    expect(app).toMatchObject({
      name: 'shop-pr-12',
      noRoute: false,
      randomRoute: false,
      defaultRoute: false,
    });
    expect(data.routes).toEqual([{ route: ROUTE }]);
    expect(preview.text).not.toContain('shop.example.com');
  });

  test('are none where it shall have none', () => {
    const { route: _, ...without } = WISH;
    const preview = previewManifest(manifestOf(['no-route: true']), [without], '/w');
    expect(preview.apps[0]).toMatchObject({ noRoute: true });
    expect(preview.apps[0]).not.toHaveProperty('routes');
  });
});

describe('instances', () => {
  const LINES = [
    'instances: ((count))',
    'processes:',
    '- type: worker',
    '  instances: 4',
    '- type: clock',
    '  instances: 0',
    '- type: cron',
  ];
  const counts = (app: ReturnType<typeof previewOf>['app']) =>
    Object.entries(app?.processes ?? {}).map(([type, { instances }]) => [type, instances]);

  test('are one at most, also where the count is a variable', () => {
    expect(counts(previewOf(LINES, {}, { count: 6 }).app)).toEqual([
      ['web', 1],
      ['worker', 1],
      ['clock', 0],
      ['cron', undefined],
    ]);
  });

  test('are as the manifest says where that is asked for', () => {
    expect(counts(previewOf(LINES, { instances: 'manifest' }, { count: 6 }).app)).toEqual([
      ['web', 6],
      ['worker', 4],
      ['clock', 0],
      ['cron', undefined],
    ]);
  });
});

describe('services', () => {
  const LINES = [
    'services:',
    '- db',
    '- name: queue',
    '  parameters: {topic: a}',
    '- name: ((mail))',
    '  binding_name: post',
  ];

  test('are bound as they are named, or left out, or replaced under the name that the app knows', () => {
    const services = new Map([
      ['db', 'shop-pr-12-db'],
      ['queue', null],
      ['mailer', 'shop-pr-12-mailer'],
    ]);
    const { data } = previewOf(LINES, { services }, { mail: 'mailer' });
    expect(data.services).toEqual([
      { binding_name: 'db', name: 'shop-pr-12-db' },
      { name: 'shop-pr-12-mailer', binding_name: 'post' },
    ]);
    const asTheyAre = previewOf(LINES, {}, { mail: 'mailer' });
    expect(asTheyAre.app?.services).toEqual(['db', 'queue', 'mailer']);
  });
});

test('the bits are those that the manifest means, wherever its text is', () => {
  expect(previewOf(['path: app']).app?.path).toBe('/w/deploy/app');
  expect(previewOf([]).app?.path).toBe('/w');
});

test('variables stay variables in the text: no value of them is written there', () => {
  const { preview, data } = previewOf(['env:', '  TOKEN: ((token))'], {}, { token: 'very-secret-token' });
  expect(preview.text).toContain('((token))');
  expect(preview.text).not.toContain('very-secret-token');
  expect(preview.secrets).toContain('very-secret-token');
  expect(data.env).toEqual({ TOKEN: 'very-secret-token' });
});
