import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  type CandidateWish,
  candidateManifest,
  liveManifest,
  varsFileText,
} from '../../src/manifest/candidate.js';
import { type Manifest, readManifest } from '../../src/manifest/manifest.js';

const TRIAL = 'shop-candidate-abc123.apps.example.com';

function candidate(
  text: string,
  wish: Partial<CandidateWish> = {},
  vars: Record<string, unknown> = {},
): string {
  return candidateManifest(manifestOf(text, vars), {
    app: 'shop',
    candidateName: 'shop-candidate',
    trialRoute: TRIAL,
    ...wish,
  });
}

function manifestOf(text: string, vars: Record<string, unknown>): Manifest {
  return readManifest({ file: 'deploy/manifest.yml', text, varsFiles: [], vars, workspace: '/w' });
}

/** The one app of a candidate's manifest; `yes` and `010` as the CLI reads them. */
function appOf(text: string): Record<string, unknown> {
  const { applications } = parse(text, { version: '1.1', merge: true }) as {
    applications: Record<string, unknown>[];
  };
  expect(applications).toHaveLength(1);
  return applications[0] ?? {};
}

describe('bindings of services', () => {
  const text = `applications:
- name: shop
  services:
  - db
  - name: ((queue))
    parameters: { own: true }
  - logs
`;
  const bindings = {
    db: { name: 'main', parameters: { mode: 'fast' } },
    jobs: { name: 'q', parameters: { other: 1 } },
    nobody: { name: 'x' },
  };

  test('have what hands gave them, and what the manifest says wins', () => {
    const { services } = appOf(candidate(text, { bindings }, { queue: 'jobs' }));
    expect(services).toEqual([
      { name: 'db', binding_name: 'main', parameters: { mode: 'fast' } },
      { name: '((queue))', binding_name: 'q', parameters: { own: true } },
      'logs',
    ]);
  });

  test('stay as they are written where nobody gave them anything', () => {
    expect(candidate(text, { bindings: {} }, { queue: 'jobs' })).toContain(
      '  - name: ((queue))\n    parameters: { own: true }\n',
    );
  });
});

