/** One node process of a step, started and cancelled as actions/runner does (ProcessInvoker.cs). */
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

/** How long a cancelled process has after SIGINT until SIGTERM, and from there until SIGKILL. */
export interface CancelTimes {
  interruptMs: number;
  terminateMs: number;
}

export const RUNNER_CANCEL: CancelTimes = { interruptMs: 7500, terminateMs: 2500 };

/** After its exit a process may leave its streams open to a child; the runner listens this much longer. */
const STREAMS_AFTER_EXIT_MS = 5000;

export interface NodeRun {
  node: string;
  script: string;
  cwd: string;
  /** Complete: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cancel?: AbortSignal | undefined;
  cancelTimes: CancelTimes;
  onStart: (pid: number) => void;
  onChunk: (text: string) => void;
  onLine: (line: string) => void;
}

export interface Ended {
  /** null: a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** Signals go to the process alone, never to its children. Rejects when the process cannot be started. */
export function runNode(options: NodeRun): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.node, [options.script], {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timers: NodeJS.Timeout[] = [];
    const cancel = () => {
      child.kill('SIGINT');
      const { interruptMs, terminateMs } = options.cancelTimes;
      timers.push(setTimeout(() => child.kill('SIGTERM'), interruptMs));
      timers.push(setTimeout(() => child.kill('SIGKILL'), interruptMs + terminateMs));
    };
    const finish = (exitCode: number | null, signal: NodeJS.Signals | null) => {
      for (const timer of timers) clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ exitCode, signal });
    };
    for (const stream of [child.stdout, child.stderr]) {
      const lines = new Lines(options.onLine);
      const decoder = new StringDecoder('utf8');
      stream.on('data', (bytes: Buffer) => {
        const text = decoder.write(bytes);
        options.onChunk(text);
        lines.write(text);
      });
      stream.on('close', () => lines.end());
    }
    child.on('spawn', () => {
      options.onStart(child.pid as number);
      if (options.cancel?.aborted) cancel();
      else options.cancel?.addEventListener('abort', cancel, { once: true });
    });
    child.on('error', reject);
    child.on('exit', (exitCode, signal) => {
      options.cancel?.removeEventListener('abort', cancel);
      for (const timer of timers.splice(0)) clearTimeout(timer);
      timers.push(setTimeout(() => finish(exitCode, signal), STREAMS_AFTER_EXIT_MS));
    });
    child.on('close', finish);
  });
}

/** Cuts text into lines at LF, CR LF and at a lone CR, as .NET's reader does: each can begin a workflow command. */
export class Lines {
  private rest = '';
  private afterReturn = false;

  constructor(private readonly onLine: (line: string) => void) {}

  write(text: string): void {
    const fresh = this.afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.afterReturn = text.endsWith('\r');
    const lines = (this.rest + fresh).split(/\r\n|\n|\r/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
  }

  end(): void {
    if (this.rest !== '') this.onLine(this.rest);
    this.rest = '';
  }
}
