/** How the project is built, checked and released. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { projectRoot } from '../../runner/tools.js';

const at = (...parts: string[]) => join(projectRoot(), ...parts);
const tool = (name: string) => import(pathToFileURL(at('tools', name)).href);

describe('the notes of a release', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n- c\n\n## 1.2.0 - 2026-11-21\n\n- b\n  b\n\n## 1.1.0\n\n- a\n\n## 1.0.0\n';

  test.each([
    ['v1.2.0', '- b\n  b'],
    ['v1.1.0', '- a'],
  ])('%s', async (tag, notes) => {
    const { notesOf } = await tool('release-notes.mjs');
    expect(notesOf(changelog, tag)).toBe(notes);
  });

  test.each(['v1.0.0', 'v2.0.0', 'v1.2', ''])('%j has none', async (tag) => {
    const { notesOf } = await tool('release-notes.mjs');
    expect(() => notesOf(changelog, tag)).toThrow('CHANGELOG.md says nothing of');
  });
});

test('whatever is pinned is kept up to date', () => {
  const { updates } = parse(readFileSync(at('.github', 'dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; directory?: string; directories?: string[] }[];
  };
  const kept = updates.flatMap(({ 'package-ecosystem': system, directory, directories }) =>
    [directory, directories].flat().flatMap((one) => (one === undefined ? [] : [`${system} ${one}`])),
  );
  const withFile = (file: string) =>
    readdirSync(at('tools')).filter((name) => existsSync(at('tools', name, file)));
  expect(kept.sort()).toEqual(
    [
      'github-actions /',
      'npm /',
      ...withFile('go.mod').map((name) => `gomod /tools/${name}`),
      ...withFile('requirements.txt').map((name) => `pip /tools/${name}`),
    ].sort(),
  );
});

describe('our own workflows', () => {
  const files = readdirSync(at('.github', 'workflows'));

  test('are there', () => {
    for (const name of ['check-dist', 'ci', 'codeql', 'release', 'scorecard'])
      expect(files).toContain(`${name}.yml`);
  });

  test.each(files)('%s pins every action by commit, and gives rights by job', (file) => {
    const text = readFileSync(at('.github', 'workflows', file), 'utf8');
    const used = [...text.matchAll(/uses: (.*)/g)]
      .map(([, uses = '']) => uses)
      .filter((uses) => uses !== './');
    expect(used.length).toBeGreaterThan(0);
    for (const uses of used) expect(uses).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect((parse(text) as { permissions: unknown }).permissions).toEqual({});
  });
});
