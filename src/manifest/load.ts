/** Reads the manifest and its files of variables from disk: the only place in this room that touches it. */
import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Inputs } from '../model/asked.js';
import { InputError, type Problem } from '../model/errors.js';
import { type Manifest, readManifest, type TextFile } from './manifest.js';

/** What the CLI takes when no manifest is named, in its order. */
const DEFAULT_FILES = ['manifest.yml', 'manifest.yaml'];

/**
 * @param workspace absolute; the inputs' paths are relative to it
 * @throws InputError when a file cannot be read, the bits are not there, or the manifest is wrong
 */
export async function loadManifest(
  inputs: Pick<Inputs, 'manifest' | 'varsFiles' | 'vars' | 'app' | 'path'>,
  workspace: string,
): Promise<Manifest> {
  const problems: Problem[] = [];
  const candidates = DEFAULT_FILES[0] === inputs.manifest ? DEFAULT_FILES : [inputs.manifest];
  const [manifest, ...varsFiles] = await Promise.all([
    firstOf(candidates, workspace, 'manifest', problems),
    ...inputs.varsFiles.map((file) => firstOf([file], workspace, 'vars-files', problems)),
  ]);
  if (!manifest || problems.length > 0) throw new InputError(problems);
  const { app, path, vars } = inputs;
  const read = readManifest({
    ...manifest,
    varsFiles: varsFiles.filter((file) => file !== undefined),
    vars,
    workspace,
    ...(app === undefined ? {} : { app }),
    ...(path === undefined ? {} : { path }),
  });
  await Promise.all(read.apps.map((one) => findBits(one.name, one.path, problems)));
  if (problems.length > 0) throw new InputError(problems);
  return read;
}

async function firstOf(
  files: readonly string[],
  workspace: string,
  input: string,
  problems: Problem[],
): Promise<TextFile | undefined> {
  const failures: unknown[] = [];
  for (const file of files) {
    try {
      return { file, text: await readFile(resolve(workspace, file), 'utf8') };
    } catch (error) {
      failures.push(error);
    }
  }
  const code = (failures[0] as NodeJS.ErrnoException).code;
  const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
  problems.push({ text: `The file "${files[0]}" (the input "${input}") ${reason}.` });
  return undefined;
}

async function findBits(app: string, path: string | undefined, problems: Problem[]): Promise<void> {
  if (path === undefined) return;
  await access(path).catch(() => {
    problems.push({ text: `The bits of the app "${app}" are not there: ${path} does not exist.` });
  });
}
