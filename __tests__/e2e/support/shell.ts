/** Commands that are printed for a person, run as a person runs them: through a shell, with the real cf CLI. */
import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cfCli } from '../../../runner/tools.js';
import type { World } from './world.js';

const FOLDERS = new WeakMap<World, Promise<string>>();

/** Runs the lines as one script that ends at the first failure, signed in as `world.cf` is. Throws with all its output. */
export async function runLines(world: World, lines: readonly string[]): Promise<void> {
  await world.cf('target');
  const bin = FOLDERS.get(world) ?? folderOf(world);
  FOLDERS.set(world, bin);
  const home = join(world.dir, 'cf-home');
  const env = { HOME: home, CF_HOME: home, PATH: `${await bin}:${process.env.PATH}` };
  await promisify(execFile)('/bin/sh', ['-ec', lines.join('\n')], { env }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`${error.message}\n${error.stdout}\n${error.stderr}`);
    },
  );
}

/** With the CLI under the name that people type. */
async function folderOf({ dir }: World): Promise<string> {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  await symlink(cfCli(), join(bin, 'cf'));
  return bin;
}