describe('the text is edited where it can be', () => {
  test('only that app, its name, routes, path and instances; all else is the same byte for byte', () => {
    const text = `# Our shop.
x-defaults: &defaults
  memory: 1G   # enough
  disk_quota: '512M'

applications:
- name: admin
  env:
    NOTE: |
      - name: shop

# The shop itself.
- name: shop   # public
  <<: *defaults
  path: ../app
  routes:
  - route: shop.example.com
    protocol: http2
  # a comment
  - route: www.example.com/shop
  env:
    "VERSION": 010
    SECRET: ((secret))
    QUOTED: 'it''s'
  instances: 2 # at least
  services: [ db,  queue ]

- name: worker
  no-route: true
`;
    expect(candidate(text, { instances: { web: 5 } }, { secret: 's' })).toBe(`# Our shop.
x-defaults: &defaults
  memory: 1G   # enough
  disk_quota: '512M'

applications:

# The shop itself.
- name: shop-candidate   # public
  <<: *defaults
  path: /w/app
  routes:
  - route: ${TRIAL}
  env:
    "VERSION": 010
    SECRET: ((secret))
    QUOTED: 'it''s'
  instances: 5 # at least
  services: [ db,  queue ]

`);
  });

  test.each<[string, string, Partial<CandidateWish>, string]>([
    [
      'no routes yet, no path',
      'applications:\n- name: shop\n  memory: 1G\n',
      {},
      `applications:\n- name: shop-candidate\n  memory: 1G\n  routes:\n  - route: ${TRIAL}\n  path: "/w/deploy"\n`.replace(
        '/w/deploy',
        '/w',
      ),
    ],
    [
      'no line end at the end',
      'applications:\n- name: shop',
      {},
      `applications:\n- name: shop-candidate\n  routes:\n  - route: ${TRIAL}\n  path: "/w"\n`,
    ],
    [
      'no route at all',
      'applications:\n- name: shop\n  routes:\n  - route: a.example.com\n  memory: 1G\n',
      { trialRoute: undefined },
      'applications:\n- name: shop-candidate\n  memory: 1G\n  no-route: true\n  path: "/w"\n',
    ],
    [
      'no-route to begin with',
      'applications:\n- name: shop\n  no-route: true\n  path: a\n',
      { trialRoute: undefined },
      'applications:\n- name: shop-candidate\n  no-route: true\n  path: /w/deploy/a\n',
    ],
    [
      'random-route and default-route go',
      'applications:\n- name: shop\n  random-route: true\n  path: a\n',
      {},
      `applications:\n- name: shop-candidate\n  path: /w/deploy/a\n  routes:\n  - route: ${TRIAL}\n`,
    ],
    [
      'what stands on the line of the dash is switched off instead',
      'applications:\n- default-route: true\n  name: shop\n  path: a\n',
      {},
      `applications:\n- default-route: false\n  name: shop-candidate\n  path: /w/deploy/a\n  routes:\n  - route: ${TRIAL}\n`,
    ],
    [
      'routes on the line of the dash, indented list',
      'applications:\n  - routes:\n      - route: a.example.com\n    name: "shop"\n    path: a\n',
      {},
      `applications:\n  - routes:\n    - route: ${TRIAL}\n    name: shop-candidate\n    path: /w/deploy/a\n`,
    ],
    [
      'routes in one line',
      'applications:\n- name: shop\n  routes: [{route: a.example.com}] # all\n  path: a\n',
      {},
      `applications:\n- name: shop-candidate\n  routes:\n  - route: ${TRIAL} # all\n  path: /w/deploy/a\n`,
    ],
    [
      'a dash on a line of its own, an empty path',
      'applications:\n-\n  name: shop\n  path:\n  memory: 1G\n',
      {},
      `applications:\n-\n  name: shop-candidate\n  path: "/w"\n  memory: 1G\n  routes:\n  - route: ${TRIAL}\n`,
    ],
    [
      'instances by process',
      'applications:\n- name: shop\n  path: a\n  processes:\n  - type: web\n    instances: 1\n  - type: worker\n    memory: 1G\n',
      { trialRoute: undefined, instances: { web: 3, worker: 4, clock: 1 } },
      'applications:\n- name: shop-candidate\n  path: /w/deploy/a\n  processes:\n  - type: web\n    instances: 3\n  - type: worker\n    memory: 1G\n    instances: 4\n  - type: "clock"\n    instances: 1\n  no-route: true\n',
    ],
    [
      'a block of text at the end',
      'applications:\n- name: shop\n  path: a\n  command: |\n    one\n    two\n',
      {},
      `applications:\n- name: shop-candidate\n  path: /w/deploy/a\n  command: |\n    one\n    two\n  routes:\n  - route: ${TRIAL}\n`,
    ],
    [
      'an anchor of its own',
      'applications:\n- name: shop\n  path: a\n  env: &e {A: 1}\n  metadata:\n    annotations: *e\n',
      {},
      `applications:\n- name: shop-candidate\n  path: /w/deploy/a\n  env: &e {A: 1}\n  metadata:\n    annotations: *e\n  routes:\n  - route: ${TRIAL}\n`,
    ],
    [
      'routes that come from elsewhere are overridden',
      'base: &b\n  routes:\n  - route: a.example.com\n  random-route: true\napplications:\n- <<: *b\n  name: shop\n  path: a\n',
      {},
      `base: &b\n  routes:\n  - route: a.example.com\n  random-route: true\napplications:\n- <<: *b\n  name: shop-candidate\n  path: /w/deploy/a\n  random-route: false\n  routes:\n  - route: ${TRIAL}\n`,
    ],
  ])('%s', (_, text, wish, expected) => {
    expect(candidate(text, wish)).toBe(expected);
  });

  test('lines that end as on Windows', () => {
    const text =
      'applications:\r\n- name: shop\r\n  routes:\r\n  - route: a.example.com\r\n  memory: 1G\r\n- name: b\r\n';
    const edited = candidate(text);
    expect(appOf(edited)).toEqual({
      name: 'shop-candidate',
      routes: [{ route: TRIAL }],
      memory: '1G',
      path: '/w',
    });
    expect(edited).toContain('  memory: 1G\r\n');
  });

  test('an app whose name is a variable is found by its value', () => {
    const text = 'applications:\n- name: ((name))\n  path: ((path))\n- name: ((name))-b\n';
    expect(candidate(text, {}, { name: 'shop', path: 'bits' })).toBe(
      `applications:\n- name: shop-candidate\n  path: /w/deploy/bits\n  routes:\n  - route: ${TRIAL}\n`,
    );
  });

  test('a docker app gets no path', () => {
    expect(appOf(candidate('applications:\n- name: shop\n  docker: {image: a/b}\n'))).toEqual({
      name: 'shop-candidate',
      docker: { image: 'a/b' },
      routes: [{ route: TRIAL }],
    });
  });
});

