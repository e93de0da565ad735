/** Inputs -> command -> report. The one place that catches. */
import { deploy } from './commands/deploy.js';
import type { Ports } from './commands/open.js';
import type { Outcome } from './commands/outcome.js';
import { setup } from './commands/setup.js';
import { status } from './commands/status.js';
import { readContext } from './github/context.js';
import { readInputs } from './inputs.js';
import type { Inputs } from './model/asked.js';
import { type ReportPorts, report } from './report/index.js';
import { Log } from './report/log.js';
import { redactor } from './report/redact.js';
import { commandText } from './report/untrusted.js';

const COMMANDS = { deploy, status, setup };
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
  const secrets: string[] = [];
  let redact = redactor(secrets);
  const log = new Log({ clock, write, redact: (text) => redact(text) });
  const hide = (value: string) => {
    if (value === '' || secrets.includes(value)) return;
    secrets.push(value);
    core.setSecret(value);
    redact = redactor(secrets);
  };
  let wantsSummary = true;
  const outcome = await run().catch((error): Outcome => ({ result: 'refused', error, apps: [] }));
  const ports = { ...core, redact: (text: string) => redact(text) };
  const failed = await report(outcome, log, ports, wantsSummary).catch((error) => {
    core.error(commandText(`The result could not be reported: ${error}`, redact), { title: 'internal' });
    return true;
  });
  return failed ? 1 : 0;

  async function run(): Promise<Outcome> {
    // Before the first error that could quote them.
    for (const name of SECRET_INPUTS) hide(env[name]?.trim() ?? '');
    const inputs = readInputs(env);
    wantsSummary = inputs.summary;
    for (const secret of inputs.secrets) hide(secret);
    for (const text of inputs.warnings) log.tell({ type: 'warning', text });
    const ports = portsFor(inputs, log);
    const hiding = { ...ports, runner: { ...ports.runner, setSecret: hide } };
    return await COMMANDS[inputs.command](inputs, readContext(env), hiding);
  }
}
