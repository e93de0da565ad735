import { recorded } from '../engine/journal.js';
import { ANNOTATION, isPartOf, LABEL } from '../platform/names.js';
import type { Step } from './step.js';
import { lockOf, type StepKind } from './world.js';

/** Writes down how far the deploy has come, before the next thing changes. */
export const mark: StepKind<Step & { do: 'mark' }> = {
  title: ({ phase, journal }) => `mark as ${phase}${journal ? ', with the journal of this run' : ''}`,
  plan: ({ phase, journal }) => [
    `PATCH /v3/apps/<lock> label phase=${phase}${journal ? ', annotation journal' : ''}`,
  ],
  run: async ({ phase, journal }, app, { platform }) => {
    const { guid, annotations } = lockOf(app);
    const old = Object.keys(annotations).filter((key) => isPartOf(ANNOTATION.journal, key));
    const anew = { ...Object.fromEntries(old.map((key) => [key, null])), ...recorded(app.intent) };
    await platform.updateApp(guid, {
      labels: { [LABEL.phase]: phase },
      ...(journal ? { annotations: anew } : {}),
    });
  },
};
