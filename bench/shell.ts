import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const OUTPUT_BYTES = 64 * 1024 * 1024;

/** The steps of a workflow without an action: programs one after the other, in one folder, with a cf configuration of their own. */
export interface Shell {
  /** @returns standard output. @throws Error with all output when it fails */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  wait(ms: number): Promise<void>;
}

/** Ends what runs when `signal` says so. `dir` is a folder in which it may make its own. */
export async function startShell(dir: string, cwd: string, signal: AbortSignal): Promise<Shell> {
  const home = await mkdtemp(join(dir, 'cf-home-'));
  return {
    async run(program, args, more = {}) {
      const env = { HOME: home, CF_HOME: home, PATH: process.env.PATH ?? '', ...more };
      const child = promisify(execFile)(program, args, { cwd, env, signal, maxBuffer: OUTPUT_BYTES });
      const ended = await child.catch((error: Error & { stdout?: string; stderr?: string }) => {
        throw new Error(`${error.message}\n${error.stdout ?? ''}`, { cause: error });
      });
      return ended.stdout;
    },
    wait: (ms) => sleep(ms, undefined, { signal }),
  };
}
