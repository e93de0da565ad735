import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '..', '..');

/** Absolute path of something in the project. */
export function at(...parts) {
  return resolve(ROOT, ...parts);
}
