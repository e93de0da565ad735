/** Reads the manifest and its files of variables from disk. */
import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Inputs, ManifestApp } from '../model/asked.js';
import { InputError } from '../model/errors.js';
import { type Manifest, readManifest, type TextFile } from './manifest.js';

/** What the CLI takes when no manifest is named, in its order. */
const DEFAULT_FILES = ['manifest.yml', 'manifest.yaml'];

/**
 * @param workspace absolute; the inputs' paths are relative to it
 * @throws InputError when a file cannot be read, the bits are not there, or the manifest is wrong
 */
export async function loadManifest(
  inputs: Pick<
    Inputs,
    'manifest' | 'varsFiles' | 'vars' | 'app' | 'path' | 'order' | 'docker' | 'dropletGuid'
  >,
  workspace: string,
): Promise<Manifest> {
  const candidates = DEFAULT_FILES[0] === inputs.manifest ? DEFAULT_FILES : [inputs.manifest];
  const [manifest, ...varsFiles] = await Promise.all([
    firstOf(candidates, workspace, 'manifest'),
    ...inputs.varsFiles.map((file) => firstOf([file], workspace, 'vars-files')),
  ]);
  refuse([manifest, ...varsFiles].filter((one) => typeof one === 'string'));
  const { app, path, order, vars, docker } = inputs;
  const read = readManifest({
    ...(manifest as TextFile),
    varsFiles: varsFiles as TextFile[],
    vars,
    docker,
    workspace,
    ...(app === undefined ? {} : { app }),
    ...(path === undefined ? {} : { path }),
    ...(order === undefined ? {} : { order }),
  });
  if (inputs.dropletGuid !== undefined) return read;
  const missing = await Promise.all(read.apps.map((one) => missingBits(one)));
  refuse(missing.filter((problem) => problem !== undefined));
  return read;
}

/** @returns whether there is one to read, or one that was asked for by name, which has to be there */
export async function hasManifest({ given }: Pick<Inputs, 'given'>, workspace: string): Promise<boolean> {
  if (given.includes('manifest')) return true;
  const there = await Promise.allSettled(DEFAULT_FILES.map((file) => access(resolve(workspace, file))));
  return there.some(({ status }) => status === 'fulfilled');
}

function refuse(texts: readonly string[]): void {
  if (texts.length > 0) throw new InputError(texts.map((text) => ({ text })));
}

/** @returns the first file that can be read, or what is wrong with the first one */
async function firstOf(
  files: readonly string[],
  workspace: string,
  input: string,
): Promise<TextFile | string> {
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
  return `The file "${files[0]}" (the input "${input}") ${reason}.`;
}

async function missingBits({ name, path }: ManifestApp): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return access(path).then(
    () => undefined,
    () => `The bits of the app "${name}" are not there: ${path} does not exist.`,
  );
}
