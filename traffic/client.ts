import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Figures } from './figures.js';
import type { TrafficOptions } from './load.js';

export type { Failure, Figures } from './figures.js';
export type { TrafficOptions } from './load.js';
export type { TrafficRoute } from './request.js';

export interface Traffic {
  pid: number;
  /** What was counted so far. */
  figures(): Promise<Figures>;
  /** Sends no more, waits for what is under way (at most the time-out) and returns the last figures. */
  stop(): Promise<Figures>;
}

/**
 * Starts steady load in a process of its own, so that neither a busy test nor a busy demo makes it stutter. Resolves when the
 * first request has left. All promises reject when the process ends without its figures: an uncounted request must not look
 * like a good one.
 */
export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = spawn(process.execPath, [main, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {},
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.stdin.on('error', () => undefined);

  let started: () => void = () => undefined;
  let final: (figures: Figures) => void = () => undefined;
  let dead: (error: Error) => void = () => undefined;
  const waiting: ((figures: Figures) => void)[] = [];
  const ready = new Promise<void>((resolve) => {
    started = resolve;
  });
  const ended = new Promise<Figures>((resolve) => {
    final = resolve;
  });
  const died = new Promise<never>((_, reject) => {
    dead = reject;
  });
  died.catch(() => undefined);

  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { started?: number; figures?: Figures; final?: Figures };
    if (said.started) started();
    if (said.figures) waiting.shift()?.(said.figures);
    if (said.final) final(said.final);
  });
  const exited = once(child, 'close').then(([code]) => {
    dead(new Error(`the traffic client ended (${String(code)}) without its figures: ${complaint.trim()}`));
  });
  child.once('error', (error) => dead(error));

  await Promise.race([ready, died]);
  return {
    pid: child.pid ?? 0,
    figures: () => {
      const answer = new Promise<Figures>((resolve) => {
        waiting.push(resolve);
        child.stdin.write('figures\n');
      });
      return Promise.race([answer, ended, died]);
    },
    stop: async () => {
      child.stdin.end('stop\n');
      const figures = await Promise.race([ended, died]);
      await exited;
      return figures;
    },
  };
}
