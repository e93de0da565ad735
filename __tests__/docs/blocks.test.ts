/** What readers copy out of the pages is taken by the code that will read it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isMap, isPair, isScalar, parse, parseDocument } from 'yaml';
import { cfCli } from '../../runner/tools.js';
import { INPUTS } from '../../src/inputs/table.js';
import { readInputs } from '../../src/inputs.js';
import { readManifest } from '../../src/manifest/manifest.js';
import { pages } from './pages.js';

const OURS = 'OWNER/cf-zero-downtime@v1';
/** What a fragment leaves to the reader. */
const USUAL = { api: 'https://api.example.com', org: 'shop', space: 'production', app: 'shop' };
const USER = { username: 'ann', password: 'a-secret' };
/** What expressions stand for that are no text. */
const VALUES: Readonly<Record<string, string>> = {
  'steps.staging.outputs.droplet-guid': '1b671a64-40d5-491e-99b0-da01ff1f3341',
};
/** Of other tools, and of GitHub: to be YAML is enough. */
const OTHERS = /^- put: |^- if: .*\n {2}run: |^permissions:/;
/** Commands of cf that plugins bring, or that cf v6 alone had. */
const OTHER_CF = new Set([
  ...['zero-downtime-push', 'blue-green-deploy', 'bgd', 'deploy', 'bg-deploy'],
  ...['v3-apply-manifest', 'v3-create-package', 'v3-zdt-push'],
]);
/** What else is written as `name: value` in a sentence. */
const OTHER_NAMES = new Set([
  ...['actions', 'contents', 'deployments', 'id-token', 'permissions', 'pull-requests'],
  ...['cancel-in-progress', 'environment', 'uses'],
  ...['no-route', 'protocol', 'docker'],
  ...['on', 'error', 'result'],
]);

interface Step {
  id?: string;
  uses?: string;
  with?: Record<string, unknown>;
}

const blocks = pages().flatMap(({ path, blocks: of }) => of.map((block) => ({ path, ...block })));
const inLanguage = (...languages: string[]) =>
  blocks
    .filter(({ lang }) => languages.includes(lang))
    .map(({ path, text }, at) => [`${path} ${at}`, text] as const);

test('every block says what it is', () => {
  const known = ['yaml', 'sh', 'json', 'mermaid', 'text'];
  expect(blocks.filter(({ lang }) => !known.includes(lang))).toEqual([]);
});

describe('yaml', () => {
  test.each(inLanguage('yaml'))('%s', (_name, text) => {
    const doc = parseDocument(text, { uniqueKeys: false });
    expect([doc.errors, doc.warnings]).toEqual([[], []]);
    const content: unknown = doc.toJS();
    const steps = stepsOf(content).filter(({ uses }) => uses === OURS);
    if (steps.length > 0) {
      for (const step of steps) expectTaken(step.with ?? {});
      expectOutputs(text, steps);
    } else if (text.startsWith('applications:')) {
      expect(
        readManifest({ file: 'manifest.yml', text, vars: {}, varsFiles: [], workspace: '/w' }).apps.length,
      ).toBeGreaterThan(0);
    } else if (!OTHERS.test(text) && stepsOf(content).length === 0 && !hasJobs(content)) {
      // Some inputs, or one of them in several ways.
      const pairs = isMap(doc.contents) ? doc.contents.items : [];
      expect(pairs.length).toBeGreaterThan(0);
      for (const pair of pairs) {
        if (!isPair(pair) || !isScalar(pair.key)) throw new Error(`no input: ${String(pair)}`);
        expect(Object.keys(INPUTS)).toContain(pair.key.value);
      }
      const names = pairs.map(({ key }) => String(key));
      const given = pairs.map(
        ({ key, value }) => [String(key), (value as { toJSON(): unknown }).toJSON()] as const,
      );
      if (new Set(names).size === names.length) expectTaken(Object.fromEntries(given));
      else for (const [name, value] of given) expectTaken({ [name]: value });
    }
  });
});

test('other actions are named by their commit', () => {
  const used = blocks.flatMap(({ text }) => [...text.matchAll(/uses: (\S+)/g)].map(([, uses = '']) => uses));
  expect(used).toContain(OURS);
  expect(used.filter((uses) => uses !== OURS && !/@[0-9a-f]{40}$/.test(uses))).toEqual([]);
});

