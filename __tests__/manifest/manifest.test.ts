import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../src/manifest/load.js';
import { type Manifest, type ManifestSource, readManifest } from '../../src/manifest/manifest.js';
import type { ManifestApp } from '../../src/model/asked.js';
import { InputError } from '../../src/model/errors.js';

function read(text: string, more: Partial<ManifestSource> = {}): Manifest {
  return readManifest({
    file: 'deploy/manifest.yml',
    text,
    varsFiles: [],
    vars: {},
    workspace: '/w',
    ...more,
  });
}

/** Problems as `line:column text`. */
function problems(text: string, more: Partial<ManifestSource> = {}): readonly string[] {
  try {
    read(text, more);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ text: what, at }) => `${at ? `${at.line}:${at.column} ` : ''}${what}`);
  }
  return [];
}

function only(text: string, more: Partial<ManifestSource> = {}): ManifestApp {
  const [app] = read(text, more).apps;
  if (!app) throw new Error('no app');
  return app;
}

describe('what is read', () => {
  test('an app with everything', () => {
    const app = only(`
applications:
- name: shop
  path: app
  memory: 1G
  disk_quota: 512M
  instances: 3
  log-rate-limit-per-second: 16K
  timeout: 90
  command: run
  health-check-type: http
  stack: cflinuxfs4
  routes:
  - route: shop.example.com
  - route: api.example.com/v1
    protocol: http2
  env: {A: 1, B: two}
  services:
  - db
  - name: queue
    parameters: {x: 1}
  processes:
  - type: worker
    instances: 0
    memory: 256M
    command: work
  sidecars:
  - {name: proxy, command: ./proxy, process_types: [web]}
`);
    expect(app).toEqual({
      name: 'shop',
      path: '/w/deploy/app',
      stack: 'cflinuxfs4',
      noRoute: false,
      randomRoute: false,
      defaultRoute: false,
      envNames: ['A', 'B'],
      services: ['db', 'queue'],
      bindings: { queue: ['parameters'] },
      sidecars: ['proxy'],
      features: [],
      labels: [],
      annotations: [],
      routes: [
        { route: 'shop.example.com', at: { file: 'deploy/manifest.yml', line: 14, column: 12 } },
        {
          route: 'api.example.com/v1',
          protocol: 'http2',
          at: { file: 'deploy/manifest.yml', line: 15, column: 12 },
        },
      ],
      processes: {
        web: {
          instances: 3,
          memoryMb: 1024,
          diskMb: 512,
          logRateBps: 16_384,
          timeoutS: 90,
          named: ['command', 'health-check-type'],
        },
        worker: { instances: 0, memoryMb: 256, named: ['command'] },
      },
    });
  });

  test('an app with nothing: the bits are where the CLI would run', () => {
    expect(only('applications: [{name: shop}]')).toEqual({
      name: 'shop',
      path: '/w',
      noRoute: false,
      randomRoute: false,
      defaultRoute: false,
      envNames: [],
      services: [],
      sidecars: [],
      features: [],
      labels: [],
      annotations: [],
      processes: {},
    });
  });

  test.each<[string, Partial<ManifestSource>, string | undefined]>([
    ['path: ../bits.zip', {}, '/w/bits.zip'],
    ['path: /abs', {}, '/abs'],
    ['path: app', { path: 'dist' }, '/w/dist'],
    ['docker: {image: x/y}', {}, undefined],
  ])('the bits of "%s" with %j', (line, more, path) => {
    expect(only(`applications:\n- name: a\n  ${line}\n`, more).path).toBe(path);
  });

  test('what stands at the web process wins over what stands at the app', () => {
    const { processes } = only(`
applications:
- name: a
  instances: 1
  memory: 1G
  command: x
  processes: [{type: web, instances: 2, health-check-type: http}]
`);
    expect(processes.web).toEqual({
      instances: 2,
      memoryMb: 1024,
      named: ['command', 'health-check-type'],
    });
  });

  test('scalars as the CLI reads them: YAML 1.1 without times', () => {
    const app = only('applications:\n- {name: 010, no-route: yes, instances: 1_0, env: {on: x, n: y}}');
    expect(app).toMatchObject({ name: '8', noRoute: true, processes: { web: { instances: 10 } } });
    expect(only('applications:\n- name: 12:30:45\n').name).toBe('12:30:45');
    expect(only('applications:\n- name: 2001-01-01\n').name).toBe('2001-01-01');
  });

  test('anchors and merge keys; what is written later wins, as in the CLI', () => {
    const text = (order: string) => `
base: &base {instances: 2, memory: 1G}
more: &more {instances: 5, no-route: true}
applications:
- name: a
${order}`;
    expect(only(text('  <<: *base\n  instances: 3\n')).processes.web).toMatchObject({
      instances: 3,
      memoryMb: 1024,
    });
    expect(only(text('  instances: 3\n  <<: *base\n')).processes.web).toMatchObject({ instances: 2 });
    expect(only(text('  <<: [*more, *base]\n'))).toMatchObject({
      noRoute: true,
      processes: { web: { instances: 5, memoryMb: 1024 } },
    });
  });

  test('variables: the files in their order, then the input; a whole value keeps its type', () => {
    const manifest = read(
      'applications:\n- name: ((name))-((env.short))\n  instances: ((count))\n  routes: ((routes))\n  env: {K: ((!name))}\n',
      {
        varsFiles: [
          { file: 'a.yml', text: 'name: one\ncount: 2\nenv: {short: p}\n' },
          { file: 'b.yml', text: 'name: two\nroutes: [{route: x.example.com}]\n' },
        ],
        vars: { count: 4 },
      },
    );
    expect(manifest.apps[0]).toMatchObject({
      name: 'two-p',
      processes: { web: { instances: 4 } },
      routes: [{ route: 'x.example.com', at: { line: 4, column: 11 } }],
    });
    expect(manifest.variables).toEqual({
      name: 'two',
      count: 4,
      env: { short: 'p' },
      routes: [{ route: 'x.example.com' }],
    });
  });

  test('names of variables in a file stay what they are', () => {
    expect(
      read('applications: [{name: ((n))}]', { varsFiles: [{ file: 'v', text: 'n: shop\n' }] }).apps[0]?.name,
    ).toBe('shop');
    expect(read('applications: [{name: a}]', { varsFiles: [{ file: 'v', text: '' }] }).variables).toEqual({});
  });

  test('values of an env that look like secrets, by their names there, and no name that is shown on purpose', () => {
    const text = `applications:
- name: shop
  routes: [{route: shop.example.com}]
  env:
    DB_PASSWORD: hunter22
    SMTP_PASSWORD: ((plain))
    LOG_LEVEL: debug
    AUTH_APP: shop
    AUTH_URL: https://shop.example.com
    DB_URL: postgres://ann:s3cret-word@db.example.com/shop
- name: api
  env: {API_TOKEN: to-of-the-api}`;
    expect(read(text, { vars: { plain: 'from-a-variable' } }).secrets).toEqual([
      'hunter22',
      'from-a-variable',
      'postgres://ann:s3cret-word@db.example.com/shop',
      's3cret-word',
      'to-of-the-api',
    ]);
  });

  test('values of variables that look like secrets', () => {
    const varsFiles = [
      { file: 'v.yml', text: 'db_password: hunter22\nhost: shop\nauth: {user: ann, key: k3y5}\n' },
    ];
    expect(read('applications: [{name: a}]', { varsFiles }).secrets).toEqual(['hunter22', 'k3y5']);
  });

  test('all apps, or the one that is asked for', () => {
    const text = 'applications: [{name: web}, {name: worker}]';
    expect(read(text).apps.map((app) => app.name)).toEqual(['web', 'worker']);
    expect(read(text, { app: 'worker' }).apps.map((app) => app.name)).toEqual(['worker']);
  });
});

