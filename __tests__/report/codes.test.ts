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

describe('the codes of errors', () => {
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
    const page = readFileSync(join(projectRoot(), 'docs', 'troubleshooting.md'), 'utf8');
    const table = /<!-- codes -->\n([\s\S]*?)<!-- \/codes -->/.exec(page)?.[1] ?? '';
    const rows = table
      .trim()
      .split('\n')
      .slice(2)
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const told = rows.map(([code = '']) => code.replaceAll('`', ''));
    expect([...told].sort()).toEqual([...CODES, 'platform-N'].sort());
    expect(rows.filter((row) => row.length !== 3 || row.some((cell) => cell === ''))).toEqual([]);
  });
});