test.each(inLanguage('json'))('json: %s', (_name, text) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

describe('sh', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

  test.each(inLanguage('sh'))('%s', (_name, text) => {
    execFileSync('bash', ['-n', '-c', text]);
    for (const line of text.split('\n')) {
      const [, name] = /^npm (?:run )?([\w:]+)/.exec(line) ?? [];
      if (name !== undefined) expect(Object.keys(scripts)).toContain(name);
      const [file] = /^\.[\w./-]+/.exec(line) ?? [];
      if (file !== undefined) expect(existsSync(file)).toBe(true);
    }
  });
});

test('each command of cf that is told of is one, with its flags', () => {
  const told = pages().flatMap(({ spans, blocks: of }) => [
    ...spans,
    ...of.filter(({ lang }) => lang === 'sh').flatMap(({ text }) => text.split('\n')),
  ]);
  const named = told.flatMap((text) => {
    const [, name] = /^cf ([a-z][a-z0-9-]*)/.exec(text) ?? [];
    return name === undefined || OTHER_CF.has(name)
      ? []
      : [{ name, flags: text.match(/ --?[a-z][a-z-]*/g) ?? [] }];
  });
  const flags = new Map<string, Set<string>>();
  for (const { name, flags: of } of named) flags.set(name, new Set([...(flags.get(name) ?? []), ...of]));
  expect([...flags.keys()]).toEqual(expect.arrayContaining(['push', 'set-space-role']));
  const home = mkdtempSync(join(tmpdir(), 'cf-help-'));
  const env = { CF_HOME: home, HOME: home, PATH: process.env.PATH ?? '' };
  try {
    for (const [name, of] of flags) {
      // It fails for a command that there is not.
      const help = execFileSync(cfCli(), ['help', name], { env, encoding: 'utf8' });
      for (const flag of of) expect(help).toMatch(new RegExp(`[\\s,]${flag.trim()}\\b`));
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('an input in the middle of a sentence is one', () => {
  const wrong = pages().flatMap(({ path, spans }) =>
    spans.flatMap((span) => {
      const [, name = ''] = /^([a-z][a-z-]+): [^ ]/.exec(span) ?? [];
      return name === '' || name in INPUTS || OTHER_NAMES.has(name) ? [] : [`${path}: ${span}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('each command and each result that is told of is one', () => {
  const { outputs } = parse(readFileSync('action.yml', 'utf8')) as { outputs: Record<string, unknown> };
  expect(Object.keys(outputs)).toContain('result');
  const commands = pages().flatMap(({ spans }) =>
    spans.flatMap((span) => /^command: ([\w-]+)$/.exec(span)?.[1] ?? []),
  );
  expect(commands.length).toBeGreaterThan(5);
  for (const command of new Set(commands))
    expect(() => readInputs(asEnvironment({ ...USUAL, ...USER, command }))).not.toThrow(/command/);
});

/** The real parser takes it, and warns of nothing. */
function expectTaken(given: Readonly<Record<string, unknown>>): void {
  const signIn = 'oidc' in given || 'username' in given ? {} : USER;
  const usual = { ...USUAL, ...signIn };
  const { warnings } = readInputs(asEnvironment({ ...usual, ...given }));
  expect(warnings).toEqual([]);
}

/** What a later step takes of ours there is. */
function expectOutputs(text: string, steps: readonly Step[]): void {
  const { outputs } = parse(readFileSync('action.yml', 'utf8')) as { outputs: Record<string, unknown> };
  for (const [, id, output] of text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g))
    if (steps.some((step) => step.id === id)) expect(Object.keys(outputs)).toContain(output);
}

function asEnvironment(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const text = (value: unknown) =>
    (value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value)).replace(
      /\$\{\{\s*(.*?)\s*\}\}/g,
      (_, expression: string) => VALUES[expression] ?? 'a-secret',
    );
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, text(value)]),
  );
}

function hasJobs(content: unknown): content is { jobs: Record<string, { steps?: Step[] }> } {
  return content !== null && typeof content === 'object' && 'jobs' in content;
}

function stepsOf(content: unknown): readonly Step[] {
  if (Array.isArray(content)) return content as Step[];
  return hasJobs(content) ? Object.values(content.jobs).flatMap(({ steps }) => steps ?? []) : [];
}
