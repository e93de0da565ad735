/** The runner, as far as there is one to hear what a step tells it. */
import type * as Core from '@actions/core';

type Commands = Pick<typeof Core, 'error' | 'setOutput' | 'setSecret' | 'summary'>;

/** What a report says to the runner. Outside of any there is no summary, and the command that masks a value would print it. */
export function reportingTo(core: Commands, env: Readonly<Record<string, string | undefined>>) {
  return {
    error: core.error,
    setOutput: core.setOutput,
    setSecret: env.GITHUB_ACTIONS ? core.setSecret : () => undefined,
    summary: async (markdown: string) => {
      if (env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write();
    },
  };
}
