import { mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Reports } from '../model/ports.js';
import { files } from './files.js';

/** @param folder with the page, which stands beside the action's bundle */
export function reportsBeside(folder: string): Reports {
  return {
    page: () => readFile(join(folder, 'report.html'), 'utf8'),

    async write(workspace, path, text) {
      const root = await realpath(workspace);
      const target = resolve(root, path);
      await assertBelow(root, await nearest(dirname(target)));
      await mkdir(dirname(target), { recursive: true });
      await assertBelow(root, dirname(target));
      await files.writePrivate(target, text);
    },
  };
}

/** The folder itself, or the nearest one above it that is there. */
async function nearest(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return nearest(dirname(folder));
  }
}

/** Wherever links lead. */
async function assertBelow(root: string, folder: string): Promise<void> {
  const from = relative(root, await realpath(folder));
  if (from.split(sep)[0] === '..' || isAbsolute(from))
    throw new Error('its folder leads out of the workspace');
}
