/** Log and redaction of one process: what is hidden once is hidden in everything that is shown later. */
import type { Ports } from '../commands/open.js';
import { readInputs } from '../inputs.js';
import type { Inputs } from '../model/asked.js';
import type { Clock, Reports } from '../model/ports.js';
import type { ReportPorts } from './index.js';
import { Log } from './log.js';
import { type Redact, redactor } from './redact.js';
import { telemetrySecrets } from './telemetry.js';

export interface ShownPorts {
  clock: Clock;
  /** Tells the runner, which hides it in what other steps show too. */
  setSecret(value: string): void;
  /** One line of the log. */
  write(line: string): void;
}

export interface Shown {
  log: Log;
  hide(value: string): void;
  redact(text: string): string;
}

export function createShown({ clock, setSecret, write }: ShownPorts): Shown {
  const secrets = new Set<string>();
  // Made when it is needed: hundreds of secrets may be learned one by one.
  let made: Redact | undefined;
  const redact = (text: string) => {
    made ??= redactor([...secrets]);
    return made(text);
  };
  return {
    log: new Log({ clock, write, redact }),
    hide: (value) => {
      if (value === '' || secrets.has(value)) return;
      secrets.add(value);
      setSecret(value);
      made = undefined;
    },
    redact,
  };
}

/** What main and post are given by the entry. */
export interface ProcessPorts {
  /** The ports of the commands, made when the inputs are known. */
  portsFor(inputs: Inputs, log: Log): Ports;
  core: Omit<ReportPorts, 'redact'> & { setSecret(value: string): void };
  clock: Ports['clock'];
  env: Ports['env'];
  files: Pick<Ports['files'], 'read'>;
  /** Variables of the runner that name files which cannot be written. */
  missing?: readonly string[];
  write(line: string): void;
  /** undefined: no report can be written. */
  reports?: Reports;
}

const SECRET_INPUTS = ['INPUT_PASSWORD', 'INPUT_CLIENT-SECRET', 'INPUT_GITHUB-TOKEN'];

/** Throws `InputError`. Every secret is hidden before the first error that could quote it. */
export function inputsOf(env: Ports['env'], { hide }: Shown): Inputs {
  for (const name of SECRET_INPUTS) hide(env[name]?.trim() ?? '');
  for (const secret of [...telemetrySecrets(env), ...proxySecrets(env)]) hide(secret);
  const inputs = readInputs(env);
  for (const secret of inputs.secrets) hide(secret);
  return inputs;
}

/** As they are written, and as they are meant; programs that are run show the address of their proxy. */
function proxySecrets(env: Ports['env']): readonly string[] {
  const values = Object.entries(env).flatMap(([name, value]) =>
    /^(https?|all)_proxy$/i.test(name) ? (value ?? '') : [],
  );
  return values.flatMap((value) => {
    const written = /^(?:[a-z]+:\/\/)?[^\s/@:]*:([^\s/@]+)@/i.exec(value)?.[1];
    if (written === undefined) return [];
    return [
      written,
      written.replace(/(%[0-9a-f]{2})+/gi, (bytes) =>
        Buffer.from(bytes.replaceAll('%', ''), 'hex').toString(),
      ),
    ];
  });
}

export function hiding(ports: Ports, { hide }: Shown): Ports {
  return { ...ports, runner: { ...ports.runner, setSecret: hide } };
}