describe('what is refused, at its place', () => {
  test.each<[string, string, readonly string[]]>([
    ['no text', '', ['1:1 The manifest has no apps: it needs a list "applications".']],
    ['no list', 'applications: {}\n', ['1:15 The manifest has no apps: it needs a list "applications".']],
    [
      'an empty list',
      'a: 1\napplications: []\n',
      ['2:15 The manifest has no apps: it needs a list "applications".'],
    ],
    [
      'another document',
      'applications: [{name: a}]\n---\nb: 1\n',
      ['2:1 A second YAML document begins here; there has to be one.'],
    ],
    ['a key twice', 'applications:\n- name: a\n  name: b\n', ['3:3 The key "name" is given a second time.']],
    [
      'an unknown alias',
      'applications:\n- name: a\n  env: *e\n',
      ['3:8 The anchor "e" is not set before this alias.'],
    ],
    [
      'an alias before its anchor',
      'a: *x\nb: &x 1\napplications: [{name: a}]',
      ['1:4 The anchor "x" is not set before this alias.'],
    ],
    [
      'an anchor in itself',
      'a: &x [1, *x]\napplications: [{name: a}]',
      ['1:11 The anchor "x" contains itself.'],
    ],
    ['a merge of a text', 'applications:\n- name: a\n  <<: b\n', ['3:3 Only a mapping can be merged.']],
    ['a key that is a list', '? [a]\n: b\n', ['1:3 This key is neither text nor a number.']],
    ['an app that is a text', 'applications:\n- a\n', ['2:3 This app is no map with a name.']],
    ['an app without a name', 'applications:\n- memory: 1G\n', ['2:3 This app has no name.']],
    ['an empty name', 'applications:\n- name: ""\n', ['2:9 This app has no name.']],
    [
      'a name twice',
      'applications:\n- name: a\n- name: a\n',
      ['3:9 The app name "a" is used a second time.'],
    ],
    [
      'no-route beside routes',
      'applications:\n- name: a\n  routes:\n  - route: a.example.com\n  no-route: true\n',
      ['5:13 The app "a" has "no-route: true" beside "routes": take one of them out.'],
    ],
    [
      'two kinds of no route',
      'applications:\n- name: a\n  no-route: true\n  random-route: true\n',
      ['4:17 The app "a" has "no-route: true" beside "random-route: true": the platform takes one.'],
    ],
    [
      'instances that are a text',
      'applications:\n- name: a\n  instances: "2"\n',
      ['3:14 The app "a" has "instances" that is no whole number from 0.'],
    ],
    [
      'a size without unit',
      'applications:\n- name: a\n  memory: 512\n',
      ['3:11 The app "a" has "memory: 512"; a size is written 512M or 1G.'],
    ],
    [
      'a flag that is none',
      'applications:\n- name: a\n  no-route: maybe\n',
      ['3:13 The app "a" has "no-route" that is neither true nor false.'],
    ],
    [
      'env that is a list',
      'applications:\n- name: a\n  env: [A]\n',
      ['3:8 The app "a" has "env" that is no map.'],
    ],
    [
      'routes that are a map',
      'applications:\n- name: a\n  routes: {route: a.b}\n',
      ['3:11 The app "a" has "routes" that is no list.'],
    ],
    [
      'a route that is a text',
      'applications:\n- name: a\n  routes:\n  - a.example.com\n',
      ['4:5 The app "a" has a route that is not written "- route: host.example.com".'],
    ],
    [
      'an option of a route that is no plain value',
      'applications:\n- name: a\n  routes:\n  - route: a.b\n    options: {loadbalancing: [round-robin]}\n',
      ['5:30 The app "a" has the option "loadbalancing" of a route, which is neither a text nor a number.'],
    ],
    [
      'a process without a type',
      'applications:\n- name: a\n  processes:\n  - instances: 1\n',
      ['4:5 The app "a" has a process without a type.'],
    ],
    [
      'a name that is a map',
      'applications:\n- name: {a: b}\n',
      ['2:9 This app has "name" that is no plain value.'],
    ],
    [
      'an undefined variable',
      'applications:\n- name: a\n  env:\n    X: pre-((nope))\n    ((key)): 1\n',
      [
        '4:8 The variable ((nope)) is given in neither "vars" nor "vars-files".',
        '5:5 The variable ((key)) is given in neither "vars" nor "vars-files".',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('what is not YAML', () => {
    expect(problems('applications:\n- name: a\n memory: 1G\n')).toEqual([
      expect.stringMatching(/^3:\d+ Not valid YAML: /),
    ]);
    expect(problems('a: "b\n')).toEqual([expect.stringMatching(/^\d+:\d+ Not valid YAML: /)]);
    expect(problems('a:\n\t- b\n')[0]).toMatch(/^2:\d+ Not valid YAML: .*Tab/i);
  });

  test('all at once, in several files', () => {
    expect(
      problems('applications:\n- name: a\n  instances: x\n  env: {A: ((b))}\n', {
        app: 'shop',
        varsFiles: [{ file: 'v.yml', text: '- a\n' }],
      }),
    ).toEqual([
      '1:1 A file of variables is a map.',
      '4:12 The variable ((b)) is given in neither "vars" nor "vars-files".',
      '3:14 The app "a" has "instances" that is no whole number from 0.',
      '2:1 The manifest has no app "shop" (the input "app"); it has "a".',
    ]);
  });

  test('a variable inside a text has to be text or a whole number', () => {
    const text = 'applications: [{name: a-((v))}]';
    expect(problems(text, { vars: { v: 1.5 } })).toEqual([expect.stringContaining('inside a text')]);
    expect(problems(text, { vars: { v: [1] } })).toHaveLength(1);
    expect(only(text, { vars: { v: 7 } }).name).toBe('a-7');
  });

  test('"path" with several apps, or with a docker image', () => {
    expect(problems('applications: [{name: a}, {name: b}]', { path: 'x' })).toEqual([
      expect.stringMatching(/one app only/),
    ]);
    expect(problems('applications: [{name: a, docker: {image: i}}]', { path: 'x' })).toEqual([
      expect.stringMatching(/docker/),
    ]);
    expect(problems('applications: [{name: a}, {name: b}]', { path: 'x', app: 'b' })).toEqual([]);
  });

  test.each([
    ['{path: .}', /"path" is of no use/],
    ['{buildpacks: [x]}', /"buildpacks" is of no use/],
    ['{stack: x}', /"stack" is of no use/],
  ])('a docker image with %s', (more, problem) => {
    const text = `applications: [{name: a, docker: {image: i}, ${more.slice(1, -1)}}]`;
    expect(problems(text)).toEqual([expect.stringMatching(problem)]);
    expect(
      problems(`applications: [{name: a, ${more.slice(1, -1)}}]`, { docker: { image: 'i' } }),
    ).toHaveLength(1);
  });

  test('an image without a name, or with its password in the manifest', () => {
    expect(problems('applications: [{name: a, docker: {username: u}}]')).toEqual([
      expect.stringMatching(/without the name of an image/),
    ]);
    const [problem, ...others] = problems('applications: [{name: a, docker: {image: i, password: hunter2}}]');
    expect([problem, others]).toEqual([expect.stringMatching(/as the input "docker-password"/), []]);
    expect(problem).not.toContain('hunter2');
  });

  test('the image of an input is that of the app that is deployed, and wins', () => {
    const text = 'applications: [{name: a, docker: {image: i, username: u}}, {name: b, path: .}]';
    expect(only(text, { app: 'a', docker: { image: 'j' } }).docker).toEqual({ image: 'j', username: 'u' });
    expect(only(text, { app: 'a', docker: { username: 'v' } }).docker).toEqual({ image: 'i', username: 'v' });
    expect(only(text, { app: 'b' }).docker).toBeUndefined();
  });

  test.each([
    ['nested lists', '['.repeat(100_000)],
    ['nested lists in a block', '- '.repeat(1_000)],
    ['nested maps', '{a: '.repeat(1_000)],
    ['indentation', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    [
      'a long chain of aliases',
      `a0: &a0 [x]\n${Array.from({ length: 200 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`).join('\n')}`,
    ],
    [
      'aliases of aliases',
      `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`).join('\n')}`,
    ],
    ['much text', `a: ${'x'.repeat(600_000)}`],
  ])('too much: %s', (_, text) => {
    expect(problems(text)).toEqual([
      expect.stringMatching(/ (Nested deeper than|More than|The text is longer than) /),
    ]);
  });
});

describe('from disk', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manifest-'));
    await writeFile(join(folder, 'manifest.yaml'), 'applications: [{name: ((n))}]');
    await writeFile(join(folder, 'gone.yml'), 'applications: [{name: a, path: not-there}]');
    await writeFile(join(folder, 'vars.yml'), 'n: shop\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = (more: Partial<Parameters<typeof loadManifest>[0]>) =>
    loadManifest({ manifest: 'manifest.yml', varsFiles: [], vars: {}, docker: {}, ...more }, folder);

  test('manifest.yaml where no manifest is named, and files of variables', async () => {
    const manifest = await load({ varsFiles: ['vars.yml'] });
    expect(manifest.file).toBe('manifest.yaml');
    expect(manifest.apps[0]).toMatchObject({ name: 'shop', path: folder });
  });

  test.each([
    [{ manifest: 'other.yml' }, ['The file "other.yml" (the input "manifest") does not exist.']],
    [{ manifest: '.' }, ['The file "." (the input "manifest") cannot be read (EISDIR).']],
    [
      { manifest: 'x.yml', varsFiles: ['y.yml', 'vars.yml'] },
      [
        'The file "x.yml" (the input "manifest") does not exist.',
        'The file "y.yml" (the input "vars-files") does not exist.',
      ],
    ],
    [
      { manifest: 'gone.yml' },
      [expect.stringMatching(/^The bits of the app "a" are not there: .*not-there does not exist/)],
    ],
  ])('refused: %j', async (more, expected) => {
    const error = await load(more).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).problems.map((problem) => problem.text)).toEqual(expected);
  });
});
