import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { INPUTS, type InputSpec, LATER_INPUTS } from '../../src/inputs/table.js';
import { isAllowedTarget, readInputs } from '../../src/inputs.js';
import type { Inputs } from '../../src/model/asked.js';
import { InputError } from '../../src/model/errors.js';
import { certificate } from '../system/certificate.js';

const TARGET = { INPUT_API: 'https://api.example.com', INPUT_ORG: 'shop', INPUT_SPACE: 'production' };
const USER = { INPUT_USERNAME: 'ann', INPUT_PASSWORD: 'pw' };
const BASE = { ...TARGET, ...USER };

function read(extra: Record<string, string | undefined> = {}): Inputs {
  return readInputs({ ...BASE, ...extra });
}

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readInputs(env);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map((problem) => problem.text);
    throw error;
  }
  return [];
}

const refused = (extra: Record<string, string | undefined>) => problemsOf({ ...BASE, ...extra });

describe('action.yml and the code have the same inputs', () => {
  const text = readFileSync(resolve(process.cwd(), 'action.yml'), 'utf8');
  const action = parse(text) as {
    runs: Record<string, string>;
    inputs: Record<string, { description: string; default?: string; required?: boolean }>;
    outputs: Record<string, { description: string }>;
  };

  test('by name, in the same order', () => {
    expect(Object.keys(action.inputs)).toEqual(Object.keys(INPUTS));
  });

  test.each(Object.entries<InputSpec<unknown>>(INPUTS))('%s by default and need', (name, spec) => {
    const declared = action.inputs[name];
    expect({ default: declared?.default ?? '', required: declared?.required ?? false }).toEqual({
      default: spec.expression ? `\${{ ${spec.expression} }}` : spec.default,
      required: spec.required,
    });
    expect(declared?.description).toMatch(/\.$/);
  });

  test('none that is refused as not available yet is offered', () => {
    expect(LATER_INPUTS.filter((name) => name in action.inputs)).toEqual([]);
  });

  test('main and post are one bundle on Node 24', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.js', post: 'dist/index.js' });
  });

  test('every default parses', () => {
    for (const spec of Object.values(INPUTS)) {
      if (spec.default !== '') expect(spec.parse(spec.default)).toBeDefined();
    }
  });
});

