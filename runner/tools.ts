/** Where the real programs are that demo and tests run. A binary that the environment names wins. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @returns absolute path of the project */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The real cf CLI v8. @throws Error when it was never set up */
export function cfCli(): string {
  return find('CF_CLI', 'cf');
}

/** The real cf CLI v6. @throws Error when it was never set up */
export function cf6Cli(): string {
  return find('CF6', 'cf6');
}

/** A Node of 24 or newer, as the runner has it. @throws Error when it was never set up */
export function node24(): string {
  return find('NODE24', 'node24');
}

/** @throws Error when it was never set up */
export function k6(): string {
  return find('K6', 'k6');
}

/** @throws Error when it was never set up */
export function act(): string {
  return find('ACT', 'act');
}

/** @throws Error when it was never set up */
export function chromium(): string {
  return find('CHROMIUM', 'chromium', 'npm run test:browser');
}

/** The page of a report, without a record. @throws Error when it was never made */
export function reportPage(): string {
  return find('REPORT_PAGE', join('..', 'report.html'));
}

function find(variable: string, name: string, setUp = 'npm test'): string {
  const named = process.env[variable];
  if (named) return named;
  const link = join(projectRoot(), '.cache', 'bin', name);
  if (existsSync(link)) return realpathSync(link);
  throw new Error(`${name} is not set up: \`${setUp}\` does it, or name a binary in ${variable}`);
}
