import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hashOfBits } from '../../src/manifest/bits.js';

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bits-'));
  folder = join(root, 'app');
  await put('server.js', 'serve()');
  await put('lib/a.js', 'a');
  await mkdir(join(folder, 'empty'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text: string) {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode: 0o644 });
}

const hash = () => hashOfBits(folder);

async function changes(change: () => Promise<unknown>): Promise<boolean> {
  const before = await hash();
  expect(before).toMatch(/^sha256-1:[0-9a-f]{64}$/);
  await change();
  return (await hash()) !== before;
}

describe('what counts', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a content', () => put('lib/a.js', 'b')],
    ['a new file', () => put('lib/b.js', 'a')],
    ['a hidden file', () => put('.env', 'A=1')],
    ['a file that is gone', () => rm(join(folder, 'lib/a.js'))],
    ['a name', () => rename(join(folder, 'lib/a.js'), join(folder, 'lib/b.js'))],
    ['a place', () => rename(join(folder, 'lib/a.js'), join(folder, 'a.js'))],
    ['a mode', () => chmod(join(folder, 'server.js'), 0o755)],
    ['an empty folder that is gone', () => rm(join(folder, 'empty'), { recursive: true })],
    ['a new empty folder', () => mkdir(join(folder, 'other'))],
    ['a link', () => symlink('a.js', join(folder, 'lib/link'))],
    [
      'a link in place of the file with the same content',
      async () => {
        await rename(join(folder, 'lib/a.js'), join(root, 'a.js'));
        await symlink('../../a.js', join(folder, 'lib/a.js'));
      },
    ],
  ])('%s', async (_, change) => {
    expect(await changes(change)).toBe(true);
  });

  test('where a link points to, not what is there', async () => {
    await put('lib/c.js', 'a');
    await symlink('a.js', join(folder, 'lib/link'));
    const toTwin = async () => {
      await rm(join(folder, 'lib/link'));
      await symlink('c.js', join(folder, 'lib/link'));
    };
    expect(await changes(toTwin)).toBe(true);
  });
});

describe('what does not count', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a time', () => utimes(join(folder, 'server.js'), 1, 1)],
    ['the history of git', () => put('.git/HEAD', 'ref')],
    ['a .gitignore below', () => put('lib/.gitignore', '*.log')],
    ['the manifest', () => put('manifest.yml', 'applications: []')],
    ['a .cfignore that leaves nothing out', () => put('.cfignore', '# nothing\n')],
  ])('%s', async (_, change) => {
    expect(await changes(change)).toBe(false);
  });

  test('where the folder lies, and a link to it', async () => {
    const before = await hash();
    await rename(folder, join(root, 'moved'));
    await symlink('moved', folder);
    expect(await hash()).toBe(before);
  });
});

describe('.cfignore', () => {
  const ROWS: [lines: string, path: string, leftOut: boolean][] = [
    ['*.log', 'x.log', true],
    ['*.log', 'deep/down/x.log', true],
    ['*.log', 'x.log.txt', false],
    ['tmp', 'tmp/x', true],
    ['tmp/', 'lib/tmp/x', true],
    ['/tmp', 'tmp/x', true],
    ['/tmp', 'lib/tmp/x', false],
    ['# tmp', 'tmp/x', false],
    ['  tmp  \r', 'tmp/x', true],
    ['*\n!dist', 'dist/x', false],
    ['*\n!dist', 'other/x', true],
    ['!.git', '.git/HEAD', true],
    // A doubt: it may be pushed.
    ['t?p', 'tmp/x', false],
    ['**/x', 'tmp/x', false],
    ['[t]mp', 'tmp/x', false],
    ['tmp\n!t?p', 'tmp/x', false],
  ];

  test.each(ROWS)('%j and %s: left out is %p', async (lines, path, leftOut) => {
    await put('.cfignore', lines);
    await put(path, 'one');
    expect(await changes(() => put(path, 'two'))).toBe(!leftOut);
  });
});

describe('archives and doubts', () => {
  test('an archive counts by its bytes', async () => {
    const archive = join(root, 'app.zip');
    await writeFile(archive, 'PK one');
    const one = await hashOfBits(archive);
    await writeFile(archive, 'PK two');
    expect(one).toMatch(/^sha256-1:/);
    expect(await hashOfBits(archive)).not.toBe(one);
  });

  test('what is neither file, folder nor link cannot be told', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await hash()).toBeUndefined();
  });

  test('nor what is not there', async () => {
    expect(await hashOfBits(join(root, 'none'))).toBeUndefined();
  });
});
