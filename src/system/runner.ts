/** The runner, as far as there is one to hear what a step tells it; else whoever reads the terminal. */
import type * as Core from '@actions/core';
import { errorLines, inTerminal, type Place } from './terminal.js';

type Commands = Pick<typeof Core, 'error' | 'notice' | 'saveState' | 'setOutput' | 'setSecret' | 'summary'>;
type Env = Readonly<Record<string, string | undefined>>;

/**
 * What a report says to the runner. Outside of any there is no summary and no step after this one, and the command that masks a
 * value would print it.
 * @param print one line, without its end
 */
export function reportingTo(core: Commands, env: Env, print: (line: string) => void) {
  const isRunner = Boolean(env.GITHUB_ACTIONS);
  return {
    error: (text: string, at: Place) => {
      if (isRunner) core.error(text, at);
      else for (const line of errorLines(text, at)) print(line);
    },
    // A terminal has the same in its log.
    notice: isRunner ? core.notice : () => undefined,
    setOutput: (name: string, value: string) => {
      if (isRunner || env.GITHUB_OUTPUT) core.setOutput(name, value);
      else if (value !== '') print(`${name}: ${value.replaceAll('\n', '\n  ')}`);
    },
    saveState: (name: string, value: string) => {
      if (isRunner || env.GITHUB_STATE) core.saveState(name, value);
    },
    setSecret: isRunner ? core.setSecret : () => undefined,
    write: (line: string) => {
      for (const shown of isRunner ? [line] : inTerminal(line)) print(shown);
    },
    summary: async (markdown: string) => {
      if (env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write();
    },
  };
}
