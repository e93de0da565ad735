/** A hash of an app's bits, as the cf CLI would take them from the disk. */
import { createHash, type Hash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { open, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ALWAYS, ignoredBy } from './ignore.js';

/** Hashes of another way to hash are unlike each other. */
const SCHEME = 'sha256-1';
/** What is below an empty path is the folder itself. */
const ROOT = '';
const PIECE_BYTES = 1024 * 1024;

/**
 * Names, modes, targets of links and contents, in an order of its own; times do not count. An archive counts by its bytes. Files
 * are read piece by piece into one buffer: memory grows with the entries of a folder, not with their size.
 * @param path absolute, a folder or an archive
 * @returns undefined where it cannot be told what the CLI would take: unlike any other bits
 */
export async function hashOfBits(path: string): Promise<string | undefined> {
  try {
    const root = await realpath(path);
    const hash = createHash('sha256');
    if ((await stat(root)).isDirectory()) {
      await addFolder(hash, root, ROOT, ignoredBy(await cfignoreOf(root)));
    } else {
      await addFile(hash, root, ROOT);
    }
    return `${SCHEME}:${hash.digest('hex')}`;
  } catch {
    // Unreadable, or changing while it is read: the CLI may have met something else.
    return undefined;
  }
}

async function cfignoreOf(root: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, '.cfignore'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function addFolder(
  hash: Hash,
  root: string,
  folder: string,
  isIgnored: (path: string) => boolean,
): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort(byName)) {
    const path = folder === ROOT ? entry.name : `${folder}/${entry.name}`;
    // A folder that is left out may hold files that are not.
    if (!isIgnored(path)) await addEntry(hash, root, path, entry);
    if (entry.isDirectory() && !ALWAYS.includes(entry.name)) await addFolder(hash, root, path, isIgnored);
  }
}

function byName({ name: one }: Dirent, { name: other }: Dirent): number {
  return one < other ? -1 : Number(one > other);
}

async function addEntry(hash: Hash, root: string, path: string, entry: Dirent): Promise<void> {
  if (path.includes('\ufffd')) throw new Error('a name that is no text');
  if (entry.isDirectory()) line(hash, 'folder', path);
  else if (entry.isSymbolicLink()) line(hash, 'link', path, await readlink(join(root, path)));
  else if (entry.isFile()) await addFile(hash, join(root, path), path);
  else throw new Error('neither a file, a folder nor a link');
}

async function addFile(hash: Hash, file: string, path: string): Promise<void> {
  const { mode, size } = await stat(file);
  const content = await contentOf(file, size);
  line(hash, 'file', path, (mode & 0o7777).toString(8), String(size), content);
}

/** A stream would take new memory for each piece, faster than it is given back. */
async function contentOf(file: string, size: number): Promise<string> {
  const content = createHash('sha256');
  const piece = Buffer.allocUnsafe(Math.min(size, PIECE_BYTES) || 1);
  const handle = await open(file);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) return content.digest('hex');
      content.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** No part can pass for another one. */
function line(hash: Hash, ...parts: readonly string[]): void {
  hash.update(`${JSON.stringify(parts)}\n`);
}
