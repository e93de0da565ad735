/** Inputs -> command -> report. The one place that catches. */
import { deploy } from './commands/deploy.js';
import type { Ports } from './commands/open.js';
import type { Outcome } from './commands/outcome.js';
import { rollback } from './commands/rollback.js';
import { setup } from './commands/setup.js';
import { status } from './commands/status.js';
import { readContext } from './github/context.js';
import { readInputs } from './inputs.js';
import type { Inputs } from './model/asked.js';
import { type ReportPorts, report } from './report/index.js';
import type { Log } from './report/log.js';
import { createShown, type Shown } from './report/shown.js';
import { commandText } from './report/untrusted.js';

const COMMANDS = { deploy, rollback, status, setup };
const SECRET_INPUTS = ['INPUT_PASSWORD', 'INPUT_CLIENT-SECRET'];

export interface MainPorts {
  /** The ports of the commands, made when the inputs are known. */
  portsFor(inputs: Inputs, log: Log): Ports;
  core: Omit<ReportPorts, 'redact'> & { setSecret(value: string): void };
  clock: Ports['clock'];
  env: Ports['env'];
  write(line: string): void;
}

/** @returns the exit code */
export async function main({ portsFor, core, clock, env, write }: MainPorts): Promise<number> {
  const shown = createShown({ clock, write, setSecret: core.setSecret });
  const { log, redact } = shown;
  let wantsSummary = true;
  const outcome = await run().catch((error): Outcome => ({ result: 'refused', error, apps: [] }));
  const failed = await report(outcome, log, { ...core, redact }, wantsSummary).catch((error) => {
    core.error(commandText(`The result could not be reported: ${error}`, redact), { title: 'internal' });
    return true;
  });
  return failed ? 1 : 0;

  async function run(): Promise<Outcome> {
    const inputs = inputsOf(env, shown);
    wantsSummary = inputs.summary;
    for (const text of inputs.warnings) log.tell({ type: 'warning', text });
    return await COMMANDS[inputs.command](inputs, readContext(env), hiding(portsFor(inputs, log), shown));
  }
}

/** Throws `InputError`. Every secret is hidden before the first error that could quote it. */
export function inputsOf(env: Ports['env'], { hide }: Shown): Inputs {
  for (const name of SECRET_INPUTS) hide(env[name]?.trim() ?? '');
  const inputs = readInputs(env);
  for (const secret of inputs.secrets) hide(secret);
  return inputs;
}

export function hiding(ports: Ports, { hide }: Shown): Ports {
  return { ...ports, runner: { ...ports.runner, setSecret: hide } };
}
