/** After the job: whatever the main run was kept from removing is removed. */
import { FOLDERS_STATE } from './commands/open.js';
import type { Files } from './model/ports.js';

/** @param state what the main run saved, by name; @returns the exit code: cleaning up fails no job */
export async function post(state: (name: string) => string, files: Files): Promise<number> {
  const folder = state(FOLDERS_STATE);
  if (folder !== '') await files.remove(folder);
  return 0;
}
