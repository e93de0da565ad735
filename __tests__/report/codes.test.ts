import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../runner/tools.js';
import { CODES } from '../../src/model/codes.js';
import { Refused } from '../../src/model/errors.js';

const SOURCES = join(projectRoot(), 'src');

/** Texts of all sources, the list itself left out. */
function sources(): string[] {
  const names = readdirSync(SOURCES, { recursive: true }) as string[];
  return names
    .filter((name) => name.endsWith('.ts') && name !== join('model', 'codes.ts'))
    .map((name) => readFileSync(join(SOURCES, name), 'utf8'));
}

/** From a bracket to the one that closes it. */
function argumentsAt(text: string, from: number): string {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
  }
  return text.slice(from, at);
}

/** What errors are made with, and what they are called where they become text. */
function codesIn(text: string): string[] {
  const made = [...text.matchAll(/\b(?:[rR]efused|VersionFault|faultOf)\(/g)].flatMap((call) =>
    [...argumentsAt(text, call.index + call[0].length).matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code),
  );
  const called = [...text.matchAll(/\bcode(?:: ErrorCode)?(?::| =) '([a-z-]+)'/g)].map(
    ([, code = '']) => code,
  );
  return [...made, ...called];
}

/** Where each one is brought about and met again: by the real bundle where it can be, else by what makes it. */
const MET: Readonly<Record<(typeof CODES)[number], string>> = {
  input: 'e2e/every-route',
  target: 'e2e/refused',
  credentials: 'e2e/sign-in',
  'id-token': 'e2e/sign-in',
  address: 'cli/patience',
  api: 'cli/root',
  tls: 'e2e/sign-in',
  'cf-cli': 'cli/find',
  'cf-version': 'cli/releases',
  'cf-checksum': 'cli/find',
  'cf-download': 'cli/find',
  'runner-files': 'e2e/without-runner',
  refused: 'e2e/rolling',
  locked: 'engine/lock',
  held: 'engine/lock',
  'nothing-held': 'e2e/hold',
  'give-again': 'e2e/hold',
  'older-commit': 'matrix/preview-runs',
  withdrawn: 'e2e/rollback',
  'in-the-way': 'e2e/refused',
  leftover: 'e2e/leftovers',
  'live-changed': 'matrix/held',
  journal: 'commands/settle',
  'no-target': 'e2e/rollback',
  'target-gone': 'commands/rollback',
  'droplet-gone': 'e2e/restart',
  'trial-domain': 'e2e/every-route',
  'trial-route': 'commands/free-routes',
  'rate-limit': 'matrix/endless',
  'in-flight': 'e2e/rolling',
  'not-a-preview': 'matrix/preview',
  'preview-services': 'matrix/preview',
  fork: 'e2e/preview',
  carry: 'matrix/given',
  quota: 'matrix/room',
  'no-room': 'steps/roll',
  staging: 'e2e/bad-version',
  task: 'e2e/bad-version',
  start: 'e2e/bad-version',
  smoke: 'e2e/bad-version',
  canary: 'e2e/rolling',
  'production-proof': 'steps/prove',
  watch: 'e2e/rolling-reverted',
  script: 'e2e/bad-version',
  platform: 'e2e/refused',
  deadline: 'steps/wait',
  program: 'cli/session',
  cancelled: 'e2e/interrupted',
  stuck: 'steps/roll',
  internal: 'main',
};
/** Those that are the name of an error's type. */
const TYPES: Readonly<Record<string, string>> = {
  deadline: 'DeadlineOver',
  program: 'ProgramFailed',
  stuck: 'Stuck',
};

/** The rows of a table of the page, their cells without the signs of code. */
function tableOf(name: string): string[][] {
  const page = readFileSync(join(projectRoot(), 'docs', 'troubleshooting.md'), 'utf8');
  const table = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(page)?.[1] ?? '';
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the codes of errors', () => {
  test.each(Object.entries(MET))('%s is met by a test', (code, path) => {
    const text = readFileSync(join(projectRoot(), '__tests__', `${path}.test.ts`), 'utf8');
    const names = [`'${code}'`, `Error ${code}'`, `[${code},`, TYPES[code] ?? `'${code}'`];
    expect(names.some((name) => text.includes(name))).toBe(true);
  });

  test('the page finds each of them by what its messages say', () => {
    const rows = tableOf('messages');
    const found = rows.map(([, code = '']) => code.replaceAll('`', ''));
    const all = [...CODES, 'platform-N'];
    expect(all.filter((code) => !found.includes(code))).toEqual([]);
    expect(found.filter((code) => !all.includes(code))).toEqual([]);
    const said = sources().join('\n');
    expect(rows.filter(([text = '']) => text.length < 6 || !said.includes(text))).toEqual([]);
  });

  test('each one of the list is used', () => {
    const used = new Set(sources().flatMap(codesIn));
    expect(CODES.filter((code) => !used.has(code))).toEqual([]);
    expect(new Set(CODES).size).toBe(CODES.length);
  });

  test('one that is not in the list does not compile', () => {
    // @ts-expect-error the list has no such code
    expect(new Refused('No.', 'Do this.', 'no-such-code').code).toBe('no-such-code');
  });

  test('the page has each of them, once, with what it means and what to do', () => {
    const rows = tableOf('codes');
    const told = rows.map(([code = '']) => code.replaceAll('`', ''));
    expect([...told].sort()).toEqual([...CODES, 'platform-N'].sort());
    expect(rows.filter((row) => row.length !== 3 || row.some((cell) => cell === ''))).toEqual([]);
  });
});
