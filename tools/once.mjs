import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { at } from './paths.mjs';

const STAMPS = at('.cache', 'stamps');

/** Hash over the contents of files. */
export function contents(...files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Hash over path, size and time of all files below the folders: cheap enough to ask before every task. */
export function touched(folders, files = []) {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  };
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const path of entries.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort())
      add(path);
  }
  files.filter((file) => existsSync(file)).forEach(add);
  return hash.digest('hex');
}

/**
 * Makes a thing when it is missing. Two tasks at once make it once: the second waits.
 * @param name of the lock
 * @param isMade asked again when the lock is ours
 */
export async function missing(name, isMade, make) {
  if (isMade()) return;
  mkdirSync(STAMPS, { recursive: true });
  const release = await lock(join(STAMPS, `${name}.lock`));
  try {
    if (!isMade()) await make();
  } finally {
    release();
  }
}

/**
 * Makes a thing when it is missing or was made of something else.
 * @param fingerprint gives a hash of what the thing is made of
 * @param made path that exists when it was made
 */
export async function once(name, fingerprint, made, make) {
  const stamp = join(STAMPS, name);
  await missing(
    name,
    () => existsSync(made) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(),
    async () => {
      rmSync(stamp, { force: true });
      const before = fingerprint();
      await make();
      writeFileSync(stamp, before);
    },
  );
}

/** A lock whose owner has died is taken over. */
async function lock(path) {
  // A link appears with its content, so nobody ever reads a lock without an owner.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  for (;;) {
    try {
      linkSync(own, path);
      rmSync(own);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerLives(path)) rmSync(path, { force: true });
    else await sleep(200);
  }
}

function ownerLives(path) {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
