/** After the job: whatever the main run was kept from removing is removed. */
import { FOLDERS_STATE } from './commands/open.js';
import type { Files } from './model/ports.js';

/**
 * @param state what the main run saved, by name
 * @param warn shown on the run's page
 * @returns the exit code: cleaning up fails no job
 */
export async function post(
  state: (name: string) => string,
  files: Pick<Files, 'remove'>,
  warn: (text: string) => void,
): Promise<number> {
  const folder = state(FOLDERS_STATE);
  if (folder === '') return 0;
  try {
    await files.remove(folder);
  } catch (error) {
    warn(
      `A folder with a sign-in could not be removed, please remove it: ${folder} (${(error as Error).message})`,
    );
  }
  return 0;
}
