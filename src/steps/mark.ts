import { LABEL } from '../platform/names.js';
import type { Step } from './step.js';
import { lockOf, type StepKind } from './world.js';

/** Writes down how far the deploy has come, before the next thing changes. */
export const mark: StepKind<Step & { do: 'mark' }> = {
  title: ({ phase }) => `mark as ${phase}`,
  plan: ({ phase }) => [`PATCH /v3/apps/<lock> label phase=${phase}`],
  run: async ({ phase }, app, { platform }) => {
    await platform.updateApp(lockOf(app).guid, { labels: { [LABEL.phase]: phase } });
  },
};
