/** The `GITHUB_OUTPUT`, `STATE`, `ENV`, `PATH` and `STEP_SUMMARY` files, read as actions/runner reads them (FileCommandManager.cs). */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Masks } from './masks.js';

const SUMMARY_LIMIT = 1024 * 1024;

/** Environment variable of each file, and how its name begins. */
const FILES = {
  GITHUB_OUTPUT: 'set_output_',
  GITHUB_STATE: 'save_state_',
  GITHUB_ENV: 'set_env_',
  GITHUB_PATH: 'add_path_',
  GITHUB_STEP_SUMMARY: 'step_summary_',
} as const;

type FileVariable = keyof typeof FILES;

export interface FileResults {
  outputs: Record<string, string>;
  state: Record<string, string>;
  env: Record<string, string>;
  path: string[];
  /** Markdown, masked. Empty when the step wrote none, or more than 1 MiB. */
  summary: string;
}

/**
 * Makes the empty files of one step.
 * @returns what goes into the step's environment
 */
export function makeFiles(temp: string): Record<FileVariable, string> {
  const folder = join(temp, '_runner_file_commands');
  mkdirSync(folder, { recursive: true });
  const suffix = randomUUID();
  const made = {} as Record<FileVariable, string>;
  for (const variable of Object.keys(FILES) as FileVariable[]) {
    made[variable] = join(folder, FILES[variable] + suffix);
    writeFileSync(made[variable], '');
  }
  return made;
}

/**
 * Reads the files after the step.
 * @param fail is told what the runner shows as an error; the step has failed then
 */
export function readFiles(
  files: Record<FileVariable, string>,
  masks: Masks,
  fail: (message: string) => void,
): FileResults {
  const pairs = (variable: FileVariable): Record<string, string> => {
    try {
      return parsePairs(readFileSync(files[variable], 'utf8'));
    } catch (error) {
      fail(
        `Unable to process file command '${variable.slice(7).toLowerCase()}' successfully: ${(error as Error).message}`,
      );
      return {};
    }
  };
  const env = pairs('GITHUB_ENV');
  for (const name of Object.keys(env)) {
    if (name.toUpperCase() !== 'NODE_OPTIONS') continue;
    delete env[name];
    fail("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
  }
  return {
    outputs: pairs('GITHUB_OUTPUT'),
    state: pairs('GITHUB_STATE'),
    env,
    path: readFileSync(files.GITHUB_PATH, 'utf8').split(/\r?\n/).filter(Boolean),
    summary: readSummary(files.GITHUB_STEP_SUMMARY, masks, fail),
  };
}

function readSummary(file: string, masks: Masks, fail: (message: string) => void): string {
  const bytes = readFileSync(file);
  if (bytes.length <= SUMMARY_LIMIT) return masks.apply(bytes.toString('utf8'));
  fail(
    `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${bytes.length >> 10}k.`,
  );
  return '';
}

/**
 * Reads `name=value` lines and `name<<delimiter` blocks.
 * @throws Error with the runner's words when the text is neither
 */
export function parsePairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split(/(?<=\n)/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = withoutEnd(lines[index] ?? '');
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`);
    const delimiter = line.slice(heredoc + 2);
    if (heredoc === 0 || delimiter === '') {
      throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
    }
    const end = lines.findIndex((candidate, at) => at > index && withoutEnd(candidate) === delimiter);
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
    pairs[line.slice(0, heredoc)] = withoutEnd(lines.slice(index + 1, end).join(''));
    index = end;
  }
  return pairs;
}

function withoutEnd(line: string): string {
  return line.replace(/\r?\n$/, '');
}
