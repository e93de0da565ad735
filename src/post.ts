/** After the job: whatever the main run was kept from removing is removed, and what it was kept from settling is settled. */
import { FOLDERS_STATE } from './commands/open.js';
import { settleRest, unsettledOf } from './commands/settle-rest.js';
import { readContext } from './github/context.js';
import type { Files } from './model/ports.js';
import { explain } from './report/explain.js';
import { createShown, hiding, inputsOf, type ProcessPorts } from './report/shown.js';
import { commandText } from './report/untrusted.js';

export interface PostPorts extends ProcessPorts {
  /** What the main run saved, by name. */
  state(name: string): string;
  files: Pick<Files, 'read' | 'remove'>;
  /** Shown on the run's page. */
  warn(text: string): void;
}

/** @returns the exit code: cleaning up fails no job */
export async function post(ports: PostPorts): Promise<number> {
  await removeFolder(ports);
  const { core, clock, env, portsFor, state, warn, write } = ports;
  const shown = createShown({ clock, write, setSecret: core.setSecret });
  try {
    const unsettled = unsettledOf(state);
    if (!unsettled) return 0;
    const inputs = inputsOf(env, shown);
    await settleRest(unsettled, inputs, readContext(env), hiding(portsFor(inputs, shown.log), shown));
  } catch (error) {
    const { what, next } = explain(error);
    warn(commandText(`What the cancelled run left is not settled yet. ${what}\nNext: ${next}`, shown.redact));
  }
  return 0;
}

async function removeFolder({ state, files, warn }: PostPorts): Promise<void> {
  const folder = state(FOLDERS_STATE);
  if (folder === '') return;
  await files.remove(folder).catch((error: Error) => {
    warn(`A folder with a sign-in could not be removed, please remove it: ${folder} (${error.message})`);
  });
}
