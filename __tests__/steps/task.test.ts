/** The task of a version, over a platform whose tasks a test plays. */
import { describe, expect, test } from '@jest/globals';
import type { LogLine, Task } from '../../src/model/cloud.js';
import { PlatformFault, type PlatformRefusal, VersionFault } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { perform, planOf } from '../../src/steps/index.js';
import { taskOn } from '../../src/steps/task.js';
import { candidateAt, intent, process } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const VERSION = intent().version;
const NAME = `task-${VERSION}`;
const COMMAND = 'bin/migrate --key hunter2-hunter2';
const BEGUN_MS = 1_000_000;

interface Played {
  /** What it shows, look by look; the last one stays. */
  states: readonly Task['state'][];
  failure?: string;
  /** It is there before. */
  known?: Task['state'];
  /** Whether the answer of the first try is lost. */
  lost?: boolean;
  says?: readonly string[];
  refuses?: PlatformRefusal;
  annotations?: Readonly<Record<string, string>>;
  taskTimeoutMs?: number;
}

function playing({ states, failure, known, lost, says = [], refuses, annotations = {}, ...limit }: Played) {
  const wrote: unknown[] = [];
  let looks = 0;
  let there = known;
  let isLost = lost;
  const taskIn = (state: Task['state']): Task => ({
    guid: 't',
    name: NAME,
    state,
    createdAtMs: BEGUN_MS,
    ...(failure === undefined ? {} : { failure }),
  });
  const calls: Partial<Platform> = {
    updateApp: async (guid, change) => {
      wrote.push(['note', taskOn({ annotations: change.annotations as Record<string, string> })?.ended]);
      return { ...candidateAt('made'), guid };
    },
    tasksNamed: async (_guid, name) => (name === NAME && there ? [taskIn(there)] : []),
    createTask: async (_guid, task) => {
      wrote.push(['create', task]);
      if (refuses) throw refuses;
      there = 'PENDING';
      if (isLost) {
        isLost = false;
        throw new PlatformFault('The answer was lost.', true);
      }
      return taskIn('PENDING');
    },
    task: async () => {
      looks += 1;
      return taskIn(states[Math.min(looks, states.length) - 1] ?? 'PENDING');
    },
    cancelTask: async () => void wrote.push(['cancel']),
    recentLogs: async () =>
      says
        .slice(0, looks)
        .map((text, at): LogLine => ({ atMs: at, source: `APP/TASK/${NAME}`, instance: '0', text })),
  };
  const world = worldOf(calls, limit);
  const candidate = candidateAt('made', {
    annotations,
    processes: [process('web', 2, { memoryMb: 64, diskMb: 512, logRateBps: 99 })],
  });
  const app = appWorld({ candidate }, { task: COMMAND });
  return {
    wrote,
    world,
    app,
    run: () => perform({ do: 'run-task' }, app, world),
    wait: () => perform({ do: 'await-task' }, app, world),
  };
}

const CREATED = ['create', { name: NAME, command: COMMAND, memoryMb: 64, diskMb: 512, logRateBps: 99 }];

describe('the task of a version', () => {
  test('is written down, run with the size of the web process, shown, and written down again', async () => {
    const says = ['one of two', 'two of two', 'Exit status 0'];
    const { run, wrote, world, app } = playing({ states: ['RUNNING', 'RUNNING', 'SUCCEEDED'], says });
    await run();
    expect(wrote).toEqual([['note', undefined], CREATED, ['note', 'SUCCEEDED']]);
    // Each line once.
    expect(world.told.filter((text) => says.includes(text))).toEqual(says);
    expect(app.found.notes).toEqual([expect.stringContaining(`The task ${NAME} of shop has run`)]);
  });

  test.each([
    ['that has succeeded is not run again', 'SUCCEEDED'],
    ['that runs is waited for', 'RUNNING'],
    ['that waits for a cell is waited for', 'PENDING'],
  ] as const)('%s', async (_what, known) => {
    const { run, wrote } = playing({ known, states: ['SUCCEEDED'] });
    await run();
    expect(wrote).toEqual([['note', 'SUCCEEDED']]);
  });

  test('of which the answer was lost is found by its name', async () => {
    const { run, wrote } = playing({ lost: true, states: ['SUCCEEDED'] });
    await expect(run()).rejects.toThrow(PlatformFault);
    await run();
    expect(wrote).toEqual([['note', undefined], CREATED, ['note', 'SUCCEEDED']]);
  });

  test('that fails speaks against the version, once and for all', async () => {
    const { run, wrote } = playing({ states: ['FAILED'], failure: 'APP/TASK: Exited with status 3' });
    const failing = { code: 'task', message: `The task ${NAME} failed: APP/TASK: Exited with status 3` };
    await expect(run()).rejects.toMatchObject(failing);
    await expect(run()).rejects.toMatchObject(failing);
    expect(wrote).toEqual([['note', undefined], CREATED, ['note', 'FAILED'], ['note', 'FAILED']]);
  });

  test('for which the platform has no room says nothing of the version', async () => {
    const { run } = playing({ states: ['FAILED'], failure: 'insufficient resources: memory' });
    await expect(run()).rejects.toMatchObject({ code: 'no-room' });
  });

  test('has an hour, or what it is given', async () => {
    for (const [limit, wanted] of [
      [{}, 3_600_000],
      [{ taskTimeoutMs: 60_000 }, 60_000],
    ] as const) {
      const { run, world } = playing({ states: ['RUNNING'], ...limit });
      await expect(run()).rejects.toThrow(VersionFault);
      expect(world.clock.now() - BEGUN_MS).toBe(wanted);
    }
  });

  test('leaves no word of its command in the plan', () => {
    expect(planOf({ do: 'run-task' }, intent({ task: COMMAND }), 1).join()).not.toContain('hunter2');
  });
});

describe('on the way back', () => {
  const annotations = { [ANNOTATION.task]: JSON.stringify({ version: VERSION, atMs: BEGUN_MS }) };

  test('one that runs still is waited for', async () => {
    const { wait, wrote } = playing({ annotations, known: 'RUNNING', states: ['RUNNING', 'SUCCEEDED'] });
    await wait();
    expect(wrote).toEqual([['note', 'SUCCEEDED']]);
  });

  test('one that the platform never took is none', async () => {
    const { wait, wrote } = playing({ annotations, states: [] });
    await wait();
    expect(wrote).toEqual([['note', undefined]]);
  });

  test('one that takes too long is ended, and its end is waited for', async () => {
    const { wait, wrote, world } = playing({
      annotations,
      taskTimeoutMs: 400,
      known: 'RUNNING',
      states: ['RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'CANCELING', 'FAILED'],
    });
    await wait();
    expect(wrote).toEqual([['cancel'], ['note', 'FAILED']]);
    expect(world.told.join('\n')).toContain('It is ended.');
  });

  test('nothing goes on while it does not end', async () => {
    const { wait, wrote } = playing({
      annotations,
      taskTimeoutMs: 0,
      known: 'RUNNING',
      states: ['CANCELING'],
    });
    await expect(wait()).rejects.toThrow(PlatformFault);
    expect(wrote).toEqual([['cancel']]);
  });
});

test.each([
  ['nothing', undefined],
  ['another word', 'soon'],
  ['no object', 'null'],
  ['no version', '{"atMs":1}'],
])('%s is no record of a task', (_what, text) => {
  expect(taskOn({ annotations: text === undefined ? {} : { [ANNOTATION.task]: text } })).toBeUndefined();
});
