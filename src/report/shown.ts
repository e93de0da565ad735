/** Log and redaction of one process: what is hidden once is hidden in everything that is shown later. */
import type { Clock } from '../model/ports.js';
import { Log } from './log.js';
import { redactor } from './redact.js';

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
  const secrets: string[] = [];
  let redact = redactor(secrets);
  return {
    log: new Log({ clock, write, redact: (text) => redact(text) }),
    hide: (value) => {
      if (value === '' || secrets.includes(value)) return;
      secrets.push(value);
      setSecret(value);
      redact = redactor(secrets);
    },
    redact: (text) => redact(text),
  };
}
