import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActionResult, type RunOptions, runAction } from '../../runner/index.js';

const ACTION = `
inputs:
  api: {}
  smoke test: { default: /health }
  github-token: { default: '\${{ github.token }}' }
  old: { deprecationMessage: use api }
runs:
  using: node24
  main: dist/index.js
  post: dist/index.js
`;

/** A folder with an action whose bundle is `script`; `run` runs it with the mini-runner. */
export interface Fixture {
  folder: string;
  run(options?: Partial<RunOptions>): Promise<ActionResult>;
  /** Ends a step that hangs, too. */
  remove(): void;
}

/** @param script body of an ES module; `file`, `append`, `fs` and `env` are at hand */
export function fixture(script: string, action = ACTION): Fixture {
  const folder = mkdtempSync(join(tmpdir(), 'mini-runner-'));
  const prelude = `
    import * as fs from 'node:fs';
    import { spawn } from 'node:child_process';
    const env = process.env;
    const append = (name, text) => fs.appendFileSync(env[name], text);
    const isPost = env.STATE_isPost === 'true';
  `;
  for (const part of ['dist', 'workspace']) mkdirSync(join(folder, part));
  writeFileSync(join(folder, 'action.yml'), action);
  writeFileSync(join(folder, 'dist', 'index.js'), prelude + script);
  writeFileSync(join(folder, 'dist', 'package.json'), '{"type":"module"}');
  let running: number | undefined;
  return {
    folder,
    run: async (options = {}) => {
      const result = await runAction({
        bundle: join(folder, 'dist', 'index.js'),
        node: process.execPath,
        inputs: {},
        workspace: join(folder, 'workspace'),
        workDir: join(folder, 'work'),
        ...options,
        onStart: (pid) => {
          running = pid;
          options.onStart?.(pid);
        },
      });
      running = undefined;
      return result;
    },
    remove: () => {
      if (running !== undefined) process.kill(running, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
