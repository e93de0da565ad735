/** The apps that a command is about which deploys nothing of its own. */
import { list } from '../inputs/values.js';
import { loadManifest } from '../manifest/load.js';
import type { Inputs, RunContext } from '../model/asked.js';

/** @returns the input `app`, else all apps of the manifest. Throws what is wrong with the manifest */
export async function namesOf(inputs: Inputs, { workspace }: RunContext): Promise<readonly string[]> {
  if (inputs.app) return [inputs.app];
  return (await loadManifest(inputs, workspace)).apps.map(({ name }) => name);
}

/** As `namesOf`, of commands that take several apps by name: one per line, or separated by commas. */
export async function listedNamesOf(inputs: Inputs, context: RunContext): Promise<readonly string[]> {
  return inputs.app ? [...new Set(list(inputs.app))] : namesOf(inputs, context);
}
