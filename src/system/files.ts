import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, open, readFile, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Files } from '../model/ports.js';

/** The machine's file system. */
export const files: Files = {
  async privateFolder(parent, prefix) {
    const folder = await mkdtemp(join(parent, prefix));
    await chmod(folder, 0o700);
    return folder;
  },

  async writePrivate(path, content) {
    // Its own folder alone: what was removed with all in it does not come back.
    await mkdir(dirname(path), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    // A new file that takes the old one's place: an old one's mode would stay, and a reader could see half of it.
    const draft = `${path}.${randomUUID()}`;
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(content).finally(() => handle.close());
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
  },

  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  },

  async link(target, path) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Windows lets only who is allowed to make links.
    await symlink(target, path).catch(() => copyFile(target, path, constants.COPYFILE_EXCL));
  },

  async remove(path) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  },
};
