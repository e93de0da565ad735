/** What counts for the hash of the bits is what the real CLI takes: never less. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ignoredBy } from '../../src/manifest/ignore.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(120_000);

const CFIGNORE = [
  '# a comment',
  '*.log',
  'tmp/',
  '/top.txt',
  'docs/*.md',
  'a b.txt',
  'all*',
  '!all-but-this.txt',
  '!.git',
  't?p.txt',
  '**/deep.txt',
].join('\n');
const FILES = [
  ...['x.log', 'sub/y.log', 'x.log.txt', 'tmp/a', 'sub/tmp/b', 'tmpx/c', 'top.txt', 'sub/top.txt'],
  ...['docs/a.md', 'sub/docs/b.md', 'docs/c.txt', 'a b.txt', 'all-of-it', 'all-but-this.txt', 'sub/allx/d'],
  ...['tip.txt', 't?p.txt', 'sub/deep.txt', '.git/HEAD', 'sub/.git/config', '.gitignore'],
  ...['.DS_Store', 'sub/.svn/x', '_darcs/x', '.hg/x', 'manifest.yaml', 'sub/manifest.yml', '.env', 'e.f/g.h'],
];
let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

test('of every file that the CLI pushes the hash knows, and of hardly any other', async () => {
  const workspace = await world.workspace({ version: 'v1', more: ['no-route: true'], routes: [] });
  for (const file of FILES) {
    await mkdir(dirname(join(workspace, file)), { recursive: true });
    await writeFile(join(workspace, file), file);
  }
  await writeFile(join(workspace, '.cfignore'), CFIGNORE);
  await world.cf('push', '-f', join(workspace, 'manifest.yml'), '-p', workspace);
  const archive = join(world.dir, 'droplet.tgz');
  await world.cf('download-droplet', 'shop', '--path', archive);
  const { stdout } = await promisify(execFile)('tar', ['-tzf', archive]);
  const pushed = stdout.split('\n').map((name) => name.replace(/^\.\/(app\/)?/, ''));
  const isIgnored = ignoredBy(CFIGNORE);

  const missed = FILES.filter((file) => isIgnored(file) && pushed.includes(file));
  expect(missed).toEqual([]);
  // Where the pattern is a doubt, a file counts though it is not pushed.
  const counted = FILES.filter((file) => !isIgnored(file) && !pushed.includes(file));
  expect(counted).toEqual(['t?p.txt', 'sub/deep.txt']);
  expect(FILES.filter((file) => pushed.includes(file)).length).toBeGreaterThan(8);
});
