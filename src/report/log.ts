/** What happens, as the log shows it: a group for each step, with its duration, and what changed while it was waited for. */
import type { Clock, Event, Listener } from '../model/ports.js';
import { logLines } from './untrusted.js';

export interface LogPorts {
  clock: Clock;
  /** One line, without its end. */
  write(line: string): void;
  redact(text: string): string;
}

/** One step of the timeline. Times are milliseconds since the log began. */
export interface TimelineEntry {
  title: string;
  startMs: number;
  durationMs: number;
  ok: boolean;
}

export class Log implements Listener {
  private readonly startedMs: number;
  private readonly entries: TimelineEntry[] = [];
  private open: { title: string; startMs: number } | undefined;

  constructor(private readonly ports: LogPorts) {
    this.startedMs = ports.clock.now();
  }

  get timeline(): readonly TimelineEntry[] {
    return this.entries;
  }

  elapsedMs(): number {
    return this.ports.clock.now() - this.startedMs;
  }

  tell(event: Event): void {
    switch (event.type) {
      case 'group-start':
        this.open = { title: event.title, startMs: this.elapsedMs() };
        this.command('group', event.title);
        return;
      case 'group-end':
        this.entries.push({
          title: this.open?.title ?? '',
          startMs: this.open?.startMs ?? 0,
          durationMs: event.durationMs,
          ok: event.ok,
        });
        this.open = undefined;
        this.lines(`${event.ok ? 'done' : 'failed'} after ${seconds(event.durationMs)}`);
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
    const prefix = `${seconds(this.elapsedMs()).padStart(7)}  ${source}`;
    for (const line of logLines(this.ports.redact(text), prefix)) this.ports.write(line);
  }

  private command(name: string, text: string, at?: { file: string; line: number; column: number }): void {
    const place = at ? ` file=${property(at.file)},line=${at.line},col=${at.column}` : '';
    this.ports.write(`::${name}${place}::${data(this.ports.redact(text))}`);
  }
}

export function seconds(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1_000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** The runner's own escapes of a command's text and of its properties. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