describe('written anew where an edit would change the meaning', () => {
  test.each<[string, string, Partial<CandidateWish>, Record<string, unknown>]>([
    [
      'an anchor in another app',
      'applications:\n- name: a\n  env: &e {A: "1", B: yes}\n- name: shop\n  env: *e\n',
      {},
      { name: 'shop-candidate', env: { A: '1', B: true }, routes: [{ route: TRIAL }], path: '/w' },
    ],
    [
      'a list in one line',
      'applications: [{name: shop, memory: 1G, env: {V: 010, T: "yes", S: ((s))}}]',
      {},
      {
        name: 'shop-candidate',
        memory: '1G',
        env: { V: 8, T: 'yes', S: '((s))' },
        routes: [{ route: TRIAL }],
        path: '/w',
      },
    ],
    [
      'an app that is an alias',
      'app: &app {name: shop, stack: x}\napplications:\n- *app\n',
      {},
      { name: 'shop-candidate', stack: 'x', routes: [{ route: TRIAL }], path: '/w' },
    ],
    [
      'routes from elsewhere, and none wanted',
      'base: &b {routes: [{route: a.example.com}]}\napplications:\n- <<: *b\n  name: shop\n',
      { trialRoute: undefined },
      { name: 'shop-candidate', 'no-route': true, path: '/w' },
    ],
    [
      'a name that other values take up',
      'applications:\n- name: &n shop\n  env: {APP: *n}\n',
      {},
      { name: 'shop-candidate', env: { APP: 'shop' }, routes: [{ route: TRIAL }], path: '/w' },
    ],
    [
      'an instance count that other values take up',
      'applications:\n- name: shop\n  instances: &i 2\n  env: {COUNT: *i}\n',
      { instances: { web: 4 } },
      { name: 'shop-candidate', instances: 4, env: { COUNT: 2 }, routes: [{ route: TRIAL }], path: '/w' },
    ],
  ])('%s', (_, text, wish, expected) => {
    expect(appOf(candidate(text, wish, { s: 'x' }))).toEqual(expected);
  });

  test('whole numbers beyond what a number holds stay exact', () => {
    const text = 'applications: [{name: shop, env: {ID: 12345678901234567890}}]';
    expect(candidate(text)).toContain(': 12345678901234567890\n');
  });

  test('an app that is not there is a fault of the caller', () => {
    expect(() => candidate('applications: [{name: shop}]', { app: 'other' })).toThrow('other');
  });
});

test('variables in a private file: text stays text, whatever YAML makes of it', () => {
  const variables = {
    a: 'no',
    b: '0o10',
    c: 3,
    d: '12:30',
    e: { f: ['x: y', null, true] },
    g: 'two\nlines',
    h: 2n ** 70n,
    i: 'next\u0085line\u2028',
  };
  const text = varsFileText({ variables });
  expect(parse(text, { version: '1.1', intAsBigInt: true })).toEqual({ ...variables, c: 3n });
  expect(text).toContain('"a": "no"');
  expect(text).toContain('"b": "0o10"');
  expect(text).toContain('"i": "next\\u0085line\\u2028"');
});

describe('for live itself', () => {
  const applied = (text: string) => {
    const { applications } = parse(forLive(text), { version: '1.1' }) as { applications: unknown[] };
    expect(applications).toHaveLength(1);
    return applications[0];
  };
  const forLive = (text: string) =>
    liveManifest(manifestOf(text, { secret: 's', yes: 'no', deep: { a: 1 } }), 'shop');

  test('no word of routes, counts and bits; variables are filled in, and text stays text', () => {
    const text = `applications:
- name: other
  env: { OTHER: ((secret)) }
- name: shop   # public
  instances: 2
  path: ../app
  default-route: true
  routes:
  - route: shop.example.com
  env:
    SECRET: pre-((secret))
    ANSWER: ((yes))
    DEEP: ((deep))
    NUMBER: 12345678901234567890
  processes:
  - type: web
    instances: 3
    timeout: 20
  - type: worker
    command: work
    instances: 1
  services: [ db,  queue ]
`;
    expect(forLive(text)).toContain('"NUMBER": 12345678901234567890\n');
    expect(applied(text)).toEqual({
      name: 'shop',
      env: { SECRET: 'pre-s', ANSWER: 'no', DEEP: { a: 1 }, NUMBER: expect.anything() },
      processes: [
        { type: 'web', timeout: 20 },
        { type: 'worker', command: 'work' },
      ],
      services: ['db', 'queue'],
    });
  });

  test.each([
    ['on the line of the dash', 'applications:\n- no-route: true\n  name: shop\n  memory: 1G\n'],
    ['in one line', 'applications: [{name: shop, memory: 1G, instances: 2, no-route: true}]\n'],
    [
      'from an anchor',
      'x: &all\n  instances: 4\n  random-route: true\napplications:\n- name: shop\n  <<: *all\n  memory: 1G\n',
    ],
  ])('nor where they stand %s', (_, text) => {
    expect(applied(text)).toEqual({ name: 'shop', memory: '1G' });
  });

  test('an app that is not there is a fault of the caller', () => {
    expect(() => liveManifest(manifestOf('applications: [{name: shop}]', {}), 'other')).toThrow('other');
  });
});
