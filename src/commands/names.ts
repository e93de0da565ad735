/** The apps that a command is about which deploys nothing of its own. */
import { loadManifest } from '../manifest/load.js';
import type { Inputs, RunContext } from '../model/asked.js';

/** @returns the input `app`, else all apps of the manifest. Throws what is wrong with the manifest */
export async function namesOf(inputs: Inputs, { workspace }: RunContext): Promise<readonly string[]> {
  if (inputs.app) return [inputs.app];
  return (await loadManifest(inputs, workspace)).apps.map(({ name }) => name);
}