describe('what is read', () => {
  test('defaults, with empty strings for what is not given as the runner sets them', () => {
    const empty = Object.fromEntries(
      Object.keys(INPUTS).map((name) => [
        `INPUT_${name.toUpperCase()}`,
        INPUTS[name as keyof typeof INPUTS].default,
      ]),
    );
    expect(readInputs({ ...empty, ...BASE })).toEqual({
      command: 'deploy',
      plan: false,
      api: 'https://api.example.com',
      org: 'shop',
      space: 'production',
      skipSslValidation: false,
      credentials: { kind: 'user', username: 'ann', password: 'pw' },
      cfVersion: '8.18.4',
      manifest: 'manifest.yml',
      vars: {},
      varsFiles: [],
      env: {},
      docker: {},
      strategy: 'blue-green',
      maxInFlight: 1,
      workers: 'overlap',
      carry: 'all',
      scale: 'keep',
      smokeTest: [],
      hold: false,
      bakeMs: 0,
      drainMs: 30_000,
      watch: true,
      failureLimit: 2,
      keepPrevious: 1,
      keepFailed: true,
      force: false,
      stagingTimeoutMs: 900_000,
      preview: {
        ttlMs: 14 * 86_400_000,
        max: 20,
        services: { bind: 'manifest', shared: [], make: [] },
        allowFork: false,
      },
      comment: true,
      deployment: true,
      summary: true,
      given: ['api', 'org', 'space', 'username', 'password'],
      secrets: ['pw'],
      warnings: [],
    });
  });

  test.each<[string, string, Partial<Inputs>]>([
    ['COMMAND', 'status', { command: 'status' }],
    ['COMMAND', ' setup ', { command: 'setup' }],
    ['PLAN', 'TRUE', { plan: true }],
    ['API', 'api.example.com', { api: 'https://api.example.com' }],
    ['API', 'https://api.example.com/', { api: 'https://api.example.com' }],
    ['API', 'http://127.0.0.1:8080', { api: 'http://127.0.0.1:8080' }],
    ['API', 'http://localhost:8080/', { api: 'http://localhost:8080' }],
    ['API', 'http://[::1]:8080', { api: 'http://[::1]:8080' }],
    ['ALLOWED-TARGETS', 'test/dev\n shop/* ', { org: 'shop' }],
    ['SKIP-SSL-VALIDATION', 'true', { skipSslValidation: true }],
    ['ROUTER', 'http://127.0.0.1:8081', { router: { protocol: 'http:', host: '127.0.0.1', port: 8081 } }],
    [
      'ROUTER',
      'https://router.example.com',
      { router: { protocol: 'https:', host: 'router.example.com', port: 443 } },
    ],
    ['ROUTER', 'http://[::1]:81', { router: { protocol: 'http:', host: '::1', port: 81 } }],
    ['CF-VERSION', 'v8', { cfVersion: '8' }],
    ['CF-VERSION', '7.8.0', { cfVersion: '7.8.0' }],
    ['CF-VERSION', '6', { cfVersion: '6' }],
    ['CF-CHECKSUM', 'AB'.repeat(32), { cfChecksum: 'ab'.repeat(32) }],
    ['CF-URL', 'http://127.0.0.1:1/cf.tgz', { cfUrl: 'http://127.0.0.1:1/cf.tgz' }],
    ['VARS', 'host: shop\ncount: 3\nn: no', { vars: { host: 'shop', count: 3, n: false } }],
    ['VARS-FILES', 'a.yml, b.yml\nc.yml', { varsFiles: ['a.yml', 'b.yml', 'c.yml'] }],
    [
      'ENV',
      'VERSION: 1.10\nMODE: yes\nSINCE: 2024-01-01\nEMPTY:\nTEXT: |\n  two\n  lines\n',
      { env: { VERSION: '1.10', MODE: 'yes', SINCE: '2024-01-01', EMPTY: '', TEXT: 'two\nlines\n' } },
    ],
    ...['shop', 'registry.example.com:5000/team/shop:1.2-rc.1', `team/shop@sha256:${'a'.repeat(64)}`].map(
      (image): [string, string, Partial<Inputs>] => ['DOCKER-IMAGE', image, { docker: { image } }],
    ),
    ['DOCKER-USERNAME', 'ci', { docker: { username: 'ci' } }],
    ['DOCKER-PASSWORD', ' spaces belong to it ', { docker: { password: ' spaces belong to it ' } }],
    ['CARRY', 'manifest', { carry: 'manifest' }],
    ['SCALE', 'manifest', { scale: 'manifest' }],
    ['TRIAL-DOMAIN', 'Apps.Example.com', { trialDomain: 'apps.example.com' }],
    ['SMOKE-SCRIPT', './check.sh', { smokeScript: './check.sh' }],
    ['TASK', ' bin/migrate --to latest\n', { task: 'bin/migrate --to latest' }],
    ['BAKE', '90s', { bakeMs: 90_000 }],
    ['BAKE', '5m', { bakeMs: 300_000 }],
    ['BAKE', '1h30m', { bakeMs: 5_400_000 }],
    ['BAKE', '14d', { bakeMs: 14 * 86_400_000 }],
    ['BAKE', '1d 2h 3m 4s', { bakeMs: 93_784_000 }],
    ['DRAIN', '45', { drainMs: 45_000 }],
    ['DRAIN', '0', { drainMs: 0 }],
    ['WATCH', 'false', { watch: false }],
    ['WATCH-PATH', '/up?deep=1', { watchPath: '/up?deep=1' }],
    ['FAILURE-LIMIT', '0', { failureLimit: 0 }],
    ['KEEP-PREVIOUS', '0', { keepPrevious: 0 }],
    ['KEEP-FAILED', 'False', { keepFailed: false }],
    ['HOLD', 'true', { hold: true }],
    ['TIMEOUT', '2h', { timeoutMs: 7_200_000 }],
    ['STAGING-TIMEOUT', '20m', { stagingTimeoutMs: 1_200_000 }],
    ['START-TIMEOUT', '1m', { startTimeoutMs: 60_000 }],
    ['SUMMARY', 'false', { summary: false }],
  ])('%s: %j', (name, value, expected) => {
    expect(read({ [`INPUT_${name}`]: value })).toMatchObject(expected);
  });

  test('signing in with the identity of the workflow', () => {
    const oidc = { ...TARGET, INPUT_OIDC: 'true' };
    expect(readInputs(oidc).credentials).toEqual({ kind: 'oidc-user' });
    const audience = { 'INPUT_OIDC-AUDIENCE': 'cf' };
    expect(readInputs({ ...oidc, 'INPUT_CLIENT-ID': 'ci', ...audience }).credentials).toEqual({
      kind: 'oidc-client',
      clientId: 'ci',
      audience: 'cf',
    });
  });

  test('a certificate that is not checked is warned of', () => {
    expect(read({ 'INPUT_SKIP-SSL-VALIDATION': 'true' }).warnings).toEqual([
      expect.stringMatching(/^"skip-ssl-validation" is true: .*"ca-certificate" instead/),
    ]);
  });

  test('signing in as a client, or with an origin', () => {
    expect(
      readInputs({ ...TARGET, 'INPUT_CLIENT-ID': 'ci', 'INPUT_CLIENT-SECRET': 'cs' }).credentials,
    ).toEqual({ kind: 'client', clientId: 'ci', clientSecret: 'cs' });
    expect(read({ INPUT_ORIGIN: 'ldap' }).credentials).toEqual({
      kind: 'user',
      username: 'ann',
      password: 'pw',
      origin: 'ldap',
    });
  });

  test('a password keeps its spaces and loses only the line end that files have', () => {
    expect(read({ INPUT_PASSWORD: ' p w \r\n' }).credentials).toMatchObject({ password: ' p w ' });
  });

  test("the CLI's own timeouts count in minutes, and the inputs win", () => {
    const minutes = { CF_STAGING_TIMEOUT: '30', CF_STARTUP_TIMEOUT: '0.5' };
    expect(read(minutes)).toMatchObject({ stagingTimeoutMs: 1_800_000, startTimeoutMs: 30_000 });
    expect(read({ ...minutes, 'INPUT_STAGING-TIMEOUT': '1m', 'INPUT_START-TIMEOUT': '2m' })).toMatchObject({
      stagingTimeoutMs: 60_000,
      startTimeoutMs: 120_000,
    });
  });

  test('a PEM', () => {
    const pem = certificate().cert.trim();
    expect(read({ 'INPUT_CA-CERTIFICATE': pem }).caCertificate).toBe(`${pem}\n`);
    const bundle = `subject: one\n${pem}\nsubject: two\n${pem}\n`;
    expect(read({ 'INPUT_CA-CERTIFICATE': bundle }).caCertificate).toBe(`${pem}\n${pem}\n`);
    expect(read({ 'INPUT_CA-CERTIFICATE': pem }).secrets).toEqual(['pw']);
  });

  test('which inputs were given: not those that say the default', () => {
    expect(read({ INPUT_DRAIN: '30s', INPUT_BAKE: '1m' }).given).toEqual([
      'api',
      'org',
      'space',
      'username',
      'password',
      'bake',
    ]);
  });

  test('a GitHub token: a secret, and no choice of the user, as the runner itself puts it there', () => {
    const { githubToken, secrets, given } = read({ 'INPUT_GITHUB-TOKEN': 'ghs_abc123' });
    expect({ githubToken, secrets }).toEqual({ githubToken: 'ghs_abc123', secrets: ['pw', 'ghs_abc123'] });
    expect(given).not.toContain('github-token');
    expect(read()).not.toHaveProperty('githubToken');
    expect(read({ 'INPUT_GITHUB-TOKEN': '' })).not.toHaveProperty('githubToken');
  });

  test.each(['ghs_a b', 'ghs_a\nx-evil: 1', 'ghs_ä'])(
    'what is no token is refused and not quoted: %j',
    (token) => {
      expect(refused({ 'INPUT_GITHUB-TOKEN': token })).toEqual([
        'The input "github-token" is no token; one has letters, digits and signs, without spaces or line breaks.',
      ]);
    },
  );

  test('a droplet instead of bits, and of nothing beside them', () => {
    const guid = '8A1f7f0c-52b7-4d8a-9c55-0a7d7f0b6c11';
    expect(read({ 'INPUT_DROPLET-GUID': guid }).dropletGuid).toBe(guid.toLowerCase());
    for (const [name, value] of [
      ['path', 'x'],
      ['docker-image', 'r/i:1'],
    ] as const) {
      const both = { 'INPUT_DROPLET-GUID': guid, [`INPUT_${name.toUpperCase()}`]: value };
      expect(refused(both)).toEqual([
        `"droplet-guid" and "${name}" are both given, and a droplet holds its bits already: give one of them.`,
      ]);
    }
  });
});

