/** What happens, as the log shows it: a group for each step, with its duration, and what changed while it was waited for. */
import type { Clock, Event, Fact, Listener } from '../model/ports.js';
import { duration } from './duration.js';
import { Recorder } from './recorder.js';
import type { Redact } from './redact.js';
import { cleaned, commandText, logLines } from './untrusted.js';

export { duration } from './duration.js';

export interface LogPorts {
  clock: Clock;
  /** One line, without its end. */
  write(line: string): void;
  redact: Redact;
}

export class Log implements Listener {
  /** What it was told, for the end of the run. */
  readonly recorder: Recorder;

  constructor(private readonly ports: LogPorts) {
    this.recorder = new Recorder(() => ports.clock.now());
  }

  elapsedMs(): number {
    return this.recorder.elapsedMs();
  }

  record(fact: Fact): void {
    this.recorder.record(fact);
  }

  tell(event: Event): void {
    this.recorder.tell(event);
    switch (event.type) {
      case 'group-start':
        // The runner would show a second line as a line of the log.
        this.command('group', event.title.replaceAll(/\s+/g, ' '));
        return;
      case 'group-end':
        this.lines(`${event.ok ? 'done' : 'failed'} after ${duration(event.durationMs)}`);
        this.ports.write('::endgroup::');
        return;
      case 'warning':
        this.command('warning', event.text, event.at);
        return;
      case 'foreign':
        this.lines(event.text, `${event.source} | `);
        return;
      default:
        this.lines(event.text);
    }
  }

  private lines(text: string, source = ''): void {
    const prefix = `${this.clockText()}  ${cleaned(source, this.ports.redact).replaceAll('\n', ' ')}`;
    for (const line of logLines(text, prefix, this.ports.redact)) this.ports.write(line);
  }

  private command(name: string, text: string, at?: { file: string; line: number; column: number }): void {
    const place = at ? ` file=${property(at.file)},line=${at.line},col=${at.column}` : '';
    this.ports.write(`::${name}${place}::${data(commandText(text, this.ports.redact))}`);
  }

  /** Time since the beginning, in a column. A line that begins with it is no workflow command. */
  private clockText(): string {
    const tenths = Math.max(0, Math.floor(this.elapsedMs() / 100));
    const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
    return `${String(Math.floor(tenths / 600)).padStart(2, '0')}:${rest}`;
  }
}

/** The runner's own escapes of a command's text and of its properties. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
