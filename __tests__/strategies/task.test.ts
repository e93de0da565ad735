/** When a task runs, and what a rollback says of those that ran. */
import { describe, expect, test } from '@jest/globals';
import { ANNOTATION } from '../../src/platform/names.js';
import type { Step, Work } from '../../src/steps/step.js';
import { backOut } from '../../src/strategies/back-out.js';
import { blueGreen } from '../../src/strategies/blue-green.js';
import { quickBack } from '../../src/strategies/quick-back.js';
import { tasksNotUndone } from '../../src/strategies/task.js';
import { candidateAt, intent, snapshot } from './support.js';

const VERSION = intent().version;
const ran = (version: string, ended?: string) => ({
  [ANNOTATION.task]: JSON.stringify({ version, atMs: 1, ...(ended ? { ended } : {}) }),
});
const staged = (annotations: Record<string, string> = {}) => {
  const candidate = candidateAt('made', { currentDropletGuid: 'd', annotations });
  return snapshot({ candidate, lock: candidate });
};
const kinds = (work: Work, stage: keyof Work) => (work[stage]?.steps ?? []).map((step: Step) => step.do);

describe('the task of a version', () => {
  const wish = intent({ task: './migrate' });

  test.each([
    ['runs', {}, ['run-task']],
    ['is looked for when its end was not seen', ran(VERSION), ['run-task']],
    ['is looked for when it failed', ran(VERSION, 'FAILED'), ['run-task']],
    ['does not run again', ran(VERSION, 'SUCCEEDED'), []],
  ])('%s', (_what, annotations, wanted) => {
    expect(kinds(blueGreen(wish, staged(annotations)), 'task')).toEqual(wanted);
  });

  test('is not in a deploy that asks for none, and waited for by who does not know it', () => {
    expect(kinds(blueGreen(intent(), staged()), 'task')).toEqual([]);
    expect(kinds(blueGreen(intent(), staged(ran(VERSION))), 'task')).toEqual(['await-task']);
  });

  test('is waited for on the way back, and a run that has no time begins nothing before that', () => {
    const seen = staged(ran(VERSION));
    expect(kinds(backOut(intent(), seen), 'drain')).toEqual(['await-task']);
    expect(quickBack(intent(), seen)).toEqual({});
    expect(kinds(backOut(intent(), staged(ran(VERSION, 'FAILED'))), 'drain')).toEqual([]);
  });
});

describe('a rollback says of tasks', () => {
  const app = (version: string, annotations: Record<string, string>) => ({
    ...candidateAt('made'),
    version,
    annotations,
  });

  test('those of later versions that ran, each once, also of such as live had itself', () => {
    const earlier = [
      {
        version: 'v2',
        droplet: 'd',
        untilMs: 1,
        annotations: { task: ran('v2', 'SUCCEEDED')[ANNOTATION.task] },
      },
    ];
    const live = app('v4', {
      ...ran('v3', 'SUCCEEDED'),
      [ANNOTATION.earlier]: JSON.stringify(earlier),
    });
    const previous = [app('v3', ran('v3', 'SUCCEEDED')), app('v1', ran('v1', 'SUCCEEDED'))];
    const told = tasksNotUndone(snapshot({ live, previous }), 'v1');
    expect(told.map((text) => text.split(' ')[4])).toEqual(['v2', 'v3']);
    expect(tasksNotUndone(snapshot({ live, previous }), 'v3')).toEqual([]);
  });

  test('none that failed, and none where there is none', () => {
    const live = app('v4', ran('v4', 'FAILED'));
    expect(tasksNotUndone(snapshot({ live }), 'v1')).toEqual([]);
    expect(tasksNotUndone(snapshot(), 'v1')).toEqual([]);
  });
});
