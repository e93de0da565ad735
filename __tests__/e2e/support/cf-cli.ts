/** The real cf CLI in a home and a working directory of the test's own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { cf6Cli, cfCli } from '../../../runner/tools.js';

export interface Ended {
  code: number;
  /** Standard output and error. */
  text: string;
}

export interface CfCli {
  run(...args: string[]): Promise<Ended>;
  runWith(env: Record<string, string>, ...args: string[]): Promise<Ended>;
  /** The command must succeed; returns what it printed. */
  ok(...args: string[]): Promise<string>;
}

/** The same of v6. The two never share a home: each keeps the version of its own API there. */
export function cf6In(dir: string): CfCli {
  return cfIn(dir, cf6Cli);
}

/** `dir` is the working directory; its `home` (which exists) keeps what the CLI remembers. */
export function cfIn(dir: string, cli = cfCli): CfCli {
  const runWith: CfCli['runWith'] = (env, ...args) =>
    new Promise((resolve) => {
      const options = {
        cwd: dir,
        env: {
          PATH: process.env.PATH,
          LC_ALL: 'en_US.UTF-8',
          CF_HOME: join(dir, 'home'),
          CF_COLOR: 'false',
          ...env,
        },
      };
      execFile(cli(), args, options, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, text: stdout + stderr });
      });
    });
  return {
    run: (...args) => runWith({}, ...args),
    runWith,
    async ok(...args) {
      const { code, text } = await runWith({}, ...args);
      expect({ args, code, text: code === 0 ? '' : text }).toEqual({ args, code: 0, text: '' });
      return text;
    },
  };
}