describe('what is refused', () => {
  test('all at once, each by its name', () => {
    expect(
      problemsOf({ INPUT_BAKE: 'soon', INPUT_WATCH: 'maybe', INPUT_COMAND: 'deploy', 'INPUT_WARM-UP': 'a' }),
    ).toEqual([
      'The input "api" is missing.',
      'The input "org" is missing.',
      'The input "space" is missing.',
      'The input "bake" is "soon"; a duration is written 90s, 5m, 1h30m, 14d or as whole seconds.',
      'The input "watch" is "maybe"; allowed are true and false.',
      'There is no input "comand" (did you mean "command"?).',
      'The input "warm-up" is not available yet.',
      'Nobody to sign in as: give "username" and "password", or "client-id" and "client-secret", or "oidc: true".',
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['COMMAND', 'deplyo', /is "deplyo"; allowed are .* \(did you mean "deploy"\?\)/],
    ['STRATEGY', 'recreate', /is "recreate"; allowed are blue-green, rolling/],
    ['DROPLET-GUID', 'latest', /^The input "droplet-guid" is "latest", which is no GUID/],
    ['WORKERS', 'both', /is "both"; allowed are overlap, handover/],
    ['PLAN', 'yes', /allowed are true and false/],
    ['ORDER', 'api web', /has "api web"; a line is written "api before web"/],
    ['ORDER', 'api before', /has "api before"; a line is written/],
    ['ORDER', 'api before  before web', /a line is written/],
    ['TASK', '  ', /^The input "task" has no command in it/],
    ['TASK', 'x'.repeat(4_097), /^The input "task" has 4097 characters, and the platform takes 4096/],
    ['API', 'http://api.example.com', /https/],
    ['API', 'http://127.0.0.1.example.com', /https/],
    ['API', 'https://u:p@api.example.com', /credentials/],
    ['API', 'https://api.example.com/v3', /without a path/],
    ['API', 'ftp://api.example.com', /no http or https address/],
    ['ALLOWED-TARGETS', 'shop', /org\/space/],
    ['ALLOWED-TARGETS', 'other/*\nshop/dev', /^The target shop\/production is none of those/],
    ['CA-CERTIFICATE', '/etc/ca.pem', /PEM text/],
    ['CA-CERTIFICATE', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /certificate 1 of 1/],
    ['CA-CERTIFICATE', '-----BEGIN EC PRIVATE KEY-----\nAAAA', /private key/],
    ['ROUTER', '127.0.0.1:8081', /no http or https address/],
    ['ROUTER', 'http://127.0.0.1:8081/x', /scheme, an address and a port/],
    ['CF-VERSION', '8.18', /release such as/],
    ['CF-VERSION', 'latest', /release such as/],
    ['CF-VERSION', '5.0.0', /releases before 6/],
    ['CF-CHECKSUM', 'abc', /64 hexadecimal/],
    ['CF-URL', 'http://mirror.example.com/cf.tgz', /https/],
    ['VARS', 'just text', /no map/],
    ['VARS', 'a: [', /no usable YAML, line 1/],
    ['VARS', 'a: 1\na: 2', /line 2: The key "a" is given a second time/],
    ['VARS', '"a b": 1', /"a b"/],
    ['ENV', '- A', /no map/],
    ['ENV', 'A', /no map/],
    ['ENV', '{"A": 1', /no usable YAML/],
    ['DOCKER-IMAGE', 'https://registry.example.com/shop:1', /without https/],
    ['DOCKER-IMAGE', 'shop 1', /an image is written/],
    ['DOCKER-IMAGE', `shop@sha256:${'a'.repeat(10)}`, /an image is written/],
    ['ENV', 'PORT: 8080', /"PORT", which the platform sets/],
    ['ENV', 'VCAP_SERVICES: x', /which the platform sets/],
    ['ENV', 'A: {b: 1}', /no plain value for "A"/],
    ['INSTANCE-STEPS', '10 fifty', /from 1 to 100, each above the one before/],
    ['INSTANCE-STEPS', '0 10', /from 1 to 100/],
    ['INSTANCE-STEPS', '10 101', /from 1 to 100/],
    ['INSTANCE-STEPS', '50 10', /each above the one before/],
    ['INSTANCE-STEPS', '10 10', /each above the one before/],
    ['INSTANCE-STEPS', '12.5', /whole numbers/],
    ['INSTANCE-STEPS', ',', /whole numbers/],
    ['INSTANCE-STEPS', '10 20 30', /^"instance-steps" is for the strategy canary: blue-green has no pauses/],
    ['CARRY', 'none', /allowed are all, manifest/],
    ['SCALE', 'max', /allowed are keep, manifest/],
    ['TRIAL-DOMAIN', 'apps', /no domain/],
    ['TRIAL-DOMAIN', 'https://apps.example.com', /no domain/],
    ['BAKE', '', /^$/],
    ['BAKE', '-1', /duration/],
    ['BAKE', '5 minutes', /duration/],
    ['BAKE', '1.5h', /duration/],
    ['BAKE', '30m1h', /duration/],
    ['BAKE', '365d', /longer than 20d/],
    ['TIMEOUT', '0s', /more than nothing/],
    ['WATCH-PATH', 'health', /begins with/],
    ['WATCH-PATH', '//evil.example.com', /begins with one/],
    ['FAILURE-LIMIT', '-1', /whole numbers from 0/],
    ['FAILURE-LIMIT', '1.5', /whole numbers from 0/],
    ['KEEP-PREVIOUS', '101', /from 0 to 100/],
  ])('%s: %j', (name, value, expected) => {
    const problems = refused({ [`INPUT_${name}`]: value });
    expect(problems.join('\n')).toMatch(expected);
    expect(problems).toHaveLength(value === '' ? 0 : 1);
  });

  test.each(LATER_INPUTS)('%s is not available yet, unless it is empty', (name) => {
    const variable = `INPUT_${name.toUpperCase()}`;
    expect(refused({ [variable]: 'x' })).toEqual([`The input "${name}" is not available yet.`]);
    expect(refused({ [variable]: '' })).toEqual([]);
  });

  test.each([
    ['smoke_test', 'smoke-test'],
    ['keep-previus', 'keep-previous'],
    ['user-name', 'username'],
    ['apii', 'api'],
    ['drian', 'drain'],
  ])('the slip %s is answered with %s', (slip, name) => {
    for (const value of ['x', ''])
      expect(refused({ [`INPUT_${slip.toUpperCase()}`]: value })).toEqual([
        `There is no input "${slip}" (did you mean "${name}"?).`,
      ]);
  });

  test('a slip of an input that comes later', () => {
    expect(refused({ INPUT_WARMUP: '/' })).toEqual([
      'There is no input "warmup", and "warm-up" is not available yet.',
    ]);
  });

  test('an input that is close to none is only warned of', () => {
    for (const value of ['dark', ''])
      expect(read({ INPUT_COLOUR_SCHEME: value }).warnings).toEqual([
        'There is no input "colour_scheme"; it is ignored.',
      ]);
    expect(read({ COLOUR_SCHEME: 'dark' }).warnings).toEqual([]);
  });

  test('what goes with no identity of the workflow', () => {
    const oidc = { ...TARGET, INPUT_OIDC: 'true' };
    expect(problemsOf({ ...BASE, INPUT_OIDC: 'true' })).toEqual([
      '"username" is of no use while "oidc" is true: leave it out, or "oidc".',
      '"password" is of no use while "oidc" is true: leave it out, or "oidc".',
    ]);
    expect(problemsOf({ ...oidc, 'INPUT_CLIENT-ID': 'c', 'INPUT_CLIENT-SECRET': 's' })).toEqual([
      '"client-secret" is of no use while "oidc" is true: leave it out, or "oidc".',
    ]);
    expect(problemsOf({ ...BASE, 'INPUT_OIDC-AUDIENCE': 'https://uaa' })).toEqual([
      expect.stringMatching(/^"oidc-audience" is of no use without "oidc"/),
    ]);
  });

  test('workers handed over where the platform decides', () => {
    const asked = { ...BASE, INPUT_WORKERS: 'handover' };
    for (const strategy of ['rolling', 'canary', 'zdt-push'])
      expect(problemsOf({ ...asked, INPUT_STRATEGY: strategy })).toEqual([
        `"workers: handover" is for the strategy blue-green: with ${strategy} the platform decides when processes are replaced.`,
      ]);
    expect(readInputs(asked).workers).toBe('handover');
    expect(readInputs({ ...asked, INPUT_COMMAND: 'rollback', INPUT_APP: 'shop' }).workers).toBe('handover');
  });

  test('two ways to sign in, or half of one', () => {
    expect(refused({ 'INPUT_CLIENT-ID': 'ci' })).toEqual([
      expect.stringMatching(/^There are two ways to sign in/),
    ]);
    expect(problemsOf({ ...TARGET, INPUT_USERNAME: 'ann' })).toEqual([
      'The input "password" is missing; a user signs in with "username" and "password".',
    ]);
    expect(problemsOf({ ...TARGET, INPUT_ORIGIN: 'ldap' })).toHaveLength(2);
    expect(problemsOf({ ...TARGET, 'INPUT_CLIENT-SECRET': 'cs' })).toEqual([
      'The input "client-id" is missing; a client signs in with "client-id" and "client-secret".',
    ]);
    expect(
      problemsOf({ ...TARGET, INPUT_ORIGIN: 'x', 'INPUT_CLIENT-ID': 'a', 'INPUT_CLIENT-SECRET': 'b' }),
    ).toEqual([expect.stringMatching(/^There are two ways/)]);
  });

  test('the steps of a canary: percent, ascending, by default 10 and 50; of no other strategy', () => {
    const steps = (given: string) =>
      read({ INPUT_STRATEGY: 'canary', 'INPUT_INSTANCE-STEPS': given }).instanceSteps;
    expect(steps('')).toEqual([10, 50]);
    expect(steps('1, 20\n45 80,100')).toEqual([1, 20, 45, 80, 100]);
    expect(read({ INPUT_STRATEGY: 'canary', 'INPUT_MAX-IN-FLIGHT': '3' })).toMatchObject({ maxInFlight: 3 });
    expect(
      read({ INPUT_STRATEGY: 'rolling', 'INPUT_INSTANCE-STEPS': '10 50' }).instanceSteps,
    ).toBeUndefined();
    expect(refused({ INPUT_STRATEGY: 'rolling', 'INPUT_INSTANCE-STEPS': '20' })).toEqual([
      '"instance-steps" is for the strategy canary: rolling has no pauses.',
    ]);
    expect(refused({ 'INPUT_MAX-IN-FLIGHT': '3' })).toEqual([
      expect.stringMatching(/for the strategies rolling and canary: blue-green/),
    ]);
  });

  test('inputs that work against each other', () => {
    const pem = certificate().cert;
    expect(refused({ 'INPUT_SKIP-SSL-VALIDATION': 'true', 'INPUT_CA-CERTIFICATE': pem })).toHaveLength(1);
    expect(refused({ INPUT_WATCH: 'false', 'INPUT_WATCH-PATH': '/up' })).toHaveLength(1);
  });

  test('an order without a first app, where no manifest is read that would have its place', () => {
    const INPUT_ORDER = 'db before api\napi before web\nweb before api';
    expect(refused({ INPUT_COMMAND: 'promote', INPUT_ORDER })).toEqual([
      'The input "order" goes round in a circle: api before web before api.',
    ]);
    expect(read({ INPUT_ORDER }).order).toHaveLength(3);
  });

  test.each(['soon', '0', '-3', '5m'])('CF_STAGING_TIMEOUT=%s', (value) => {
    expect(refused({ CF_STAGING_TIMEOUT: value })).toEqual([expect.stringContaining('CF_STAGING_TIMEOUT')]);
  });

  test('no problem shows a password or a value of the environment', () => {
    const problems = refused({
      INPUT_PASSWORD: 'hunter22',
      INPUT_ENV: 'A: [hunter22',
      INPUT_VARS: 'hunter22',
      INPUT_BAKE: 'x',
    });
    expect(problems.length).toBeGreaterThan(2);
    expect(problems.join('\n')).not.toContain('hunter22');
  });
});

test.each([
  ['shop/production', true],
  ['shop/*', true],
  ['*/*', true],
  ['*/prod*', true],
  ['shop/prod', false],
  ['sho/*', false],
  ['shop/productio?', false],
  ['shop/.*', false],
  ['*op/*tion', true],
])('the pattern %s: %s', (pattern, allowed) => {
  expect(isAllowedTarget([pattern], 'shop', 'production')).toBe(allowed);
});
