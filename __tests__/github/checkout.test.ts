import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkedOut, isOfPull } from '../../src/github/checkout.js';
import { files } from '../../src/system/files.js';

const SHA = 'a'.repeat(40);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'checkout-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function git(written: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(written)) {
    const path = join(folder, '.git', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\n`);
  }
}

test.each<[string, Record<string, string>, string | undefined]>([
  ['a commit by itself', { HEAD: SHA }, SHA],
  ['a branch', { HEAD: 'ref: refs/heads/main', 'refs/heads/main': SHA }, SHA],
  [
    'a branch that is packed',
    { HEAD: 'ref: refs/heads/main', 'packed-refs': `# pack-refs with: peeled\n${SHA} refs/heads/main` },
    SHA,
  ],
  ['a branch without a commit', { HEAD: 'ref: refs/heads/main' }, undefined],
  ['no git', {}, undefined],
  ['what is no commit', { HEAD: '$(touch x)' }, undefined],
])('%s', async (_what, written, expected) => {
  git(written);
  expect(await checkedOut(folder, files)).toBe(expected);
});

test('a merge of a pull request is told from any other commit', async () => {
  git({ 'refs/remotes/pull/12/merge': SHA });
  expect(await isOfPull(folder, SHA, 12, files)).toBe(true);
  expect(await isOfPull(folder, SHA, 1, files)).toBe(false);
  expect(await isOfPull(folder, 'b'.repeat(40), 12, files)).toBe(false);
});
