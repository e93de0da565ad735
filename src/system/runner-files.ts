/** The files in which the runner takes what a step tells it. */
import { accessSync, constants } from 'node:fs';

const NAMED = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'] as const;

/**
 * Takes each variable out of `env` that names a file which cannot be written: @actions/core throws at it in mid-report, and
 * without the variable it writes to the log instead (packages/core/src/file-command.ts), as it does outside any runner.
 * @returns their names
 */
export function takeMissingFiles(env: Record<string, string | undefined>): string[] {
  const missing = NAMED.filter((name) => env[name] && !isWritable(env[name]));
  for (const name of missing) delete env[name];
  return missing;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
